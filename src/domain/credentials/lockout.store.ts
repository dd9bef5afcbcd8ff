import type { LockoutSubjects } from '../../authorization/ports.ts'
import type { Db } from '../../platform/database/store.ts'
import { lockout } from './lockout.ts'

// Table login_failures. Call without a transaction: counts must persist and rows stay unlocked. Statements lock
// the account's row first: where there is none yet, its insert, not the address.

export type Reservation =
  | { readonly state: 'reserved'; readonly until: Date }
  | { readonly state: 'full'; readonly subject: keyof LockoutSubjects }
  | { readonly state: 'locked'; readonly seconds: Seconds }

export type Seconds = Readonly<Record<keyof LockoutSubjects, number>>

export interface Settlement {
  /** A locked attempt gets the answer of all others. */
  readonly locked: boolean
  readonly seconds: Seconds
}

const COLUMNS = '(subject, failures, window_start, blocked_until, pending)'
/** Not `now`: clocks of instances differ. */
const NEVER = "'epoch'::timestamptz"
const live = (row: string) => `ARRAY(SELECT p FROM unnest(${row}.pending) AS p WHERE p > $3::timestamptz)`
const counted = (row: string) => `CASE WHEN ${row}.blocked_until <= $3::timestamptz
    AND ${row}.window_start <= $3::timestamptz - interval '${lockout.windowSeconds} seconds' THEN 0 ELSE ${row}.failures END`
const admits = (row: string, subject: keyof LockoutSubjects) => `${row}.blocked_until <= $3::timestamptz
    AND cardinality(${live(row)}) < greatest(${lockout.firstDelayed[subject]} - (${counted(row)}), 1)`
const seconds = (lock: string) => `greatest(coalesce(ceil(extract(epoch FROM ${lock} - $3::timestamptz)), 0), 0)::int`
const lockOf = (place: string) => seconds(`(SELECT blocked_until FROM login_failures WHERE subject = ${place})`)

const RESERVE = `WITH account AS (
    INSERT INTO login_failures AS old ${COLUMNS} SELECT $1::text, 0, $3::timestamptz, ${NEVER}, ARRAY[$4::timestamptz]
    WHERE NOT EXISTS (SELECT 1 FROM login_failures a WHERE a.subject = $2 AND NOT (${admits('a', 'address')}))
    ON CONFLICT (subject) DO UPDATE SET pending = ${live('old')} || $4::timestamptz WHERE ${admits('old', 'account')}
    RETURNING subject
  ), address AS (
    INSERT INTO login_failures AS old ${COLUMNS} SELECT $2::text, 0, $3::timestamptz, ${NEVER}, ARRAY[$4::timestamptz] FROM account
    ON CONFLICT (subject) DO UPDATE SET pending = ${live('old')} || $4::timestamptz WHERE ${admits('old', 'address')}
    RETURNING subject
  ) SELECT EXISTS (SELECT 1 FROM account) AS account, EXISTS (SELECT 1 FROM address) AS address,
      EXISTS (SELECT 1 FROM login_failures a WHERE a.subject = $2 AND NOT (${admits('a', 'address')})) AS "addressFull",
      ${lockOf('$1')} AS "accountSeconds", ${lockOf('$2')} AS "addressSeconds"`

export async function reserve(db: Db, { account, address }: LockoutSubjects, now: Date): Promise<Reservation> {
  const until = new Date(now.getTime() + lockout.leaseSeconds * 1000)
  const [row] = await db.query<{
    account: boolean
    address: boolean
    addressFull: boolean
    accountSeconds: number
    addressSeconds: number
  }>(RESERVE, [account, address, now, until])
  const found = row!
  if (found.address) return { state: 'reserved', until }
  if (found.account) await release(db, account, until)
  else if (found.accountSeconds + found.addressSeconds > 0)
    return { state: 'locked', seconds: { account: found.accountSeconds, address: found.addressSeconds } }
  return { state: 'full', subject: found.account || found.addressFull ? 'address' : 'account' }
}

const without = (
  row: string,
  until: string,
) => `coalesce(${row}.pending[:array_position(${row}.pending, ${until}::timestamptz) - 1]
    || ${row}.pending[array_position(${row}.pending, ${until}::timestamptz) + 1:], ${row}.pending)`

const release = (db: Db, account: string, until: Date) =>
  db.query(`UPDATE login_failures AS old SET pending = ${without('old', '$2')} WHERE subject = $1`, [account, until])

const delayed = (n: string, subject: keyof LockoutSubjects) => `CASE WHEN ${n} < ${lockout.firstDelayed[subject]} THEN ${NEVER}
    ELSE $3::timestamptz + interval '1 second' * (ARRAY[${lockout.delays.join()}])[least(${n} - ${lockout.firstDelayed[subject] - 1}, ${lockout.delays.length})] END`

