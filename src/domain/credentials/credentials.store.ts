import { rowsInChunks } from '../../platform/database/chunks.ts'
import { selectList } from '../../platform/database/columns.ts'
import type { NestedList } from '../../platform/database/nested-list.ts'
import type { Removed } from '../../platform/database/pruning.ts'
import type { Db } from '../../platform/database/store.ts'
import { insertRow } from '../../platform/database/write-row.ts'
import { API_KEY_COLUMNS, type ApiKeyRecord, TOKEN_COLUMNS, type TokenRecord } from './credential.ts'

const SELECT_KEY = selectList(API_KEY_COLUMNS)
const SELECT_TOKEN = selectList(TOKEN_COLUMNS)
const TOKENS = 'tokens t JOIN users u ON u.id = t.user_id LEFT JOIN users p ON p.id = t.impersonator_id'

export interface NewApiKey {
  userId: number
  name: string | null
  prefix: string
  hash: Uint8Array<ArrayBuffer>
  projectId: number | null
  scopes: string[]
  parentKeyId: number | null
  expiresAt: Date | null
  createdAt: Date
}

export const insertApiKey = (db: Db, fields: NewApiKey): Promise<ApiKeyRecord> =>
  insertRow(db, { into: ['api_keys', 'k'], fields, returning: SELECT_KEY })

export async function findApiKey(db: Db, id: number, lock: '' | 'FOR UPDATE' = ''): Promise<ApiKeyRecord | null> {
  const [key] = await db.query<ApiKeyRecord>(`SELECT ${SELECT_KEY} FROM api_keys k WHERE k.id = $1 ${lock}`, [id])
  return key ?? null
}

export const apiKeysByIds = (db: Db, ids: readonly number[]): Promise<ApiKeyRecord[]> =>
  rowsInChunks(db, ids, piece => db.query(`SELECT ${SELECT_KEY} FROM api_keys k WHERE k.id = ANY($1::int[])`, [piece]))

export const apiKeysOfUsers: NestedList<ApiKeyRecord> = {
  columns: SELECT_KEY,
  from: 'api_keys k',
  where: [],
  values: [],
  owner: 'k.user_id',
  ownerType: 'int',
  id: 'k.id',
  order: { name: 'apiKeys', expression: 'k.id', type: 'int', descending: false },
}

export const touchApiKey = (db: Db, id: number, now: Date) =>
  db.prisma.apiKey.update({ where: { id }, data: { lastUsed: now }, select: { id: true } })

export const followApiKey = (db: Db, id: number, { rotatedToId, expiresAt }: { rotatedToId: number; expiresAt: Date }) =>
  db.prisma.apiKey.update({ where: { id }, data: { rotatedToId, expiresAt }, select: { id: true } })

/** With its predecessors; an array, for the index. */
const chainOf = (seed: string) => `WITH RECURSIVE chain(id, user_id) AS (
    SELECT k.id, k.user_id FROM api_keys k WHERE ${seed}
    UNION SELECT k.id, k.user_id FROM chain c JOIN api_keys k ON k.user_id = c.user_id AND (k.parent_key_id = c.id OR k.rotated_to_id = c.id)
  ), ended AS (DELETE FROM tokens WHERE api_key_id = ANY(ARRAY(SELECT id FROM chain)) RETURNING id
  ), gone AS (DELETE FROM api_keys WHERE id = ANY(ARRAY(SELECT id FROM chain)) RETURNING id, name)
  SELECT (SELECT count(*) FROM ended)::int AS "revokedTokens", (SELECT coalesce(json_agg(gone ORDER BY id), '[]') FROM gone) AS keys`

export interface RevokedChain {
  readonly revokedTokens: number
  readonly keys: readonly { readonly id: number; readonly name: string | null }[]
}

/** With its chain and tokens. Requires lockUser, against concurrent creation. */
export async function deleteApiKeyChain(db: Db, id: number): Promise<RevokedChain> {
  const [revoked] = await db.query<RevokedChain>(chainOf('k.id = $1'), [id])
  return revoked!
}

export async function deleteKeysForProject(db: Db, projectId: number, userIds: readonly number[]): Promise<RevokedChain> {
  const [revoked] = await db.query<RevokedChain>(chainOf('k.project_id = $1 AND k.user_id = ANY($2::int[])'), [
    projectId,
    userIds,
  ])
  return revoked!
}

export async function countLiveKeys(db: Db, userId: number, now: Date): Promise<number> {
  const [row] = await db.query<{ count: number }>(
    'SELECT count(*)::int AS count FROM api_keys WHERE user_id = $1 AND (expires_at IS NULL OR expires_at > $2::timestamptz)',
    [userId, now],
  )
  return row!.count
}

