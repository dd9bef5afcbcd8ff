/**
 * Reads at a streaming replica. A request asks the primary how far it has written, once and together with others;
 * the replica answers where it has replayed that much. So everybody reads what anybody wrote before, at any
 * instance. Whatever the replica cannot answer, the primary does.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { actingAs, own } from './current-actor.ts'
import { toUnavailable } from './errors.ts'
import { insideTransaction, type StorePool } from './pool.ts'
import { createServerPool, livenessOf } from './server-pool.ts'
import { OWN_STATEMENT } from './statistics.ts'
import type { Db, Reads } from './store.ts'

/** Milliseconds that a request waits for the replica, and between two looks. */
const CATCH_UP = 20
const LOOK = 2
/** Milliseconds without the replica: after it was behind, after a failure. */
const BEHIND = 200
const AWAY = 2_000
/** read_only_sql_transaction: a statement that writes. */
const WRITES = '25006'

/** Bytes; commits that are not flushed count where the server answers them. */
const WRITTEN = `${OWN_STATEMENT}SELECT pg_wal_lsn_diff(CASE current_setting('synchronous_commit')
  WHEN 'off' THEN pg_current_wal_insert_lsn() ELSE pg_current_wal_flush_lsn() END, '0/0')::float8 AS at`
const REPLAYED = `${OWN_STATEMENT}SELECT pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0')::float8 AS at, pg_is_in_recovery() AS "isReplica"`
const IDENTITY = `${OWN_STATEMENT}SELECT system_identifier::text AS id FROM pg_control_system()`

type Statement = Parameters<Db['query']>

export interface ReplicaOptions {
  readonly url: string
  readonly primary: StorePool
  readonly max?: number | undefined
  readonly wait?: number | undefined
  readonly log: { info(message: string): void; warn(message: string): void }
  /** With the name of its prepared statement. */
  readonly prepared: (...statement: Statement) => pg.QueryConfig
}

export class Replica {
  readonly #options: ReplicaOptions
  readonly pool: StorePool
  /** Bytes that a connection's server had replayed at last. */
  readonly #replayed = new WeakMap<pg.PoolClient, number>()
  #identity: Promise<string> | null = null
  #asked: Promise<number> | null = null
  #sent: Promise<unknown> = Promise.resolve()
  #restsUntil = 0
  #isOut = false

  constructor(options: ReplicaOptions) {
    const { url, log, max, wait } = options
    this.#options = options
    this.pool = createServerPool({ url, name: 'roster reads', what: 'the read replica', max, wait, log })
    const silent = new Error('it gives no sign of life')
    this.pool.liveness = livenessOf(url, {
      name: 'roster replica liveness',
      onAway: () => this.#leaveOut(silent, AWAY),
      onBack: () => this.#takeBack(),
    })
  }

  /** Of one request. */
  reads(primary: Db): Reads {
    let isAtPrimary = false
    let written: Promise<number | null> | undefined
    const query = async <Row>(...statement: Statement): Promise<Row[]> => {
      if (!isAtPrimary && !insideTransaction()) {
        written ??= this.#written().catch(() => null)
        const rows = await this.#rows(statement, await written)
        if (rows !== null) return rows as Row[]
        isAtPrimary = true
      }
      return primary.query<Row>(...statement)
    }
    const wrote = () => {
      isAtPrimary = true
    }
    return { db: { ...primary, query }, wrote }
  }

  async stop(): Promise<void> {
    await this.pool.liveness?.stop()
    await this.pool.end()
  }

  /** Bytes. An answer under way may be older than this request: it waits for the next one. */
  #written(): Promise<number> {
    if (this.#isResting()) return Promise.reject(new Error('the replica is left out'))
    this.#asked ??= this.#sent.then(() => {
      this.#asked = null
      const answer = this.#askPrimary<{ at: number }>(WRITTEN).then(({ at }) => at)
      this.#sent = answer.catch(() => {})
      return answer
    })
    return this.#asked
  }

  async #askPrimary<Row>(text: string): Promise<Row> {
    const { rows } = await actingAs(own('system'), () => this.#options.primary.query(text))
    return rows[0] as Row
  }

  /** Null: the primary answers. */
  async #rows(statement: Statement, written: number | null): Promise<unknown[] | null> {
    if (written === null || this.#isResting()) return null
    let client: pg.PoolClient | undefined
    let isSpoilt = false
    try {
      client = await this.pool.connect()
      if (!(await this.#hasReplayed(client, written))) return null
      const { rows } = await client.query(this.#options.prepared(...statement))
      this.#takeBack()
      return rows
    } catch (error) {
      const { code } = error as { code?: string }
      if (code === WRITES) return null
      if (!(error instanceof NoReplica) && toUnavailable(error) === null) throw error
      isSpoilt = true
      this.#leaveOut(error as Error, AWAY)
      return null
    } finally {
      client?.release(isSpoilt)
    }
  }

  async #hasReplayed(client: pg.PoolClient, written: number): Promise<boolean> {
    if (!this.#replayed.has(client)) await this.#identify(client)
    for (const end = performance.now() + CATCH_UP; ; await sleep(LOOK)) {
      if (this.#replayed.get(client)! >= written) return true
      const { rows } = await client.query<{ at: number | null; isReplica: boolean }>(REPLAYED)
      if (!rows[0]!.isReplica) throw new NoReplica('it is no replica any more')
      this.#replayed.set(client, rows[0]!.at ?? 0)
      if (rows[0]!.at! >= written) return true
      if (performance.now() >= end) break
    }
    this.#restsUntil = performance.now() + BEHIND
    return false
  }

  /** Positions of another server would mean nothing. */
  async #identify(client: pg.PoolClient): Promise<void> {
    this.#identity ??= this.#askPrimary<{ id: string }>(IDENTITY).then(({ id }) => id)
    this.#identity.catch(() => {
      this.#identity = null
    })
    const { rows } = await client.query<{ id: string }>(IDENTITY)
    if (rows[0]!.id !== (await this.#identity)) throw new NoReplica('it is no replica of DATABASE_URL')
    this.#replayed.set(client, 0)
  }

  #isResting(): boolean {
    return performance.now() < this.#restsUntil
  }

  #leaveOut({ message }: Error, ms: number): void {
    this.#restsUntil = performance.now() + ms
    if (this.#isOut) return
    this.#isOut = true
    this.#options.log.warn(`the read replica is left out, the primary answers: ${message}`)
  }

  #takeBack(): void {
    if (!this.#isOut) return
    this.#isOut = false
    this.#options.log.info('the read replica answers again')
  }
}

class NoReplica extends Error {}
