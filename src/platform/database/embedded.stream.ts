import { Duplex } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import type { PGlite } from '@electric-sql/pglite'

const TERMINATE = 0x58
const QUERY = 0x51

/**
 * Zero-filling WAL delays COMMIT by 100 ms; there is no fsync.
 * ANALYZE stops all others: it samples 300 times the target.
 */
const SETTINGS = 'SET wal_init_zero = off; SET default_statistics_target = 10'

/** Milliseconds between yields: the database runs in this thread. */
const PAUSE_MS = 10

/** Serialises connections: node-postgres may open the next early. */
export class Backend {
  readonly #db: PGlite
  #last: Promise<void> = Promise.resolve()
  #yieldedAt = 0
  constructor(db: PGlite) {
    this.#db = db
  }

  connect(): Duplex {
    return new EmbeddedStream(this)
  }

  async enter(): Promise<() => Promise<void>> {
    const before = this.#last
    let left = () => {}
    this.#last = new Promise(resolve => {
      left = resolve
    })
    await before
    return async () => {
      try {
        // Clears transaction, settings and prepared statements of a dropped connection.
        await this.send(simpleQuery('ROLLBACK'))
        await this.send(simpleQuery('DISCARD ALL'))
      } finally {
        left()
      }
    }
  }

  /** Resolves when unused; only then may the database close. */
  async emptied(): Promise<void> {
    for (let last: Promise<void> | null = null; last !== this.#last; ) {
      last = this.#last
      await last
    }
  }

  async breathe(): Promise<void> {
    if (performance.now() - this.#yieldedAt <= PAUSE_MS) return
    await setImmediate()
    this.#yieldedAt = performance.now()
  }

  start(message: Uint8Array): Promise<Uint8Array> {
    return this.#db.runExclusive(() => this.#db.execProtocolRaw(message))
  }

  /** execProtocolRaw would keep its messages for good. */
  async send(message: Uint8Array): Promise<Uint8Array> {
    const parts: Uint8Array[] = []
    const onRawData = (data: Uint8Array) => void parts.push(data.slice())
    await this.#db.runExclusive(() => this.#db.execProtocolRawStream(message, { onRawData }))
    return parts.length === 1 ? parts[0]! : Buffer.concat(parts)
  }
}

class EmbeddedStream extends Duplex {
  readonly #backend: Backend
  #held: Buffer = Buffer.alloc(0)
  #started = false
  #leave: (() => Promise<void>) | null = null
  constructor(backend: Backend) {
    super()
    this.#backend = backend
  }

  connect(): this {
    void setImmediate().then(() => this.emit('connect'))
    return this
  }
  setNoDelay(): this {
    return this
  }
  setKeepAlive(): this {
    return this
  }
  ref(): this {
    return this
  }
  unref(): this {
    return this
  }

  override _read(): void {}
  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    this.#forward([chunk]).then(() => done(), done)
  }
  /** Corked messages are one call into WebAssembly. */
  override _writev(chunks: { chunk: Buffer }[], done: (error?: Error | null) => void): void {
    this.#forward(chunks.map(({ chunk }) => chunk)).then(() => done(), done)
  }
  override _final(done: (error?: Error | null) => void): void {
    this.#goodbye().then(() => {
      this.push(null)
      done()
    }, done)
  }
  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#goodbye().then(() => done(error), done)
  }

  async #forward(chunks: Buffer[]): Promise<void> {
    this.#held = Buffer.concat([this.#held, ...chunks])
    if (!this.#started) {
      const length = startupLength(this.#held)
      if (length === 0) return
      this.#started = true
      this.#leave = await this.#backend.enter()
      if (this.destroyed) return this.#goodbye()
      this.#reply(await this.#backend.start(this.#take(length)))
      await this.#backend.send(simpleQuery(SETTINGS))
    }
    const { length, terminated } = messagesOf(this.#held)
    if (length > 0) await this.#answer(this.#take(length))
    if (terminated) await this.#goodbye()
  }

  #take(length: number): Uint8Array {
    const taken = new Uint8Array(this.#held.subarray(0, length))
    this.#held = this.#held.subarray(length)
    return taken
  }

  async #answer(message: Uint8Array): Promise<void> {
    await this.#backend.breathe()
    this.#reply(await this.#backend.send(message))
  }

  #reply(reply: Uint8Array): void {
    if (reply.length > 0) this.push(Buffer.from(reply.buffer, reply.byteOffset, reply.byteLength))
  }

  async #goodbye(): Promise<void> {
    const leave = this.#leave
    this.#leave = null
    await leave?.()
  }
}

function startupLength(held: Buffer): number {
  if (held.length < 4) return 0
  const length = held.readUInt32BE(0)
  return held.length < length ? 0 : length
}

function messagesOf(held: Buffer): { length: number; terminated: boolean } {
  let length = 0
  while (held.length >= length + 5) {
    if (held[length] === TERMINATE) return { length, terminated: true }
    const next = length + 1 + held.readUInt32BE(length + 1)
    if (held.length < next) break
    length = next
  }
  return { length, terminated: false }
}

function simpleQuery(sql: string): Uint8Array {
  const text = Buffer.from(`${sql}\0`)
  const message = Buffer.alloc(5 + text.length)
  message[0] = QUERY
  message.writeUInt32BE(4 + text.length, 1)
  text.copy(message, 5)
  return new Uint8Array(message)
}
