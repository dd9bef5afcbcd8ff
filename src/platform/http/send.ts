import { type IncomingMessage, type OutgoingHttpHeaders, type ServerResponse, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { Transform, Writable } from 'node:stream'
import type { Coder } from './compression.ts'
import { errorBody, errorHeaders } from './errors.ts'
import { isLong, jsonPieces, Pieces } from './json.ts'
import { BODY_LIMIT, hasBody } from './read-body.ts'
import type { Timing } from './timing.ts'
import type { HttpResponse } from './types.ts'

/** Milliseconds until a rejected upload is cut. */
const LINGER = 5_000
const JSON_TYPE = 'application/json; charset=utf-8'

const answered = new WeakSet<Socket>()

export function isAnswered(socket: Socket): boolean {
  return answered.has(socket) || !socket.writable
}

/** Prepared separately, since serialisation can fail. */
export interface PreparedResponse {
  readonly status: number
  readonly headers: OutgoingHttpHeaders
  readonly payload: string | Buffer | Pieces
  readonly isSecret: boolean
}

export interface Sending {
  readonly closing: boolean
  readonly timing: Pick<Timing, 'write' | 'minimumRate'>
  readonly coder: Coder | null
}

export function prepare(answer: HttpResponse, requestId: string, standard: Readonly<Record<string, string>>): PreparedResponse {
  const { status, body, headers: own, isSecret = false } = answer
  const payload = body === undefined ? '' : isWritten(body) ? body : JSON.stringify(body)
  const length = lengthOf(payload)
  const headers: OutgoingHttpHeaders = { ...standard, 'x-request-id': requestId }
  if (length > 0) headers['content-type'] = JSON_TYPE
  if (status !== 204 && status !== 304) headers['content-length'] = length
  if (status >= 400) Object.assign(headers, errorHeaders(status))
  if (own !== undefined) for (const name in own) headers[name.toLowerCase()] = own[name]
  return { status, headers, payload, isSecret }
}

export async function written(answer: HttpResponse): Promise<HttpResponse> {
  const { body } = answer
  if (typeof body !== 'object' || isWritten(body) || !isLong(body)) return answer
  const whole = await jsonPieces(body)
  return { ...answer, body: whole.pieces.length === 1 ? whole.pieces[0] : whole }
}

const isWritten = (body: string | Buffer | Pieces | object): body is string | Buffer | Pieces =>
  typeof body === 'string' || Buffer.isBuffer(body) || body instanceof Pieces

export const lengthOf = (payload: PreparedResponse['payload']): number =>
  payload instanceof Pieces ? payload.pieces.reduce((sum, { length }) => sum + length, 0) : Buffer.byteLength(payload)

const PIECE = 64 * 1024

function piecesOf(payload: PreparedResponse['payload']): readonly Buffer[] {
  if (payload instanceof Pieces) return payload.pieces.flatMap(cutToPieces)
  if (payload.length <= PIECE) return payload.length === 0 ? [] : [Buffer.from(payload as string)]
  const whole = Buffer.isBuffer(payload) ? payload : Buffer.from(payload)
  return cutToPieces(whole)
}

const cutToPieces = (whole: Buffer): Buffer[] =>
  whole.length <= PIECE
    ? [whole]
    : Array.from({ length: Math.ceil(whole.length / PIECE) }, (_, n) => whole.subarray(n * PIECE, (n + 1) * PIECE))

/** Follows the reader's pace; cuts slow readers. */
function write(
  response: ServerResponse,
  {
    sink = response,
    payload,
    timing: { write: stalled, minimumRate },
    then,
  }: { sink?: Writable; payload: PreparedResponse['payload']; timing: Sending['timing']; then: () => void },
): void {
  const pieces = piecesOf(payload)
  const cut = () => response.destroy()
  const timer = setTimeout(cut, stalled)
  const deadline = setTimeout(cut, stalled + (lengthOf(payload) / minimumRate) * 1000)
  response.once('close', () => {
    clearTimeout(timer)
    clearTimeout(deadline)
  })
  const next = (at: number): void => {
    for (let piece = at; piece < pieces.length; piece++) {
      if (response.destroyed) return
      if (sink.write(pieces[piece]!)) continue
      sink.once('drain', () => {
        timer.refresh()
        next(piece + 1)
      })
      return
    }
    then()
  }
  next(0)
}

/**
 * Closes after an unread upload (or LINGER): earlier closing would
 * reset the connection (RFC 9112 9.6).
 */
export function send(
  request: IncomingMessage,
  {
    response,
    answer,
    sending: { closing, timing, coder },
  }: { response: ServerResponse; answer: PreparedResponse; sending: Sending },
): void {
  if (response.destroyed) return
  if (!isUploading(request)) {
    if (closing) answer.headers.connection = 'close'
    response.writeHead(answer.status, answer.headers)
    const sink = coder === null ? response : through(coder(), response)
    if (lengthOf(answer.payload) <= PIECE && !(answer.payload instanceof Pieces)) sink.end(answer.payload)
    else write(response, { sink, payload: answer.payload, timing, then: () => sink.end() })
    return
  }
  answered.add(request.socket)
  answer.headers.connection = 'close'
  response.writeHead(answer.status, answer.headers)
  response.flushHeaders()
  write(response, { payload: answer.payload, timing, then: () => {} })
  const finish = () => {
    clearTimeout(timer)
    response.end()
  }
  const timer = setTimeout(finish, LINGER)
  request.once('end', finish)
  request.once('close', finish)
  request.resume()
}

export const isUploading = (request: IncomingMessage): boolean =>
  hasBody(request.headers) && !request.complete && !isBrief(request)

function through(coder: Transform, response: ServerResponse): Writable {
  coder.once('error', () => response.destroy())
  response.once('close', () => coder.destroy())
  coder.pipe(response)
  return coder
}

/** Draining is cheaper than reconnecting. Not after `Expect`. */
function isBrief(request: IncomingMessage): boolean {
  return Number(request.headers['content-length']) <= BODY_LIMIT && request.headers.expect === undefined
}

export function sendRaw(
  socket: Socket,
  { status, message, headers }: { status: number; message: string; headers: Record<string, string> },
): void {
  const phrase = STATUS_CODES[status] ?? 'Error'
  const body = JSON.stringify(errorBody(status, phrase, message))
  const lines = { ...headers, 'content-type': JSON_TYPE, 'content-length': String(Buffer.byteLength(body)), connection: 'close' }
  const head = Object.entries(lines).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.end(`HTTP/1.1 ${status} ${phrase}\r\n${head.join('')}\r\n${body}`)
  // Drops the rest; cuts peers that never close.
  setTimeout(() => socket.destroy(), LINGER).unref()
}
