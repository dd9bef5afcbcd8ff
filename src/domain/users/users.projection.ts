/**
 * Column and edge selection of user reads, in one statement. Edges prime the loaders; a parity test compares
 * both. With a projection other columns are not loaded.
 */

import type { CursorColumns } from '../../platform/database/pagination.ts'
import type { AttributeRow } from '../attributes/attribute.ts'
import type { GroupRecord } from '../groups/group.ts'
import type { PermissionGrantRecord, UserRecord } from './user.ts'

export type EagerEdge = 'grants' | 'attributes' | 'groups'
export type Column = Exclude<keyof UserRecord, 'view'>
export interface Projection {
  readonly columns: readonly Column[]
  readonly edges: readonly EagerEdge[]
  /** Number of groups per user, by name. */
  readonly groups?: number
}

const COLUMNS: Record<Column, string> = {
  id: 'u.id',
  iamid: 'u.iamid',
  userid: 'u.userid',
  globalUserId: 'u.global_user_id',
  profileId: 'u.profile_id',
  authenticationId: 'u.authentication_id',
  name: 'u.name',
  email: 'u.email',
  phone: 'u.phone',
  about: 'u.about',
  location: 'u.location',
  organization: 'u.organization',
  position: 'u.position',
  sqlUser: 'u.sql_user',
  preferences: 'u.preferences',
  externalUserIds: 'u.external_user_ids',
  scim: 'u.scim',
  systemGenerated: 'u.system_generated',
  disabled: 'u.disabled',
  disabledBy: 'u.disabled_by',
  dn: 'u.dn',
  directoryId: 'u.directory_id',
  openidId: 'u.openid_id',
  samlId: 'u.saml_id',
  relinkable: 'u.relinkable',
  lastLogin: 'u.last_login',
  lastExternalRefresh: 'u.last_external_refresh',
  currentProjectId: 'u.current_project_id',
  profileCreatedAt: 'u.profile_created_at',
  profileUpdatedAt: 'u.profile_updated_at',
  createdAt: 'u.created_at',
  updatedAt: 'u.updated_at',
}
export const isColumn = (name: string): name is Column => Object.hasOwn(COLUMNS, name)
const listOf = (columns: readonly Column[]): string => columns.map(column => `${COLUMNS[column]} AS "${column}"`).join(', ')

/** For the alias `u`. */
export const USER_COLUMNS = listOf(Object.keys(COLUMNS) as Column[])

interface SelectList {
  readonly columns: string
  readonly along: string
  readonly alongValues: readonly unknown[]
}

/** Parameters start after `before`; a whole record by default. */
export function selectList(wanted: Projection | undefined, before: number, id: 'u.id' | 'page.id'): SelectList {
  if (!wanted) return { columns: USER_COLUMNS, along: '', alongValues: [] }
  const edges = wanted.edges.map(edge => `, (${EDGES[edge](id).replace('?', `$${before + 1}::int`)}) AS "${edge}Along"`)
  // One more shows a next page.
  return {
    columns: listOf(wanted.columns),
    along: edges.join(''),
    alongValues: wanted.groups == null ? [] : [wanted.groups + 1],
  }
}

// OFFSET 0 makes the planner filter before sorting. Arrays, not objects: no keys per row. Times in milliseconds.
const ms = (column: string) => `(extract(epoch FROM ${column}) * 1000)::bigint`
const EDGES: Record<EagerEdge, (id: string) => string> = {
  grants:
    id => `SELECT coalesce(json_agg(json_build_array(e.permission, e.source, e.group_id) ORDER BY e.place, e.permission), '[]')
    FROM effective_permissions e WHERE e.user_id = ${id}`,
  attributes: id => `SELECT coalesce(json_agg(json_build_array(a.key, a.key_key, a.value, a.source) ORDER BY a.id), '[]')
    FROM user_attributes a WHERE a.user_id = ${id}`,
  groups:
    id => `SELECT coalesce(json_agg(json_build_array(g.id, g.iamid, g.name, g.name_key, g.gid, g.email, g.description, g.scim, g.scimid,
      ${ms('g.created_at')}, ${ms('g.updated_at')}) ORDER BY g.name_key, g.id), '[]')
    FROM (SELECT * FROM (SELECT g.* FROM memberships m JOIN groups g ON g.id = m.group_id WHERE m.user_id = ${id} OFFSET 0) g
           ORDER BY g.name_key, g.id LIMIT ?) g`,
}

type Cell = string | number | null
interface EagerData {
  grantsAlong?: [string, string, number | null][]
  attributesAlong?: [string, string, string, string][]
  groupsAlong?: [number, string, string, string, Cell, Cell, Cell, Record<string, unknown> | null, Cell, number, number][]
}

interface PrimedUser {
  grantsOfUser: { prime(id: number, rows: PermissionGrantRecord[]): unknown }
  attributesOfUser: { prime(id: number, rows: AttributeRow[]): unknown }
  groupsOfUser: { prime(id: number, size: number, rows: (GroupRecord & CursorColumns)[]): unknown }
}

export function primeLoaders(loaders: PrimedUser, row: UserRecord & EagerData, wanted?: Projection): UserRecord {
  const { grantsAlong, attributesAlong, groupsAlong, ...user } = row
  if (grantsAlong) {
    const grants = grantsAlong.map(([permission, source, groupId]) => ({ userId: user.id, permission, source, groupId }))
    loaders.grantsOfUser.prime(user.id, grants)
  }
  if (attributesAlong) {
    const attributes = attributesAlong.map(([key, keyKey, value, source]) => ({ ownerId: user.id, key, keyKey, value, source }))
    loaders.attributesOfUser.prime(user.id, attributes)
  }
  if (groupsAlong) loaders.groupsOfUser.prime(user.id, wanted!.groups!, groupsAlong.map(groupOf))
  return user
}

function groupOf(cells: NonNullable<EagerData['groupsAlong']>[number]): GroupRecord & CursorColumns {
  const [id, iamid, name, cursorValue, gid, email, description, scim, scimid, createdAt, updatedAt] = cells
  const rest = { gid, email, description, scimid } as Pick<GroupRecord, 'gid' | 'email' | 'description' | 'scimid'>
  const stamps = { createdAt: new Date(createdAt), updatedAt: new Date(updatedAt) }
  return { id, iamid, name, ...rest, scim, ...stamps, cursorValue, cursorId: id }
}
