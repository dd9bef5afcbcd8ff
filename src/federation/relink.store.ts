import type { UserRecord } from '../domain/users/user.ts'
import { SELECT_USER } from '../domain/users/users.projection.ts'
import type { Db } from '../platform/database/store.ts'
import type { SourceIdColumn } from './source-ids.ts'

export async function setSourceIds(
  db: Db,
  id: number,
  { ids, now }: { ids: Record<SourceIdColumn, string | null>; now: Date },
): Promise<UserRecord> {
  const [user] = await db.query<UserRecord>(
    `UPDATE users u SET directory_id = $2, openid_id = $3, saml_id = $4, relinkable = false, updated_at = $5::timestamptz
      WHERE u.id = $1 RETURNING ${SELECT_USER}`,
    [id, ids.directoryId, ids.openidId, ids.samlId, now],
  )
  return user!
}

const SHOWN = 1_000

export interface Relinking {
  readonly users: string[]
  readonly relinked: number
  readonly leftOut: string[]
}

export async function relinkingOf(
  db: Db,
  { iamid, permissions, apply, now }: { iamid: string; permissions: readonly string[]; apply: boolean; now: Date },
): Promise<Relinking> {
  const marked = `, marked AS (UPDATE users u SET relinkable = true, updated_at = $3::timestamptz FROM wanted w
    WHERE u.id = w.id AND NOT w.powerful AND NOT u.relinkable)`
  const [found] = await db.query<Relinking>(
    `WITH wanted AS MATERIALIZED (SELECT u.id, u.userid, u.userid_key, p.user_id IS NOT NULL AS powerful FROM users u
         LEFT JOIN (SELECT DISTINCT e.user_id FROM effective_permissions e WHERE e.permission = ANY($2::text[])) p ON p.user_id = u.id
        WHERE u.iamid = $1 AND NOT u.disabled AND coalesce(u.directory_id, u.openid_id, u.saml_id) IS NOT NULL
        ${apply ? 'FOR NO KEY UPDATE OF u' : ''})${apply ? marked : ''}
     SELECT ARRAY(SELECT userid FROM wanted WHERE NOT powerful ORDER BY userid_key LIMIT ${SHOWN}) AS users,
       ARRAY(SELECT userid FROM wanted WHERE powerful ORDER BY userid_key LIMIT ${SHOWN}) AS "leftOut",
       (SELECT count(*)::int FROM wanted WHERE NOT powerful) AS relinked`,
    apply ? [iamid, permissions, now] : [iamid, permissions],
  )
  return found!
}
