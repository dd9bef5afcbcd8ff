import { integer, orNull, type RecordOf, selectList, text, time } from '../platform/database/columns.ts'
import type { ListQuery } from '../platform/database/pagination.ts'
import type { Db } from '../platform/database/store.ts'

export type DriftState = 'NEVER_CALLED' | 'FAILED' | 'INCOMPLETE' | 'STALE'

export interface DriftTotals {
  readonly users: number
  readonly answered: number
  readonly neverCalled: number
  readonly failed: number
  readonly incomplete: number
  readonly stale: number
}

/** $1: the IAM; $2: the oldest acceptable response. */
const FROM = 'users u LEFT JOIN user_info_answers a ON a.user_id = u.id'
const ENABLED = `u.iamid = $1 AND NOT u.disabled AND u.kind = 'PERSON'`
const STATE = `CASE WHEN a.user_id IS NULL THEN 'NEVER_CALLED'
  WHEN a.answered_at IS NULL OR a.failed_at > a.answered_at THEN 'FAILED'
  WHEN a.failed_at IS NOT NULL THEN 'INCOMPLETE'
  WHEN a.answered_at < $2::timestamptz THEN 'STALE' END`

export const DRIFT_COLUMNS = {
  userId: integer('u.id'),
  state: text<DriftState>(STATE),
  answeredAt: orNull(time('a.answered_at')),
  failedAt: orNull(time('a.failed_at')),
  failure: orNull(text('a.failure')),
}
export interface DriftRecord extends RecordOf<typeof DRIFT_COLUMNS> {}

export interface DriftedUser {
  readonly iamid: string
  readonly staleBefore: Date | null
}

export const driftList = (
  { iamid, staleBefore }: DriftedUser,
  state: DriftState | null,
  descending: boolean,
): ListQuery<DriftRecord> => ({
  columns: selectList(DRIFT_COLUMNS),
  from: FROM,
  where: [ENABLED, state === null ? `${STATE} IS NOT NULL` : `${STATE} = $3`],
  values: [iamid, staleBefore, ...(state === null ? [] : [state])],
  id: 'u.id',
  order: { name: 'userInfoDrift', expression: 'u.userid_key', type: 'text', descending },
})

export async function driftTotals(db: Db, { iamid, staleBefore }: DriftedUser): Promise<DriftTotals> {
  const [row] = await db.query<DriftTotals>(
    `SELECT count(*)::int AS users, count(*) FILTER (WHERE state IS NULL)::int AS answered,
       count(*) FILTER (WHERE state = 'NEVER_CALLED')::int AS "neverCalled", count(*) FILTER (WHERE state = 'FAILED')::int AS failed,
       count(*) FILTER (WHERE state = 'INCOMPLETE')::int AS incomplete, count(*) FILTER (WHERE state = 'STALE')::int AS stale
     FROM (SELECT ${STATE} AS state FROM ${FROM} WHERE ${ENABLED}) every`,
    [iamid, staleBefore],
  )
  return row!
}
