/** The filters of groups and members as SQL: one list for GraphQL and the REST rows; each condition is served by an index. */
import { authorize } from '../access/guard.ts'
import type { Context } from '../context.ts'
import type { Direction, GroupFilter, GroupSort } from '../generated/graphql.ts'
import { checkList } from '../names.ts'
import { anywhere, type List, type Order } from '../store/page.ts'
import { partOf } from '../users/users.search.ts'
import { GROUP_COLUMNS } from './groups.store.ts'
import { MEMBERS_BY_NAME, MEMBERSHIP_COLUMNS } from './memberships.store.ts'

const ORDERS: Record<GroupSort['field'], Omit<Order, 'descending'>> = {
  NAME: { name: 'groupName', expression: 'g.name_key', type: 'text' },
  IAMID: { name: 'groupIamid', expression: 'lower(g.iamid COLLATE "C")', type: 'text' },
  CREATED_AT: { name: 'groupCreatedAt', expression: 'g.created_at', type: 'timestamptz' },
}

/** Throws Forbidden when the filter would tell in which groups somebody is to one who may not ask (matrix, notes 19 and 26: not even of themselves). */
export async function authorizeFilter(context: Context, filter: GroupFilter | null | undefined): Promise<void> {
  if (filter?.userId != null) await authorize(context, 'user:readGroups')
}

/** The list that a filter and a sort describe. Throws Invalid. */
export function groupList(filter: GroupFilter, sort: GroupSort | null | undefined): List {
  const order = { ...ORDERS[sort?.field ?? 'NAME'], descending: sort?.direction === 'DESC' }
  return { columns: GROUP_COLUMNS, from: 'groups g', ...groupConditions(filter), id: 'g.id', order }
}

/** What a filter asks of a group `g`. Throws Invalid. */
export function groupConditions(filter: GroupFilter): { where: string[]; values: unknown[] } {
  const where: string[] = []
  const values: unknown[] = []
  const add = (condition: (value: string) => string, value: unknown) => where.push(condition(`$${values.push(value)}`))
  if (filter.name) add(value => `g.name_key LIKE ${value}`, anywhere(partOf('name', filter.name)))
  if (filter.ids) add(value => `g.id = ANY(${value}::int[])`, checkList('ids', filter.ids))
  if (filter.iamids) add(value => `g.iamid = ANY(${value}::text[])`, checkList('iamids', filter.iamids))
  if (filter.userId != null)
    add(value => `g.id IN (SELECT m.group_id FROM memberships m WHERE m.user_id = ${value}::int)`, filter.userId)
  // What a removed IAM left behind shows only to who names it ("all groups from all configured IAMs", Search all groups).
  if (!filter.ids && !filter.iamids) where.push('g.iamid IN (SELECT i.id FROM iams i)')
  return { where, values }
}

/** The members of one group. */
export const memberList = (groupId: number, direction: Direction | null | undefined): List => ({
  columns: MEMBERSHIP_COLUMNS,
  from: 'memberships m JOIN users u ON u.id = m.user_id',
  where: ['m.group_id = $1::int'],
  values: [groupId],
  id: 'm.id',
  order: { ...MEMBERS_BY_NAME, descending: direction === 'DESC' },
  countFrom: 'memberships m',
})
