import type { Prisma } from '../../generated/prisma/client.ts'
import type { Db } from '../../platform/database/store.ts'
import type { Document, ResourceType } from '../protocol/schema.ts'
import type { ColumnMap } from './column-map.ts'
import type { ScimGroupRecord } from './group.ts'
import { allMembers, type MemberRow, membersPage } from './members.store.ts'

const DOCUMENT = `coalesce(g.scim, '{}'::jsonb)`

/** The select list of a ScimGroupRecord, for the alias `g`. */
const SCIM_GROUP_COLUMNS = `g.id, g.scimid, g.iamid, g.name, ${DOCUMENT} AS document, g.scim_version AS "scimVersion",
  g.created_at AS "createdAt", g.updated_at AS "updatedAt"`
export const groupColumns = (type: ResourceType): ColumnMap => ({
  type,
  document: DOCUMENT,
  from: 'groups g',
  rowid: 'g.id',
  where: 'g.scimid IS NOT NULL AND g.iamid',
  indexed: {},
  columns: {
    id: { kind: 'exact', sql: 'g.scimid' },
    displayname: { kind: 'key', sql: 'g.name_key' },
    'meta.resourcetype': { kind: 'exact', sql: "'Group'::text" },
    'meta.created': { kind: 'time', sql: 'g.created_at' },
    'meta.lastmodified': { kind: 'time', sql: 'g.updated_at' },
    members: {
      kind: 'rows',
      exists: condition => `g.id IN (SELECT m.group_id FROM memberships m JOIN users v ON v.id = m.user_id
        WHERE v.iamid = $1::text AND v.scim_id IS NOT NULL AND $1::text = ANY(m.sources) AND (${condition}))`,
      parts: { value: { kind: 'uuid', sql: 'v.scim_id' }, display: { kind: 'key', sql: 'v.name_key' } },
    },
  },
})

/** The group of this SCIM id in the IAM, or null. `lock`: nobody else changes it, or who is in it by this IAM, until the transaction ends. */
export async function findScimGroup(
  db: Db,
  { iamid, scimid, lock = false, members = false }: { iamid: string; scimid: string; lock?: boolean; members?: boolean },
): Promise<ScimGroupRecord | null> {
  const [group] = await db.query<ScimGroupRecord>(
    `SELECT ${SCIM_GROUP_COLUMNS} FROM groups g WHERE g.iamid = $1 AND g.scimid = $2${lock ? ' FOR UPDATE' : ''}`,
    [iamid, scimid],
  )
  if (!group || !members) return group ?? null
  return withMembers(db, group)
}

export const withMembers = async (db: Db, group: ScimGroupRecord): Promise<ScimGroupRecord> => ({
  ...group,
  members: shown(await allMembers(db, group)),
})

/** The group of this id of its own, whether or not it has a SCIM id, held until the transaction ends; null if it was deleted. */
export async function lockGroup(db: Db, id: number): Promise<ScimGroupRecord | null> {
  const [group] = await db.query<ScimGroupRecord>(`SELECT ${SCIM_GROUP_COLUMNS} FROM groups g WHERE g.id = $1 FOR UPDATE`, [id])
  return group ?? null
}

/** Groups by their own ids, in no order, without members. One statement. */
const findScimGroups = (db: Db, ids: readonly number[]): Promise<ScimGroupRecord[]> =>
  db.query(`SELECT ${SCIM_GROUP_COLUMNS} FROM groups g WHERE g.id = ANY($1::int[])`, [ids])

/** The most members that the groups of one answer have together, unless there is but one group in it. */
export const MAX_MEMBERS = 10_000

/**
 * Groups by their own ids, in that order, with their members: as many of the first as have no more than MAX_MEMBERS together, but one at least,
 * however many are in it. `fits` says how many of the ids that is. Two statements, and more for a group that has more by itself.
 */
