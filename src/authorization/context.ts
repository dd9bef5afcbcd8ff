import type { Logger } from 'pino'
import type { Config } from '../platform/config/config.ts'
import type { Store } from '../platform/database/store.ts'
import type { FairQueue } from '../platform/fair-queue.ts'
import type { Mailer } from '../platform/mail/mailer.ts'
import type { Outbound } from '../platform/outbound/connect.ts'
import type { Actor } from './actor.ts'
import type { AuditTrail } from './audit-event.ts'
import type { Authenticate, ExchangeLog, JobQueue, LastUsedTracker, LoginAttempts, PasswordHasher, ScimReplay } from './ports.ts'

/** Extended by loaders.ts through declaration merging. */
// biome-ignore lint/suspicious/noEmptyInterface: an interface, so that members can be added to it
export interface Loaders {}

/** The process-wide objects, created in app.ts. */
export interface App {
  readonly config: Config
  /** Encrypts stored secrets. */
  readonly key: Buffer
  /** With the previous key (SECRET_KEY_PREVIOUS), for decryption. */
  readonly keys: readonly Buffer[]
  readonly store: Store
  readonly operations: FairQueue
  /** Embedded only: serialises writes of a SCIM group. */
  readonly groupWrites: FairQueue
  readonly log: Logger
  readonly outbound: Outbound
  readonly mailer: Mailer
  readonly passwordHasher: PasswordHasher
  readonly loginAttempts: LoginAttempts
  readonly lastUsed: LastUsedTracker
  readonly authenticate: Authenticate
  readonly jobs: JobQueue
  readonly exchangeLog: ExchangeLog
  readonly replayScim: ScimReplay<Context>
  /** For new contexts and after writes. */
  readonly createLoaders: (context: Pick<Context, 'app' | 'actor' | 'address'>) => Loaders
}

/** One request. */
export interface Context {
  readonly app: App
  readonly actor: Actor
  readonly requestId: string
  /** The client's address. */
  readonly address: string
  /** Replaced after each write. */
  loaders: Loaders
  /** Set by callers that need the events. */
  readonly trail?: AuditTrail
}
