import type { Prisma } from '../generated/prisma/client.ts'
import type { Places } from '../provisioning/condition.ts'
import type { Document, ResourceType } from '../provisioning/schema.ts'
import type { Db } from '../store/store.ts'
import type { ScimGroupRecord } from './group.scim.ts'

const DOCUMENT = `coalesce(g.scim, '{}'::jsonb)`

/** The select list of a ScimGroupRecord, for the alias `g`. */
const SCIM_GROUP_COLUMNS = `g.id, g.scimid, g.iamid, g.name, ${DOCUMENT} AS document, g.scim_version AS "scimVersion",
  g.created_at AS "createdAt", g.updated_at AS "updatedAt"`
/** The members of the group `g`: users of the IAM that the IAM itself put into it. */
const MEMBERS = `memberships m JOIN users v ON v.id = m.user_id AND v.iamid = g.iamid AND v.scim_id IS NOT NULL
  WHERE m.group_id = g.id AND g.iamid = ANY(m.sources)`

export const groupPlaces = (type: ResourceType): Places => ({
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
  iamid: string,
  scimid: string,
  { lock = false, members = false }: { lock?: boolean; members?: boolean } = {},
): Promise<ScimGroupRecord | null> {
  const [group] = await db.query<ScimGroupRecord>(
    `SELECT ${SCIM_GROUP_COLUMNS} FROM groups g WHERE g.iamid = $1 AND g.scimid = $2${lock ? ' FOR UPDATE' : ''}`,
    [iamid, scimid],
  )
  if (!group || !members) return group ?? null
  return { ...group, members: await restOfMembers(db, group.id, []) }
}

/** Groups by their own ids, in no order, without members. One statement. */
const findScimGroups = (db: Db, ids: readonly number[]): Promise<ScimGroupRecord[]> =>
  db.query(`SELECT ${SCIM_GROUP_COLUMNS} FROM groups g WHERE g.id = ANY($1::int[])`, [ids])

/** The most members that the groups of one answer have together, unless there is but one group in it. */
export const MAX_MEMBERS = 10_000
/** Members of one group that are read at a time. */
const PIECE = 10_000

/**
 * Groups by their own ids, in that order, with their members: as many of the first as have no more than MAX_MEMBERS together, but one at least,
 * however many are in it. `fits` says how many of the ids that is. Two statements, and one more for each PIECE of a group that has more.
 */
async function findScimGroupsWithMembers(
  db: Db,
  ids: readonly number[],
): Promise<{ groups: Map<number, ScimGroupRecord>; fits: number }> {
  const groups = new Map((await findScimGroups(db, ids)).map(group => [group.id, group]))
  const rows = await db.query<MemberRow & { groupId: number }>(
    // Group by group, each in the order of its index: it ends with the row behind the last that may be shown.
    `SELECT w.id AS "groupId", m.* FROM unnest($1::int[]) WITH ORDINALITY w(id, place) CROSS JOIN LATERAL (
       SELECT m.user_id AS at, v.scim_id AS value, v.name AS display FROM groups g CROSS JOIN ${MEMBERS} AND g.id = w.id ORDER BY m.user_id LIMIT $2::int) m
     LIMIT $2::int`,
    [ids, MAX_MEMBERS + 1],
  )
  const cut = rows.length > MAX_MEMBERS ? ids.indexOf(rows.at(-1)!.groupId) : ids.length
  const fits = Math.max(cut, Math.min(ids.length, 1))
  const held = Map.groupBy(rows, row => row.groupId)
  for (const id of ids.slice(0, fits)) {
    const [group, members = []] = [groups.get(id), held.get(id)]
    if (group) groups.set(id, { ...group, members: cut > 0 ? members.map(member) : await restOfMembers(db, id, members) })
  }
  return { groups, fits }
}

interface MemberRow {
  readonly at: number
  readonly value: string
  readonly display: string
}
const member = ({ value, display }: MemberRow) => ({ value, display })

/** All members of a group, those included that are read already: piece by piece, so that the store never makes one answer of all of them. */
async function restOfMembers(db: Db, id: number, read: readonly MemberRow[]) {
  const members = read.map(member)
  for (let last = read.at(-1)?.at ?? 0, more = true; more; ) {
    const piece = await db.query<MemberRow>(
      `SELECT m.user_id AS at, v.scim_id AS value, v.name AS display FROM groups g CROSS JOIN ${MEMBERS} AND g.id = $1::int AND m.user_id > $2::int
        ORDER BY m.user_id LIMIT $3::int`,
      [id, last, PIECE],
    )
    for (const row of piece) members.push(member(row))
    last = piece.at(-1)?.at ?? last
    more = piece.length === PIECE
  }
  return members
}

/** The resources of groups for a page that is read from its end or its beginning. */
export async function groupsOfPage(
  db: Db,
  ids: readonly number[],
  { members, fromEnd }: { members: boolean; fromEnd: boolean },
): Promise<{ groups: Map<number, ScimGroupRecord>; fits: number }> {
  if (members) return findScimGroupsWithMembers(db, fromEnd ? ids.toReversed() : ids)
  return { groups: new Map((await findScimGroups(db, ids)).map(group => [group.id, group])), fits: ids.length }
}

/** The group of this canonical name in the IAM, whether or not SCIM made it, held until the transaction ends. */
export async function lockNamesake(
  db: Db,
  iamid: string,
  nameKey: string,
): Promise<{ id: number; scimid: string | null } | null> {
  const [group] = await db.query<{ id: number; scimid: string | null }>(
    `SELECT g.id, g.scimid FROM groups g WHERE g.iamid = $1 AND g.name_key = $2 FOR UPDATE`,
    [iamid, nameKey],
  )
  return group ?? null
}

export interface ScimGroupColumns {
  readonly name: string
  readonly nameKey: string
  readonly scim: Document
  readonly scimid: string
}

/** Fails with a unique violation when the name was taken meanwhile. */
export async function insertScimGroup(db: Db, group: ScimGroupColumns & { iamid: string }, now: Date): Promise<number> {
  const data = { ...group, scim: group.scim as Prisma.InputJsonObject, createdAt: now, updatedAt: now }
  const { id } = await db.prisma.group.create({ data, select: { id: true } })
  return id
}

/** Writes the columns, and that there is a new version. Fails with a unique violation when the name is taken. */
export async function updateScimGroup(db: Db, id: number, columns: Partial<ScimGroupColumns>, now: Date): Promise<void> {
  const { scim, ...rest } = columns
  const json = scim === undefined ? {} : { scim: scim as Prisma.InputJsonObject }
  await db.prisma.group.updateMany({ where: { id }, data: { ...rest, ...json, scimVersion: { increment: 1 }, updatedAt: now } })
}

export interface Member {
  readonly id: number
  readonly name: string
}

/**
 * Puts users, by SCIM id, into a group in the name of the IAM: a row each, whatever the size of the group. Answers how many of them there are in the IAM,
 * and for whom that was new.
 */
export async function addScimMembers(
  db: Db,
  group: { id: number; iamid: string },
  ids: readonly string[],
  now: Date,
): Promise<{ found: number; added: Member[] }> {
  const [row] = await db.query<{ found: number; added: Member[] }>(
    `WITH wanted AS (SELECT u.id, u.userid FROM users u WHERE u.iamid = $2::text AND u.scim_id = ANY($3::uuid[]) ORDER BY u.id FOR KEY SHARE),
       made AS (INSERT INTO memberships (group_id, user_id, sources, created_at, updated_at)
         SELECT $1::int, w.id, ARRAY[$2::text], $4::timestamptz, $4::timestamptz FROM wanted w ORDER BY w.id
         ON CONFLICT (user_id, group_id) DO UPDATE SET sources = memberships.sources || ARRAY[$2::text], updated_at = $4::timestamptz
           WHERE NOT $2::text = ANY(memberships.sources) RETURNING user_id)
     SELECT (SELECT count(*)::int FROM wanted) AS found, (SELECT coalesce(json_agg(json_build_object('id', w.id, 'name', $2::text || '/' || w.userid)
       ORDER BY w.id), '[]') FROM wanted w JOIN made ON made.user_id = w.id) AS added`,
    [group.id, group.iamid, ids, now],
  )
  return row!
}

/** Takes the IAM's hand off memberships: of these users, or of all others. What other sources hold stays. Answers of whom. */
export async function removeScimMembers(
  db: Db,
  group: { id: number; iamid: string },
  which: { these: readonly string[] } | { allBut: readonly string[] },
  now: Date,
): Promise<Member[]> {
  const ids = 'these' in which ? which.these : which.allBut
  const named = '(SELECT n.id FROM users n WHERE n.iamid = $2::text AND n.scim_id = ANY($3::uuid[]))'
  const [row] = await db.query<{ removed: Member[] }>(
    `WITH held AS (SELECT m.id, m.user_id, m.sources FROM memberships m WHERE m.group_id = $1::int AND $2::text = ANY(m.sources)
         AND m.user_id ${'these' in which ? 'IN' : 'NOT IN'} ${named} ORDER BY m.user_id FOR UPDATE),
       gone AS (DELETE FROM memberships WHERE id IN (SELECT id FROM held WHERE sources <@ ARRAY[$2::text])),
       kept AS (UPDATE memberships SET sources = array_remove(sources, $2::text), updated_at = $4::timestamptz
         WHERE id IN (SELECT id FROM held WHERE NOT sources <@ ARRAY[$2::text]))
     SELECT coalesce(json_agg(json_build_object('id', u.id, 'name', u.iamid || '/' || u.userid) ORDER BY u.id), '[]') AS removed
       FROM held JOIN users u ON u.id = held.user_id`,
    [group.id, group.iamid, ids, now],
  )
  return row!.removed
}
