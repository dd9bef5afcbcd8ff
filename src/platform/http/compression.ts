import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http'
import type { Transform } from 'node:stream'
import { constants, createBrotliCompress, createGzip } from 'node:zlib'

export type Coding = 'br' | 'gzip'
export type Coder = () => Transform

/** Bytes; below, headers outweigh the gain. */
const LEAST = 1024
/** Up to 2 MB of memory each; further responses stay plain. */
const MOST = 16
const CODINGS: readonly Coding[] = ['br', 'gzip']
const TYPES = /^(?:text\/|application\/(?:[\w.-]+\+)?(?:json|javascript|xml)|image\/svg\+xml)/

/** RFC 9110 12.5.3; null for the text itself. */
export function preferredCoding(accepted: string | undefined): Coding | null {
  if (!accepted) return null
  const weights = new Map<string, number>()
  for (const entry of accepted.split(',')) {
    const [name = '', ...parameters] = entry.split(';').map(part => part.trim().toLowerCase())
    const weight = parameters.find(parameter => /^q\s*=/.test(parameter))
    const quality = weight === undefined ? 1 : Number(weight.split('=')[1])
    weights.set(name === 'x-gzip' ? 'gzip' : name, quality >= 0 && quality <= 1 ? quality : 0)
  }
  const weightOf = (name: string) => weights.get(name) ?? weights.get('*') ?? 0
  const best = CODINGS.reduce((first, other) => (weightOf(other) > weightOf(first) ? other : first))
  return weightOf(best) > 0 && weightOf(best) >= (weights.get('identity') ?? 0) ? best : null
}

/** Whether the response varies by Accept-Encoding. */
export function isCompressible(headers: OutgoingHttpHeaders, { status, length }: { status: number; length: number }): boolean {
  if (length < LEAST || status === 204 || status === 206 || status === 304) return false
  return headers['content-encoding'] === undefined && TYPES.test(String(headers['content-type'] ?? ''))
}

export class Compression {
  #running = 0

  /** Changes the headers; null to send the text itself. The coder is made when it is called: it must be ended then. */
  start(headers: OutgoingHttpHeaders, sent: IncomingHttpHeaders): Coder | null {
    const coding = preferredCoding(sent['accept-encoding'])
    if (coding === null || this.#running >= MOST) return null
    code(headers, coding)
    return () => {
      this.#running++
      return coderOf(coding).once('close', () => this.#running--)
    }
  }
}

/** The headers that the compressed response has, for HEAD too. */
export function code(headers: OutgoingHttpHeaders, coding: Coding): void {
  headers['content-encoding'] = coding
  delete headers['content-length']
  const { etag } = headers
  // A strong one names other bytes (RFC 9110 8.8.3.3).
  if (typeof etag === 'string' && !etag.startsWith('W/')) headers.etag = `W/${etag}`
}

/** Both work in threads of their own. */
function coderOf(coding: Coding): Transform {
  if (coding === 'gzip') return createGzip({ level: 6 })
  const params = { [constants.BROTLI_PARAM_QUALITY]: 4, [constants.BROTLI_PARAM_LGWIN]: 18 }
  return createBrotliCompress({ params })
}
