/** Cross-origin requests of browsers (Fetch standard, "CORS protocol"). */
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http'
import { isUnder } from './request.ts'
import type { HttpResponse } from './types.ts'

export interface CorsOptions {
  /** As browsers send them; nobody else gets a header. */
  readonly origins: readonly string[]
  /** Prefixes of paths that pages may call. */
  readonly apis: readonly string[]
}

const METHODS = 'GET, HEAD, POST, PUT, PATCH, DELETE'
/** Seconds that a browser keeps a preflight. */
const MAX_AGE = 7_200
/** Readable by scripts, besides the safelisted ones. */
const EXPOSED = 'Allow, ETag, Location, Retry-After, WWW-Authenticate, X-Request-Id'
const HEADER_NAMES = /^[\w!#$%&'*+.^`|~-]+(?: *, *[\w!#$%&'*+.^`|~-]+)*$/

export class Cors {
  readonly #origins: ReadonlySet<string>
  readonly #apis: readonly string[]

  constructor({ origins, apis }: CorsOptions) {
    this.#origins = new Set(origins)
    this.#apis = apis
  }

  /** Adds the headers of a response. */
  mark(response: OutgoingHttpHeaders, path: string, { origin }: IncomingHttpHeaders): void {
    if (!this.#covers(path)) return
    addVary(response, 'Origin')
    if (origin === undefined || !this.#origins.has(origin)) return
    response['access-control-allow-origin'] = origin
    response['access-control-allow-credentials'] = 'true'
    response['access-control-expose-headers'] = EXPOSED
  }

  /** Null for other requests and origins. Whether the path exists shows later. */
  preflight(method: string, path: string, headers: IncomingHttpHeaders): HttpResponse | null {
    const { origin, 'access-control-request-method': asked, 'access-control-request-headers': names } = headers
    if (method !== 'OPTIONS' || asked === undefined || origin === undefined) return null
    if (!this.#covers(path) || !this.#origins.has(origin)) return null
    return {
      status: 204,
      headers: {
        vary: 'Access-Control-Request-Headers',
        'access-control-allow-methods': METHODS,
        'access-control-max-age': MAX_AGE,
        // Tracing and client libraries add headers of their own.
        ...(names !== undefined && HEADER_NAMES.test(names) && { 'access-control-allow-headers': names }),
      },
    }
  }

  #covers(path: string): boolean {
    return this.#origins.size > 0 && this.#apis.some(prefix => isUnder(path, prefix))
  }
}

export function addVary(headers: OutgoingHttpHeaders, name: string): void {
  headers.vary = headers.vary === undefined ? name : `${headers.vary}, ${name}`
}
