/** The connections of a server: how long one may be silent, and how much all of them together may hold. */
import type { Socket } from 'node:net'

/** Bytes of bodies that are not whole yet, and of answers that are not read yet, of all connections. */
const BODIES = 128 * 1024 * 1024
const ANSWERS = 256 * 1024 * 1024

/** A number of bytes that many share. */
export class Held {
  readonly #limit: number
  #held = 0
  constructor(limit: number) {
    this.#limit = limit
  }
  /** Whether there was room for them. */
  take(bytes: number): boolean {
    if (this.#held + bytes > this.#limit) return false
    this.#held += bytes
    return true
  }
  give(bytes: number): void {
    this.#held -= bytes
  }
}

export class Connections {
  readonly bodies: Held
  readonly answers: Held
  readonly #sockets = new Set<Socket>()
  readonly #first: number

  /** `first` is how long a connection may take to send its first byte, in milliseconds. */
  constructor(first: number, { bodies = BODIES, answers = ANSWERS }: { bodies?: number; answers?: number } = {}) {
    this.#first = first
    this.bodies = new Held(bodies)
    this.answers = new Held(answers)
  }

  get size(): number {
    return this.#sockets.size
  }

  add(socket: Socket): void {
    this.#sockets.add(socket)
    // The deadlines of node begin with the first byte.
    const silent = setTimeout(() => {
      if (socket.bytesRead === 0) socket.destroy()
    }, this.#first).unref()
    socket.once('close', () => {
      clearTimeout(silent)
      this.#sockets.delete(socket)
    })
  }

  /** Whether an answer is on its way on any of them. */
  isWriting(): boolean {
    for (const socket of this.#sockets) if (socket.writableLength > 0) return true
    return false
  }

  /** Closes those that never sent a byte: node would wait for their first request. */
  closeSilent(): void {
    for (const socket of this.#sockets) if (socket.bytesRead === 0) socket.destroy()
  }
}
