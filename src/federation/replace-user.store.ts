import { deleteAddresses } from '../domain/credentials/login-addresses.store.ts'
import type { UserRecord } from '../domain/users/user.ts'
import { SELECT_USER } from '../domain/users/users.projection.ts'
import type { Db } from '../platform/database/store.ts'

export const OWNED_TABLES = {
  tokens: 'user_id = ANY($1::int[]) OR impersonator_id = ANY($1::int[])',
  api_keys: 'user_id = ANY($1::int[])',
  invitations: 'user_id = ANY($1::int[])',
  authentications: 'user_id = ANY($1::int[])',
  user_permissions: 'user_id = ANY($1::int[])',
  user_attributes: 'user_id = ANY($1::int[])',
  memberships: 'user_id = ANY($1::int[])',
  project_members: 'user_id = ANY($1::int[])',
  domain_permissions: 'user_id = ANY($1::int[])',
  data_source_owners: 'user_id = ANY($1::int[])',
  user_info_answers: 'user_id = ANY($1::int[])',
} as const

/**
 * Removes credentials, entitlements, owned service accounts, profile and log-in history; keeps id and userid.
 * Enabled unless an administrator disabled them. Constant statements.
 */
export async function emptyAccounts(db: Db, ids: readonly number[], now: Date): Promise<UserRecord[]> {
  await db.query(
    `WITH ${Object.entries(OWNED_TABLES)
      .map(([table, whose]) => `gone_${table} AS (DELETE FROM ${table} WHERE ${whose})`)
      .join(', ')},
       unowned AS (UPDATE users s SET owner_user_id = NULL, updated_at = $2::timestamptz WHERE s.owner_user_id = ANY($1::int[]))
     SELECT 1`,
    [ids, now],
  )
  const emptied = await db.query<UserRecord>(
    `UPDATE users u SET global_user_id = gen_random_uuid(), scim_id = gen_random_uuid(), authentication_id = NULL, name = u.userid,
       name_key = u.userid_key, email = NULL, email_key = '', phone = NULL, about = NULL, location = NULL, organization = NULL,
       position = NULL, sql_user = NULL, preferences = NULL, external_user_ids = '{}', scim = NULL, dn = NULL, directory_id = NULL,
       openid_id = NULL, saml_id = NULL, relinkable = false, last_login = NULL, last_external_refresh = NULL, current_project_id = NULL,
       disabled = coalesce(u.disabled AND u.disabled_by IS DISTINCT FROM u.iamid, false),
       disabled_by = CASE WHEN u.disabled_by IS DISTINCT FROM u.iamid THEN u.disabled_by END, profile_created_at = $2::timestamptz,
       profile_updated_at = $2::timestamptz, created_at = $2::timestamptz, updated_at = $2::timestamptz
      WHERE u.id = ANY($1::int[]) RETURNING ${SELECT_USER}`,
    [ids, now],
  )
  await deleteAddresses(db, emptied)
  return emptied
}
