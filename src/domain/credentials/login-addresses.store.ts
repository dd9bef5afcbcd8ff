import type { LockoutSubjects, LoginSubjects } from '../../authorization/ports.ts'
import { inChunks } from '../../platform/database/chunks.ts'
import type { Db } from '../../platform/database/store.ts'
import { canonical } from '../../platform/validation.ts'
import { lockout, subjectsOf } from './lockout.ts'

// Table login_addresses: known addresses, unaffected by failures elsewhere.

export async function countedSubjects(db: Db, { account, address, own }: LoginSubjects, now: Date): Promise<LockoutSubjects> {
  const known = await db.query(
    `SELECT 1 FROM login_addresses WHERE subject = $1 AND last_login > $2::timestamptz - interval '${lockout.knownSeconds} seconds'`,
    [own, now],
  )
  return { account: known.length > 0 ? own : account, address }
}

export const recordAddress = (db: Db, { account, own }: LoginSubjects, now: Date) =>
  db.query(
    `WITH noted AS (
       INSERT INTO login_addresses AS old (subject, account, last_login) VALUES ($1, $2, $3)
       ON CONFLICT (subject) DO UPDATE SET last_login = $3 WHERE old.last_login < $3::timestamptz - interval '1 hour'
     ) DELETE FROM login_addresses WHERE subject IN (
       SELECT subject FROM login_addresses WHERE account = $2 AND subject <> $1
       ORDER BY last_login DESC, subject OFFSET ${lockout.knownAddresses - 1})`,
    [own, account, now],
  )

export async function ownSubjectsOf(db: Db, account: string): Promise<string[]> {
  const rows = await db.query<{ subject: string }>('SELECT subject FROM login_addresses WHERE account = $1', [account])
  return rows.map(({ subject }) => subject)
}

/** When the userid becomes free for another person. */
export async function deleteAddresses(
  db: Db,
  users: readonly { readonly iamid: string; readonly userid: string }[],
): Promise<void> {
  if (users.length === 0) return
  const accounts = users.map(({ iamid, userid }) => subjectsOf(iamid, canonical(userid), '').account)
  await inChunks(accounts, db.rowsAtOnce, piece =>
    db.query('DELETE FROM login_addresses WHERE account = ANY($1::text[])', [piece]),
  )
}

export const purgeAddresses = (db: Db, now: Date) =>
  db.query(`DELETE FROM login_addresses WHERE last_login <= $1::timestamptz - interval '${lockout.knownSeconds} seconds'`, [now])
