/**
 * Keeps the planner's statistics up with the embedded store, where no other process does: plans made for a nearly empty store look through
 * whole tables for each row. ANALYZE makes PostgreSQL plan anew whatever was prepared on the table.
 */
import type { StorePool } from './pool.ts'

/** A table is analyzed when it has so many times as many pages as when it last was, and at least so many. */
const GROWTH = 4
const PAGES = 16
/** Rows looked at are 300 times as many: few enough for a fraction of a second. */
const TARGET = 20
/** Milliseconds between two looks at a store that is being used. */
const EVERY = 5_000

/** Marks statements that are not part of any request. */
export const OWN_STATEMENT = '/* statistics */ '

const GROWN = `${OWN_STATEMENT}SELECT c.relname AS name FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
  AND pg_relation_size(c.oid) / current_setting('block_size')::int >= greatest(${PAGES}, ${GROWTH} * c.relpages)`

type Query = (text: string) => Promise<{ rows: unknown[] }>

/** Analyzes the tables that have grown, one statement each. */
export async function analyzeGrown(query: Query): Promise<void> {
  const { rows } = (await query(GROWN)) as { rows: { name: string }[] }
  if (rows.length === 0) return
  await query(`${OWN_STATEMENT}SET default_statistics_target = ${TARGET}`)
  for (const { name } of rows) await query(`${OWN_STATEMENT}ANALYZE "${name}"`)
}

/** Looks every few seconds while statements are sent; returns the way to stop. */
export function keepAnalyzed(pool: StorePool): () => void {
  let isUsed = true
  pool.onStatement(text => {
    if (!text.startsWith(OWN_STATEMENT)) isUsed = true
  })
  const timer = setInterval(() => {
    if (!isUsed) return
    isUsed = false
    // What fails now is tried again at the next look.
    void analyzeGrown(text => pool.query(text)).catch(() => {
      isUsed = true
    })
  }, EVERY)
  timer.unref()
  return () => clearInterval(timer)
}
