import { randomUUID } from 'node:crypto'
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { FastifyRequest } from 'fastify'
import { Invalid } from '../errors.ts'
import { clientAddress, type TrustedProxies } from './client-address.ts'
import type { HttpRequest } from './types.ts'

/** The framework's request behind the interface of the APIs. Getters, so that what nobody asks for costs nothing. */
export class HttpMessage<Locals> implements HttpRequest<Locals> {
  body: unknown = undefined
  // An API's `authenticate` fills it; the type says what it promised.
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

/** How the router parses a query: not at all, since the APIs parse parameters strictly. */
export type RawQuery = { raw: string }

const REQUEST_ID = /^[A-Za-z0-9._-]{1,64}$/

/** Proxies and clients may name the request, so that its line is found in both logs; only what is harmless in a log and a header. */
export function requestId(headers: IncomingHttpHeaders): string {
  const given = headers['x-request-id']
  return typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID()
}

/** The request target as the router takes it: the absolute form (RFC 9112 3.2.2) without its origin, the path rewritten. */
export function target(url: string, rewrite?: (path: string) => string): string {
  const local = url.startsWith('/') ? url : url.replace(/^https?:\/\/[^/?#]*/i, '') || '/'
  if (rewrite === undefined) return local
  const path = pathOf(local)
  return rewrite(path) + local.slice(path.length)
}

/** A request target without its query. */
export function pathOf(url: string | undefined): string {
  if (url === undefined) return '/'
  const end = url.indexOf('?')
  return end === -1 ? url : url.slice(0, end)
}

/** Whether the path is the prefix or lies below it. */
export function isUnder(path: string, prefix: string): boolean {
  return path.startsWith(prefix) && (path.length === prefix.length || prefix.endsWith('/') || path[prefix.length] === '/')
}

/** Throws Invalid where HTTP/1.1 wants one Host and there is none, and for more than one (RFC 9112 3.2). */
export function checkHost({ httpVersion, headers, rawHeaders }: IncomingMessage): void {
  if (headers.host === undefined && httpVersion === '1.1') throw new Invalid('Host', 'is missing')
  // Of several node keeps the first.
  let hosts = 0
  for (let at = 0; at < rawHeaders.length; at += 2) if (rawHeaders[at]!.toLowerCase() === 'host') hosts++
  if (hosts > 1) throw new Invalid('Host', 'must be sent once')
}

/** Throws Invalid for percent encoding that the router accepts and no store can hold, and for raw bytes, which node reads as Latin-1. */
export function checkPath(path: string): void {
  if (path.includes('%00')) throw new Invalid('path', 'must not contain a NUL character')
  if (/[^\x21-\x7e]/.test(path)) throw new Invalid('path', 'must be percent-encoded ASCII')
}
