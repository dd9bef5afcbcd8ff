import type { UserRecord } from '../domain/users/user.ts'
import { SELECT_USER } from '../domain/users/users.projection.ts'
import type { Db } from '../platform/database/store.ts'
import { keysOf, type Named } from './account-match.ts'
import type { SourceKind } from './source-ids.ts'

const ID_COLUMNS: Record<SourceKind, string> = { directory: 'directory_id', openid: 'openid_id', saml: 'saml_id' }

/** Never service accounts. `lock`: in id order, against deadlocks. */
export const accountsOf = (
  db: Db,
  { iamid, identities, lock }: { iamid: string; identities: readonly Named[]; lock: boolean },
): Promise<UserRecord[]> => {
  const kind = identities.find(({ sourceId }) => sourceId)?.sourceId?.source ?? 'directory'
  return db.query(
    `SELECT ${SELECT_USER} FROM users u WHERE u.id IN (
       SELECT v.id FROM unnest($2::text[]) n(key) JOIN users v ON v.iamid = $1 AND v.userid_key = n.key AND v.kind = 'PERSON' UNION
       SELECT v.id FROM unnest($3::text[]) n(id) JOIN users v ON v.iamid = $1 AND v.${ID_COLUMNS[kind]} = n.id)
     ORDER BY u.id${lock ? ' FOR NO KEY UPDATE OF u' : ''}`,
    [iamid, identities.flatMap(keysOf), identities.flatMap(({ sourceId }) => sourceId?.id ?? [])],
    // A plan for an empty IAM would be slow later.
    { fresh: true },
  )
}

/** Before names are reused; one statement. Throws a unique violation. */
export const renameUsers = (
  db: Db,
  renames: readonly { readonly id: number; readonly userid: string; readonly useridKey: string }[],
): Promise<unknown> =>
  db.query(
    `UPDATE users u SET userid = n.userid, userid_key = n.key FROM unnest($1::int[], $2::text[], $3::text[]) n(id, userid, key)
      WHERE u.id = n.id`,
    [renames.map(({ id }) => id), renames.map(({ userid }) => userid), renames.map(({ useridKey }) => useridKey)],
  )

export const moveAccounts = (
  db: Db,
  { ids, iamid, now }: { ids: readonly number[]; iamid: string; now: Date },
): Promise<UserRecord[]> =>
  db.query(
    `UPDATE users u SET iamid = $2, directory_id = NULL, openid_id = NULL, saml_id = NULL, relinkable = false,
       updated_at = $3::timestamptz WHERE u.id = ANY($1::int[]) RETURNING ${SELECT_USER}`,
    [ids, iamid, now],
  )
