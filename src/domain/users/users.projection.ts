/**
 * Column and edge selection of user reads, in one statement. Edges prime the loaders; a parity test compares
 * both. With a projection other columns are not loaded.
 */

import { cellsOf, type SelectList, selectList } from '../../platform/database/columns.ts'
import type { CursorColumns } from '../../platform/database/pagination.ts'
import { ATTRIBUTE_COLUMNS, type AttributeRow } from '../attributes/attribute.ts'
import { GROUP_COLUMNS, type GroupRecord } from '../groups/group.ts'
import { GRANT_COLUMNS, type PermissionGrantRecord, USER_COLUMNS, type UserRecord } from './user.ts'

export type EagerEdge = 'grants' | 'attributes' | 'groups'
export type Column = keyof typeof USER_COLUMNS
export interface Projection {
  readonly columns: readonly Column[]
  readonly edges: readonly EagerEdge[]
  /** Number of groups per user, by name. */
  readonly groups?: number
}

export const isColumn = (name: string): name is Column => Object.hasOwn(USER_COLUMNS, name)

export const SELECT_USER = selectList(USER_COLUMNS)

/** With the projected columns and edges. */
export type UserRow = Partial<UserRecord> & EagerData

/** What a read of users selects: columns of `users u`, and sub-selects for the edges of the user whose id the expression `id` gives. */
interface Selected {
  readonly columns: SelectList<UserRecord>
  readonly along: string
  readonly alongValues: readonly unknown[]
}

/** Parameters start after `before`; a whole record by default. */
export function projected(wanted: Projection | undefined, before: number, id: 'u.id' | 'page.id'): Selected {
  if (!wanted) return { columns: SELECT_USER, along: '', alongValues: [] }
  const edges = wanted.edges.map(edge => `, (${EDGES[edge](id).replace('?', `$${before + 1}::int`)}) AS "${edge}Along"`)
  // One more shows a next page.
  return {
    columns: selectList(USER_COLUMNS, wanted.columns) as typeof SELECT_USER,
    along: edges.join(''),
    alongValues: wanted.groups == null ? [] : [wanted.groups + 1],
  }
}

const GRANT = cellsOf(GRANT_COLUMNS)
const ATTRIBUTE = cellsOf(ATTRIBUTE_COLUMNS)
const GROUP = cellsOf(GROUP_COLUMNS)

// OFFSET 0 makes the planner filter before sorting. Arrays, not objects: no keys per row. Times in milliseconds.
const EDGES: Record<EagerEdge, (id: string) => string> = {
  grants: id => `SELECT coalesce(json_agg(json_build_array(${GRANT.sql}) ORDER BY e.place, e.permission), '[]')
    FROM effective_permissions e WHERE e.user_id = ${id}`,
  attributes: id => `SELECT coalesce(json_agg(json_build_array(${ATTRIBUTE.sql}) ORDER BY a.id), '[]')
    FROM user_attributes a WHERE a.user_id = ${id}`,
  groups: id => `SELECT coalesce(json_agg(json_build_array(g.name_key, ${GROUP.sql}) ORDER BY g.name_key, g.id), '[]')
    FROM (SELECT * FROM (SELECT g.* FROM memberships m JOIN groups g ON g.id = m.group_id WHERE m.user_id = ${id} OFFSET 0) g
           ORDER BY g.name_key, g.id LIMIT ?) g`,
}

interface EagerData {
  readonly grantsAlong?: readonly (readonly unknown[])[]
  readonly attributesAlong?: readonly (readonly unknown[])[]
  readonly groupsAlong?: readonly (readonly [nameKey: string, ...group: unknown[]])[]
}

interface PrimedUser {
  grantsOfUser: { prime(id: number, rows: PermissionGrantRecord[]): unknown }
  attributesOfUser: { prime(id: number, rows: AttributeRow[]): unknown }
  groupsOfUser: { prime(id: number, size: number, rows: (GroupRecord & CursorColumns)[]): unknown }
}

export function primeLoaders(loaders: PrimedUser, row: UserRecord & EagerData, wanted?: Projection): UserRecord {
  const { grantsAlong, attributesAlong, groupsAlong, ...user } = row
  if (grantsAlong)
    loaders.grantsOfUser.prime(
      user.id,
      grantsAlong.map(cells => GRANT.read(cells, 0, { userId: user.id })),
    )
  if (attributesAlong)
    loaders.attributesOfUser.prime(
      user.id,
      attributesAlong.map(cells => ATTRIBUTE.read(cells, 0, { ownerId: user.id })),
    )
  if (groupsAlong) loaders.groupsOfUser.prime(user.id, wanted!.groups!, groupsAlong.map(groupOf))
  return user
}

function groupOf(cells: NonNullable<EagerData['groupsAlong']>[number]): GroupRecord & CursorColumns {
  const [cursorValue] = cells
  const group = GROUP.read(cells, 1, {})
  return Object.assign(group, { cursorValue, cursorId: group.id })
}
