import type { Db } from '../../platform/database/store.ts'
import type { UserRecord } from '../users/user.ts'
import { updateUser } from '../users/users.store.ts'

export interface LoginRow {
  id: number
  profileId: number
  iamid: string
  userid: string
  disabled: boolean
  passwordHash: string | null
}

export async function findLogin(db: Db, iamid: string, useridKey: string): Promise<LoginRow | null> {
  const [row] = await db.query<LoginRow>(
    `SELECT u.id, u.profile_id AS "profileId", u.iamid, u.userid, u.disabled, a.password_hash AS "passwordHash"
       FROM users u JOIN iams i ON i.id = u.iamid LEFT JOIN authentications a ON a.user_id = u.id
      WHERE u.iamid = $1 AND u.userid_key = $2 AND u.kind = 'PERSON'`,
    [iamid, useridKey],
  )
  return row ?? null
}

/** The first also sets the authentication id. Deletes invitations. */
export async function setPasswordHash(
  db: Db,
  userId: number,
  { passwordHash, now }: { passwordHash: string; now: Date },
): Promise<UserRecord> {
  const [row] = await db.query<{ id: number }>(
    `INSERT INTO authentications (user_id, password_hash, password_changed_at) VALUES ($1::int, $2, $3::timestamptz)
       ON CONFLICT (user_id) DO UPDATE SET password_hash = excluded.password_hash, password_changed_at = excluded.password_changed_at
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

export async function passwordHashOf(db: Db, userId: number): Promise<string | null> {
  const row = await db.prisma.authentication.findUnique({ where: { userId }, select: { passwordHash: true } })
  return row?.passwordHash ?? null
}

export async function lockPassword(db: Db, userId: number, passwordHash: string): Promise<boolean> {
  const rows = await db.query('SELECT 1 FROM authentications WHERE user_id = $1 AND password_hash = $2 FOR NO KEY UPDATE', [
    userId,
    passwordHash,
  ])
  return rows.length > 0
}
