import type { ServerOptions } from 'node:http'
import type { Certificate } from './certificate.ts'
import type { Timing } from './timing.ts'

/** bim-wire-rules "Names and limits" 4. */
export const HEADER_LIMIT = 16 * 1024

/** Fastify's types follow the option; both servers are used alike. */
export function listenerOptions({ headers, checks }: Timing, certificate: Certificate | null): { http: ServerOptions } {
  const http: ServerOptions = {
    maxHeaderSize: HEADER_LIMIT,
    headersTimeout: headers,
    connectionsCheckingInterval: checks,
    // The server reports a missing one.
    requireHostHeader: false,
  }
  if (certificate === null) return { http }
  const { cert, key } = certificate
  return { https: { ...http, cert, key, handshakeTimeout: headers } } as unknown as { http: ServerOptions }
}

/** [status, message]; null closes the connection. */
export function refusalOf(code = ''): readonly [number, string] | null {
  // Nobody reads an answer to a failed handshake.
  if (code === 'ECONNRESET' || /^ERR_(SSL|TLS)_/.test(code)) return null
  if (code === 'HPE_HEADER_OVERFLOW') return [431, `The request line and headers must not be larger than ${HEADER_LIMIT} bytes`]
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return [408, 'The request took too long to arrive']
  return [400, 'The request is not valid HTTP']
}
