import type { UserRef } from '../../authorization/actor.ts'
import type { Target } from '../../authorization/audit-event.ts'
import { changed, command, query, type Service, type ServiceContext, unchanged } from '../../authorization/service.ts'
import type { DataSourceFilter, DataSourceSort } from '../../generated/inputs.ts'
import { type PageArgs, readPage } from '../../platform/database/pagination.ts'
import { Conflict } from '../../platform/errors.ts'
import { canonical, checkName } from '../../platform/validation.ts'
import { requireUsers } from '../users/users.store.ts'
import type { DataSourceRecord } from './project.ts'
import { checkRefs, idsOfUsers, namesOf, type PeopleInput, peopleOf } from './project-members.ts'
import {
  countOwners,
  dataSourceList,
  deleteDataSourceRow,
  insertDataSource,
  lockDataSource,
  sourceOwners,
} from './sources.store.ts'

interface ListArgs extends PageArgs {
  filter?: DataSourceFilter | null
  sort?: DataSourceSort | null
}

export const dataSources = {
  list: query('dataSource:list', ({ db }: ServiceContext, { filter, sort, ...page }: ListArgs) =>
    readPage(db, dataSourceList(filter ?? {}, sort), page),
  ),

  create: command(
    'dataSource:write',
    async ({ db, now }: ServiceContext, input: { name: string; owners?: readonly UserRef[] | null }) => {
      const name = checkName('name', input.name)
      const users = await requireUsers(db, checkRefs('owners', input.owners ?? []))
      const source = await insertDataSource(db, { name, nameKey: canonical(name) }, now)
      if (!source) throw new Conflict('A data source of this name already exists')
      const owners = namesOf(users, await sourceOwners.add(db, source.id, { userIds: idsOfUsers(users), now }))
      return changed(source, { event: 'dataSourceCreated', target: target(source), after: { name, owners } })
    },
  ),

  remove: command('dataSource:write', async ({ db }: ServiceContext, { id }: { id: number }) => {
    const source = await lockDataSource(db, id)
    const before = { name: source.name, owners: await countOwners(db, id) }
    await deleteDataSourceRow(db, id)
    return changed({ deletedId: id }, { event: 'dataSourceDeleted', target: target(source), before })
  }),

  changeOwners: command('dataSource:write', async ({ db, now }: ServiceContext, input: PeopleInput & { id: number }) => {
    const people = await peopleOf(db, input)
    const source = await lockDataSource(db, input.id)
    const added = await sourceOwners.add(db, source.id, { userIds: idsOfUsers(people.add), now })
    const removed = await sourceOwners.remove(db, source.id, idsOfUsers(people.remove))
    if (added.length + removed.length === 0) return unchanged(source)
    const after = { added: namesOf(people.add, added), removed: namesOf(people.remove, removed) }
    return changed(source, { event: 'dataSourceOwnersChanged', target: target(source), after })
  }),
} satisfies Service

const target = ({ id, name }: DataSourceRecord): Target => ({ type: 'dataSource', id, name })
