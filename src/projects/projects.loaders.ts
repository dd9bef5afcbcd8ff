import DataLoader from 'dataloader'
import { manyEach, oneEach } from '../store/batch.ts'
import type { Db } from '../store/store.ts'
import type { UserRecord } from '../users/user.ts'
import { domainGrantsOfUsers, domainsByIds, grantsOfDomains } from './domains.store.ts'
import type { DomainPermissionRecord, DomainRecord, ProjectRecord } from './project.ts'
import { membersOfProjects, projectsByIds } from './projects.store.ts'
import { dataSourceOwners, ownersOfDataSources } from './sources.store.ts'

export const projectLoaders = (db: Db) => ({
  projectById: new DataLoader<number, ProjectRecord | null>(async ids =>
    oneEach(ids, await projectsByIds(db, ids), project => project.id),
  ),
  /** By name, at most the first thousand. */
  membersOfProject: new DataLoader<number, UserRecord[]>(async ids =>
    manyEach(ids, await membersOfProjects(db, ids), user => user.projectId),
  ),
  domainById: new DataLoader<string, DomainRecord | null>(async ids =>
    oneEach(ids, await domainsByIds(db, ids), domain => domain.id),
  ),
  /** By permission, at most the first thousand. */
  permissionsOfDomain: new DataLoader<string, DomainPermissionRecord[]>(async ids =>
    manyEach(ids, await grantsOfDomains(db, ids), grant => grant.domainId),
  ),
  /** Held by the user and through their groups; by domain, then by permission. */
  domainPermissionsOfUser: new DataLoader<number, DomainPermissionRecord[]>(async ids =>
    manyEach(ids, await domainGrantsOfUsers(db, ids), grant => grant.holderId),
  ),
  /** By name, at most the first thousand. */
  ownersOfDataSource: new DataLoader<number, UserRecord[]>(async ids =>
    manyEach(ids, await ownersOfDataSources(db, ids), user => user.dataSourceId),
  ),
  /** Whether the user owns any data source. */
  isDataSourceOwner: new DataLoader<number, boolean>(async ids => {
    const owners = new Set(await dataSourceOwners(db, ids))
    return ids.map(id => owners.has(id))
  }),
})
