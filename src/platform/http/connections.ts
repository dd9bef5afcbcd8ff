import type { Socket } from 'node:net'

/** Bytes of unfinished bodies and unread responses, of all connections. */
const BODIES = 128 * 1024 * 1024
const ANSWERS = 256 * 1024 * 1024

export class Held {
  readonly #limit: number
  #held = 0
  constructor(limit: number) {
    this.#limit = limit
  }
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
  readonly #sockets = new Map<Socket, number>()
  /** A first request may arrive with the end of the handshake. */
  readonly #begun = new WeakSet<Socket>()
  readonly #first: number

  constructor(first: number, { bodies = BODIES, answers = ANSWERS }: { bodies?: number; answers?: number } = {}) {
    this.#first = first
    this.bodies = new Held(bodies)
    this.answers = new Held(answers)
  }

  get size(): number {
    return this.#sockets.size
  }

  /** Bytes read already are of a TLS handshake. */
  add(socket: Socket): void {
    this.#sockets.set(socket, socket.bytesRead)
    // node's timeouts start at the first byte.
    const silent = setTimeout(() => this.#closeIfSilent(socket), this.#first).unref()
    socket.once('close', () => {
      clearTimeout(silent)
      this.#sockets.delete(socket)
    })
  }

  begin(socket: Socket): void {
    this.#begun.add(socket)
  }

  isWriting(): boolean {
    for (const socket of this.#sockets.keys()) if (socket.writableLength > 0) return true
    return false
  }

  /** node would wait for their first request. */
  closeSilent(): void {
    for (const socket of this.#sockets.keys()) this.#closeIfSilent(socket)
  }

  #closeIfSilent(socket: Socket): void {
    if (socket.bytesRead === this.#sockets.get(socket) && !this.#begun.has(socket)) socket.destroy()
  }
}
