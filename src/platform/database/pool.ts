import { AsyncLocalStorage } from 'node:async_hooks'
import { createHash } from 'node:crypto'
import pg from 'pg'
import type { FairQueue } from '../fair-queue.ts'
import { AccessChanges } from './access-changes.ts'
import type { ChangeListener } from './change-listener.ts'
import { currentActor } from './current-actor.ts'
import { createFairPool } from './fair-pool.ts'
import { destroy, type Liveness } from './liveness.ts'
import { Pipelining, type Statement, textOf } from './pipelining.ts'
import { statementSent } from './statement-sent.ts'

/** A transaction's connection. Its share was taken before. */
export interface HeldTransaction {
  client: pg.PoolClient | null
  over: boolean
}

export const currentTransaction = new AsyncLocalStorage<HeldTransaction>()

/** It would wait for ever (embedded) or miss the transaction's rows. */
export const OUTSIDE_TRANSACTION = 'Inside a transaction use only the db it was given'

export function insideTransaction(): boolean {
  const transaction = currentTransaction.getStore()
  return transaction !== undefined && !transaction.over
}

/** Milliseconds for a lock; retryable. */
export const LOCK = 10_000
/** UTC as Prisma expects; JIT does not help short statements. */
export const SESSION = `SET TimeZone = 'UTC'; SET DateStyle = 'ISO, MDY'; SET default_transaction_isolation = 'read committed'; SET jit = off; SET lock_timeout = ${LOCK}`

const QUEUE = 5_000

/** `isJoined`: in the round trip of the one before. */
export type StatementListener = (text: string, isJoined: boolean) => void

export interface StorePoolConfig extends pg.PoolConfig {
  readonly max: number
  readonly connectionTimeoutMillis: number
}

/**
 * pg.Pool, but errors keep connections, transactions are known inside, their ends pipelined,
 * statements observable, shares fair.
 */
export class StorePool extends pg.Pool {
  readonly #listeners = new Set<StatementListener>()
  readonly #pipelinings = new WeakMap<pg.PoolClient, Pipelining>()
  readonly #shares: FairQueue
  readonly changes: AccessChanges
  /** Statements and transactions that took a connection. */
  taken = 0
  liveness: Liveness | null = null
  refused: ((error: pg.DatabaseError) => void) | null = null

  constructor(config: StorePoolConfig, onIdleError: (error: Error) => void, listener: ChangeListener | null = null) {
    super({ ...config, pipeline: true, onConnect: client => client.query(SESSION) })
    this.changes = new AccessChanges(listener)
    this.#shares = createFairPool({ places: config.max, queue: QUEUE, wait: config.connectionTimeoutMillis })
    // An unhandled error event would end the process.
    this.on('error', onIdleError)
    this.on('connect', client => {
      this.#watch(client)
      this.changes.watch(client)
    })
    this.on('release', (_, client) => this.#pipelinings.get(client)?.reset())
    this.query = ((text: string | pg.QueryConfig, values?: unknown[]) => this.#query(text, values)) as typeof this.query
  }

  onStatement(listener: StatementListener): () => void {
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

  get isFree(): boolean {
    return this.idleCount === this.totalCount
  }

  get waiting(): number {
    return this.#shares.waiting + this.waitingCount
  }

  placed<T>(work: () => Promise<T>): Promise<T> {
    this.taken++
    return this.#shares.run({ actor: currentActor() }, work)
  }

  async #borrow(): Promise<pg.PoolClient> {
    const transaction = currentTransaction.getStore()
    if (transaction && !transaction.over) return this.#borrowFor(transaction)
    this.taken++
    const turn = { actor: currentActor() }
    const leave = this.#shares.tryAcquire(turn) ?? (await this.#shares.acquire(turn))
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
    // After a timeout Prisma releases the connection early.
    return onRelease(transaction.client, () => {
      transaction.over = true
    })
  }

  #connected(): Promise<pg.PoolClient> {
    const { liveness } = this
    if (!liveness) return super.connect()
    liveness.check()
    // An idle connection that nobody waits for is there at once.
    const isIdle = this.idleCount > this.waitingCount
    const connecting = super.connect()
    if (isIdle) return connecting
    return liveness.follow(connecting, () => void connecting.then(client => client.release(), ignore))
  }

  /** For texts with transactions: a failure must not leave one open. */
  foreign(text: string, values?: unknown[]): Promise<pg.QueryResult> {
    return this.#query(text, values, client => client.query('ROLLBACK'))
  }

  async #query(
    text: string | pg.QueryConfig,
    values?: unknown[],
    tidy?: (client: pg.PoolClient) => Promise<unknown>,
  ): Promise<pg.QueryResult> {
    const client = await this.connect()
    let spoilt = false
    try {
      return await client.query(text, values)
    } catch (error) {
      // Keeps the connection, except for stale or missing prepared statements.
      spoilt = !(error instanceof pg.DatabaseError) || error.code === '0A000' || error.code === '26000'
      if (!spoilt)
        await tidy?.(client).catch(() => {
          spoilt = true
        })
      throw error
    } finally {
      client.release(spoilt)
    }
  }

  #watch(client: pg.PoolClient): void {
    client.on('error', ignore)
    const send = client.query.bind(client) as (...sent: unknown[]) => unknown
    let unanswered = 0
    const answered = () => void unanswered--
    const watched = (first: Statement, rest: readonly unknown[]): unknown => {
      const text = textOf(first)
      for (const listener of this.#listeners) listener(text, unanswered > 0)
      const { liveness } = this
      liveness?.check()
      const sent = send(first, ...rest)
      if (!(sent instanceof Promise)) return sent
      if (statementSent.hasSubscribers) statementSent.publish({ text, answer: sent })
      unanswered++
      sent.then(answered, error => {
        answered()
        if (error instanceof pg.DatabaseError) this.refused?.(error)
      })
      const answer = liveness?.follow(sent, () => destroy(client)) ?? sent
      return text === 'COMMIT' ? answer.then(committed) : answer
    }
    const pipelining = new Pipelining(client, watched)
    this.#pipelinings.set(client, pipelining)
    client.query = ((first: Statement, ...rest: unknown[]) => pipelining.query(first, rest)) as typeof client.query
  }
}

function onRelease(client: pg.PoolClient, then: () => void): pg.PoolClient {
  const release = client.release.bind(client)
  client.release = error => {
    then()
    release(error)
  }
  return client
}

/** A COMMIT of a failed transaction answers ROLLBACK. */
function committed(result: pg.QueryResult): pg.QueryResult {
  if (result.command === 'ROLLBACK') throw new Error('The transaction was rolled back: one of its statements had failed')
  return result
}

/** The statement rejects with it; the event needs a listener. */
function ignore(): void {}

/** Up to `limit` texts: servers keep them per connection. */
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