/** During a lock a right password counts as wrong: nothing reveals it. */
const settled = (
  subject: keyof LockoutSubjects,
) => `ON CONFLICT (subject) DO UPDATE SET (failures, window_start, blocked_until, pending) = (
    SELECT CASE WHEN failed THEN n WHEN cleared THEN 0 ELSE old.failures END,
      CASE WHEN failed AND n = 1 OR cleared THEN $3::timestamptz ELSE old.window_start END,
      CASE WHEN failed THEN greatest(old.blocked_until, ${delayed('n', subject)}) ELSE old.blocked_until END,
      ${without('old', '$4')}
    FROM (SELECT $5 = 'failed' OR $5 = 'passed' AND held.locked AS failed, least(${counted('old')}, 1000000) + 1 AS n,
      ${subject === 'account' ? "$5 = 'passed' AND NOT held.locked" : 'false'} AS cleared FROM held) AS rule)
  RETURNING blocked_until`

const SETTLE = `WITH rows AS MATERIALIZED (
    SELECT blocked_until > $3::timestamptz AS locked FROM login_failures
    WHERE subject = $1 OR subject = $2 AND EXISTS (SELECT 1 FROM login_failures WHERE subject = $1)
    ORDER BY subject = $2 FOR UPDATE
  ), held AS MATERIALIZED (
    SELECT EXISTS (SELECT 1 FROM rows WHERE locked)
      OR EXISTS (SELECT 1 FROM login_failures WHERE subject = $2 AND blocked_until > $3::timestamptz) AS locked
  ),
  account AS (
    INSERT INTO login_failures AS old ${COLUMNS} SELECT $1::text, ($5::text = 'failed')::int, $3::timestamptz, ${NEVER}, '{}' FROM held
    ${settled('account')}
  ), address AS (
    INSERT INTO login_failures AS old ${COLUMNS} SELECT $2::text, ($5::text = 'failed')::int, $3::timestamptz, ${NEVER}, '{}' FROM account
    ${settled('address')}
  ) SELECT held.locked, ${seconds('account.blocked_until')} AS "accountSeconds", ${seconds('address.blocked_until')} AS "addressSeconds"
    FROM held, account, address`

export type AttemptOutcome = 'failed' | 'passed' | 'abandoned'

/**
 * 'failed' counts for both, 'passed' resets the account unless locked.
 * One statement, so that parallel attempts count.
 */
export async function settle(
  db: Db,
  { account, address }: LockoutSubjects,
  { outcome, until, now }: { outcome: AttemptOutcome; until: Date | null; now: Date },
): Promise<Settlement> {
  const [row] = await db.query<{ locked: boolean; accountSeconds: number; addressSeconds: number }>(SETTLE, [
    account,
    address,
    now,
    until,
    outcome,
  ])
  const { locked, accountSeconds, addressSeconds } = row!
  return { locked, seconds: { account: accountSeconds, address: addressSeconds } }
}

export const countRejected = (db: Db, refusals: ReadonlyMap<string, number>, now: Date) =>
  db.query<{ subject: string; seconds: number }>(
    `INSERT INTO login_failures AS old ${COLUMNS}
     SELECT subject, count, $3::timestamptz, ${delayed('count', 'address')}, '{}'
     FROM unnest($1::text[], $2::int[]) AS refused(subject, count) ORDER BY subject
     ON CONFLICT (subject) DO UPDATE SET (failures, window_start, blocked_until) = (
       SELECT n, CASE WHEN n = excluded.failures THEN $3::timestamptz ELSE old.window_start END,
         greatest(old.blocked_until, ${delayed('n', 'address')})
       FROM (SELECT least((${counted('old')})::bigint + excluded.failures, 1000000)::int AS n) AS rule)
     RETURNING subject, ${seconds('blocked_until')} AS seconds`,
    [[...refusals.keys()], [...refusals.values()], now],
  )

export async function clearLocks(db: Db, subjects: readonly string[]): Promise<number> {
  const cleared = await db.query(
    `UPDATE login_failures SET failures = 0, blocked_until = ${NEVER}
     WHERE subject = ANY($1::text[]) AND (failures > 0 OR blocked_until > ${NEVER}) RETURNING subject`,
    [subjects],
  )
  return cleared.length
}

/** Skips locked rows, against deadlocks with log-ins. */
export async function purgeFailures(db: Db, now: Date): Promise<number> {
  const [row] = await db.query<{ count: number }>(
    `WITH gone AS (
       DELETE FROM login_failures WHERE subject IN (
         SELECT subject FROM login_failures
         WHERE (failures = 0 OR window_start <= $1::timestamptz - interval '1 second' * $2::int) AND blocked_until <= $1::timestamptz
           AND NOT $1::timestamptz < ANY(pending)
         FOR UPDATE SKIP LOCKED) RETURNING 1
     ) SELECT count(*)::int AS count FROM gone`,
    [now, lockout.windowSeconds],
  )
  return row!.count
}
