// The walk: openStore takes the lock on the data directory and starts PGlite behind a stream (embedded), or finds the server; the one pool
// goes to Prisma's adapter and to db.query alike; migrate() brings the tables up to this build; the Store is what everybody else sees.
import { PrismaPg } from '@prisma/adapter-pg'
import { Unavailable } from '../errors.ts'
import { PrismaClient } from '../generated/prisma/client.ts'
import { type Opened, openEmbedded } from './embedded.ts'
import { asUnavailable } from './failures.ts'
import { migrate, migrationsOf } from './migrate.ts'
import { type Held, held, StorePool, statementNames } from './pool.ts'
import type { Db, Store } from './store.ts'
import { template } from './template.ts'

/** What openStore says while it works. */
export interface StoreLog {
  info(message: string): void
  warn(message: string): void
  error(message: string): void
}

export interface StoreOptions {
  /** A PostgreSQL URL; null opens the embedded store. */
  databaseUrl: string | null
  /** Where the embedded store lives; `memory://` keeps it in memory. */
  dataDir: string
  /** Connections to a server (8 when absent). The embedded store has one. */
  pool?: number
  log?: StoreLog
  /** Starts an embedded store that does not exist yet from this dump of PGlite's `dumpDataDir` instead of this build's template. */
  loadDataDir?: Blob
}

const silent: StoreLog = { info() {}, warn() {}, error() {} }
/** Milliseconds: how long a statement queues for a connection to a server, how long a ping may take, how long an idle connection is kept. */
const WAIT = 10_000
const PING = 3_000
const IDLE = 600_000
/** Milliseconds that a transaction may wait for its connection, and may take. Generous: the embedded store has one connection. */
const TRANSACTION = { maxWait: 30_000, timeout: 30_000 }
/** Texts that get a prepared statement of their own: ours are few and fixed, Prisma's vary with their lists. */
const NAMED = { ours: 500, prisma: 300 }

/** Opens the store, up to date with this build's migrations. Throws when it cannot, saying why. */
export async function openStore(options: StoreOptions): Promise<Store> {
  const log = options.log ?? silent
  const { pool, end } = options.databaseUrl === null ? await embedded(options, log) : server(options.databaseUrl, options, log)
  try {
    await prepare(pool, options.databaseUrl !== null, log)
  } catch (error) {
    await end()
    throw error
  }
  return storeOf(options.databaseUrl === null ? 'embedded' : 'server', pool, end)
}

async function embedded({ dataDir, loadDataDir }: StoreOptions, log: StoreLog): Promise<Opened> {
  const dump = loadDataDir ?? (await template())
  return openEmbedded({
    dataDir,
    ...(dump ? { loadDataDir: dump } : {}),
    warn: message => log.warn(message),
    lost: () => {
      log.error(`Another process took over the data directory ${dataDir}: stopping at once, before both write to it`)
      process.exit(1)
    },
  })
}

function server(url: string, { pool: max = 8 }: StoreOptions, log: StoreLog): Opened {
  const pool = new StorePool(
    {
      connectionString: url,
      application_name: 'roster',
      max,
      idleTimeoutMillis: IDLE,
      connectionTimeoutMillis: WAIT,
      keepAlive: true,
    },
    error => log.warn(`An idle connection to PostgreSQL was lost: ${error.message}`),
  )
  return { pool, end: () => pool.end() }
}

async function prepare(pool: StorePool, shared: boolean, log: StoreLog): Promise<void> {
  const client = await pool.connect()
  try {
    const applied = await migrate(client, migrationsOf(), { shared })
    if (applied.length > 0) log.info(`Applied ${applied.length} migration(s): ${applied.join(', ')}`)
  } finally {
    client.release()
  }
}

function storeOf(kind: Store['kind'], pool: StorePool, end: () => Promise<void>): Store {
  const nameOfPrisma = statementNames(NAMED.prisma)
  const nameOf = statementNames(NAMED.ours)
  // BEGIN and COMMIT gain nothing from a name. An empty one is none.
  const statementNameGenerator = ({ sql }: { sql: string }) => (sql.length < 20 ? '' : (nameOfPrisma(sql) ?? ''))
  const prisma = new PrismaClient({ adapter: new PrismaPg(pool, { statementNameGenerator }) })
  const config = (text: string, values: readonly unknown[]) => ({ name: nameOf(text), text, values: [...values] })

  const db: Db = {
    prisma,
    query: (text, values = []) => translated(async () => (await pool.query(config(text, values))).rows),
  }
  const inside = (tx: Db['prisma'], transaction: Held): Db => ({
    prisma: tx,
    query: async (text, values = []) => {
      if (!transaction.client || transaction.over) throw new Error('The transaction is over: its db cannot be used any more')
      return (await transaction.client.query(config(text, values))).rows
    },
  })
  return {
    kind,
    db,
    transaction: work =>
      translated(async () => {
        const transaction: Held = { client: null, over: false }
        try {
          return await held.run(transaction, () => prisma.$transaction(tx => work(inside(tx, transaction)), TRANSACTION))
        } finally {
          transaction.over = true
        }
      }),
    ping: () => translated(() => within(PING, pool.query('SELECT 1'))),
    onStatement: listener => pool.onStatement(listener),
    close: async () => {
      await prisma.$disconnect()
      await end()
    },
  }
}

async function translated<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw asUnavailable(error) ?? error
  }
}

async function within(milliseconds: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Unavailable('The store does not answer at the moment; try again shortly', { retryAfter: 5 })),
      milliseconds,
    )
  })
  try {
    await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
