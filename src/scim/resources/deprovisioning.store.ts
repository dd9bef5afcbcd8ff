import type { Db } from '../../platform/database/store.ts'

export interface ScimGuardRecord {
  readonly iamid: string
  readonly heldAt: Date | null
  readonly allowedUntil: Date | null
}

const COLUMNS = 'g.iamid, g.held_at AS "heldAt", g.allowed_until AS "allowedUntil"'

export const scimGuardsOf = (db: Db, iamids: readonly string[]): Promise<ScimGuardRecord[]> =>
  db.query(`SELECT ${COLUMNS} FROM scim_guards g WHERE g.iamid = ANY($1::text[])`, [iamids])

/** Locks the guard, creating it if needed, for exact counts. */
export async function lockScimGuard(db: Db, iamid: string): Promise<ScimGuardRecord> {
  const [guard] = await db.query<ScimGuardRecord>(
    `INSERT INTO scim_guards AS g (iamid) VALUES ($1) ON CONFLICT (iamid) DO UPDATE SET iamid = excluded.iamid RETURNING ${COLUMNS}`,
    [iamid],
  )
  return guard!
}

export async function writeScimGuard(
  db: Db,
  iamid: string,
  { heldAt, allowedUntil }: Omit<ScimGuardRecord, 'iamid'>,
): Promise<void> {
  await db.query('UPDATE scim_guards SET held_at = $2, allowed_until = $3 WHERE iamid = $1', [iamid, heldAt, allowedUntil])
}

export async function countDeprovisioned(
  db: Db,
  { iamid, userId, since, least }: { iamid: string; userId: number | null; since: Date; least: number },
): Promise<{ count: number; isAmong: boolean; enabled: number }> {
  const [counted] = await db.query<{ count: number; isAmong: boolean; enabled: number }>(
    `WITH found AS MATERIALIZED (SELECT count(*)::int AS count, coalesce(bool_or(d.user_id = $2::int), false) AS among
       FROM scim_deprovisionings d WHERE d.iamid = $1 AND d.at > $3)
     SELECT f.count, f.among AS "isAmong", CASE WHEN f.count >= $4::int THEN
       (SELECT count(*)::int FROM users u WHERE u.iamid = $1 AND NOT u.disabled) ELSE 0 END AS enabled FROM found f`,
    [iamid, userId, since, least],
  )
  return counted!
}

export async function deprovisionedAt(db: Db, iamid: string, nth: number): Promise<Date | null> {
  const [row] = await db.query<{ at: Date }>(
    'SELECT d.at FROM scim_deprovisionings d WHERE d.iamid = $1 ORDER BY d.at DESC OFFSET $2::int LIMIT 1',
    [iamid, Math.max(nth - 1, 0)],
  )
  return row?.at ?? null
}

export async function recordDeprovisioned(
  db: Db,
  { iamid, userId, since, now }: { iamid: string; userId: number; since: Date; now: Date },
): Promise<void> {
  await db.query(
    `WITH old AS (DELETE FROM scim_deprovisionings WHERE iamid = $1 AND at <= $3 AND user_id <> $2::int)
     INSERT INTO scim_deprovisionings (iamid, user_id, at) VALUES ($1, $2::int, $4) ON CONFLICT (iamid, user_id) DO UPDATE SET at = excluded.at`,
    [iamid, userId, since, now],
  )
}
