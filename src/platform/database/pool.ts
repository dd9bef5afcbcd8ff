import { AsyncLocalStorage } from 'node:async_hooks'
import { createHash } from 'node:crypto'
import pg from 'pg'
import type { FairQueue } from '../fair-queue.ts'
import { currentActor } from './current-actor.ts'
import { createFairPool } from './fair-pool.ts'
import { destroy, type Liveness } from './liveness.ts'

/** The connection that one transaction holds, for as long as it is open. Its place among the shares is taken before. */
export interface HeldTransaction {
  client: pg.PoolClient | null
  over: boolean
}

/** Which transaction the running code belongs to. */
export const currentTransaction = new AsyncLocalStorage<HeldTransaction>()

/** On the embedded store it would wait for ever for the one connection; on a server it would not see the transaction's rows. */
export const OUTSIDE_TRANSACTION = 'Inside a transaction use only the db it was given'

export function insideTransaction(): boolean {
  const transaction = currentTransaction.getStore()
  return transaction !== undefined && !transaction.over
}

/** Milliseconds that a statement waits for what another transaction holds: then it may be tried again, and was not too expensive. */
export const LOCK = 10_000
/** One session's settings, whatever the server's defaults: Prisma reads and writes timestamps as if the zone were UTC; short statements gain nothing from being compiled. */
const SESSION = `SET TimeZone = 'UTC'; SET DateStyle = 'ISO, MDY'; SET default_transaction_isolation = 'read committed'; SET jit = off; SET lock_timeout = ${LOCK}`

/** Statements of one actor that wait for a connection at most: more than an operation within the limits sends at once. */
const QUEUE = 5_000

export interface StorePoolConfig extends pg.PoolConfig {
  readonly max: number
  readonly connectionTimeoutMillis: number
}

/**
 * The pool that Prisma's adapter and `db.query` share. It differs from node-postgres' own in four things: a statement that fails does
 * not cost its connection, a transaction's connection is known to the code inside it, every statement can be watched, and no actor
 * holds more than half of the connections.
 */
export class StorePool extends pg.Pool {
  readonly #listeners = new Set<(text: string) => void>()
  readonly #shares: FairQueue
  /** Set once the store is up: migrations take as long as they take. */
  liveness: Liveness | null = null
  /** Called with every error that the database answers with. */
  refused: ((error: pg.DatabaseError) => void) | null = null

  constructor(config: StorePoolConfig, onIdleError: (error: Error) => void) {
    super({ ...config, onConnect: client => client.query(SESSION) })
    this.#shares = createFairPool({ places: config.max, queue: QUEUE, wait: config.connectionTimeoutMillis })
    // Without a listener the error of an idle connection (a restart of PostgreSQL) ends the process.
    this.on('error', onIdleError)
    this.on('connect', client => this.#watch(client))
    this.query = ((text: string | pg.QueryConfig, values?: unknown[]) => this.#query(text, values)) as typeof this.query
  }

  /** Calls `listener` with the text of every statement sent, BEGIN and COMMIT too; returns the way to stop. */
  onStatement(listener: (text: string) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  override connect(): Promise<pg.PoolClient>
  override connect(
    callback: (error: Error | undefined, client: pg.PoolClient | undefined, done: (release?: unknown) => void) => void,
  ): void
  override connect(callback?: Parameters<pg.Pool['connect']>[0]): Promise<pg.PoolClient> | undefined {
    if (callback) {
      super.connect(callback)
      return undefined
    }
    return this.#borrow()
  }

  /** Runs `work` with a place among the connections, for a transaction that takes its connection later. */
  placed<T>(work: () => Promise<T>): Promise<T> {
    return this.#shares.run({ actor: currentActor() }, work)
  }

  async #borrow(): Promise<pg.PoolClient> {
    const transaction = currentTransaction.getStore()
    if (transaction && !transaction.over) return this.#borrowFor(transaction)
    const leave = await this.#shares.acquire({ actor: currentActor() })
    try {
      return onRelease(await this.#connected(), leave)
    } catch (error) {
      leave()
      throw error
    }
  }

  async #borrowFor(transaction: HeldTransaction): Promise<pg.PoolClient> {
    if (transaction.client) throw new Error(OUTSIDE_TRANSACTION)
    transaction.client = await this.#connected()
    // Prisma gives the connection back by itself when a transaction has run out of time: from then on it is somebody else's.
    return onRelease(transaction.client, () => {
      transaction.over = true
    })
  }

  #connected(): Promise<pg.PoolClient> {
    const { liveness } = this
    if (!liveness) return super.connect()
    liveness.check()
    const connecting = super.connect()
    return liveness.follow(connecting, () => void connecting.then(client => client.release(), ignore))
  }

  /** As query, for a text that may begin a transaction of its own: left open by a failure it would spoil the connection for all who follow. */
  foreign(text: string, values?: unknown[]): Promise<pg.QueryResult> {
    return this.#query(text, values, client => client.query('ROLLBACK'))
  }

  async #query(
    text: string | pg.QueryConfig,
    values?: unknown[],
    tidy?: (client: pg.PoolClient) => Promise<unknown>,
  ): Promise<pg.QueryResult> {
    const client = await this.connect()
    client.on('error', ignore)
    let spoilt = false
    try {
      return await client.query(text, values)
    } catch (error) {
      // The server said no: the connection is good. Unless a prepared statement outlived the table it was planned for, or was forgotten:
      // a new connection prepares it again.
      spoilt = !(error instanceof pg.DatabaseError) || error.code === '0A000' || error.code === '26000'
      if (!spoilt)
        await tidy?.(client).catch(() => {
          spoilt = true
        })
      throw error
    } finally {
      client.off('error', ignore)
      client.release(spoilt)
    }
  }

  #watch(client: pg.PoolClient): void {
    const send = client.query.bind(client) as (...sent: unknown[]) => unknown
    const watched = (first: string | { text?: string }, ...rest: unknown[]): unknown => {
      const text = (typeof first === 'string' ? first : first.text) ?? ''
      for (const listener of this.#listeners) listener(text)
      const { liveness } = this
      liveness?.check()
      const sent = send(first, ...rest)
      if (!(sent instanceof Promise)) return sent
      sent.catch(error => error instanceof pg.DatabaseError && this.refused?.(error))
      const answer = liveness?.follow(sent, () => destroy(client)) ?? sent
      return text === 'COMMIT' ? answer.then(committed) : answer
    }
    client.query = watched as typeof client.query
  }
}

/** The client, that also calls `then` when it is given back. */
function onRelease(client: pg.PoolClient, then: () => void): pg.PoolClient {
  const release = client.release.bind(client)
  client.release = error => {
    then()
    release(error)
  }
  return client
}

/** PostgreSQL answers the COMMIT of a failed transaction with success and the word ROLLBACK: that must not pass for a commit. */
function committed(result: pg.QueryResult): pg.QueryResult {
  if (result.command === 'ROLLBACK') throw new Error('The transaction was rolled back: one of its statements had failed')
  return result
}

/** The error is on its way as the statement's own; an unheard event would end the process. */
function ignore(): void {}

/** Names for prepared statements, up to `limit` texts: a server keeps each until the connection ends, and searches vary without bound. */
export function statementNames(limit: number): (text: string) => string | undefined {
  const names = new Map<string, string>()
  return text => {
    const known = names.get(text)
    if (known !== undefined || names.size >= limit) return known
    const name = createHash('sha256').update(text).digest('base64url').slice(0, 16)
    names.set(text, name)
    return name
  }
}
