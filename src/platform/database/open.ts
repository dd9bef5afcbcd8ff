// Locks the directory and starts PGlite, or connects; then migrates.
import { randomBytes } from 'node:crypto'
import { PrismaPg } from '@prisma/adapter-pg'
import type pg from 'pg'
import { PrismaClient } from '../../generated/prisma/client.ts'
import { Unavailable } from '../errors.ts'
import { ChangeListener } from './change-listener.ts'
import type { Counts } from './counts.memory.ts'
import { Cursors } from './cursors.ts'
import { isDiskFull } from './disk-full.ts'
import { template } from './embedded.template.ts'
import { type Opened, openEmbedded } from './embedded.ts'
import { toConflict, toRejection, toUnavailable } from './errors.ts'
import { createPause } from './pause.ts'
import { createOrder } from './pipelining.ts'
import {
  currentTransaction,
  type HeldTransaction,
  insideTransaction,
  OUTSIDE_TRANSACTION,
  type StatementListener,
  statementNames,
} from './pool.ts'
import { Replica } from './replica.ts'
import { checkServer } from './server-check.ts'
import { createServerPool, livenessOf } from './server-pool.ts'
import { analyzeGrown, keepAnalyzed, OWN_STATEMENT } from './statistics.ts'
import { atPrimary, type Db, JOBS, type Store } from './store.ts'
import { bringUpToDate } from './up-to-date.ts'

export interface StoreLog {
  info(message: string): void
  warn(message: string): void
  error(message: string): void
}

export interface StoreOptions {
  databaseUrl: string | null
  /** Past a pooler; null: databaseUrl. */
  directUrl?: string | null
  /** A streaming replica. */
  readUrl?: string | null
  dataDir: string
  /** Milliseconds without a beat of the listener. */
  silence?: number
  pool?: number
  wait?: number
  log?: StoreLog
  cursorKeys?: () => readonly Buffer[]
  loadDataDir?: Blob | undefined
  /** Of lists, for a second. */
  counts?: Counts
}

const silent: StoreLog = { info() {}, warn() {}, error() {} }
/** Milliseconds. */
const PING = 3_000
/** Milliseconds: queue and duration; long for the embedded connection. */
const TRANSACTION = { maxWait: 30_000, timeout: 30_000 }
/** Prepared statements: ours are fixed, Prisma's vary. */
const NAMED = { ours: 500, prisma: 300 }

/** Rows per statement: about 100 ms, exclusively. */
const EMBEDDED_ROWS = 1_000
/** Longer lists are planned for their values. */
const LONG = 100
const isLong = (value: unknown): boolean => Array.isArray(value) && value.length > LONG

/** Migrates. Throws with the reason. */
export async function openStore(options: StoreOptions): Promise<Store> {
  const log = options.log ?? silent
  const { opened, applied } = await openMigrated({ ...options, loadDataDir: options.loadDataDir ?? (await template()) })
  const { pool } = opened
  if (applied.length > 0) log.info(`Applied ${applied.length} migration(s): ${applied.join(', ')}`)
  if (options.databaseUrl !== null) pool.liveness = livenessOf(options.databaseUrl, awayAndBack(log))
  const ownKey = randomBytes(32)
  const cursors = new Cursors(options.cursorKeys ?? (() => [ownKey]))
  const { counts } = options
  if (counts) pool.onStatement(text => counts.sees(text))
  return storeOf(options, opened, { cursors, counts })
}

export async function migrateStore(options: Pick<StoreOptions, 'databaseUrl' | 'dataDir' | 'log'>): Promise<readonly string[]> {
  const { opened, applied } = await openMigrated(options)
  await opened.end()
  return applied
}

/** One connection of a migrated store, without what serves requests; for backups. */
export async function withConnection<T>(
  options: Pick<StoreOptions, 'databaseUrl' | 'dataDir' | 'log'>,
  work: (client: pg.ClientBase) => Promise<T>,
): Promise<T> {
  const { opened } = await openMigrated({ ...options, loadDataDir: await template() })
  const client = await opened.pool.connect()
  try {
    await client.query('SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0')
    return await work(client)
  } finally {
    client.release(true)
    await opened.end()
  }
}

async function openMigrated(options: StoreOptions): Promise<{ opened: Opened; applied: readonly string[] }> {
  const { databaseUrl, directUrl = null, log = silent } = options
  const opened = databaseUrl === null ? await embedded(options, log) : server(databaseUrl, options, log)
  opened.pool.refused = isDiskFull(log)
  try {
    if (databaseUrl !== null) await checkServer(opened.pool, databaseUrl)
    return { opened, applied: await bringUpToDate(opened.pool, { shared: databaseUrl !== null, directUrl, log }) }
  } catch (error) {
    await opened.end()
    throw error
  }
}

async function embedded({ dataDir, loadDataDir }: StoreOptions, log: StoreLog): Promise<Opened> {
  return openEmbedded({
    dataDir,
    ...(loadDataDir ? { loadDataDir } : {}),
    warn: message => log.warn(message),
    lost: () => {
      log.error(`Another process took over the data directory ${dataDir}: stopping at once, before both write to it`)
      process.exit(1)
    },
  })
}

