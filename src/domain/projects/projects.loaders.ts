import DataLoader from 'dataloader'
import { groupOne } from '../../platform/database/batch.ts'
import { NestedListLoader } from '../../platform/database/nested-list.ts'
import type { Db } from '../../platform/database/store.ts'
import type { UserRecord } from '../users/user.ts'
import { domainGrantsOfUsers, domainsByIds, grantsOfDomains } from './domains.store.ts'
import type { DataSourceRecord, DomainPermissionRecord, DomainRecord, ProjectRecord } from './project.ts'
import { projectMembers, projectsByIds } from './projects.store.ts'
import { dataSourceOwners, dataSourcesByIds, sourceOwners } from './sources.store.ts'

export const projectLoaders = (db: Db) => ({
  projectById: new DataLoader<number, ProjectRecord | null>(async ids =>
    groupOne(ids, await projectsByIds(db, ids), project => project.id),
  ),
  membersOfProject: new NestedListLoader<number, UserRecord>(db, projectMembers.users),
  domainById: new DataLoader<string, DomainRecord | null>(async ids =>
    groupOne(ids, await domainsByIds(db, ids), domain => domain.id),
  ),
  permissionsOfDomain: new NestedListLoader<string, DomainPermissionRecord>(db, grantsOfDomains),
  domainPermissionsOfUser: new NestedListLoader<number, DomainPermissionRecord>(db, domainGrantsOfUsers),
  dataSourceById: new DataLoader<number, DataSourceRecord | null>(async ids =>
    groupOne(ids, await dataSourcesByIds(db, ids), source => source.id),
  ),
  ownersOfDataSource: new NestedListLoader<number, UserRecord>(db, sourceOwners.users),
  isDataSourceOwner: new DataLoader<number, boolean>(async ids => {
    const owners = new Set(await dataSourceOwners(db, ids))
    return ids.map(id => owners.has(id))
  }),
})
