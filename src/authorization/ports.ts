/** What operations need of modules above them. The composition root (app.ts) gives the implementations. */

import type { Db } from '../platform/database/store.ts'
import type { Turn } from '../platform/fair-queue.ts'
import type { Actor } from './actor.ts'
import type { AuditTrail } from './audit-event.ts'

/** The actor of an Authorization header. Throws Unauthenticated without one that is valid now. */
export type Authenticate = (authorization: string | undefined) => Promise<Actor>

/** When secrets were last used, written off the path of the request. */
export interface LastUsedTracker {
  record(kind: 'key' | 'token' | 'scim', id: number, at: Date): void
  /** Writes what is waiting. */
  flush(): Promise<void>
  /** Writes what is waiting, and ends. */
  stop(): Promise<void>
}

/** Passwords as argon2id strings in PHC format. */
export interface PasswordHasher {
  /** Throws Invalid when a new password breaks the policy. The message never holds the password. */
  check(field: string, password: unknown): void
  /** The string to store for a password that passed `check`. Throws TooManyRequests when thousands are waiting already. */
  hash(password: string, turn?: Turn): Promise<string>
  /**
   * Whether the password fits the stored string. With null (no such account, no password) and with a string that is not
   * one, the answer is false after the same work. Throws TooManyRequests when thousands are waiting already.
   */
  verify(phc: string | null, password: string, turn?: Turn): Promise<boolean>
}

/** What failures are counted for. Hashes, so that the tables hold no name and no address. */
export interface LockoutSubjects {
  account: string
  address: string
}

/** The subjects of one log-in. `own` stands for the account where the account logged in from the address before. */
export interface LoginSubjects extends LockoutSubjects {
  own: string
}

/** Verifications of passwords under the lock-out. */
export interface LoginAttempts {
  /**
   * What `verify` returns; null is a wrong password, and counts. Throws TooManyRequests, the same whatever `verify` would find or has found, while
   * a lock holds; Unavailable when verifying took longer than its reservation; what `verify` throws, which counts for nothing.
   */
  run<T>(db: Db, subjects: LoginSubjects, verify: (turn: Turn) => Promise<T | null>): Promise<T | null>
  /** Locks were ended in the store: it is asked for each from now on. */
  forgetLocks(): void
}

export type ExchangeKind = 'scim' | 'ldap' | 'userinfo'

/** A request to or from a source of an IAM, for the exchange log. */
export interface ExchangeEntry {
  readonly kind: ExchangeKind
  readonly iamid: string
  readonly at: Date
  readonly requestId: string
  /** `PATCH /Users/<id>`, or `find` and `log in` of a directory, `ask` of an endpoint. */
  readonly asked: string
  /** As the source spells it, where it is known. */
  readonly userid?: string | null
  /** `User/<id>` or `Group/<id>` of SCIM; the DN of an entry. */
  readonly resource?: string | null
  /** What was sent with it; undefined for nothing. */
  readonly request?: unknown
  readonly answer?: unknown
  /** Of HTTP. */
  readonly status?: number | null
  /** Why nothing came of it. */
  readonly failure?: string | null
  /** What the operation changes; read once it has ended. */
  readonly trail?: AuditTrail
  /** Which changes of the trail are its own, where several sources take part in one operation. */
  readonly source?: string
}

/** Requests to and from sources, written off the path of the request. */
export interface ExchangeLog {
  record(entry: ExchangeEntry): void
  /** Writes what is waiting and has ended. */
  flush(): Promise<void>
  stop(): Promise<void>
}

/** Work in the background. */
export interface JobQueue {
  /** Has the sync run continued, soon. */
  send(runId: number): Promise<void>
}

export interface ScimRequest {
  readonly method: string
  /** Below the IAM's address, encoded, such as `/Users/<id>`. */
  readonly path: string
  readonly query: string
  readonly body: unknown
}

/** A SCIM request in a context whose actor is the IAM's client. Errors that a client would get are responses. */
export type ScimReplay<Context> = (context: Context, request: ScimRequest) => Promise<{ status: number; body: unknown }>
