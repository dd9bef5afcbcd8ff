/**
 * Pings the database on its own connection while statements wait. A silent database fails all of them; slow
 * statements continue.
 */
import pg from 'pg'
import { Unavailable } from '../errors.ts'

/** Milliseconds between checks. */
const TICK = 100
/** Milliseconds before pinging. */
const SUSPECT = 400
/** Checks, not time: this process may have been busy. */
const MAX_SILENCE = 10
/** Milliseconds until a statement's connection counts as dead. */
const LOST = 40_000
const RETRY = 5

interface Waiting {
  readonly since: number
  readonly giveUp: () => void
}

export interface LivenessOptions {
  readonly client: pg.ClientConfig
  readonly onChange: (isAway: boolean) => void
}

export class Liveness {
  readonly #options: LivenessOptions
  readonly #waiting = new Set<Waiting>()
  #client: pg.Client | null = null
  #ping: { looks: number; silent: () => void; answer: Promise<void> } | null = null
  #answeredAt = Number.NEGATIVE_INFINITY
  #isAway = false
  #timer: NodeJS.Timeout | undefined

  constructor(options: LivenessOptions) {
    this.#options = options
  }

  check(): void {
    if (this.#isAway) throw silent()
  }

  /** Throws Unavailable when silent, and calls `abandon`. */
  follow<T>(work: Promise<T>, abandon: () => void): Promise<T> {
    return new Promise((resolve, reject) => {
      const waiting: Waiting = {
        since: performance.now(),
        giveUp: () => {
          this.#waiting.delete(waiting)
          reject(silent())
          abandon()
        },
      }
      this.#waiting.add(waiting)
      this.#look()
      const over = () => this.#waiting.delete(waiting)
      work.then(
        value => {
          over()
          resolve(value)
        },
        error => {
          over()
          reject(error)
        },
      )
    })
  }

  async ping(): Promise<void> {
    this.check()
    this.#look()
    await this.#asked()
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    this.#ping?.silent()
    await this.#client?.end().catch(() => {})
  }

  #look(): void {
    if (this.#timer) return
    this.#timer = setInterval(() => this.#tick(), TICK)
    this.#timer.unref()
  }

  #tick(): void {
    const now = performance.now()
    if (this.#ping) {
      if (++this.#ping.looks > MAX_SILENCE) this.#ping.silent()
      return
    }
    for (const waiting of this.#waiting) {
      if (now - waiting.since < LOST) break
      waiting.giveUp()
    }
    const [oldest] = this.#waiting
    if (!oldest && !this.#isAway) {
      clearInterval(this.#timer)
      this.#timer = undefined
    } else if (this.#isAway || now - Math.max(oldest!.since, this.#answeredAt) >= SUSPECT) this.#asked().catch(() => {})
  }

  #asked(): Promise<void> {
    if (this.#ping) return this.#ping.answer
    const { promise, reject } = Promise.withResolvers<never>()
    const answer = Promise.race([this.#select(), promise]).then(
      () => this.#over(false),
      error => {
        this.#over(error instanceof Silence)
        throw error instanceof Silence ? silent() : error
      },
    )
    this.#ping = { looks: 0, silent: () => reject(new Silence()), answer }
    return answer
  }

  async #select(): Promise<void> {
    try {
      if (!this.#client) {
        const client = new pg.Client(this.#options.client)
        this.#client = client
        client.on('error', () => this.#drop(client))
        await client.connect()
      }
      await this.#client.query('SELECT 1')
    } catch (error) {
      if (this.#client) this.#drop(this.#client)
      throw error
    }
  }

  #drop(client: pg.Client): void {
    if (this.#client === client) this.#client = null
    destroy(client)
  }

  #over(isAway: boolean): void {
    this.#ping = null
    this.#answeredAt = performance.now()
    if (isAway) {
      if (this.#client) this.#drop(this.#client)
      for (const waiting of this.#waiting) waiting.giveUp()
    }
    if (isAway === this.#isAway) return
    this.#isAway = isAway
    this.#options.onChange(isAway)
  }
}

class Silence extends Error {}

const silent = (): Unavailable =>
  new Unavailable('The database does not respond: try again shortly', { retryAfter: RETRY, reason: 'database' })

/** Without a goodbye, which would wait. */
export function destroy(client: pg.ClientBase): void {
  const { connection } = client as unknown as { connection?: { stream?: { destroy(): void } } }
  connection?.stream?.destroy()
}
