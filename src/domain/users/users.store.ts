import type { UserRef } from '../../authorization/actor.ts'
import type { UserKind } from '../../generated/inputs.ts'
import { rowsInChunks } from '../../platform/database/chunks.ts'
import { json, orNull, type RecordOf, selectList } from '../../platform/database/columns.ts'
import { uniqueViolation } from '../../platform/database/errors.ts'
import { type Lookup, lookup } from '../../platform/database/lookups.ts'
import type { NestedList } from '../../platform/database/nested-list.ts'
import type { Db } from '../../platform/database/store.ts'
import { insertRow, updateRow } from '../../platform/database/write-row.ts'
import { Conflict, Invalid, NotFound } from '../../platform/errors.ts'
import { lookupKey } from '../../platform/validation.ts'
import { requireIam } from '../iams/iams.store.ts'
import type { ProfileColumns } from './profile.ts'
import { GRANT_COLUMNS, type PermissionGrantRecord, USER_COLUMNS, type UserRecord } from './user.ts'
import { type Projection, projected, SELECT_USER, type UserRow } from './users.projection.ts'

const SELECT_GRANT = selectList(GRANT_COLUMNS)

export async function findUser(db: Db, ref: UserRef, wanted?: Projection): Promise<UserRecord | null> {
  const { columns, along, alongValues } = projected(wanted, ref.id != null ? 1 : 2, 'u.id')
  const select = `SELECT ${columns}${along} FROM users u WHERE`
  if (ref.id != null) {
    const [user] = await db.query<UserRow>(`${select} u.id = $1`, [ref.id, ...alongValues])
    return user && (ref.iamid == null || ref.iamid === user.iamid) ? (user as UserRecord) : null
  }
  if (ref.userid == null) throw new Invalid('ref', 'needs an id or a userid')
  const key = lookupKey(ref.userid)
  if (key === null) return null
  const values = [ref.iamid ?? 'bim', key, ...alongValues]
  const [user] = await db.query<UserRow>(`${select} u.iamid = $1 AND u.userid_key = $2`, values)
  return user ? (user as UserRecord) : null
}

export async function requireUser(db: Db, ref: UserRef, wanted?: Projection): Promise<UserRecord> {
  const user = await findUser(db, ref, wanted)
  return user ?? missing(db, ref)
}

const WITH_ACTIONS = {
  ...USER_COLUMNS,
  /** Of its IAM. */
  supportedActions: orNull(json(`(SELECT i.config->'supportedActions' FROM iams i WHERE i.id = u.iamid)`)),
}

export function userLookup(ref: UserRef, lock: Lock = ''): Lookup<RecordOf<typeof WITH_ACTIONS>> {
  if (ref.id != null) return lookup(WITH_ACTIONS, `users u WHERE u.id = $1 ${lock}`, [ref.id])
  if (ref.userid == null) throw new Invalid('ref', 'needs an id or a userid')
  const key = lookupKey(ref.userid) ?? ''
  return lookup(WITH_ACTIONS, `users u WHERE u.iamid = $1 AND u.userid_key = $2 ${lock}`, [ref.iamid ?? 'bim', key])
}

/** Throws NotFound, and names what is missing. */
export const foundUser = async <User extends UserRecord>(db: Db, ref: UserRef, user: User | null): Promise<User> =>
  user && (ref.iamid == null || ref.iamid === user.iamid) ? user : missing(db, ref)

type Lock = 'FOR NO KEY UPDATE' | 'FOR UPDATE' | ''

/** In order; locks by id. Throws NotFound. */
export async function requireUsers(db: Db, refs: readonly UserRef[], lock: Lock = ''): Promise<UserRecord[]> {
  if (refs.length === 0) return []
  if (refs.some(ref => ref.id == null && ref.userid == null)) throw new Invalid('ref', 'needs an id or a userid')
  const byId = refs.flatMap(ref => (ref.id == null ? [] : [ref.id]))
  const byName = refs.flatMap(ref =>
    ref.id == null && ref.userid != null ? [[ref.iamid ?? 'bim', lookupKey(ref.userid) ?? ''] as const] : [],
  )
  const rows = await db.query<UserRecord & { useridKey: string }>(
    // OR would scan all users.
    `SELECT ${SELECT_USER}, u.userid_key AS "useridKey" FROM users u WHERE u.id IN (
       SELECT unnest($1::int[]) UNION
       SELECT v.id FROM unnest($2::text[], $3::text[]) n(iamid, key) JOIN users v ON v.iamid = n.iamid AND v.userid_key = n.key)
     ORDER BY u.id ${lock}`,
    [byId, byName.map(([iamid]) => iamid), byName.map(([, key]) => key)],
  )
  const ids = new Map(rows.map(row => [row.id, row]))
  const names = new Map(rows.map(row => [`${row.iamid}/${row.useridKey}`, row]))
  const found: UserRecord[] = []
  for (const ref of refs) {
    const user =
      ref.id != null ? ids.get(ref.id) : names.get(`${ref.iamid ?? 'bim'}/${ref.userid == null ? '' : lookupKey(ref.userid)}`)
    if (!user || (ref.iamid != null && user.iamid !== ref.iamid)) return missing(db, ref)
    found.push(user)
  }
  return found
}

