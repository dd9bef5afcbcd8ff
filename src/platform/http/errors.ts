import { ERROR_CODES, MethodNotAllowed, RosterError } from '../errors.ts'
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
