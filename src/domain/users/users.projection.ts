/**
 * Selected columns and edges in one statement; edges prime the loaders.
 * A parity test compares both.
 */

import type { Loaders } from '../../authorization/context.ts'
import { type Cells, cellsOf, type SelectList, selectList } from '../../platform/database/columns.ts'
import type { CursorColumns } from '../../platform/database/pagination.ts'
import { ATTRIBUTE_COLUMNS, type AttributeRow } from '../attributes/attribute.ts'
import { GROUP_COLUMNS, type GroupRecord } from '../groups/group.ts'
import { GRANT_COLUMNS, type PermissionGrantRecord, USER_COLUMNS, type UserRecord } from './user.ts'

export type EagerEdge = 'grants' | 'attributes' | 'groups'
export type GroupColumn = Exclude<keyof typeof GROUP_COLUMNS, 'id'>
export const isGroupColumn = (name: string): name is GroupColumn => name !== 'id' && Object.hasOwn(GROUP_COLUMNS, name)
export const ALL_OF_GROUP = Object.keys(GROUP_COLUMNS).filter(isGroupColumn)
export type Column = keyof typeof USER_COLUMNS
export interface Projection {
  readonly columns: readonly Column[]
  readonly edges: readonly EagerEdge[]
  readonly groups?: { readonly first: number; readonly columns: readonly GroupColumn[] }
}

export const isColumn = (name: string): name is Column => Object.hasOwn(USER_COLUMNS, name)

export const SELECT_USER = selectList(USER_COLUMNS)

export type UserRow = Partial<UserRecord> & EagerData

/** Columns of `users u`, and sub-selects for edges of `id`. */
interface Selected {
  readonly columns: SelectList<UserRecord>
  readonly along: string
  readonly alongValues: readonly unknown[]
}

export function projected(wanted: Projection | undefined, before: number, id: 'u.id' | 'page.id'): Selected {
  if (!wanted) return { columns: SELECT_USER, along: '', alongValues: [] }
  const groups = groupCells(wanted.groups?.columns).sql
  const edges = wanted.edges.map(edge => `, (${EDGES[edge](id, groups).replace('?', `$${before + 1}::int`)}) AS "${edge}Along"`)
  return {
    columns: selectList(USER_COLUMNS, wanted.columns) as typeof SELECT_USER,
    along: edges.join(''),
    alongValues: wanted.groups == null ? [] : [wanted.groups.first + 1],
  }
}

const GRANT = cellsOf(GRANT_COLUMNS)
const ATTRIBUTE = cellsOf(ATTRIBUTE_COLUMNS)

const cellsOfGroups = new Map<string, Cells<GroupRecord>>()
function groupCells(columns: readonly GroupColumn[] = []): Cells<GroupRecord> {
  const key = columns.join()
  const known = cellsOfGroups.get(key)
  if (known) return known
  const cells = cellsOf(GROUP_COLUMNS, ['id', ...columns])
  cellsOfGroups.set(key, cells)
  return cells
}

// OFFSET 0 makes the planner filter first. Arrays: no keys per row.
const EDGES: Record<EagerEdge, (id: string, groupCells: string) => string> = {
  grants: id => `SELECT coalesce(json_agg(json_build_array(${GRANT.sql}) ORDER BY e.place, e.permission), '[]')
    FROM effective_permissions e WHERE e.user_id = ${id}`,
  attributes: id => `SELECT coalesce(json_agg(json_build_array(${ATTRIBUTE.sql}) ORDER BY a.id), '[]')
    FROM user_attributes a WHERE a.user_id = ${id}`,
  groups: (id, cells) => `SELECT coalesce(json_agg(json_build_array(g.name_key, ${cells}) ORDER BY g.name_key, g.id), '[]')
    FROM (SELECT * FROM (SELECT g.* FROM memberships m JOIN groups g ON g.id = m.group_id WHERE m.user_id = ${id} OFFSET 0) g
           ORDER BY g.name_key, g.id LIMIT ?) g`,
}

interface EagerData {
  grantsAlong?: readonly (readonly unknown[])[] | undefined
  attributesAlong?: readonly (readonly unknown[])[] | undefined
  groupsAlong?: readonly GroupAlong[] | undefined
}
type GroupAlong = readonly [nameKey: string, id: number, ...group: unknown[]]

interface PrimedUser {
  grantsOfUser: { prime(id: number, rows: PermissionGrantRecord[]): unknown }
  attributesOfUser: { prime(id: number, rows: AttributeRow[]): unknown }
  groupsOfUser: { prime(id: number, size: number, rows: SharedGroup[]): unknown }
}
type SharedGroup = GroupRecord & CursorColumns
export type SharedGroups = Map<number, SharedGroup>

export function primeLoaders(
  loaders: PrimedUser,
  row: UserRecord & EagerData,
  { wanted, shared = new Map() }: { wanted?: Projection | undefined; shared?: SharedGroups },
): UserRecord {
  const { id, grantsAlong, attributesAlong, groupsAlong } = row
  if (grantsAlong) {
    const grants = grantsAlong.map(cells => GRANT.read(cells, 0, { userId: id }))
    loaders.grantsOfUser.prime(id, grants)
    row.grantsAlong = undefined
  }
  if (attributesAlong) {
    const attributes = attributesAlong.map(cells => ATTRIBUTE.read(cells, 0, { ownerId: id }))
    loaders.attributesOfUser.prime(id, attributes)
    row.attributesAlong = undefined
  }
  if (groupsAlong) {
    const { first, columns } = wanted!.groups!
    const cells = groupCells(columns)
    const groups = groupsAlong.map(group => groupOf(group, cells, shared))
    loaders.groupsOfUser.prime(id, first, groups)
    row.groupsAlong = undefined
  }
  return row
}

export const priming = (row: UserRecord & EagerData) => ({ primes: (loaders: Loaders) => void primeLoaders(loaders, row, {}) })

function groupOf(group: GroupAlong, cells: Cells<GroupRecord>, shared: SharedGroups): SharedGroup {
  const [cursorValue, id] = group
  const known = shared.get(id)
  if (known) return known
  const read = cells.read(group, 1, { cursorValue, cursorId: id })
  shared.set(id, read)
  return read
}
