import { ERROR_CODES, Invalid, MethodNotAllowed, NotFound, RosterError } from '../errors.ts'
import type { HttpResponse } from './types.ts'

/** Unexpected: logged with stack; the client gets the request id. */
export class Fault extends RosterError {
  readonly code = 'INTERNAL_SERVER_ERROR'
  constructor(requestId: string) {
    super(`Something went wrong on our side; the log has it under request id ${requestId}`)
  }
}

/** Default seconds. */
const RETRY_AFTER: Record<number, number> = { 429: 1, 503: 5 }

/**
 * Required headers by status (bim-wire-rules "Responses" 5, "Names and limits" 4; RFC 9110 11.6.1, 10.2.1,
 * 10.2.3).
 */
export function errorHeaders(status: number, error?: RosterError): Record<string, string> | undefined {
  if (status === 401) return { 'www-authenticate': 'Bearer' }
  if (error instanceof MethodNotAllowed) return { allow: error.allowed.join(', ') }
  const seconds = RETRY_AFTER[status]
  if (seconds !== undefined) return { 'retry-after': String(Math.max(1, Math.ceil(error?.retryAfter ?? seconds))) }
  return undefined
}

export function errorBody(statusCode: number, error: string, message: string) {
  return { statusCode, error, message }
}

export function restError(error: RosterError): HttpResponse {
  const { status, phrase } = ERROR_CODES[error.code]
  const headers = errorHeaders(status, error)
  return { status, ...(headers && { headers }), body: errorBody(status, phrase, error.message) }
}

/** Of @fastify/static. */
export function fileError(error: unknown): unknown {
  const status = error instanceof Error && 'statusCode' in error ? error.statusCode : undefined
  return typeof status === 'number' && status >= 400 && status < 500 ? new NotFound('No such file') : error
}

/** Of Fastify's router. */
export function unroutable(error: { code: string }): RosterError {
  if (error.code === 'FST_ERR_MAX_PARAM_LENGTH') return new Invalid('path', 'has a part that is too long')
  return new Invalid('path', 'must be valid percent-encoded UTF-8')
}
