import { Duplex } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import type { PGlite } from '@electric-sql/pglite'

const TERMINATE = 0x58
const QUERY = 0x51

/** A WAL segment filled with zeros takes a COMMIT 100 ms and more, every 16 MB; the files are written without fsync anyway. */
const SETTINGS = 'SET wal_init_zero = off'

/** Milliseconds. The database runs in this very thread: statements that follow each other without a break would let nobody else be heard. */
const PAUSE_MS = 10

/**
 * The one backend of an in-process PGlite and whose turn it is: a connection that opens waits until the one before has
 * left nothing behind, because node-postgres may open the next before the last has said goodbye.
 */
export class Backend {
  readonly #db: PGlite
  #last: Promise<void> = Promise.resolve()
  #yieldedAt = 0
  constructor(db: PGlite) {
    this.#db = db
  }

  /** A socket for node-postgres (its `stream` option). */
  connect(): Duplex {
    return new EmbeddedStream(this)
  }

  /** Resolves with the way to leave, once everybody before has left. */
  async enter(): Promise<() => Promise<void>> {
    const before = this.#last
    let left = () => {}
    this.#last = new Promise(resolve => {
      left = resolve
    })
    await before
    return async () => {
      try {
        // There is one backend for ever: a dropped connection's transaction, settings and prepared statements must go with it.
        await this.send(simpleQuery('ROLLBACK'))
        await this.send(simpleQuery('DISCARD ALL'))
      } finally {
        left()
      }
    }
  }

  /** Resolves once nobody is here, nor on the way in: before that the database must not be closed. */
  async emptied(): Promise<void> {
    for (let last: Promise<void> | null = null; last !== this.#last; ) {
      last = this.#last
      await last
    }
  }

  /** Lets other events be handled, where none were for a while. */
  async breathe(): Promise<void> {
    if (performance.now() - this.#yieldedAt <= PAUSE_MS) return
    await setImmediate()
    this.#yieldedAt = performance.now()
  }

  send(message: Uint8Array): Promise<Uint8Array> {
    return this.#db.runExclusive(() => this.#db.execProtocolRaw(message))
  }
}

/** What node-postgres takes for a TCP socket: writes whole protocol messages to the backend and reads its answers. */
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
  /** node-postgres corks Parse, Bind, Describe, Execute and Sync: together they are one trip into WebAssembly. */
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
      // Its turn has come too late: nobody would give it back.
      if (this.destroyed) return this.#goodbye()
      await this.#answer(this.#take(length))
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
    const reply = await this.#backend.send(message)
    if (reply.length > 0) this.push(Buffer.from(reply.buffer, reply.byteOffset, reply.byteLength))
  }

  async #goodbye(): Promise<void> {
    const leave = this.#leave
    this.#leave = null
    await leave?.()
  }
}

/** The start-up message has no type byte: length (4 bytes, itself included) first. 0 when it is not whole yet. */
function startupLength(held: Buffer): number {
  if (held.length < 4) return 0
  const length = held.readUInt32BE(0)
  return held.length < length ? 0 : length
}

/** How many bytes of `held` are whole messages (type byte, length), up to and without a Terminate. */
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
