import { existsSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { openEmbedded } from './embedded.ts'
import { stepsOf } from './migrate.steps.ts'
import { migrationsOf, pendingOf } from './migrate.ts'

export interface PlannedMigration {
  readonly name: string
  /** Empty: one transaction. */
  readonly steps: readonly string[]
  /** Steps that an interrupted start has applied. */
  readonly from: number
}

interface Place {
  readonly databaseUrl: string | null
  readonly dataDir: string
}

/** Changes nothing. Throws as `migrate` does. */
export async function planMigrations(place: Place): Promise<PlannedMigration[]> {
  const pending = await inside(place, client => pendingOf(client, migrationsOf()))
  return pending.map(migration => ({
    name: migration.name,
    steps: stepsOf(migration).map(({ what }) => what),
    from: migration.from,
  }))
}

type Read<T> = (client: pg.ClientBase | null) => Promise<T>

async function inside<T>({ databaseUrl, dataDir }: Place, read: Read<T>): Promise<T> {
  if (databaseUrl !== null) {
    const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 10_000, application_name: 'roster' })
    // The query reports a lost connection too.
    client.on('error', () => {})
    await client.connect()
    return read(client).finally(() => client.end())
  }
  if (dataDir === 'memory://' || !existsSync(join(dataDir, 'postgres', 'PG_VERSION'))) return read(null)
  const { pool, end } = await openEmbedded({ dataDir, warn() {}, lost() {} })
  try {
    const client = await pool.connect()
    return await read(client).finally(() => client.release())
  } finally {
    await end()
  }
}
