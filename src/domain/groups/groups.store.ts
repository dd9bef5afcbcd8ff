import type { Loaders } from '../../authorization/context.ts'
import type { GroupRef } from '../../generated/inputs.ts'
import { rowsInChunks, rowsUntilNone } from '../../platform/database/chunks.ts'
import { type RecordOf, selectList, texts } from '../../platform/database/columns.ts'
import { type Along, readOneAlong } from '../../platform/database/edges.ts'
import { type Lookup, lookup } from '../../platform/database/lookups.ts'
import type { NestedList } from '../../platform/database/nested-list.ts'
import type { Db } from '../../platform/database/store.ts'
import { insertRow, updateRow } from '../../platform/database/write-row.ts'
import { NotFound } from '../../platform/errors.ts'
import { canonical } from '../../platform/validation.ts'
import { requireIam } from '../iams/iams.store.ts'
import type { NamedGroup } from './group.members.ts'
import { GROUP_COLUMNS, type GroupRecord } from './group.ts'
import { GROUP_EDGES } from './groups.edges.ts'

export const SELECT_GROUP = selectList(GROUP_COLUMNS)

type Lock = 'FOR KEY SHARE' | 'FOR NO KEY UPDATE' | 'FOR UPDATE' | ''

export async function requireGroup(db: Db, ref: GroupRef, lock: Lock = ''): Promise<GroupRecord> {
  const { text, values } = selectGroup(ref, lock)
  const [group] = await db.query<GroupRecord>(text, values)
  return foundGroup(db, ref, group ?? null)
}

export const readGroup = async (db: Db, ref: GroupRef, along?: Along<Loaders>): Promise<GroupRecord> =>
  foundGroup(db, ref, await readOneAlong(db, selectGroup(ref), { edges: GROUP_EDGES, along }))

const selectGroup = ({ id, iamid, name }: GroupRef, lock: Lock = '') =>
  name == null
    ? { text: `SELECT ${SELECT_GROUP} FROM groups g WHERE g.id = $1 ${lock}`, values: [id] }
    : {
        text: `SELECT ${SELECT_GROUP} FROM groups g WHERE g.iamid = $1 AND g.name_key = $2 ${lock}`,
        values: [iamid ?? 'bim', canonical(name)],
      }

const WITH_PERMISSIONS = {
  ...GROUP_COLUMNS,
  /** Of the rule for its name. */
  permissions: texts(`ARRAY(SELECT r.permission FROM iam_group_permissions r
    WHERE r.iamid = g.iamid AND r.group_key = g.name_key AND g.unfinished_at IS NULL ORDER BY r.permission)`),
}
export interface GroupWithPermissions extends RecordOf<typeof WITH_PERMISSIONS> {}

export const groupLookup = ({ id, iamid, name }: GroupRef, lock: Lock): Lookup<GroupWithPermissions> =>
  name == null
    ? lookup(WITH_PERMISSIONS, `groups g WHERE g.id = $1 ${lock}`, [id])
    : lookup(WITH_PERMISSIONS, `groups g WHERE g.iamid = $1 AND g.name_key = $2 ${lock}`, [iamid ?? 'bim', canonical(name)])

/** Throws NotFound, and names what is missing. */
export const foundGroup = async <Group extends GroupRecord>(db: Db, ref: GroupRef, group: Group | null): Promise<Group> =>
  isOf(group, ref) ? group : missing(db, ref)

/** In order; locks by id. Throws NotFound. */
export async function requireGroups(db: Db, refs: readonly GroupRef[], lock: Lock = ''): Promise<GroupRecord[]> {
  if (refs.length === 0) return []
  const byName = refs.filter(({ id, name }) => id == null && name != null)
  const rows = await db.query<GroupRecord>(
    `SELECT ${SELECT_GROUP} FROM groups g WHERE g.id IN (
       SELECT unnest($1::int[]) UNION
       SELECT v.id FROM unnest($2::text[], $3::text[]) n(iamid, key) JOIN groups v ON v.iamid = n.iamid AND v.name_key = n.key)
     ORDER BY g.id ${lock}`,
    [refs.flatMap(({ id }) => id ?? []), byName.map(({ iamid }) => iamid ?? 'bim'), byName.map(({ name }) => canonical(name!))],
  )
  const found = new Map(rows.map(group => [group.id, group]))
  const named = new Map(rows.map(group => [keyOf(group), group]))
  const groups: GroupRecord[] = []
  for (const ref of refs) {
    const group = ref.id == null ? named.get(keyOf(ref)) : found.get(ref.id)
    if (!isOf(group, ref)) return missing(db, ref)
    groups.push(group)
  }
  return groups
}

const isOf = <Group extends GroupRecord>(group: Group | null | undefined, { iamid }: GroupRef): group is Group =>
  group != null && (iamid == null || iamid === group.iamid)

async function missing(db: Db, ref: GroupRef): Promise<never> {
  if (ref.iamid != null) await requireIam(db, ref.iamid)
  if (ref.name != null) throw new NotFound(`No group ${ref.iamid ?? 'bim'}/${ref.name}`)
  throw new NotFound(`No group with id ${ref.id}${ref.iamid == null ? '' : ` in ${ref.iamid}`}`)
}