export interface NewToken {
  userId: number
  apiKeyId: number | null
  impersonatorId: number | null
  projectId: number | null
  prefix: string
  hash: Uint8Array<ArrayBuffer>
  scopes: string[]
  lastUsed: Date
  expiresAt: Date
  endsAt: Date
  createdAt: Date
  updatedAt: Date
}

export const insertToken = (db: Db, fields: NewToken): Promise<{ readonly id: number }> =>
  insertRow(db, { into: ['tokens', 't'], fields, returning: selectList(TOKEN_COLUMNS, ['id']) })

export async function findToken(db: Db, hash: Uint8Array, now: Date): Promise<TokenRecord | null> {
  const [token] = await db.query<TokenRecord>(`SELECT ${SELECT_TOKEN} FROM ${TOKENS} WHERE t.hash = $1 AND t.expires_at > $2`, [
    hash,
    now,
  ])
  return token ?? null
}

/** Live ones only. */
export const tokensByIds = (db: Db, ids: readonly number[], now: Date): Promise<TokenRecord[]> =>
  rowsInChunks(db, ids, piece =>
    db.query(`SELECT ${SELECT_TOKEN} FROM ${TOKENS} WHERE t.id = ANY($1::int[]) AND t.expires_at > $2`, [piece, now]),
  )

export const tokensOfUsers = (now: Date): NestedList<TokenRecord> => ({
  columns: SELECT_TOKEN,
  from: TOKENS,
  where: ['t.expires_at > $1'],
  values: [now],
  owner: 't.user_id',
  ownerType: 'int',
  id: 't.id',
  order: { name: 'tokens', expression: 't.id', type: 'int', descending: false },
  countFrom: 'tokens t',
})

export const deleteTokens = (db: Db, ids: readonly number[], userId: number | null): Promise<{ id: number; userId: number }[]> =>
  db.query(
    `DELETE FROM tokens WHERE id = ANY($1::int[]) AND ($2::int IS NULL OR user_id = $2) RETURNING id, user_id AS "userId"`,
    [ids, userId],
  )

/** `loginsOnly` keeps tokens of API keys. */
export async function deleteTokensOf(
  db: Db,
  userId: number,
  { but = null, loginsOnly = false }: { but?: number | null; loginsOnly?: boolean } = {},
) {
  const where = { userId, ...(but === null ? {} : { id: { not: but } }), ...(loginsOnly ? { apiKeyId: null } : {}) }
  return (await db.prisma.token.deleteMany({ where })).count
}

export interface NewInvitation {
  userId: number
  prefix: string
  hash: Uint8Array<ArrayBuffer>
  expiresAt: Date
}

export async function insertInvitation(db: Db, invitations: readonly NewInvitation[]): Promise<void> {
  if (invitations.length === 0) return
  await db.prisma.invitation.deleteMany({ where: { userId: { in: invitations.map(invitation => invitation.userId) } } })
  await db.prisma.invitation.createMany({ data: [...invitations] })
}

const INVITED = `users u ON u.id = i.user_id AND NOT u.disabled WHERE i.hash = $1 AND i.expires_at > $2`

export async function findInvitation(db: Db, hash: Uint8Array, now: Date): Promise<number | null> {
  const [row] = await db.query<{ userId: number }>(`SELECT u.id AS "userId" FROM invitations i JOIN ${INVITED}`, [hash, now])
  return row?.userId ?? null
}

export async function consumeInvitation(db: Db, hash: Uint8Array, now: Date): Promise<number | null> {
  const [row] = await db.query<{ userId: number }>(
    `DELETE FROM invitations i USING users u WHERE u.id = i.user_id AND NOT u.disabled AND i.hash = $1 AND i.expires_at > $2
       RETURNING u.id AS "userId"`,
    [hash, now],
  )
  return row?.userId ?? null
}

/** Tokens and invitations, a day after they expired. */
export async function purgeExpired(db: Db, now: Date, limit: number): Promise<Removed> {
  const over = new Date(now.getTime() - 86_400_000)
  const of = (table: string) =>
    `DELETE FROM ${table} WHERE id = ANY(ARRAY(SELECT id FROM ${table} WHERE expires_at < $1 ORDER BY expires_at LIMIT $2::int)) RETURNING 1`
  const [row] = await db.query<{ tokens: number; invitations: number }>(
    `WITH t AS (${of('tokens')}), i AS (${of('invitations')})
     SELECT (SELECT count(*) FROM t)::int AS tokens, (SELECT count(*) FROM i)::int AS invitations`,
    [over, limit],
  )
  const { tokens, invitations } = row!
  return { removed: tokens + invitations, more: tokens === limit || invitations === limit }
}