function server(url: string, { pool: max, wait, directUrl, silence }: StoreOptions, log: StoreLog): Opened {
  const listener = new ChangeListener({
    client: { connectionString: directUrl ?? url, application_name: 'roster changes', keepAlive: true },
    ...(silence !== undefined && { silence }),
    log,
  })
  const pool = createServerPool({ url, name: 'roster', what: 'PostgreSQL', max, wait, listener, log })
  const stopAnalyzing = keepAnalyzed(pool)
  const end = async () => {
    stopAnalyzing()
    await listener.stop()
    await pool.liveness?.stop()
    await pool.end()
  }
  return { pool, end }
}

const awayAndBack = (log: StoreLog) => ({
  onAway: () => log.error('the database gives no sign of life: requests are answered 503 until it does'),
  onBack: () => log.info('the database answers again'),
})

function storeOf(
  { databaseUrl, readUrl = null, pool: max, wait, log = silent }: StoreOptions,
  { pool, end, copy }: Opened,
  { cursors, counts }: Pick<Db, 'cursors' | 'counts'>,
): Store {
  const kind = databaseUrl === null ? 'embedded' : 'server'
  const nameOfPrisma = statementNames(NAMED.prisma)
  const nameOf = statementNames(NAMED.ours)
  // Empty: unnamed, for BEGIN and COMMIT.
  const statementNameGenerator = ({ sql }: { sql: string }) => (sql.length < 20 ? '' : (nameOfPrisma(sql) ?? ''))
  const prisma = new PrismaClient({ errorFormat: 'minimal', adapter: new PrismaPg(pool, { statementNameGenerator }) })
  const rowsAtOnce = kind === 'embedded' ? EMBEDDED_ROWS : Number.POSITIVE_INFINITY
  const config = (text: string, values: readonly unknown[] = [], { fresh = false, commits = false } = {}) => {
    const name = fresh || values.some(isLong) ? undefined : nameOf(text)
    return { text, values: [...values], ...(name ? { name } : {}), ...(commits ? { commits } : {}) }
  }
  const sent: Sent = async (query, statement) => {
    // A long list may exceed the analyzed size.
    if (kind === 'embedded' && statement[1]?.some(isLong)) await analyzeGrown(query, statement[0])
    return (await query(config(...statement))).rows as never[]
  }

  const question: pg.QueryConfig & { query_timeout: number } = { text: 'SELECT 1', query_timeout: PING }
  const db: Db = {
    prisma,
    rowsAtOnce,
    cursors,
    counts,
    query: (...statement) => translated(() => sent(text => pool.query(text), statement)),
  }
  const replica = readUrl === null ? null : new Replica({ url: readUrl, primary: pool, max, wait, log, prepared: config })
  const always = atPrimary({ db })
  const inside = insideOf(db, { sent, isEmbedded: kind === 'embedded' })
  return {
    kind,
    db,
    reads: () => replica?.reads(db) ?? always,
    transaction: work =>
      translated(async () => {
        if (insideTransaction()) throw new Error(OUTSIDE_TRANSACTION)
        const transaction: HeldTransaction = { client: null, over: false }
        try {
          return await pool.placed(() =>
            currentTransaction.run(transaction, () => prisma.$transaction(tx => work(inside(tx, transaction)), TRANSACTION)),
          )
        } finally {
          transaction.over = true
          counts?.changed()
        }
      }),
    pause: kind === 'embedded' ? createPause(pool) : async () => {},
    statement: (text, values) => translated(async () => pool.foreign(text, values.length > 0 ? [...values] : undefined)),
    copy: copy ?? null,
    changes: pool.changes,
    ping: () => translated(() => pool.liveness?.ping() ?? within(PING, pool.query(question))),
    load: () => ({ used: pool.totalCount - pool.idleCount, idle: pool.idleCount, waiting: pool.waiting }),
    onStatement: listener => {
      const some: StatementListener = (text, isJoined) => isBeside(text) || listener(text, isJoined)
      const ends = [pool, replica?.pool].map(one => one?.onStatement(some))
      return () => {
        for (const stop of ends) stop?.()
      }
    },
    close: async () => {
      await prisma.$disconnect()
      await replica?.stop()
      await end()
    },
  }
}

type Statement = Parameters<Db['query']>
type Sent = (query: (text: string | pg.QueryConfig) => Promise<{ rows: unknown[] }>, statement: Statement) => Promise<never[]>

/** The `db` of a transaction. */
const insideOf =
  ({ rowsAtOnce, cursors }: Db, { sent, isEmbedded }: { sent: Sent; isEmbedded: boolean }) =>
  (tx: Db['prisma'], transaction: HeldTransaction): Db => {
    const queue = createOrder()
    return {
      prisma: tx,
      rowsAtOnce,
      cursors,
      query: (...statement) => {
        const send = async () => {
          if (!transaction.client || transaction.over) throw new Error('The transaction is over: its db cannot be used any more')
          const { client } = transaction
          return sent(text => client.query(text), statement)
        }
        return queue(send, isEmbedded && (statement[1]?.some(isLong) ?? false))
      },
    }
  }

/** Of no request. */
const isBeside = (text: string): boolean => text.includes(` ${JOBS}.`) || text.startsWith(OWN_STATEMENT)

async function translated<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw toRejection(error) ?? toUnavailable(error) ?? toConflict(error) ?? error
  }
}

async function within(milliseconds: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Unavailable('The database does not respond: try again shortly', { retryAfter: 5, reason: 'database' })),
      milliseconds,
    )
  })
  try {
    await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
