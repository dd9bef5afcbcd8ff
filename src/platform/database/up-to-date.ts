import pg from 'pg'
import { howFar } from './migrate.steps.ts'
import { migrate, migrationsOf } from './migrate.ts'
import { LOCK, SESSION, type StorePool } from './pool.ts'

interface Options {
  /** Other processes may migrate. */
  readonly shared: boolean
  /** Past a pooler, which would give lock and settings of a session to others. */
  readonly directUrl: string | null
  readonly log: { info(message: string): void }
}

/** The names of the migrations that were applied. */
export async function bringUpToDate(pool: StorePool, options: Options): Promise<readonly string[]> {
  const { directUrl } = options
  if (directUrl === null) return withPooled(pool, options)
  const client = new pg.Client({ connectionString: directUrl, application_name: 'roster migrations', keepAlive: true })
  // The statement that fails reports a lost connection.
  client.on('error', () => {})
  try {
    await client.connect()
    await client.query(SESSION)
    return await applied(client, pool, options)
  } finally {
    await client.end().catch(() => {})
  }
}

async function withPooled(pool: StorePool, options: Options): Promise<readonly string[]> {
  const client = await pool.connect()
  try {
    return await applied(client, pool, options)
  } finally {
    await client.query(`RESET statement_timeout; SET lock_timeout = ${LOCK}`).catch(() => {})
    client.release()
  }
}

async function applied(client: pg.ClientBase, pool: StorePool, { shared, log }: Options): Promise<readonly string[]> {
  // Migrations may take long.
  await client.query('SET statement_timeout = 0; SET lock_timeout = 0')
  return migrate(client, migrationsOf(), {
    shared,
    info: message => log.info(message),
    look: () => howFar(shared ? pool : null),
  })
}
