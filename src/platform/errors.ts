import type { Refusal } from './observed-request.ts'

/**
 * One class per meaning, translated by each API. Messages name field, rule and correction, never secrets or
 * internals.
 */
export type Code =
  | 'BAD_USER_INPUT'
  | 'UNAUTHENTICATED'
  | 'FORBIDDEN'
  | 'NOT_FOUND'
  | 'METHOD_NOT_ALLOWED'
  | 'NOT_ACCEPTABLE'
  | 'CONFLICT'
  | 'STALE'
  | 'REFUSED'
  | 'PAYLOAD_TOO_LARGE'
  | 'UNSUPPORTED_MEDIA_TYPE'
  | 'TOO_MANY_REQUESTS'
  | 'UNAVAILABLE'
  | 'INTERNAL_SERVER_ERROR'

export const ERROR_CODES: Record<Code, { status: number; phrase: string }> = {
  BAD_USER_INPUT: { status: 400, phrase: 'Bad Request' },
  UNAUTHENTICATED: { status: 401, phrase: 'Unauthorized' },
  FORBIDDEN: { status: 403, phrase: 'Forbidden' },
  NOT_FOUND: { status: 404, phrase: 'Not Found' },
  METHOD_NOT_ALLOWED: { status: 405, phrase: 'Method Not Allowed' },
  NOT_ACCEPTABLE: { status: 406, phrase: 'Not Acceptable' },
  CONFLICT: { status: 409, phrase: 'Conflict' },
  STALE: { status: 412, phrase: 'Precondition Failed' },
  PAYLOAD_TOO_LARGE: { status: 413, phrase: 'Payload Too Large' },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, phrase: 'Unsupported Media Type' },
  REFUSED: { status: 422, phrase: 'Unprocessable Entity' },
  TOO_MANY_REQUESTS: { status: 429, phrase: 'Too Many Requests' },
  INTERNAL_SERVER_ERROR: { status: 500, phrase: 'Internal Server Error' },
  UNAVAILABLE: { status: 503, phrase: 'Service Unavailable' },
}

interface Detail {
  readonly field?: string
  readonly retryAfter?: number
}

export abstract class RosterError extends Error {
  abstract readonly code: Code
  readonly field?: string
  /** Seconds (429, 503). */
  readonly retryAfter?: number
  constructor(message: string, detail: Detail = {}) {
    super(message)
    this.name = new.target.name
    if (detail.field !== undefined) this.field = detail.field
    if (detail.retryAfter !== undefined) this.retryAfter = detail.retryAfter
  }
}

export interface FieldFault {
  readonly field: string
  readonly rule: string
}

/** `rule`: what `field` must be. */
export class Invalid extends RosterError {
  readonly code = 'BAD_USER_INPUT'
  readonly rule: string
  readonly faults?: readonly FieldFault[]
  constructor(field: string, rule: string, faults?: readonly FieldFault[]) {
    super(`${field} ${rule}`, { field })
    this.rule = rule
    if (faults !== undefined) this.faults = faults
  }
}
export class Unauthenticated extends RosterError {
  readonly code = 'UNAUTHENTICATED'
}
export class Forbidden extends RosterError {
  readonly code = 'FORBIDDEN'
}
export class NotFound extends RosterError {
  readonly code = 'NOT_FOUND'
}
export class MethodNotAllowed extends RosterError {
  readonly code = 'METHOD_NOT_ALLOWED'
  readonly allowed: readonly string[]
  constructor(method: string, allowed: readonly string[]) {
    super(`This path does not take ${method}: use ${allowed.filter(name => name !== 'OPTIONS').join(' or ')}`)
    this.allowed = allowed
  }
}
export class NotAcceptable extends RosterError {
  readonly code = 'NOT_ACCEPTABLE'
}
export class Conflict extends RosterError {
  readonly code = 'CONFLICT'
}
export class PreconditionFailed extends RosterError {
  readonly code = 'STALE'
}
/** Throws PreconditionFailed. `ifUpdatedAt`: the expected version; null skips. */
export function assertUnchanged(what: string, { updatedAt }: { updatedAt: Date }, ifUpdatedAt: Date | null | undefined): void {
  if (ifUpdatedAt == null || ifUpdatedAt.getTime() === updatedAt.getTime()) return
  throw new PreconditionFailed(`${what} was changed at ${updatedAt.toISOString()}, after you read it: read it again`, {
    field: 'ifUpdatedAt',
  })
}
/** Valid, but rejected by a source or threshold. */
export class Unprocessable extends RosterError {
  readonly code = 'REFUSED'
}
export class SecretUnreadable extends Unprocessable {}
export class TooLarge extends RosterError {
  readonly code = 'PAYLOAD_TOO_LARGE'
}
export class UnsupportedMediaType extends RosterError {
  readonly code = 'UNSUPPORTED_MEDIA_TYPE'
}
/** Metrics count them by reason. */
export abstract class Refused extends RosterError {
  readonly reason?: Refusal
  constructor(message: string, { reason, ...detail }: Detail & { reason?: Refusal } = {}) {
    super(message, detail)
    if (reason !== undefined) this.reason = reason
  }
}
export class TooManyRequests extends Refused {
  readonly code = 'TOO_MANY_REQUESTS'
}
export class Unavailable extends Refused {
  readonly code = 'UNAVAILABLE'
}
