/** Interfaces of modules above; app.ts connects the implementations. */

import type { Db } from '../platform/database/store.ts'
import type { Turn } from '../platform/fair-queue.ts'
import type { Actor } from './actor.ts'
import type { AuditTrail } from './audit-event.ts'

/** Throws Unauthenticated without a valid credential. */
export type Authenticate = (authorization: string | undefined) => Promise<Actor>

/** Writes asynchronously. */
export interface LastUsedTracker {
  record(kind: 'key' | 'token' | 'scim', id: number, at: Date): void
  flush(): Promise<void>
  stop(): Promise<void>
}

/** Argon2id in PHC format. */
export interface PasswordHasher {
  /** Throws Invalid without repeating the password. */
  check(field: string, password: unknown): void
  /** Throws TooManyRequests when thousands wait. */
  hash(password: string, turn?: Turn): Promise<string>
  /**
   * Without a valid stored string the result is false after equal work. Throws TooManyRequests when thousands
   * wait.
   */
  verify(phc: string | null, password: string, turn?: Turn): Promise<boolean>
}

/** Hashes, so that tables have no names or addresses. */
export interface LockoutSubjects {
  account: string
  address: string
}

/** `own` replaces the account at a known address. */
export interface LoginSubjects extends LockoutSubjects {
  own: string
}

export interface LoginAttempts {
  /**
   * Null from `verify` counts as failure. Throws TooManyRequests during a lock, Unavailable after the
   * reservation, and the errors of `verify`.
   */
  run<T>(db: Db, subjects: LoginSubjects, verify: (turn: Turn) => Promise<T | null>): Promise<T | null>
  /** Call it after locks were ended in the database. */
  forgetLocks(): void
}

export type ExchangeKind = 'scim' | 'ldap' | 'userinfo'

export interface ExchangeEntry {
  readonly kind: ExchangeKind
  readonly iamid: string
  readonly at: Date
  readonly requestId: string
  /** `PATCH /Users/<id>`; `find`, `log in` or `ask`. */
  readonly asked: string
  /** In the source's spelling. */
  readonly userid?: string | null
  /** `User/<id>` or `Group/<id>`; the DN of an entry. */
  readonly resource?: string | null
  /** Undefined without a body. */
  readonly request?: unknown
  readonly answer?: unknown
  /** HTTP. */
  readonly status?: number | null
  readonly failure?: string | null
  /** Read when the operation has ended. */
  readonly trail?: AuditTrail
  /** Selects changes when several sources take part. */
  readonly source?: string
}

/** Writes asynchronously. */
export interface ExchangeLog {
  record(entry: ExchangeEntry): void
  flush(): Promise<void>
  stop(): Promise<void>
}

export interface JobQueue {
  send(runId: number): Promise<void>
}

export interface ScimRequest {
  readonly method: string
  /** Below the IAM's address, encoded. */
  readonly path: string
  readonly query: string
  readonly body: unknown
}

/** The actor must be the IAM's client. Client errors are responses. */
export type ScimReplay<Context> = (context: Context, request: ScimRequest) => Promise<{ status: number; body: unknown }>
