import type { ProfileColumns } from '../../domain/users/profile.ts'
import type { NewUser } from '../../domain/users/users.store.ts'
import { Prisma } from '../../generated/prisma/client.ts'
import { selectList } from '../../platform/database/columns.ts'
import type { Db } from '../../platform/database/store.ts'
import type { Document, ResourceType } from '../protocol/schema.ts'
import type { ColumnMap } from './column-map.ts'
import { SCIM_USER_COLUMNS, type ScimAttribute, type ScimUserRecord } from './user.ts'

const DOCUMENT = `coalesce(u.scim, jsonb_strip_nulls(jsonb_build_object('displayName', u.name, 'title', u.position,
  'emails', CASE WHEN u.email IS NOT NULL THEN jsonb_build_array(jsonb_build_object('value', u.email, 'primary', true)) END,
  'phoneNumbers', CASE WHEN u.phone IS NOT NULL THEN jsonb_build_array(jsonb_build_object('value', u.phone, 'primary', true)) END)))`

const SELECT_USER = `${selectList(SCIM_USER_COLUMNS)}, ${DOCUMENT} AS document`
const OF_GROUPS = `memberships m JOIN groups g ON g.id = m.group_id AND g.iamid = u.iamid AND g.scimid IS NOT NULL
  WHERE m.user_id = u.id AND u.iamid = ANY(m.sources)`
const SCIM_USER_GROUPS = `(SELECT coalesce(json_agg(json_build_object('value', g.scimid, 'display', g.name) ORDER BY g.name_key, g.id), '[]')
  FROM ${OF_GROUPS}) AS groups`

export const userColumns = (type: ResourceType): ColumnMap => ({
  type,
  document: DOCUMENT,
  from: 'users u',
  rowid: 'u.id',
  where: 'u.scim_id IS NOT NULL AND u.iamid',
  indexed: { emails: value => `scim_emails(u.scim, u.email) @> ARRAY[left(${value}::text, 320)]` },
  columns: {
    id: { kind: 'uuid', sql: 'u.scim_id' },
    externalid: { kind: 'exact', sql: `u.scim->>'externalId'` },
    username: { kind: 'key', sql: 'u.userid_key' },
    active: { kind: 'boolean', sql: 'NOT u.disabled' },
    'meta.resourcetype': { kind: 'exact', sql: "'User'::text" },
    'meta.created': { kind: 'time', sql: 'u.created_at' },
    'meta.lastmodified': { kind: 'time', sql: 'u.updated_at' },
    groups: {
      kind: 'rows',
      // Uncorrelated, so that it runs once.
      exists: condition => `u.id IN (SELECT m.user_id FROM memberships m JOIN groups g ON g.id = m.group_id
        WHERE g.iamid = $1::text AND g.scimid IS NOT NULL AND $1::text = ANY(m.sources) AND (${condition}))`,
      parts: { value: { kind: 'exact', sql: 'g.scimid' }, display: { kind: 'key', sql: 'g.name_key' } },
    },
  },
})

/** Served by no index: a planner that has not seen this IAM would take the index on it for unique. */
export const ofIam = (iamid: string): string => `u.iamid || '' = ${iamid}`

export async function findScimUser(
  db: Db,
  { iamid, scimId, lock = false, groups = false }: { iamid: string; scimId: string; lock?: boolean; groups?: boolean },
): Promise<ScimUserRecord | null> {
  const [user] = await db.query<ScimUserRecord>(
    `SELECT ${SELECT_USER}${groups ? `, ${SCIM_USER_GROUPS}` : ''} FROM users u
      WHERE ${ofIam('$1')} AND u.scim_id = $2::uuid${lock ? ' FOR NO KEY UPDATE' : ''}`,
    [iamid, scimId],
  )
  return user ?? null
}

export const findScimUsers = (db: Db, ids: readonly number[], groups: boolean): Promise<ScimUserRecord[]> =>
  db.query(`SELECT ${SELECT_USER}${groups ? `, ${SCIM_USER_GROUPS}` : ''} FROM users u WHERE u.id = ANY($1::int[])`, [ids])

export async function findByUserName(
  db: Db,
  { iamid, useridKey, lock = false }: { iamid: string; useridKey: string; lock?: boolean },
): Promise<ScimUserRecord | null> {
  const [user] = await db.query<ScimUserRecord>(
    `SELECT ${SELECT_USER} FROM users u WHERE u.iamid = $1 AND u.userid_key = $2${lock ? ' FOR NO KEY UPDATE' : ''}`,
    [iamid, useridKey],
  )
  return user ?? null
}

export interface ScimUserColumns extends Partial<ProfileColumns> {
  readonly userid?: string
  readonly useridKey?: string
  readonly disabled?: boolean
  readonly disabledBy?: string | null
  readonly scimId?: string | null
  readonly scim?: Document | null
}

export async function insertScimUser(db: Db, user: NewUser & ScimUserColumns & { scimId: string }, now: Date): Promise<number> {
  const stamps = { createdAt: now, updatedAt: now, profileCreatedAt: now, profileUpdatedAt: now }
  const data = { ...user, ...stamps } as Prisma.UserUncheckedCreateInput
  const { id } = await db.prisma.user.create({ data, select: { id: true } })
  return id
}