const keyOf = ({ iamid, name }: Pick<GroupRef, 'iamid' | 'name'>): string =>
  JSON.stringify([iamid ?? 'bim', canonical(name ?? '')])

export const groupsByIds = (db: Db, ids: readonly number[]): Promise<GroupRecord[]> =>
  rowsInChunks(db, ids, piece =>
    db.query<GroupRecord>(`SELECT ${SELECT_GROUP} FROM groups g WHERE g.id = ANY($1::int[])`, [piece]),
  )

export const groupsOfUsers: NestedList<GroupRecord> = {
  columns: SELECT_GROUP,
  from: 'memberships m JOIN groups g ON g.id = m.group_id',
  where: [],
  values: [],
  owner: 'm.user_id',
  ownerType: 'int',
  id: 'g.id',
  order: { name: 'groupsOfUser', expression: 'g.name_key', type: 'text', descending: false },
  countFrom: 'memberships m',
}

export const permissionsOfGroups = (db: Db, ids: readonly number[]): Promise<{ groupId: number; permission: string }[]> =>
  db.query(
    `SELECT g.id AS "groupId", r.permission FROM groups g
       JOIN iam_group_permissions r ON r.iamid = g.iamid AND r.group_key = g.name_key
      WHERE g.id = ANY($1::int[]) AND g.unfinished_at IS NULL ORDER BY g.id, r.permission`,
    [ids],
  )

export async function permissionsOfName(db: Db, iamid: string, nameKey: string): Promise<string[]> {
  const text = 'SELECT r.permission FROM iam_group_permissions r WHERE r.iamid = $1 AND r.group_key = $2'
  return (await db.query<{ permission: string }>(text, [iamid, nameKey])).map(row => row.permission)
}

export interface GroupColumns {
  name: string
  nameKey: string
  email: string | null
  description: string | null
}

const GROUPS = ['groups', 'g'] as const

export const insertGroup = (
  db: Db,
  fields: GroupColumns & { iamid: string; createdAt: Date; updatedAt: Date },
): Promise<GroupRecord> => insertRow(db, { into: GROUPS, fields, returning: SELECT_GROUP })

export const updateGroup = (db: Db, id: number, fields: Partial<GroupColumns> & { updatedAt: Date }): Promise<GroupRecord> =>
  updateRow(db, { of: GROUPS, id, fields, returning: SELECT_GROUP })

/** Memberships first: the cascade would be too long. */
export async function deleteGroupRow(db: Db, id: number): Promise<void> {
  if (await hasMore(db, id))
    await rowsUntilNone(db, limit =>
      db.query(
        `DELETE FROM memberships WHERE id = ANY(ARRAY(SELECT m.id FROM memberships m WHERE m.group_id = $1::int LIMIT $2::int)) RETURNING id`,
        [id, limit],
        { fresh: true },
      ),
    )
  await db.prisma.group.deleteMany({ where: { id } })
}

async function hasMore({ rowsAtOnce, query }: Db, id: number): Promise<boolean> {
  if (!Number.isFinite(rowsAtOnce)) return false
  return (await query('SELECT 1 FROM memberships WHERE group_id = $1 OFFSET $2::int LIMIT 1', [id, rowsAtOnce])).length > 0
}

export async function lockGroupRow(db: Db, id: number): Promise<NamedGroup | null> {
  const [group] = await db.query<NamedGroup>('SELECT g.id, g.iamid, g.name FROM groups g WHERE g.id = $1 FOR UPDATE', [id])
  return group ?? null
}

/** Changes its SCIM ETag. */
export async function touchGroup(db: Db, id: number, now: Date): Promise<void> {
  await db.prisma.group.updateMany({ where: { id }, data: { scimVersion: { increment: 1 }, updatedAt: now } })
}

export const localGroupsNamed = (db: Db, keys: readonly string[]): Promise<{ id: number; name: string; nameKey: string }[]> =>
  db.query(
    `SELECT g.id, g.name, g.name_key AS "nameKey" FROM groups g WHERE g.iamid = 'bim' AND g.name_key = ANY($1::text[])
      ORDER BY g.id FOR KEY SHARE`,
    [keys],
  )

/** Those that were not there yet. */
export const createLocalGroups = (
  db: Db,
  groups: readonly { readonly name: string; readonly key: string }[],
  now: Date,
): Promise<{ id: number; name: string }[]> =>
  db.query(
    `INSERT INTO groups (iamid, name, name_key, created_at, updated_at)
     SELECT 'bim', n.name, n.key, $3::timestamptz, $3::timestamptz FROM unnest($1::text[], $2::text[]) n(name, key) ORDER BY n.key
     ON CONFLICT DO NOTHING RETURNING id, name`,
    [groups.map(({ name }) => name), groups.map(({ key }) => key), now],
  )

/** By the rules of `bim`, whether the groups exist or not. */
export const permissionsOfNames = (db: Db, keys: readonly string[]): Promise<{ nameKey: string; permission: string }[]> =>
  db.query(
    `SELECT r.group_key AS "nameKey", r.permission FROM iam_group_permissions r WHERE r.iamid = 'bim' AND r.group_key = ANY($1::text[])`,
    [keys],
  )
