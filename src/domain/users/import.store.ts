/** Local users of `bim`, many at once. */
import type { Db } from '../../platform/database/store.ts'
import type { ProfileColumns } from './profile.ts'
import type { UserRecord } from './user.ts'
import { SELECT_USER } from './users.projection.ts'

/**
 * Until the end of the transaction: imports follow one another, so that none loses a row to another. One that
 * waits too long is Unavailable.
 */
export const lockImports = (db: Db) =>
  db.query(`SELECT set_config('lock_timeout', '10s', true), pg_advisory_xact_lock(7266853, 2)::text`)

type NamedUser = UserRecord & { useridKey: string; hasPassword: boolean }

export const lockUsersNamed = (db: Db, keys: readonly string[]): Promise<NamedUser[]> =>
  db.query<NamedUser>(
    `SELECT ${SELECT_USER}, u.userid_key AS "useridKey",
            EXISTS (SELECT 1 FROM authentications a WHERE a.user_id = u.id AND a.password_hash IS NOT NULL) AS "hasPassword" FROM users u WHERE u.iamid = 'bim' AND u.userid_key = ANY($1::text[])
      ORDER BY u.id FOR NO KEY UPDATE`,
    [keys],
  )

export const emailOwners = (db: Db, keys: readonly string[]): Promise<{ id: number; emailKey: string }[]> =>
  db.query(
    `SELECT u.id, u.email_key AS "emailKey" FROM users u WHERE u.iamid = 'bim' AND u.email_key <> '' AND u.email_key = ANY($1::text[])`,
    [keys],
  )

export const localPermissionsOf = (db: Db, userIds: readonly number[]): Promise<{ userId: number; permission: string }[]> =>
  db.query(
    `SELECT p.user_id AS "userId", p.permission FROM user_permissions p WHERE p.user_id = ANY($1::int[]) AND p.source = 'bim' ORDER BY p.id`,
    [userIds],
  )

export const grantLocalPermissions = (
  db: Db,
  grants: readonly { readonly userId: number; readonly permission: string }[],
  by: string,
): Promise<unknown> =>
  db.query(
    `INSERT INTO user_permissions (user_id, permission, source, granted_by)
     SELECT n.user_id, n.name, 'bim', $3 FROM unnest($1::int[], $2::text[]) WITH ORDINALITY n(user_id, name, place) ORDER BY n.place
     ON CONFLICT DO NOTHING`,
    [grants.map(({ userId }) => userId), grants.map(({ permission }) => permission), by],
  )

export interface ImportedUser extends ProfileColumns {
  readonly id: number
  readonly disabled: boolean
  readonly disabledBy: string | null
  readonly hasNewProfile: boolean
}

/** In id order, as the locks. */
export const updateImported = (db: Db, users: readonly ImportedUser[], now: Date): Promise<unknown> =>
  db.query(
    `UPDATE users u SET name = n.name, name_key = n."nameKey", email = n.email, email_key = n."emailKey", phone = n.phone, about = n.about,
       location = n.location, organization = n.organization, position = n."position", sql_user = n."sqlUser",
       preferences = nullif(n.preferences, 'null'), external_user_ids = n."externalUserIds", disabled = n.disabled,
       disabled_by = n."disabledBy", updated_at = $2::timestamptz,
       profile_updated_at = CASE WHEN n."hasNewProfile" THEN $2::timestamptz ELSE u.profile_updated_at END
      FROM jsonb_to_recordset($1::jsonb) n(id int, name text, "nameKey" text, email text, "emailKey" text, phone text, about text,
        location text, organization text, "position" text, "sqlUser" text, preferences jsonb, "externalUserIds" jsonb, disabled boolean,
        "disabledBy" text, "hasNewProfile" boolean)
     WHERE u.id = n.id`,
    [JSON.stringify(users), now],
  )

/** Tokens of each. */
export async function revokeAccessOf(db: Db, ids: readonly number[]): Promise<Map<number, number>> {
  const [tokens] = await Promise.all([
    db.query<{ userId: number }>(
      `DELETE FROM tokens WHERE user_id = ANY($1::int[]) OR impersonator_id = ANY($1::int[])
       RETURNING CASE WHEN user_id = ANY($1::int[]) THEN user_id ELSE impersonator_id END AS "userId"`,
      [ids],
    ),
    db.query('DELETE FROM invitations WHERE user_id = ANY($1::int[])', [ids]),
  ])
  const counts = new Map(ids.map(id => [id, 0]))
  for (const { userId } of tokens) counts.set(userId, counts.get(userId)! + 1)
  return counts
}