async function missing(db: Db, ref: UserRef): Promise<never> {
  if (ref.iamid != null) await requireIam(db, ref.iamid)
  throw new NotFound(`No user ${nameOf(ref)}`)
}

const nameOf = (ref: UserRef): string =>
  ref.id != null
    ? `with id ${ref.id}${ref.iamid == null ? '' : ` in ${ref.iamid}`}`
    : `${JSON.stringify(ref.userid)} in ${ref.iamid ?? 'bim'}`

export const usersNamed = (db: Db, iamid: string, keys: readonly string[]): Promise<UserRecord[]> =>
  db.query(`SELECT ${SELECT_USER} FROM users u WHERE u.iamid = $1 AND u.userid_key = ANY($2::text[])`, [iamid, keys])

export const usersByIds = (db: Db, ids: readonly number[]): Promise<UserRecord[]> =>
  rowsInChunks(db, ids, piece => db.query<UserRecord>(`SELECT ${SELECT_USER} FROM users u WHERE u.id = ANY($1::int[])`, [piece]))

export const usersOfIams: NestedList<UserRecord> = {
  columns: SELECT_USER,
  from: 'users u',
  where: [],
  values: [],
  owner: 'u.iamid',
  ownerType: 'text',
  id: 'u.id',
  order: { name: 'usersOfIam', expression: 'u.name_key', type: 'text', descending: false },
  isIndexed: true,
}

export const grantsOfUsers = (db: Db, ids: readonly number[]): Promise<PermissionGrantRecord[]> =>
  rowsInChunks(db, ids, piece =>
    db.query<PermissionGrantRecord>(
      `SELECT e.user_id AS "userId", ${SELECT_GRANT} FROM effective_permissions e WHERE e.user_id = ANY($1::int[]) ORDER BY e.user_id, e.place, e.permission`,
      [piece],
    ),
  )

export interface NewUser {
  iamid: string
  userid: string
  useridKey: string
  name: string
  nameKey: string
  systemGenerated?: boolean
  kind?: UserKind
  ownerUserId?: number | null
  ownerGroupId?: number | null
  disabled?: boolean
  disabledBy?: string | null
  dn?: string
  directoryId?: string
  openidId?: string
  samlId?: string
}

export async function insertUser(db: Db, user: NewUser & Partial<ProfileColumns>, now: Date): Promise<UserRecord> {
  const stamps = { createdAt: now, updatedAt: now, profileCreatedAt: now, profileUpdatedAt: now }
  return insertRow(db, { into: USERS, fields: { ...user, ...stamps }, returning: SELECT_USER })
}

export async function insertUsers(
  db: Db,
  users: readonly (NewUser & Partial<ProfileColumns>)[],
  now: Date,
): Promise<UserRecord[]> {
  if (users.length === 0) return []
  const rows = await db.query<{ id: number }>(
    `INSERT INTO users (iamid, userid, userid_key, name, name_key, system_generated, disabled, disabled_by, dn, email, email_key, phone, about, location,
       organization, position, sql_user, preferences, external_user_ids, directory_id, openid_id, saml_id, created_at, updated_at, profile_created_at,
       profile_updated_at)
     SELECT n.iamid, n.userid, n."useridKey", n.name, n."nameKey", coalesce(n."systemGenerated", false), coalesce(n.disabled, false), n."disabledBy",
            n.dn, n.email, coalesce(n."emailKey", ''), n.phone, n.about, n.location, n.organization, n.position, n."sqlUser",
            nullif(n.preferences, 'null'), coalesce(n."externalUserIds", '{}'), n."directoryId", n."openidId", n."samlId",
            $2::timestamptz, $2::timestamptz, $2::timestamptz, $2::timestamptz
       FROM ROWS FROM (jsonb_to_recordset($1::jsonb) AS (iamid text, userid text, "useridKey" text, name text, "nameKey" text,
         "systemGenerated" boolean, disabled boolean, "disabledBy" text, dn text, email text, "emailKey" text, phone text, about text, location text,
         organization text, "position" text, "sqlUser" text, preferences jsonb, "externalUserIds" jsonb, "directoryId" text,
         "openidId" text, "samlId" text))
         WITH ORDINALITY n(iamid, userid, "useridKey", name, "nameKey", "systemGenerated", disabled, "disabledBy", dn, email, "emailKey", phone, about,
           location, organization, "position", "sqlUser", preferences, "externalUserIds", "directoryId", "openidId", "samlId", place)
      ORDER BY n.place ON CONFLICT DO NOTHING RETURNING id`,
    [JSON.stringify(users), now],
  )
  return usersByIds(
    db,
    rows.map(row => row.id),
  )
}

