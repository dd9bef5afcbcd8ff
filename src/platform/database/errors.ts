import { Conflict, RosterError, Unavailable, Unprocessable } from '../errors.ts'

/** What pg, Prisma and Prisma's driver adapter put on their errors; every part may be missing. */
interface Failure {
  message?: string
  /** SQLSTATE (pg), Pnnnn (Prisma) or a Node system code. */
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
/** Prisma: cannot reach, timed out, wrong database or password, closed by the server, pool exhausted, too many connections. */
const PRISMA = new Set(['P1000', 'P1001', 'P1002', 'P1003', 'P1008', 'P1010', 'P1017', 'P2024', 'P2037'])
/** SQLSTATE 08 connection, 53 out of resources, 57 stopping or starting, 28 and 3D access or database withdrawn, 25006 a standby. */
const SQLSTATE = /^(08|53|28|3D|57P0[1-5]|25006)/
const KINDS = new Set([
  'DatabaseNotReachable',
  'ConnectionClosed',
  'SocketTimeout',
  'TooManyConnections',
  'DatabaseDoesNotExist',
  'TlsConnectionError',
])
/** node-postgres has no codes for its own; the last is Prisma's P2028 for a transaction that could not start or ran out of time. */
const MESSAGES =
  /^Connection terminated|^Query read timeout|^timeout exceeded when trying to connect|is not queryable$|^Cannot use a pool after|Unable to start a transaction in the given time|expired transaction/
/** Two writers chose each other's rows in opposite order, and PostgreSQL let this one fail: trying again is the cure. */
const COLLISIONS = new Set(['40001', '40P01', '55P03', 'P2034', 'TransactionWriteConflict'])

/**
 * Unavailable when `error`, which came from a statement, says that the database is away, out of connections or lost a race;
 * else null. Give it errors of the store only: a mail server that refuses a connection looks the same.
 */
export function toUnavailable(error: unknown): Unavailable | null {
  if (error instanceof RosterError) return error instanceof Unavailable ? error : null
  const chain = failures(error)
  if (chain.some(isConnectionError)) return unavailable('The database does not respond: try again shortly', 5, error)
  if (chain.some(({ code, originalCode, kind }) => [code, originalCode, kind].some(word => word && COLLISIONS.has(word))))
    return unavailable('Another change to the same data came between; try again', 1, error)
  return null
}

/** The store stopped a statement at its time limit: asking for the same again would take as long, so there is no Retry-After. */
export class TooExpensive extends Unprocessable {
  constructor(part = 'This request') {
    super(
      `${part} took the store too long and was stopped: ask for less at a time, with a smaller page, a narrower filter, a cursor instead of a large offset, or without counts`,
    )
  }
}

/**
 * What the store itself refuses, on either way to it (Prisma or SQL): an error of ours that arrives wrapped, or TooExpensive for a
 * statement that ran into its time limit. Else null.
 */
export function toRejection(error: unknown): RosterError | null {
  const chain = failures(error)
  const own = chain.find(failure => failure instanceof RosterError)
  if (own) return own as unknown as RosterError
  return chain.some(({ code, originalCode }) => code === STOPPED || originalCode === STOPPED) ? new TooExpensive() : null
}

/** SQLSTATE query_canceled. */
const STOPPED = '57014'

/** Prisma: the row to change is not there, or one that it names is not (P2003); the latter as SQLSTATE too. */
const GONE = new Set(['P2025', 'P2003', '23503', 'ForeignKeyConstraintViolation'])

/**
 * Conflict when `error`, which came from a statement, says that a row which the same transaction had found is there no more:
 * somebody deleted it in between. Else null.
 */
export function toConflict(error: unknown): Conflict | null {
  if (error instanceof RosterError) return null
  const gone = failures(error).some(({ code, originalCode, kind }) =>
    [code, originalCode, kind].some(word => word && GONE.has(word)),
  )
  return gone ? new Conflict('A record that this change refers to was just deleted: reload and try again') : null
}

/** The name of the unique constraint or index that `error` violated, on either road (Prisma or SQL); null for any other error. */
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
  // Whatever keeps a socket from connecting, also a Unix one whose file is not there.
  if (syscall === 'connect') return true
  return SYSTEM.has(code) || PRISMA.has(code) || KINDS.has(kind) || SQLSTATE.test(code) || MESSAGES.test(message)
}

/** `error` and everything it wraps: Prisma keeps the driver's error in `meta`, the adapter in `cause`, Node in `errors`. */
function failures(error: unknown, depth = 0): Failure[] {
  if (typeof error !== 'object' || error === null || depth > 5) return []
  const failure = error as Failure
  const inner = [failure.meta?.driverAdapterError, failure.cause, ...(Array.isArray(failure.errors) ? failure.errors : [])]
  return [failure, ...inner.flatMap(wrapped => failures(wrapped, depth + 1))]
}

function unavailable(message: string, retryAfter: number, cause: unknown): Unavailable {
  const failure = new Unavailable(message, { retryAfter })
  failure.cause = cause
  return failure
}
