import { AsyncLocalStorage } from 'node:async_hooks'
import { createHash } from 'node:crypto'
import pg from 'pg'

/** The connection that one transaction holds, for as long as it is open. */
export interface Held {
  client: pg.PoolClient | null
  over: boolean
}

/** Which transaction the running code belongs to. */
export const held = new AsyncLocalStorage<Held>()

/** On the embedded store it would wait for ever for the one connection; on a server it would not see the transaction's rows. */
export const MIXED = 'Inside a transaction use only the db it was given'

export function insideTransaction(): boolean {
  const transaction = held.getStore()
  return transaction !== undefined && !transaction.over
}

/** One session's settings, whatever the server's defaults: Prisma reads and writes timestamps as if the zone were UTC; short statements gain nothing from being compiled. */
const SESSION =
  "SET TimeZone = 'UTC'; SET DateStyle = 'ISO, MDY'; SET default_transaction_isolation = 'read committed'; SET jit = off"

/**
 * The pool that Prisma's adapter and `db.query` share. It differs from node-postgres' own in three things: a statement that fails does
 * not cost its connection, a transaction's connection is known to the code inside it, and every statement can be watched.
 */
export class StorePool extends pg.Pool {
  readonly #listeners = new Set<(text: string) => void>()

  constructor(config: pg.PoolConfig, onIdleError: (error: Error) => void) {
    super({ ...config, onConnect: client => client.query(SESSION) })
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

  async #borrow(): Promise<pg.PoolClient> {
    const transaction = held.getStore()
    if (!transaction || transaction.over) return super.connect()
    if (transaction.client) throw new Error(MIXED)
    const client = await super.connect()
    const release = client.release.bind(client)
    // Prisma gives the connection back by itself when a transaction has run out of time: from then on it is somebody else's.
    client.release = error => {
      transaction.over = true
      release(error)
    }
    transaction.client = client
    return client
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
      const answer = send(first, ...rest)
      return text === 'COMMIT' && answer instanceof Promise ? answer.then(committed) : answer
    }
    client.query = watched as typeof client.query
  }
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