export async function takenNames(db: Db, iamid: string, keys: readonly string[]): Promise<Set<string>> {
  const rows = await db.query<{ key: string }>(
    `SELECT userid_key AS key FROM users WHERE iamid = $1 AND userid_key = ANY($2::text[])
     UNION SELECT email_key FROM users WHERE iamid = $1 AND iamid = 'bim' AND email_key <> '' AND email_key = ANY($2::text[])`,
    [iamid, keys],
  )
  return new Set(rows.map(row => row.key))
}

export interface UserColumns extends ProfileColumns {
  iamid: string
  disabled: boolean
  disabledBy: string | null
  lastLogin: Date
  authenticationId: number
  ownerUserId: number | null
  ownerGroupId: number | null
  updatedAt: Date
  profileUpdatedAt: Date
}

/** With entitlements, for `priming`. Throws Conflict when it is gone. */
export const updateUser = (db: Db, id: number, columns: Partial<UserColumns>): Promise<UserRow & UserRecord> =>
  updateRow(db, { of: USERS, id, fields: columns, returning: SELECT_USER, along: ENTITLEMENTS })

const USERS = ['users', 'u'] as const
const ENTITLEMENTS = projected({ columns: [], edges: ['attributes', 'grants'] }, 0, 'u.id').along

export const deleteUserRow = (db: Db, id: number) => db.prisma.user.delete({ where: { id }, select: { id: true } })

export const lockUser = (db: Db, id: number) => db.query(`SELECT 1 FROM users WHERE id = $1 FOR UPDATE`, [id])

/** One who can log in. Locks against concurrent removal. */
export async function hasEnabledAdministrator(db: Db): Promise<boolean> {
  const [, rows] = await Promise.all([
    lockAdministrators(db),
    db.query(
      `SELECT 1 FROM effective_permissions e JOIN users u ON u.id = e.user_id AND NOT u.disabled AND u.kind = 'PERSON'
         JOIN iams i ON i.id = u.iamid
        WHERE e.permission = 'USER_ADMIN' LIMIT 1`,
    ),
  ])
  return rows.length > 0
}

/** Unneeded on the embedded database's single connection. */
export const lockAdministrators = (db: Db) => db.query(`SELECT pg_advisory_xact_lock(7266853, 1)::text`)

export async function revokeAccess(db: Db, userId: number): Promise<number> {
  const [tokens] = await Promise.all([
    db.query<{ id: number }>(`DELETE FROM tokens WHERE user_id = $1 OR impersonator_id = $1 RETURNING id`, [userId]),
    db.query('DELETE FROM invitations WHERE user_id = $1', [userId]),
  ])
  return tokens.length
}

export async function copyEntitlements(
  db: Db,
  fromId: number,
  { toIds, by }: { toIds: readonly number[]; by: string },
): Promise<void> {
  await db.query(
    `INSERT INTO user_permissions (user_id, permission, source, granted_by) SELECT t.id, p.permission, 'bim', $3::text
       FROM user_permissions p CROSS JOIN unnest($2::int[]) t(id) WHERE p.user_id = $1 AND p.source = 'bim' ORDER BY t.id, p.id
       ON CONFLICT DO NOTHING`,
    [fromId, toIds, by],
  )
  await db.query(
    `INSERT INTO memberships (user_id, group_id, sources, added_by) SELECT t.id, m.group_id, '{bim}', $3::text
       FROM memberships m JOIN groups g ON g.id = m.group_id AND g.iamid = 'bim' CROSS JOIN unnest($2::int[]) t(id) WHERE m.user_id = $1
       ORDER BY t.id, m.id ON CONFLICT DO NOTHING`,
    [fromId, toIds, by],
  )
  await db.query(
    `INSERT INTO user_attributes (user_id, key, key_key, value, source) SELECT t.id, a.key, a.key_key, a.value, 'bim'
       FROM user_attributes a CROSS JOIN unnest($2::int[]) t(id) WHERE a.user_id = $1 ORDER BY t.id, a.id ON CONFLICT DO NOTHING`,
    [fromId, toIds],
  )
}

export function nameTaken(error: unknown): never {
  const constraint = uniqueViolation(error)
  if (constraint?.includes('email')) throw new Conflict('profile.email is already taken by another bim user')
  if (constraint?.includes('userid'))
    throw new Conflict('userid is already taken in this IAM (case and Unicode normal form do not matter)')
  throw error
}
