import type { Removed } from '../platform/database/pruning.ts'
import type { Db } from '../platform/database/store.ts'

const RUNS = 100

/** The last successful, due and applied run of a source stays: the next one begins there. */
const OLD = `SELECT r.id FROM sync_runs r WHERE r.finished_at < $1::timestamptz
    AND (r.status <> 'finished' OR r.dry_run OR EXISTS (SELECT 1 FROM sync_runs n WHERE n.iamid = r.iamid AND n.id > r.id
         AND n.mode = r.mode AND n.status = 'finished' AND NOT n.dry_run))
    AND (r.due_at IS NULL OR EXISTS (SELECT 1 FROM sync_runs n WHERE n.iamid = r.iamid AND n.id > r.id AND n.mode = r.mode
         AND n.due_at IS NOT NULL))
    AND (r.dry_run OR r.applied = 0 OR EXISTS (SELECT 1 FROM sync_runs n WHERE n.iamid = r.iamid AND n.id > r.id
         AND NOT n.dry_run AND n.applied > 0))
  ORDER BY r.finished_at, r.id LIMIT ${RUNS}`

/** Entries first; a run goes when it has none left. */
export async function removeOldRuns(db: Db, before: Date, limit: number): Promise<Removed> {
  const [entries] = await db.query<{ count: number }>(
    `WITH old AS MATERIALIZED (${OLD}), gone AS (
       DELETE FROM sync_entries WHERE id = ANY(ARRAY(
         SELECT e.id FROM sync_entries e WHERE e.run_id IN (SELECT id FROM old) ORDER BY e.id LIMIT $2::int)) RETURNING 1
     ) SELECT count(*)::int AS count FROM gone`,
    [before, limit],
  )
  const [runs] = await db.query<{ count: number }>(
    `WITH old AS MATERIALIZED (${OLD}), gone AS (
       DELETE FROM sync_runs r USING old WHERE r.id = old.id AND NOT EXISTS (SELECT 1 FROM sync_entries e WHERE e.run_id = r.id)
       RETURNING 1
     ) SELECT count(*)::int AS count FROM gone`,
    [before],
  )
  return { removed: entries!.count + runs!.count, more: entries!.count === limit || runs!.count === RUNS }
}
