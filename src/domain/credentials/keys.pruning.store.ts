import { integer, orNull, type RecordOf, selectList, text, time } from '../../platform/database/columns.ts'
import type { Db } from '../../platform/database/store.ts'

const REMOVED_KEY = {
  id: integer('k.id'),
  userId: integer('k.user_id'),
  name: orNull(text('k.name')),
  prefix: text('k.prefix'),
  createdAt: time('k.created_at'),
  lastUsed: orNull(time('k.last_used')),
  expiresAt: orNull(time('k.expires_at')),
}
export interface RemovedKey extends RecordOf<typeof REMOVED_KEY> {}

const EXPIRY = `coalesce(k.expires_at, 'infinity'::timestamptz)`

/** A key that others come from stays: revoking its successor has to find them. */
export const removeExpiredKeys = (db: Db, before: Date, limit: number): Promise<RemovedKey[]> =>
  db.query(
    `WITH old AS MATERIALIZED (
       SELECT k.id FROM api_keys k WHERE ${EXPIRY} < $1::timestamptz
         AND NOT EXISTS (SELECT 1 FROM api_keys o WHERE o.parent_key_id = k.id)
         AND NOT EXISTS (SELECT 1 FROM api_keys o WHERE o.rotated_to_id = k.id)
       ORDER BY ${EXPIRY}, k.id LIMIT $2::int)
     DELETE FROM api_keys k WHERE k.id = ANY(ARRAY(SELECT id FROM old)) RETURNING ${selectList(REMOVED_KEY)}`,
    [before, limit],
  )
