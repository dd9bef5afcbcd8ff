import type { Context } from '../../authorization/context.ts'
import { authorize } from '../../authorization/service.ts'
import type { Direction, GroupFilter, GroupSort, MembershipFilter } from '../../generated/inputs.ts'
import { selectList, text } from '../../platform/database/columns.ts'
import type { Candidates } from '../../platform/database/narrowing.ts'
import { listOf } from '../../platform/database/nested-list.ts'
import type { Order } from '../../platform/database/order.ts'
import { type ListQuery, partPattern } from '../../platform/database/pagination.ts'
import { searchPatterns } from '../../platform/database/text-search.ts'
import { checkList } from '../../platform/validation.ts'
import type { GroupRecord, MembershipRecord } from './group.ts'
import { SELECT_GROUP } from './groups.store.ts'
import { membershipsOfUsers, membersOfGroups } from './memberships.store.ts'

const ORDERS: Record<GroupSort['field'], Omit<Order, 'descending'>> = {
  NAME: { name: 'groupName', expression: 'g.name_key', type: 'text' },
  IAMID: { name: 'groupIamid', expression: 'lower(g.iamid COLLATE "C")', type: 'text' },
  CREATED_AT: { name: 'groupCreatedAt', expression: 'g.created_at', type: 'timestamptz' },
}

/** Throws Forbidden for memberships (matrix, notes 19 and 26). */
export async function authorizeFilter(context: Context, filter: GroupFilter | null | undefined): Promise<void> {
  if (filter?.userId != null) await authorize(context, 'user:readGroups')
}

export function groupList(
  filter: GroupFilter,
  sort: GroupSort | null | undefined,
  search?: string | null,
): ListQuery<GroupRecord> {
  const order = { ...ORDERS[sort?.field ?? 'NAME'], descending: sort?.direction === 'DESC' }
  const fresh = search != null
  return { columns: SELECT_GROUP, from: 'groups g', ...groupConditions(filter, search), id: 'g.id', order, fresh }
}

interface GroupConditions {
  where: string[]
  values: unknown[]
  narrowing: readonly Candidates[]
}

export function groupConditions(filter: GroupFilter, search?: string | null): GroupConditions {
  const where: string[] = []
  const values: unknown[] = []
  const add = (condition: (value: string) => string, value: unknown) => where.push(condition(`$${values.push(value)}`))
  const patterns = searchPatterns('search', search)
  if (patterns?.length === 0) where.push('false')
  for (const one of patterns ?? []) add(value => `g.search_text LIKE ${value}`, one)
  const narrowing = patterns && patterns.length > 0 ? [{ ids: `SELECT g.id FROM groups g WHERE ${where.join(' AND ')}` }] : []
  const pattern = partPattern('name', filter.name)
  if (pattern !== null) add(value => `g.name_key LIKE ${value}`, pattern)
  if (filter.ids) add(value => `g.id = ANY(${value}::int[])`, checkList('ids', filter.ids))
  if (filter.iamids) add(value => `g.iamid = ANY(${value}::text[])`, checkList('iamids', filter.iamids))
  if (filter.userId != null)
    add(value => `g.id IN (SELECT m.group_id FROM memberships m WHERE m.user_id = ${value}::int)`, filter.userId)
  // Groups of removed IAMs only by name ("Search all groups").
  if (!filter.ids && !filter.iamids) where.push('g.iamid IN (SELECT i.id FROM iams i)')
  return { where, values, narrowing }
}

/** The name of the user, whose index finds parts of it. */
export const memberList = (
  groupId: number,
  filter: MembershipFilter,
  direction: Direction | null | undefined,
): ListQuery<MembershipRecord> => byName(listOf(membersOfGroups, groupId), { ...filter, direction, key: 'u.name_key' })

export const membershipList = (
  userId: number,
  filter: MembershipFilter,
  direction: Direction | null | undefined,
): ListQuery<MembershipRecord> => byName(listOf(membershipsOfUsers, userId), { ...filter, direction, key: 'g.name_key' })

function byName<Row>(
  { countFrom, ...list }: ListQuery<Row>,
  { name, direction, key }: MembershipFilter & { direction: Direction | null | undefined; key: string },
): ListQuery<Row> {
  // A fresh plan: the best depends on the count.
  const ordered = { ...list, fresh: true, order: { ...list.order, descending: direction === 'DESC' } }
  const pattern = partPattern('name', name)
  if (pattern === null) return { ...ordered, ...(countFrom && { countFrom }) }
  const where = [...list.where, `${key} LIKE $${list.values.length + 1}`]
  return { ...ordered, where, values: [...list.values, pattern] }
}

export const GROUP_NAME_COLUMNS = { name: text('n.name') }

export function nameList(filter: GroupFilter, direction: Direction | null | undefined): ListQuery<{ name: string }> {
  const { where, values } = groupConditions(filter)
  const condition = where.length > 0 ? `WHERE ${where.join(' AND ')}` : ''
  return {
    columns: selectList(GROUP_NAME_COLUMNS),
    from: `(SELECT DISTINCT ON (g.name_key) g.name, g.name_key FROM groups g ${condition} ORDER BY g.name_key, g.id) n`,
    where: [],
    values,
    id: '0::bigint',
    order: { name: 'groupNames', expression: 'n.name_key', type: 'text', descending: direction === 'DESC' },
  }
}
