import { inChunks, rowsUntilNone } from '../../platform/database/chunks.ts'
import type { Db } from '../../platform/database/store.ts'

// Constant statements on a server, chunks on the embedded database.

export const deleteIamRow = (db: Db, id: string) => db.prisma.iam.delete({ where: { id }, select: { id: true } })

export async function revokeAccessOfIam(db: Db, iamid: string): Promise<{ tokens: number; invitations: number }> {
  const [ended] = await db.query<{ tokens: number; invitations: number }>(
    `WITH gone AS (SELECT id FROM users WHERE iamid = $1),
       ended AS (DELETE FROM tokens WHERE user_id IN (SELECT id FROM gone) OR impersonator_id IN (SELECT id FROM gone) RETURNING 1),
       withdrawn AS (DELETE FROM invitations WHERE user_id IN (SELECT id FROM gone) RETURNING 1)
     SELECT (SELECT count(*)::int FROM ended) AS tokens, (SELECT count(*)::int FROM withdrawn) AS invitations`,
    [iamid],
  )
  return ended!
}

export interface Affected {
  readonly id: number
  readonly userid: string
  readonly name: string
  readonly email: string | null
}
const AFFECTED = 'id, userid, name, email'
const affectedBy = (
  db: Db,
  change: string,
  { where, values }: { where: string; values: readonly unknown[] },
): Promise<Affected[]> =>
  rowsUntilNone(db, limit =>
    db.query<Affected>(
      `WITH changed AS (${change} WHERE id IN (SELECT u.id FROM users u WHERE ${where} ORDER BY u.id LIMIT $${values.length + 1}::int)
         RETURNING ${AFFECTED}) SELECT ${AFFECTED} FROM changed ORDER BY id`,
      [...values, limit],
    ),
  )

export async function countUsersOf(db: Db, iamid: string): Promise<{ all: number; enabled: number }> {
  const [row] = await db.query<{ all: number; enabled: number }>(
    `SELECT count(*)::int AS "all", count(*) FILTER (WHERE NOT disabled)::int AS enabled FROM users WHERE iamid = $1`,
    [iamid],
  )
  return row!
}

export const disableUsersOf = (db: Db, iamid: string, now: Date): Promise<Affected[]> =>
  affectedBy(db, `UPDATE users SET disabled = true, disabled_by = 'bim', updated_at = $2`, {
    where: 'u.iamid = $1 AND NOT u.disabled',
    values: [iamid, now],
  })

export const deleteUsersOf = (db: Db, iamid: string): Promise<Affected[]> =>
  affectedBy(db, 'DELETE FROM users', { where: 'u.iamid = $1', values: [iamid] })

export async function deletionBlockers(db: Db, iamid: string, limit: number): Promise<{ names: string[]; count: number }> {
  const rows = await db.query<{ userid: string; count: number }>(
    `SELECT u.userid, count(*) OVER ()::int AS count FROM users u WHERE u.iamid = $1
        AND (EXISTS (SELECT 1 FROM users b WHERE b.iamid = 'bim' AND b.userid_key = u.userid_key)
          OR u.email_key <> '' AND EXISTS (SELECT 1 FROM users b WHERE b.iamid IN ('bim', $1) AND b.email_key = u.email_key AND b.id <> u.id))
      ORDER BY u.userid_key LIMIT $2`,
    [iamid, limit],
  )
  return { names: rows.map(row => row.userid), count: rows[0]?.count ?? 0 }
}

export async function moveUsersToBim(db: Db, iamid: string, now: Date): Promise<Affected[]> {
  const moved = await affectedBy(
    db,
    `UPDATE users SET iamid = 'bim', directory_id = NULL, openid_id = NULL, saml_id = NULL, relinkable = false, updated_at = $2`,
    { where: 'u.iamid = $1', values: [iamid, now] },
  )
  const ids = moved.map(user => user.id)
  await inChunks(ids, db.rowsAtOnce, async piece => {
    await localHoldingsOf(db, 'user_attributes', { what: row => `${row}.key_key, md5(${row}.value)`, ids: piece })
    await localHoldingsOf(db, 'user_permissions', { what: row => `${row}.permission`, ids: piece })
    await db.query(
      `UPDATE memberships SET sources = '{bim}', updated_at = $2 WHERE user_id = ANY($1::int[]) AND sources <> '{bim}'`,
      [piece, now],
    )
  })
  return moved
}

/** Merges duplicates; updates in place, which skips foreign key checks. */
async function localHoldingsOf(
  db: Db,
  table: 'user_attributes' | 'user_permissions',
  { what, ids }: { what: (row: string) => string; ids: readonly number[] },
): Promise<void> {
  await db.query(
    `DELETE FROM ${table} t WHERE t.user_id = ANY($1::int[]) AND t.source <> 'bim' AND EXISTS (SELECT 1 FROM ${table} o
       WHERE o.user_id = t.user_id AND (${what('o')}) = (${what('t')}) AND (o.source = 'bim' OR o.id < t.id))`,
    [ids],
  )
  await db.query(`UPDATE ${table} SET source = 'bim' WHERE user_id = ANY($1::int[]) AND source <> 'bim'`, [ids])
}