async function findScimGroupsWithMembers(
  db: Db,
  ids: readonly number[],
): Promise<{ groups: Map<number, ScimGroupRecord>; fits: number }> {
  const groups = new Map((await findScimGroups(db, ids)).map(group => [group.id, group]))
  const rows = await db.query<MemberRow & { groupId: number }>(
    // Group by group, each in the order of its index: it ends with the row behind the last that may be shown.
    `SELECT w.id AS "groupId", m.* FROM unnest($1::int[]) WITH ORDINALITY w(id, place) CROSS JOIN LATERAL (
       SELECT * FROM (${membersPage({ id: 'w.id', iamid: '$3::text', after: '0', size: '$2::int' })}) m ORDER BY m.at LIMIT $2::int) m
     LIMIT $2::int`,
    [ids, MAX_MEMBERS + 1, groups.values().next().value?.iamid ?? ''],
    { fresh: true },
  )
  const cut = rows.length > MAX_MEMBERS ? ids.indexOf(rows.at(-1)!.groupId) : ids.length
  const fits = Math.max(cut, Math.min(ids.length, 1))
  const held = Map.groupBy(rows, row => row.groupId)
  for (const id of ids.slice(0, fits)) {
    const [group, members = []] = [groups.get(id), held.get(id)]
    if (group) groups.set(id, { ...group, members: shown(cut > 0 ? members : await allMembers(db, group, members)) })
  }
  return { groups, fits }
}

/** What a Group shows of its members. */
const shown = (members: readonly MemberRow[]) =>
  members.flatMap(({ value, display }) => (value === null ? [] : [{ value, display: display ?? '' }]))

/** The resources of groups for a page that is read from its end or its beginning. */
export async function groupsOfPage(
  db: Db,
  ids: readonly number[],
  { members, fromEnd }: { members: boolean; fromEnd: boolean },
): Promise<{ groups: Map<number, ScimGroupRecord>; fits: number }> {
  if (members) return findScimGroupsWithMembers(db, fromEnd ? ids.toReversed() : ids)
  return { groups: new Map((await findScimGroups(db, ids)).map(group => [group.id, group])), fits: ids.length }
}

interface Namesake {
  readonly id: number
  readonly iamid: string
  readonly name: string
  readonly scimid: string | null
}
const NAMESAKE = 'SELECT g.id, g.iamid, g.name, g.scimid FROM groups g WHERE g.iamid = $1 AND g.name_key = $2'

/** The group of this canonical name in the IAM, whether or not SCIM made it. */
export const findNamesake = async (db: Db, iamid: string, nameKey: string): Promise<Namesake | null> =>
  (await db.query<Namesake>(NAMESAKE, [iamid, nameKey]))[0] ?? null

/** As findByUserName; the group is held until the transaction ends. */
export const lockByName = async (db: Db, iamid: string, nameKey: string): Promise<Namesake | null> =>
  (await db.query<Namesake>(`${NAMESAKE} FOR UPDATE`, [iamid, nameKey]))[0] ?? null

export interface ScimGroupColumns {
  readonly name: string
  readonly nameKey: string
  readonly scim: Document
  readonly scimid: string
}

/** Without a SCIM id SCIM does not show it. Fails with a unique violation when the name was taken meanwhile. */
export async function insertScimGroup(
  db: Db,
  group: Omit<ScimGroupColumns, 'scimid'> & { iamid: string; scimid: string | null },
  now: Date,
): Promise<number> {
  const data = { ...group, scim: group.scim as Prisma.InputJsonObject, createdAt: now, updatedAt: now }
  const { id } = await db.prisma.group.create({ data, select: { id: true } })
  return id
}

/** Writes the columns, and that there is a new version. Fails with a unique violation when the name is taken. */
export async function updateScimGroup(
  db: Db,
  id: number,
  { columns, now }: { columns: Partial<ScimGroupColumns>; now: Date },
): Promise<void> {
  const { scim, ...rest } = columns
  const json = scim === undefined ? {} : { scim: scim as Prisma.InputJsonObject }
  await db.prisma.group.updateMany({ where: { id }, data: { ...rest, ...json, scimVersion: { increment: 1 }, updatedAt: now } })
}
