import type { Db } from '../platform/database/store.ts'

export interface IamState {
  readonly id: string
  /** Unix time in seconds. */
  readonly syncedAt: number | null
}

export const iamStates = (db: Db): Promise<IamState[]> =>
  db.query<IamState>(
    `SELECT i.id, (SELECT extract(epoch FROM r.finished_at)::float8 FROM sync_runs r WHERE r.iamid = i.id AND r.status = 'finished'
        AND NOT r.dry_run AND r.mode IN ('full', 'incremental') ORDER BY r.id DESC LIMIT 1) AS "syncedAt"
       FROM iams i`,
  )

export async function jobCounts(db: Db): Promise<{ waiting: number; running: number }> {
  const [counts] = await db.query<{ waiting: number; running: number }>(
    `SELECT count(*) FILTER (WHERE status = 'waiting')::int AS waiting, count(*) FILTER (WHERE status <> 'waiting')::int AS running
       FROM sync_runs WHERE status IN ('waiting', 'reading', 'applying')`,
  )
  return counts!
}

export interface ExpiringKeys {
  readonly kind: string
  readonly days: number
  readonly count: number
}

/** Rotated keys expire as they should, and do not count. */
export const expiringKeys = (db: Db, now: Date): Promise<ExpiringKeys[]> =>
  db.query<ExpiringKeys>(
    `SELECT 'api' AS kind, d AS days, (SELECT count(*)::int FROM api_keys k WHERE k.rotated_to_id IS NULL
        AND coalesce(k.expires_at, 'infinity'::timestamptz) > $1
        AND coalesce(k.expires_at, 'infinity'::timestamptz) <= $1 + d * interval '1 day') AS count
       FROM unnest('{7,30}'::int[]) d
     UNION ALL SELECT 'scim', d, (SELECT count(*)::int FROM scim_keys k
        WHERE k.expires_at > $1 AND k.expires_at <= $1 + d * interval '1 day') FROM unnest('{7,30}'::int[]) d`,
    [now],
  )
