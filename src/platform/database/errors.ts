import { Conflict, RosterError, Unavailable, Unprocessable } from '../errors.ts'

interface Failure {
  message?: string
  code?: string
  syscall?: string
  constraint?: string | { index?: string; fields?: string[] }
  originalCode?: string
  kind?: string
  cause?: unknown
  errors?: unknown
  meta?: { driverAdapterError?: unknown }
}

const SYSTEM = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
])
const PRISMA = new Set(['P1000', 'P1001', 'P1002', 'P1003', 'P1008', 'P1010', 'P1017', 'P2024', 'P2037'])
/** 08 connection, 53 resources, 57 shutdown, 28 and 3D access. */
const SQLSTATE = /^(08|53|28|3D|57P0[1-5]|25006)/
const KINDS = new Set([
  'DatabaseNotReachable',
  'ConnectionClosed',
  'SocketTimeout',
  'TooManyConnections',
  'DatabaseDoesNotExist',
  'TlsConnectionError',
])
const MESSAGES =
  /^Connection terminated|^Query read timeout|^timeout exceeded when trying to connect|is not queryable$|^Cannot use a pool after|Unable to start a transaction in the given time|expired transaction/
const COLLISIONS = new Set(['40001', '40P01', '55P03', 'P2034', 'TransactionWriteConflict'])

export function toUnavailable(error: unknown): Unavailable | null {
  if (error instanceof RosterError) return error instanceof Unavailable ? error : null
  const chain = failures(error)
  if (chain.some(isConnectionError)) return unavailable('The database does not respond: try again shortly', 5, error)
  if (chain.some(({ code, originalCode, kind }) => [code, originalCode, kind].some(word => word && COLLISIONS.has(word))))
    return unavailable('Another change to the same data came between; try again', 1, error)
  return null
}

/** No Retry-After: it would take as long again. */
export class TooExpensive extends Unprocessable {
  constructor(part = 'This request') {
    super(
      `${part} took the store too long and was stopped: ask for less at a time, with a smaller page, a narrower filter, a cursor instead of a large offset, or without counts`,
    )
  }
}

export function toRejection(error: unknown): RosterError | null {
  const chain = failures(error)
  const own = chain.find(failure => failure instanceof RosterError)
  if (own) return own as unknown as RosterError
  return chain.some(({ code, originalCode }) => code === STOPPED || originalCode === STOPPED) ? new TooExpensive() : null
}

/** query_canceled. */
const STOPPED = '57014'

const GONE = new Set(['P2025', 'P2003', '23503', 'ForeignKeyConstraintViolation'])

/** Conflict when a row found before was deleted; else null. */
export function toConflict(error: unknown): Conflict | null {
  if (error instanceof RosterError) return null
  const gone = failures(error).some(({ code, originalCode, kind }) =>
    [code, originalCode, kind].some(word => word && GONE.has(word)),
  )
  return gone ? new Conflict(JUST_DELETED) : null
}

const JUST_DELETED = 'A record that this change refers to was just deleted: reload and try again'
export function deletedMeanwhile(): never {
  throw new Conflict(JUST_DELETED)
}

export function uniqueViolation(error: unknown): string | null {
  const chain = failures(error)
  if (!chain.some(({ code, kind }) => code === '23505' || code === 'P2002' || kind === 'UniqueConstraintViolation')) return null
  for (const { constraint } of chain) {
    if (typeof constraint === 'string') return constraint
    if (constraint?.index) return constraint.index
    if (constraint?.fields) return constraint.fields.join('_')
  }
  return 'unknown'
}

function isConnectionError({ message = '', code = '', kind = '', syscall = '' }: Failure): boolean {
  if (syscall === 'connect') return true
  return SYSTEM.has(code) || PRISMA.has(code) || KINDS.has(kind) || SQLSTATE.test(code) || MESSAGES.test(message)
}

function failures(error: unknown, depth = 0): Failure[] {
  if (typeof error !== 'object' || error === null || depth > 5) return []
  const failure = error as Failure
  const inner = [failure.meta?.driverAdapterError, failure.cause, ...(Array.isArray(failure.errors) ? failure.errors : [])]
  return [failure, ...inner.flatMap(wrapped => failures(wrapped, depth + 1))]
}

function unavailable(message: string, retryAfter: number, cause: unknown): Unavailable {
  const failure = new Unavailable(message, { retryAfter, reason: 'database' })
  failure.cause = cause
  return failure
}
