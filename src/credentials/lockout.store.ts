import type { Db } from '../store/store.ts'
import type { LockoutSubjects } from './lockout.ts'
import { lockout } from './lockout.ts'

// The table login_failures: one row per subject. Give these functions the store's db, never a transaction: a refused log-in
// rolls its transaction back, and the failure must stay. `now` is the time of the call, not of the request, which may have
// waited for its hash.

/** Whole seconds until both subjects may try again; 0 when they may now. */
export async function blockedFor(db: Db, subjects: LockoutSubjects, now: Date): Promise<number> {
  const [row] = await db.query<{ seconds: number }>(
    `SELECT coalesce(ceil(extract(epoch FROM max(blocked_until) - $2::timestamptz)), 0)::int AS seconds
     FROM login_failures WHERE subject = ANY($1::text[]) AND blocked_until > $2::timestamptz`,
    [[subjects.account, subjects.address], now],
  )
  return row!.seconds
}

/** Counts one failure on both subjects and sets their delays: one statement, so that parallel failures all count. */
export async function countFailure(db: Db, subjects: LockoutSubjects, now: Date): Promise<void> {
  // Ordered by subject, so that two statements which share both rows lock them in one order. A new row is one failure and
  // no delay: nothing in lockout.ts delays after the first.
  await db.query(
    `INSERT INTO login_failures AS old (subject, failures, window_start, blocked_until)
     SELECT subject, 1, $2::timestamptz, $2::timestamptz FROM unnest(ARRAY[$1, $3]::text[]) AS subject ORDER BY subject
     ON CONFLICT (subject) DO UPDATE SET (failures, window_start, blocked_until) = (
       SELECT n, CASE WHEN n = 1 THEN $2::timestamptz ELSE old.window_start END,
         greatest(old.blocked_until, $2::timestamptz + interval '1 second' * coalesce(delays[least(n - free + 1, cardinality(delays))], 0))
       FROM (SELECT
         CASE WHEN old.blocked_until <= $2::timestamptz AND old.window_start <= $2::timestamptz - interval '1 second' * $4::int
           THEN 1 ELSE old.failures + 1 END AS n,
         CASE WHEN old.subject = $1 THEN $5::int ELSE $6::int END AS free,
         $7::int[] AS delays) AS rule)`,
    [
      subjects.account,
      now,
      subjects.address,
      lockout.windowSeconds,
      lockout.firstDelayed.account,
      lockout.firstDelayed.address,
      lockout.delays,
    ],
  )
}

/**
 * Forgets the account's failures after a right password, unless either subject has been blocked since blockedFor was asked:
 * then nothing changes and the whole seconds still to wait are returned, and the log-in must be refused like a wrong one.
 * Without this, guesses sent all at once would all be answered before the first of them counts.
 */
export async function clearAccount(db: Db, subjects: LockoutSubjects, now: Date): Promise<number> {
  const [row] = await db.query<{ seconds: number }>(
    `WITH blocked AS (
       SELECT coalesce(ceil(extract(epoch FROM max(blocked_until) - $3::timestamptz)), 0)::int AS seconds
       FROM login_failures WHERE subject IN ($1, $2) AND blocked_until > $3::timestamptz
     ), cleared AS (
       DELETE FROM login_failures WHERE subject = $1 AND blocked_until <= $3::timestamptz AND (SELECT seconds FROM blocked) = 0
     ) SELECT seconds FROM blocked`,
    [subjects.account, subjects.address, now],
  )
  return row!.seconds
}

/** Deletes the rows that no longer say anything; answers how many. For a timer. Never waits for a log-in's row, or the two could deadlock. */
export async function purgeFailures(db: Db, now: Date): Promise<number> {
  const [row] = await db.query<{ count: number }>(
    `WITH gone AS (
       DELETE FROM login_failures WHERE subject IN (
         SELECT subject FROM login_failures
         WHERE window_start <= $1::timestamptz - interval '1 second' * $2::int AND blocked_until <= $1::timestamptz
         FOR UPDATE SKIP LOCKED) RETURNING 1
     ) SELECT count(*)::int AS count FROM gone`,
    [now, lockout.windowSeconds],
  )
  return row!.count
}
