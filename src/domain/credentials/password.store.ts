import type { Db } from '../../platform/database/store.ts'
import type { UserRecord } from '../users/user.ts'
import { updateUser } from '../users/users.store.ts'
import type { StoredPassword } from './password.ts'

export interface LoginRow {
  id: number
  profileId: number
  iamid: string
  userid: string
  disabled: boolean
  passwordHash: string | null
  imported: boolean
}
type FoundLogin = { [Name in keyof LoginRow]: LoginRow[Name] | null } & { hasImported: boolean }

/** `hasImported`: whether any account has an imported password. */
export async function findLogin(
  db: Db,
  iamid: string,
  useridKey: string,
): Promise<{ user: LoginRow | null; hasImported: boolean }> {
  const rows = await db.query<FoundLogin>(
    `SELECT o.found AS "hasImported", u.id, u.profile_id AS "profileId", u.iamid, u.userid, u.disabled, a.password_hash AS "passwordHash",
            coalesce(a.imported, false) AS imported
       FROM (SELECT EXISTS (SELECT 1 FROM authentications WHERE imported) AS found) o
       LEFT JOIN users u ON u.iamid = $1 AND u.userid_key = $2 AND u.kind = 'PERSON' AND EXISTS (SELECT 1 FROM iams i WHERE i.id = u.iamid)
       LEFT JOIN authentications a ON a.user_id = u.id`,
    [iamid, useridKey],
  )
  const { hasImported, ...user } = rows[0]!
  return { user: user.id === null ? null : (user as LoginRow), hasImported }
}

/** The first also sets the authentication id. Deletes invitations. */
export async function setPasswordHash(
  db: Db,
  userId: number,
  { passwordHash, now }: { passwordHash: string; now: Date },
): Promise<UserRecord> {
  const [row] = await db.query<{ id: number }>(
    `INSERT INTO authentications (user_id, password_hash, password_changed_at) VALUES ($1::int, $2, $3::timestamptz)
       ON CONFLICT (user_id) DO UPDATE SET password_hash = excluded.password_hash, password_changed_at = excluded.password_changed_at,
         imported = false
     RETURNING id`,
    [userId, passwordHash, now],
  )
  await db.prisma.invitation.deleteMany({ where: { userId } })
  return updateUser(db, userId, { authenticationId: row!.id, updatedAt: now })
}

/** The first also sets the authentication id. */
export async function recordLogin(db: Db, userId: number, now: Date): Promise<void> {
  await db.query(
    `WITH first AS (INSERT INTO authentications (user_id) SELECT $1::int
         WHERE NOT EXISTS (SELECT 1 FROM authentications a WHERE a.user_id = $1::int) ON CONFLICT DO NOTHING RETURNING id)
     UPDATE users SET last_login = $2::timestamptz, authentication_id = coalesce(
       (SELECT a.id FROM authentications a WHERE a.user_id = $1::int), (SELECT f.id FROM first f), authentication_id) WHERE id = $1::int`,
    [userId, now],
  )
}

export const passwordOf = (db: Db, userId: number): Promise<StoredPassword | null> =>
  db.prisma.authentication.findUnique({ where: { userId }, select: { passwordHash: true, imported: true } })

/** The same password, hashed as our own. */
export const renewPassword = (db: Db, userId: number, passwordHash: string): Promise<unknown> =>
  db.query('UPDATE authentications SET password_hash = $2, imported = false WHERE user_id = $1 AND imported', [
    userId,
    passwordHash,
  ])

/** Of users without a password; ends their invitations. */
export async function importPasswords(
  db: Db,
  passwords: readonly { readonly userId: number; readonly passwordHash: string }[],
  now: Date,
): Promise<void> {
  const ids = passwords.map(({ userId }) => userId)
  await Promise.all([
    db.query(
      `WITH made AS (
         INSERT INTO authentications (user_id, password_hash, password_changed_at, imported)
         SELECT n.user_id, n.hash, $3::timestamptz, true FROM unnest($1::int[], $2::text[]) n(user_id, hash) ORDER BY n.user_id
         ON CONFLICT (user_id) DO UPDATE SET password_hash = excluded.password_hash, password_changed_at = excluded.password_changed_at,
           imported = true WHERE authentications.password_hash IS NULL
         RETURNING id, user_id)
       UPDATE users u SET authentication_id = m.id, updated_at = $3::timestamptz FROM made m WHERE u.id = m.user_id`,
      [ids, passwords.map(({ passwordHash }) => passwordHash), now],
    ),
    db.query('DELETE FROM invitations WHERE user_id = ANY($1::int[])', [ids]),
  ])
}

export async function lockPassword(db: Db, userId: number, passwordHash: string): Promise<boolean> {
  const rows = await db.query('SELECT 1 FROM authentications WHERE user_id = $1 AND password_hash = $2 FOR NO KEY UPDATE', [
    userId,
    passwordHash,
  ])
  return rows.length > 0
}
