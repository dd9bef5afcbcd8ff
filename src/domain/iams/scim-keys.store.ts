import { selectList } from '../../platform/database/columns.ts'
import type { Db } from '../../platform/database/store.ts'
import { SCIM_KEY_COLUMNS, type ScimKeyRecord } from './iam.ts'

const SELECT_KEY = selectList(SCIM_KEY_COLUMNS)
const REMOVED = selectList(SCIM_KEY_COLUMNS, ['iamid', 'prefix', 'createdAt', 'lastUsed', 'expiresAt'])
const MAX_KEYS = 10

export const scimKeyPrefix = (iamid: 'i.id' | 'page.id') =>
  `(SELECT k.prefix FROM scim_keys k WHERE k.iamid = ${iamid} AND k.expires_at IS NULL ORDER BY k.id DESC LIMIT 1)`

export const scimKeysOf = (db: Db, iamids: readonly string[], now: Date): Promise<ScimKeyRecord[]> =>
  db.query(
    `SELECT ${SELECT_KEY} FROM scim_keys k WHERE k.iamid = ANY($1::text[]) AND (k.expires_at IS NULL OR k.expires_at > $2) ORDER BY k.id DESC`,
    [iamids, now],
  )

export const removeExpiredScimKeys = (db: Db, before: Date, limit: number): Promise<Omit<ScimKeyRecord, 'id'>[]> =>
  db.query(
    `DELETE FROM scim_keys k WHERE k.id = ANY(ARRAY(
       SELECT id FROM scim_keys WHERE expires_at < $1::timestamptz ORDER BY id LIMIT $2::int)) RETURNING ${REMOVED}`,
    [before, limit],
  )

export async function addScimKey(
  db: Db,
  iamid: string,
  { key, now, until }: { key: { hash: Buffer<ArrayBuffer>; prefix: string }; now: Date; until: Date },
): Promise<void> {
  await db.query(`UPDATE scim_keys SET expires_at = least(expires_at, $2::timestamptz) WHERE iamid = $1`, [iamid, until])
  await db.prisma.scimKey.create({ data: { iamid, hash: key.hash, prefix: key.prefix, createdAt: now }, select: { id: true } })
  await db.query(
    `DELETE FROM scim_keys WHERE iamid = $1 AND (expires_at <= $2
       OR id NOT IN (SELECT k.id FROM scim_keys k WHERE k.iamid = $1 ORDER BY k.id DESC LIMIT ${MAX_KEYS}))`,
    [iamid, now],
  )
}
