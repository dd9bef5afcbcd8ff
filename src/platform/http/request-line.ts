import { channel } from 'node:diagnostics_channel'
import type { FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import { observedRequest } from '../observed-request.ts'
import { clientAddress, type TrustedProxies } from './client-address.ts'
import { pathOf } from './request.ts'

/** Shown for a path that no route takes. */
export const NO_ROUTE = '-'
/** Characters of the path of a 404. */
const LOGGED_PATH = 200
/** Asked every few seconds. */
const QUIET = /^\/(health\/|metrics$)/

export interface RequestLine {
  readonly method: string
  /** The route pattern: paths and queries contain personal data. */
  readonly route: string
  readonly operation: string
  readonly actor?: string
  readonly status: number
  readonly ms: number
  readonly address: string
  readonly requestId: string
  /** Of a request that no route takes. */
  readonly path?: string
}

interface Answered {
  readonly route: string
  readonly status: number
  readonly started: number
  readonly trusted: TrustedProxies | null
}

export function requestLine(
  { method, id: requestId, raw }: FastifyRequest,
  { route, status, started, trusted }: Answered,
): RequestLine {
  const { operation, actor } = observedRequest() ?? {}
  const isUnknown = route === NO_ROUTE || route.endsWith('*')
  return {
    method,
    route,
    operation: operation ?? (route === NO_ROUTE ? NO_ROUTE : `${method} ${route}`),
    ...(actor != null && { actor }),
    status,
    ms: Math.round((performance.now() - started) * 100) / 100,
    address: clientAddress(raw.socket.remoteAddress ?? '', raw.headers, trusted),
    requestId,
    ...(status === 404 && isUnknown && { path: pathOf(raw.url).slice(0, LOGGED_PATH) }),
  }
}

/** Publishes each RequestLine, within its request. */
export const requestAnswered = channel('roster:answer')

export function logRequest(log: Logger, line: RequestLine): void {
  requestAnswered.publish(line)
  const isQuiet = line.status < 400 && QUIET.test(line.route)
  log[isQuiet ? 'debug' : 'info'](line, 'request')
}
