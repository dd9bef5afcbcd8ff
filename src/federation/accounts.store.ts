import type { UserRecord } from '../domain/users/user.ts'
import { USER_COLUMNS } from '../domain/users/users.projection.ts'
import type { Db } from '../platform/database/store.ts'
import { keysOf, type Named } from './account-match.ts'
import type { SourceKind } from './source-ids.ts'

const ID_COLUMNS: Record<SourceKind, string> = { directory: 'directory_id', openid: 'openid_id', saml: 'saml_id' }

/**
 * The accounts of an IAM with one of the names or ids of these identities, whose ids are of one kind. `lock`: held until the
 * transaction ends, in one order, so that two changes of many wait instead of colliding. One statement.
 */
export const accountsOf = (
  db: Db,
  { iamid, identities, lock }: { iamid: string; identities: readonly Named[]; lock: boolean },
): Promise<UserRecord[]> => {
  const kind = identities.find(({ sourceId }) => sourceId)?.sourceId?.source ?? 'directory'
  return db.query(
    // Not by OR: the planner would read every user.
    `SELECT ${USER_COLUMNS} FROM users u WHERE u.id IN (
       SELECT v.id FROM unnest($2::text[]) n(key) JOIN users v ON v.iamid = $1 AND v.userid_key = n.key UNION
       SELECT v.id FROM unnest($3::text[]) n(id) JOIN users v ON v.iamid = $1 AND v.${ID_COLUMNS[kind]} = n.id)
     ORDER BY u.id${lock ? ' FOR NO KEY UPDATE OF u' : ''}`,
    [iamid, identities.flatMap(keysOf), identities.flatMap(({ sourceId }) => sourceId?.id ?? [])],
    // What was planned while an IAM had nobody would read all its users once it has many.
    { fresh: true },
  )
}

/** Gives users their new names, before anybody else is given one of the old. One statement; fails with a unique violation. */
export const renameUsers = (
  db: Db,
  renames: readonly { readonly id: number; readonly userid: string; readonly useridKey: string }[],
): Promise<unknown> =>
  db.query(
    `UPDATE users u SET userid = n.userid, userid_key = n.key FROM unnest($1::int[], $2::text[], $3::text[]) n(id, userid, key)
      WHERE u.id = n.id`,
    [renames.map(({ id }) => id), renames.map(({ userid }) => userid), renames.map(({ useridKey }) => useridKey)],
  )

/** Moves accounts to another IAM, whose sources do not know them by the ids of the former one. */
export const moveAccounts = (
  db: Db,
  { ids, iamid, now }: { ids: readonly number[]; iamid: string; now: Date },
): Promise<UserRecord[]> =>
  db.query(
    `UPDATE users u SET iamid = $2, directory_id = NULL, openid_id = NULL, saml_id = NULL, relinkable = false,
       updated_at = $3::timestamptz WHERE u.id = ANY($1::int[]) RETURNING ${USER_COLUMNS}`,
    [ids, iamid, now],
  )
