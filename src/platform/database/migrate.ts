import { createHash, randomUUID } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type pg from 'pg'
import { applySteps, type Migration, type Pending, type Progress, stepsOf } from './migrate.steps.ts'

export type { Migration } from './migrate.steps.ts'

interface Applied {
  migration_name: string
  checksum: string
  finished_at: Date | null
  applied_steps_count: number
}

export interface MigrateOptions extends Partial<Progress> {
  /** Other processes may migrate. */
  readonly shared: boolean
}

/** As `migrate deploy`, to exclude it. */
const ADVISORY_LOCK = 72707369
/** Milliseconds between attempts: a waiting statement would hold up CREATE INDEX CONCURRENTLY. */
const ATTEMPTS = 300

const HISTORY = `CREATE TABLE IF NOT EXISTS _prisma_migrations (
  id VARCHAR(36) PRIMARY KEY NOT NULL,
  checksum VARCHAR(64) NOT NULL,
  finished_at TIMESTAMPTZ,
  migration_name VARCHAR(255) NOT NULL,
  logs TEXT,
  rolled_back_at TIMESTAMPTZ,
  started_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  applied_steps_count INTEGER NOT NULL DEFAULT 0
)`

export function migrationsOf(directory = fileURLToPath(new URL('../../../prisma/migrations', import.meta.url))): Migration[] {
  return readdirSync(directory, { withFileTypes: true })
    .filter(entry => entry.isDirectory())
    .map(entry => entry.name)
    .sort()
    .map(name => {
      const sql = readFileSync(`${directory}/${name}/migration.sql`, 'utf8')
      return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') }
    })
}

/** Returns the applied names. Throws for edited, failed or unknown migrations. */
export async function migrate(client: pg.ClientBase, migrations: Migration[], options: MigrateOptions): Promise<string[]> {
  const { shared } = options
  // The embedded database has one backend: the directory lock excludes.
  if (shared) await acquire(client)
  try {
    await client.query(HISTORY)
    const pending = missing(migrations, await history(client))
    for (const migration of pending)
      if (stepsOf(migration).length > 0) await applySteps(client, migration, options)
      else await apply(client, migration)
    return pending.map(({ name }) => name)
  } finally {
    if (shared) await client.query(`SELECT pg_advisory_unlock(${ADVISORY_LOCK})`)
  }
}

async function acquire(client: pg.ClientBase): Promise<void> {
  for (;;) {
    const { rows } = await client.query<{ held: boolean }>(`SELECT pg_try_advisory_lock(${ADVISORY_LOCK}) AS held`)
    if (rows[0]?.held) return
    await setTimeout(ATTEMPTS)
  }
}

async function history(client: pg.ClientBase): Promise<Applied[]> {
  const { rows } = await client.query<Applied>(
    'SELECT migration_name, checksum, finished_at, applied_steps_count FROM _prisma_migrations WHERE rolled_back_at IS NULL ORDER BY started_at',
  )
  return rows
}

/** Without a client, or before the first start, all are. */
export async function pendingOf(client: pg.ClientBase | null, migrations: Migration[]): Promise<Pending[]> {
  const found = await client?.query<{ known: boolean }>("SELECT to_regclass('_prisma_migrations') IS NOT NULL AS known")
  return missing(migrations, client && found?.rows[0]?.known ? await history(client) : [])
}

export function missing(migrations: Migration[], applied: Applied[]): Pending[] {
  const ours = new Map(migrations.map(migration => [migration.name, migration]))
  for (const { migration_name: name, checksum, finished_at: finished } of applied) {
    const known = ours.get(name)
    if (!known)
      throw new Error(
        `The database has the migration ${name}, which this build does not know: it was opened by a newer build. Start that one`,
      )
    if (!finished && stepsOf(known).length === 0)
      throw new Error(
        `The migration ${name} failed earlier and was left half done: restore the backup, or repair it and delete its row in _prisma_migrations`,
      )
    if (known.checksum !== checksum)
      throw new Error(`The migration ${name} was edited after it had been applied: put it back as it was and add a new one`)
  }
  const done = new Map(applied.map(row => [row.migration_name, row]))
  return migrations
    .filter(({ name }) => !done.get(name)?.finished_at)
    .map(migration => ({ ...migration, from: done.get(migration.name)?.applied_steps_count ?? 0 }))
}

async function apply(client: pg.ClientBase, { name, sql, checksum }: Migration): Promise<void> {
  try {
    await client.query('BEGIN')
    await client.query(sql)
    await client.query(
      'INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at, applied_steps_count) VALUES ($1, $2, $3, clock_timestamp(), 1)',
      [randomUUID(), checksum, name],
    )
    await client.query('COMMIT')
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {})
    throw new Error(`The migration ${name} failed and was rolled back: ${error instanceof Error ? error.message : error}`, {
      cause: error,
    })
  }
}