/** Those whose names are free; without groups. */
export async function insertScimUsers(
  db: Db,
  users: readonly (NewUser & ScimUserColumns & { scimId: string })[],
  now: Date,
): Promise<{ key: string; user: ScimUserRecord }[]> {
  if (users.length === 0) return []
  const stamps = { createdAt: now, updatedAt: now, profileCreatedAt: now, profileUpdatedAt: now }
  const data = users.map(user => ({ ...user, ...stamps })) as Prisma.UserCreateManyInput[]
  await db.prisma.user.createMany({ data, skipDuplicates: true })
  const rows = await db.query<ScimUserRecord & { key: string }>(
    `SELECT ${SELECT_USER}, u.userid_key AS key FROM users u WHERE u.iamid = $1 AND u.scim_id = ANY($2::uuid[])`,
    [users[0]!.iamid, users.map(({ scimId }) => scimId)],
  )
  return rows.map(({ key, ...user }) => ({ key, user }))
}

export const insertSourceAttributes = (
  db: Db,
  attributes: readonly (ScimAttribute & { userId: number })[],
  { source, now }: { source: string; now: Date },
): Promise<unknown> =>
  db.query(
    `INSERT INTO user_attributes (user_id, key, key_key, value, source, created_at)
     SELECT n.user_id, n.key, n.key_key, n.value, $5::text, $6::timestamptz
       FROM unnest($1::int[], $2::text[], $3::text[], $4::text[]) WITH ORDINALITY n(user_id, key, key_key, value, place)
      ORDER BY n.place ON CONFLICT DO NOTHING`,
    [
      attributes.map(({ userId }) => userId),
      attributes.map(({ key }) => key),
      attributes.map(({ keyKey }) => keyKey),
      attributes.map(({ value }) => value),
      source,
      now,
    ],
  )

export async function updateScimUser(
  db: Db,
  id: number,
  { columns, now }: { columns: ScimUserColumns; now: Date },
): Promise<void> {
  const stamps = { updatedAt: now, profileUpdatedAt: now }
  const scim = columns.scim === null ? { scim: Prisma.DbNull } : {}
  const data = { ...columns, ...scim, ...stamps } as Prisma.UserUncheckedUpdateInput
  await db.prisma.user.update({ where: { id }, data, select: { id: true } })
}

export async function replaceSourceAttributes(
  db: Db,
  { userId, source, attributes, now }: { userId: number; source: string; attributes: readonly ScimAttribute[]; now: Date },
): Promise<{ added: string[]; removed: string[] }> {
  const [changed] = await db.query<{ added: string[]; removed: string[] }>(
    `WITH wanted AS (SELECT * FROM unnest($3::text[], $4::text[], $5::text[]) WITH ORDINALITY w(key, key_key, value, place)),
       gone AS (DELETE FROM user_attributes a WHERE a.user_id = $1::int AND a.source = $2::text
         AND NOT EXISTS (SELECT 1 FROM wanted w WHERE w.key_key = a.key_key AND w.value = a.value) RETURNING a.key, a.value),
       made AS (INSERT INTO user_attributes (user_id, key, key_key, value, source, created_at)
         SELECT $1::int, w.key, w.key_key, w.value, $2::text, $6::timestamptz FROM wanted w ORDER BY w.place
         ON CONFLICT DO NOTHING RETURNING key, value)
     SELECT ARRAY(SELECT key || ':' || value FROM made) AS added, ARRAY(SELECT key || ':' || value FROM gone) AS removed`,
    [
      userId,
      source,
      attributes.map(({ key }) => key),
      attributes.map(({ keyKey }) => keyKey),
      attributes.map(({ value }) => value),
      now,
    ],
  )
  return changed!
}

export async function leaveSourceGroups(db: Db, userId: number, { source, now }: { source: string; now: Date }): Promise<number> {
  // Groups before memberships, against deadlocks.
  const groups = await db.query<{ id: number }>(
    `SELECT g.id FROM groups g WHERE g.id IN (SELECT m.group_id FROM memberships m WHERE m.user_id = $1::int AND $2::text = ANY(m.sources))
      ORDER BY g.id FOR NO KEY UPDATE`,
    [userId, source],
  )
  const [left] = await db.query<{ count: number }>(
    `WITH held AS (SELECT m.id, m.group_id, m.sources FROM memberships m
         WHERE m.user_id = $1::int AND m.group_id = ANY($4::int[]) AND $2::text = ANY(m.sources)),
       gone AS (DELETE FROM memberships WHERE id IN (SELECT id FROM held WHERE sources <@ ARRAY[$2::text])),
       kept AS (UPDATE memberships SET sources = array_remove(sources, $2::text), updated_at = $3::timestamptz
         WHERE id IN (SELECT id FROM held WHERE NOT sources <@ ARRAY[$2::text])),
       touched AS (UPDATE groups SET scim_version = scim_version + 1, updated_at = $3::timestamptz WHERE id IN (SELECT group_id FROM held))
     SELECT count(*)::int AS count FROM held`,
    [userId, source, now, groups.map(({ id }) => id)],
    // A generic plan compares each row with the whole list.
    { fresh: groups.length > 100 },
  )
  return left!.count
}

export async function deleteApiKeys(db: Db, userId: number): Promise<number> {
  const { count } = await db.prisma.apiKey.deleteMany({ where: { userId } })
  return count
}
