/** LISTEN on its own connection. A beat arrives after all earlier commits. */
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { setTimeout } from 'node:timers/promises'
import pg from 'pg'
import { destroy } from './liveness.ts'

const CHANNEL = 'roster_access'
/** Milliseconds. */
const BEAT = 300
const SILENCE = 1_000
const START = 1_000
const QUERY = 5_000
const RETRY = { first: 500, longest: 30_000 }

/** Which server and database a statement runs on. */
export const ORIGIN = `extract(epoch FROM pg_postmaster_start_time())::text || ' ' || current_database()`

export interface ChangeListenerOptions {
  readonly client: pg.ClientConfig
  /** Milliseconds without a beat. */
  readonly silence?: number
  readonly log: { info(message: string): void; warn(message: string): void }
}

export class ChangeListener {
  readonly #options: ChangeListenerOptions
  readonly #beats = `roster_beat_${randomUUID().replaceAll('-', '')}`
  readonly #stop = new AbortController()
  readonly #receivers = new Set<(payload: string) => void>()
  readonly #first = Promise.withResolvers<void>()
  #running: Promise<void> | null = null
  /** When the last received beat was sent. */
  #currentAt = Number.NEGATIVE_INFINITY
  #origin: string | null = null
  #warned = ''

  constructor(options: ChangeListenerOptions) {
    this.#options = options
  }

  onPayload(receiver: (payload: string) => void): void {
    this.#receivers.add(receiver)
  }

  async start(): Promise<void> {
    this.#running ??= this.#run()
    await Promise.race([this.#first.promise, setTimeout(START, undefined, { ref: false })])
  }

  /** A clock that went backwards counts as silence. */
  isCurrent(now: number): boolean {
    const age = now - this.#currentAt
    return age >= 0 && age < (this.#options.silence ?? SILENCE)
  }

  isAt(origin: string): boolean {
    const isSame = this.#origin === origin
    if (!isSame && this.#origin !== null) this.#warn('DATABASE_DIRECT_URL leads to another server or database than DATABASE_URL')
    return isSame
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#running
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop
    for (let wait = RETRY.first; !signal.aborted; ) {
      const client = new pg.Client({ ...this.#options.client, connectionTimeoutMillis: QUERY, query_timeout: QUERY })
      const lost = once(client, 'end', { signal }).catch(() => {})
      client.on('error', () => {})
      try {
        await client.connect()
        await this.#listen(client)
        wait = RETRY.first
        while (!signal.aborted) {
          await this.#beat(client)
          await Promise.race([setTimeout(BEAT, undefined, { ref: false }), lost])
        }
      } catch (error) {
        if (!signal.aborted) this.#warn(error instanceof Error ? error.message : String(error))
      } finally {
        this.#currentAt = Number.NEGATIVE_INFINITY
        destroy(client)
      }
      await setTimeout(wait, undefined, { ref: false, signal }).catch(() => {})
      wait = Math.min(wait * 2, RETRY.longest)
    }
  }

  async #listen(client: pg.Client): Promise<void> {
    const { rows } = await client.query<{ pid: number; origin: string }>(`SELECT pg_backend_pid() AS pid, ${ORIGIN} AS origin`)
    const [{ pid, origin }] = rows as [{ pid: number; origin: string }]
    // A pooler answers with a key of its own, and loses notifications.
    if (pid !== (client as unknown as { processID: number }).processID)
      throw new Error('a pooler is between Roster and PostgreSQL: set DATABASE_DIRECT_URL to the address of the server itself')
    client.on('notification', ({ channel, payload = '*' }) => {
      if (channel === this.#beats) this.#received(Number(payload))
      else this.#receive(payload)
    })
    await client.query(`LISTEN ${CHANNEL}; LISTEN ${this.#beats}`)
    this.#origin = origin
    this.#receive('*')
    if (this.#warned !== '') this.#options.log.info('Changes of access by other instances are received again')
    this.#warned = ''
  }

  async #beat(client: pg.Client): Promise<void> {
    await client.query('SELECT pg_notify($1, $2)', [this.#beats, String(Date.now())])
  }

  #received(sentAt: number): void {
    this.#currentAt = sentAt
    this.#first.resolve()
  }

  #receive(payload: string): void {
    for (const receiver of this.#receivers) receiver(payload)
  }

  #warn(reason: string): void {
    if (reason === this.#warned) return
    this.#warned = reason
    this.#options.log.warn(`Changes of access by other instances are not received, so credentials are not cached: ${reason}`)
  }
}
