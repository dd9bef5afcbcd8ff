/** Migrations in steps, each without a transaction around it: no step blocks the writes of other instances for long. */
import { randomUUID } from 'node:crypto'
import type pg from 'pg'

export interface Migration {
  name: string
  sql: string
  checksum: string
}

/** `from`: steps that an interrupted start has applied. */
export interface Pending extends Migration {
  readonly from: number
}

/** Ends a step, and describes the next one. */
const STEP = /^-- step: (.+)$/m
/** Milliseconds after which a step is logged, and again. */
const LONG = 10_000

interface Notice {
  readonly severity?: string | undefined
  readonly message?: string | undefined
}

export interface Progress {
  info(message: string): void
  /** How far the statement is, by the store. */
  look(): Promise<string>
}

export const stepsOf = ({ sql }: { readonly sql: string }): { what: string; sql: string }[] => {
  const parts = sql.split(STEP).slice(1)
  return parts.flatMap((what, at) => (at % 2 === 0 ? [{ what, sql: parts[at + 1]! }] : []))
}

/** Continues after the steps that were applied. RAISE INFO in a step is logged. */
export async function applySteps(client: pg.ClientBase, migration: Pending, progress: Partial<Progress>): Promise<void> {
  const { info = () => {}, look = async () => '' } = progress
  const { name, checksum, from } = migration
  const steps = stepsOf(migration)
  const noticed = ({ severity, message }: Notice) => severity === 'INFO' && info(`Migration ${name}: ${message}`)
  client.on('notice', noticed)
  try {
    await client.query(BEGUN, [randomUUID(), checksum, name])
    for (const [at, { what, sql }] of [...steps.entries()].slice(from)) {
      const title = `Migration ${name}, step ${at + 1} of ${steps.length}: ${what}`
      const timer = setInterval(
        () =>
          void look().then(
            far => info(title + far),
            () => info(title),
          ),
        LONG,
      )
      await client.query(sql).finally(() => clearInterval(timer))
      await client.query(APPLIED, [name, at + 1, at + 1 === steps.length])
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : error
    throw new Error(`The migration ${name} was interrupted, and the next start continues it: ${reason}`, { cause: error })
  } finally {
    client.off('notice', noticed)
  }
}

const BEGUN = `INSERT INTO _prisma_migrations (id, checksum, migration_name)
  SELECT $1, $2, $3::varchar WHERE NOT EXISTS (SELECT 1 FROM _prisma_migrations WHERE migration_name = $3 AND rolled_back_at IS NULL)`
const APPLIED = `UPDATE _prisma_migrations SET applied_steps_count = $2, finished_at = CASE WHEN $3::boolean THEN clock_timestamp() END
  WHERE migration_name = $1 AND rolled_back_at IS NULL`

/** null: the embedded database has no second connection to look with. */
export async function howFar(pool: Pick<pg.Pool, 'query'> | null): Promise<string> {
  if (!pool) return ''
  const { rows } = await pool.query<{ far: string }>(
    `SELECT format(' (%s, %s %%)', phase, 100 * greatest(blocks_done, tuples_done) / nullif(greatest(blocks_total, tuples_total), 0)) AS far
       FROM pg_stat_progress_create_index WHERE datname = current_database()`,
  )
  return rows[0]?.far ?? ''
}
