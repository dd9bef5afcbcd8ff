/**
 * Runs ANALYZE on tables that have grown. The embedded database has no autovacuum; a server's may come a minute
 * after a first sync, and plans made before, those of foreign keys too, pass over whole tables.
 */
import type pg from 'pg'
import type { StorePool } from './pool.ts'

const GROWTH = 4
const PAGES = 16
/** Milliseconds. */
const EVERY = 5_000

export const OWN_STATEMENT = '/* statistics */ '

const GROWN = `${OWN_STATEMENT}SELECT c.relname AS name FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
  AND ($1::text[] IS NULL OR c.relname = ANY($1::text[]))
  AND pg_relation_size(c.oid) / current_setting('block_size')::int >= greatest(${PAGES}, ${GROWTH} * c.relpages)`

type Query = (statement: pg.QueryConfig) => Promise<{ rows: unknown[] }>

/** `statement`: only its tables, as others would make it wait. */
export async function analyzeGrown(query: Query, statement?: string): Promise<void> {
  const words = statement === undefined ? null : [...new Set(statement.match(/[a-z_]+/g))]
  const { rows } = (await query({ text: GROWN, values: [words] })) as { rows: { name: string }[] }
  if (rows.length === 0) return
  for (const { name } of rows) await query({ text: `${OWN_STATEMENT}ANALYZE "${name}"` })
}

export function keepAnalyzed(pool: StorePool): () => void {
  let isUsed = true
  pool.onStatement(text => {
    if (!text.startsWith(OWN_STATEMENT)) isUsed = true
  })
  const timer = setInterval(() => {
    if (!isUsed) return
    isUsed = false
    void analyzeGrown(statement => pool.query(statement)).catch(() => {
      isUsed = true
    })
  }, EVERY)
  timer.unref()
  return () => clearInterval(timer)
}
