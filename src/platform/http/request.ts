import { randomUUID } from 'node:crypto'
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { FastifyRequest } from 'fastify'
import { Invalid } from '../errors.ts'
import { clientAddress, type TrustedProxies } from './client-address.ts'
import type { HttpRequest } from './types.ts'

export class HttpMessage<Locals> implements HttpRequest<Locals> {
  body: unknown = undefined
  readonly locals = {} as Locals
  readonly #request: FastifyRequest
  readonly #trusted: TrustedProxies | null
  #address: string | null = null
  constructor(request: FastifyRequest, trusted: TrustedProxies | null) {
    this.#request = request
    this.#trusted = trusted
  }
  get method(): string {
    return this.#request.method
  }
  get path(): string {
    return pathOf(this.#request.raw.url)
  }
  get query(): string {
    return (this.#request.query as RawQuery).raw
  }
  get params(): Record<string, string> {
    return this.#request.params as Record<string, string>
  }
  get headers(): IncomingHttpHeaders {
    return this.#request.raw.headers
  }
  get requestId(): string {
    return this.#request.id
  }
  get address(): string {
    this.#address ??= clientAddress(this.#request.raw.socket.remoteAddress ?? '', this.headers, this.#trusted)
    return this.#address
  }
}

/** The router leaves queries raw: APIs parse strictly. */
export type RawQuery = { raw: string }

const REQUEST_ID = /^[A-Za-z0-9._-]{1,64}$/

/** Taken from the client when safe, to match logs. */
export function requestId(headers: IncomingHttpHeaders): string {
  const given = headers['x-request-id']
  return typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID()
}

/** Absolute form (RFC 9112 3.2.2) without origin, rewritten. */
export function target(url: string, rewrite?: (path: string) => string): string {
  const local = url.startsWith('/') ? url : url.replace(/^https?:\/\/[^/?#]*/i, '') || '/'
  if (rewrite === undefined) return local
  const path = pathOf(local)
  return rewrite(path) + local.slice(path.length)
}

export function pathOf(url: string | undefined): string {
  if (url === undefined) return '/'
  const end = url.indexOf('?')
  return end === -1 ? url : url.slice(0, end)
}

export function isUnder(path: string, prefix: string): boolean {
  return path.startsWith(prefix) && (path.length === prefix.length || prefix.endsWith('/') || path[prefix.length] === '/')
}

/** Requires one Host in HTTP/1.1 (RFC 9112 3.2). Throws Invalid. */
export function checkHost({ httpVersion, headers, rawHeaders }: IncomingMessage): void {
  if (headers.host === undefined && httpVersion === '1.1') throw new Invalid('Host', 'is missing')
  let hosts = 0
  for (let at = 0; at < rawHeaders.length; at += 2) if (rawHeaders[at]!.toLowerCase() === 'host') hosts++
  if (hosts > 1) throw new Invalid('Host', 'must be sent once')
}

export function checkPath(path: string): void {
  if (path.includes('%00')) throw new Invalid('path', 'must not contain a NUL character')
  if (/[^\x21-\x7e]/.test(path)) throw new Invalid('path', 'must be percent-encoded ASCII')
}
