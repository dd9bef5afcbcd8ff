import type { Removed } from '../../platform/database/pruning.ts'
import type { Db } from '../../platform/database/store.ts'

export async function removeOldExchanges(db: Db, before: Date, limit: number): Promise<Removed> {
  const [row] = await db.query<{ count: number }>(
    `WITH gone AS (
       DELETE FROM exchanges WHERE id = ANY(ARRAY(
         SELECT e.id FROM exchanges e WHERE e.at < $1::timestamptz ORDER BY e.at LIMIT $2::int)) RETURNING 1
     ) SELECT count(*)::int AS count FROM gone`,
    [before, limit],
  )
  return { removed: row!.count, more: row!.count === limit }
}
