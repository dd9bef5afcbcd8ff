/** Interfaces of modules above; app.ts connects the implementations. */

import type { Db } from '../platform/database/store.ts'
import type { FairQueue, Turn } from '../platform/fair-queue.ts'
import type { Actor } from './actor.ts'
import type { AuditTrail } from './audit-event.ts'

export type Authenticate = (authorization: string | undefined) => Promise<Actor>

export interface LastUsedTracker {
  record(kind: 'key' | 'token' | 'scim', id: number, at: Date): void
  flush(): Promise<void>
  stop(): Promise<void>
}

/** Argon2id in PHC format. */
export interface PasswordHasher {
  readonly queue: Pick<FairQueue, 'running' | 'waiting'>
  /** Throws Invalid without repeating the password. */
  check(field: string, password: unknown): void
  /** Throws TooManyRequests when thousands wait. */
  hash(password: string, turn?: Turn): Promise<string>
  /**
   * Without a valid stored string the result is false after equal work. Throws TooManyRequests when thousands
   * wait.
   */
  verify(phc: string | null, password: string, turn?: Turn): Promise<boolean>
  /** Of a hash that an import stored, with the work that it asks for. */
  verifyImported(stored: string, password: string, turn?: Turn): Promise<boolean>
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
  readonly asked: string
  readonly userid?: string | null
  readonly resource?: string | null
  readonly request?: unknown
  readonly answer?: unknown
  readonly status?: number | null
  readonly failure?: string | null
  readonly trail?: AuditTrail
  readonly source?: string
}

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
  readonly path: string
  readonly query: string
  readonly body: unknown
}

/** The actor must be the IAM's client. Client errors are responses. */
export type ScimReplay<Context> = (context: Context, request: ScimRequest) => Promise<{ status: number; body: unknown }>
