import type { Prisma } from '../../generated/prisma/client.ts'
import { selectList } from '../../platform/database/columns.ts'
import type { Db } from '../../platform/database/store.ts'
import type { Document, ResourceType } from '../protocol/schema.ts'
import type { ColumnMap } from './column-map.ts'
import { SCIM_GROUP_COLUMNS, type ScimGroupRecord } from './group.ts'
import { allMembers, type MemberRow, membersPage } from './members.store.ts'

const DOCUMENT = `coalesce(g.scim, '{}'::jsonb)`

const SELECT_GROUP = `${selectList(SCIM_GROUP_COLUMNS)}, ${DOCUMENT} AS document`

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

export async function findScimGroup(
  db: Db,
  { iamid, scimid, lock = false, members = false }: { iamid: string; scimid: string; lock?: boolean; members?: boolean },
): Promise<ScimGroupRecord | null> {
  const [group] = await db.query<ScimGroupRecord>(
    `SELECT ${SELECT_GROUP} FROM groups g WHERE g.iamid = $1 AND g.scimid = $2${lock ? ' FOR UPDATE' : ''}`,
    [iamid, scimid],
  )
  if (!group || !members) return group ?? null
  return withMembers(db, group)
}

export const withMembers = async (db: Db, group: ScimGroupRecord): Promise<ScimGroupRecord> => ({
  ...group,
  members: shown(await allMembers(db, group)),
})

type LockedGroup = Omit<ScimGroupRecord, 'scimid'> & { readonly scimid: string | null }

export async function lockGroup(db: Db, id: number): Promise<LockedGroup | null> {
  const [group] = await db.query<LockedGroup>(`SELECT ${SELECT_GROUP} FROM groups g WHERE g.id = $1 FOR UPDATE`, [id])
  return group ?? null
}

const findScimGroups = (db: Db, ids: readonly number[]): Promise<ScimGroupRecord[]> =>
  db.query(`SELECT ${SELECT_GROUP} FROM groups g WHERE g.id = ANY($1::int[])`, [ids])

/** Members in one response, unless it has a single group. */
export const MAX_MEMBERS = 10_000

async function findScimGroupsWithMembers(
  db: Db,
  ids: readonly number[],
): Promise<{ groups: Map<number, ScimGroupRecord>; fits: number }> {
  const groups = new Map((await findScimGroups(db, ids)).map(group => [group.id, group]))
  const rows = await db.query<MemberRow & { groupId: number }>(
    // One index scan per group, up to the last visible member.
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

const shown = (members: readonly MemberRow[]) =>
  members.flatMap(({ value, display }) => (value === null ? [] : [{ value, display: display ?? '' }]))

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
  readonly unfinishedAt: Date | null
}
const NAMESAKE = `SELECT g.id, g.iamid, g.name, g.scimid, g.unfinished_at AS "unfinishedAt"
  FROM groups g WHERE g.iamid = $1 AND g.name_key = $2`

export const findNamesake = async (db: Db, iamid: string, nameKey: string): Promise<Namesake | null> =>
  (await db.query<Namesake>(NAMESAKE, [iamid, nameKey]))[0] ?? null

export const lockByName = async (db: Db, iamid: string, nameKey: string): Promise<Namesake | null> =>
  (await db.query<Namesake>(`${NAMESAKE} FOR UPDATE`, [iamid, nameKey]))[0] ?? null

export interface ScimGroupColumns {
  readonly name: string
  readonly nameKey: string
  readonly scim: Document
  readonly scimid: string
  readonly unfinishedAt?: Date | null
}

/** Hidden until it has a SCIM id. Throws a unique violation. */
export async function insertScimGroup(
  db: Db,
  group: Omit<ScimGroupColumns, 'scimid'> & { iamid: string; scimid: string | null },
  now: Date,
): Promise<number> {
  const data = { ...group, scim: group.scim as Prisma.InputJsonObject, createdAt: now, updatedAt: now }
  const { id } = await db.prisma.group.create({ data, select: { id: true } })
  return id
}

export async function updateScimGroup(
  db: Db,
  id: number,
  { columns, now }: { columns: Partial<ScimGroupColumns>; now: Date },
): Promise<void> {
  const { scim, ...rest } = columns
  const json = scim === undefined ? {} : { scim: scim as Prisma.InputJsonObject }
  await db.prisma.group.updateMany({ where: { id }, data: { ...rest, ...json, scimVersion: { increment: 1 }, updatedAt: now } })
}
