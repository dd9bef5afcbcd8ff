import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Logger } from 'pino'
import { RosterError, Unavailable } from '../errors.ts'
import { type Coder, Compression, code, isCompressible, preferredCoding } from './compression.ts'
import type { Connections } from './connections.ts'
import { addVary, type Cors } from './cors.ts'
import { errorHeaders, Fault, restError } from './errors.ts'
import { noteRefusal } from './refusals.ts'
import { isUnder, pathOf } from './request.ts'
import { isUploading, lengthOf, type PreparedResponse, prepare, send } from './send.ts'
import type { Timing } from './timing.ts'
import type { HttpResponse, Translator } from './types.ts'

/** Bytes that the system buffers at once. */
const UNCOUNTED = 64 * 1024

export interface Exchange {
  readonly id: string
  readonly request: IncomingMessage
  readonly response: ServerResponse
}

interface ResponsesOptions {
  readonly log: Logger
  readonly timing: Timing
  readonly connections: Connections
  readonly cors: Cors
}

export class Responses {
  standard: Readonly<Record<string, string>> = {}
  closing = false
  readonly #options: ResponsesOptions
  readonly #compression = new Compression()
  readonly #translators: [prefix: string, translator: Translator][] = []

  constructor(options: ResponsesOptions) {
    this.#options = options
  }

  get connection(): { connection?: 'close' } {
    return this.closing ? { connection: 'close' } : {}
  }

  translate(prefix: string, translator: Translator): void {
    this.#translators.push([prefix, translator])
    this.#translators.sort(([a], [b]) => b.length - a.length)
  }

  send(exchange: Exchange, answer: HttpResponse): number {
    return this.#send(exchange, prepare(answer, exchange.id, this.standard))
  }

  /** Never throws: a failing translator becomes a Fault. */
  fail(exchange: Exchange, error: unknown, path?: string): number {
    return this.#send(exchange, this.#failure(error, exchange, path))
  }

  #send(exchange: Exchange, answer: PreparedResponse): number {
    const { connections, cors, timing } = this.#options
    const { request, response } = exchange
    const path = pathOf(request.url)
    const length = lengthOf(answer.payload)
    const isHeld = length > UNCOUNTED
    if (isHeld && !connections.answers.take(length)) {
      const busy = new Unavailable('Too many responses are waiting to be read: try again shortly', {
        retryAfter: 5,
        reason: 'responses',
      })
      return this.#send(exchange, this.#failure(busy, exchange))
    }
    if (isHeld) response.once('close', () => connections.answers.give(length))
    cors.mark(answer.headers, path, request.headers)
    const coder = this.#coder(request, answer, length)
    send(request, { response, answer, sending: { closing: this.closing, timing, coder } })
    return answer.status
  }

  #coder(request: IncomingMessage, { status, headers, isSecret }: PreparedResponse, length: number): Coder | null {
    if (isSecret || !isCompressible(headers, { status, length })) return null
    addVary(headers, 'Accept-Encoding')
    if (request.httpVersion === '1.0' || isUploading(request)) return null
    if (request.method !== 'HEAD') return this.#compression.start(headers, request.headers)
    const coding = preferredCoding(request.headers['accept-encoding'])
    if (coding !== null) code(headers, coding)
    return null
  }

  #failure(error: unknown, { id, request }: Exchange, path = pathOf(request.url)): PreparedResponse {
    const known = error instanceof RosterError ? error : this.#unforeseen(error, id)
    noteRefusal(known)
    const translator = this.#translators.find(([prefix]) => isUnder(path, prefix))?.[1] ?? restError
    try {
      const answer = translator(known, { requestId: id, path, accept: request.headers.accept })
      return prepare({ ...answer, headers: { ...errorHeaders(answer.status, known), ...answer.headers } }, id, this.standard)
    } catch (fault) {
      return prepare(restError(this.#unforeseen(fault, id)), id, this.standard)
    }
  }

  #unforeseen(error: unknown, id: string): RosterError {
    this.#options.log.error({ err: error, requestId: id }, 'unforeseen error')
    return new Fault(id)
  }
}
