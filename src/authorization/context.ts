import type { Logger } from 'pino'
import type { Config } from '../platform/config/config.ts'
import type { Store } from '../platform/database/store.ts'
import type { FairQueue } from '../platform/fair-queue.ts'
import type { Mailer } from '../platform/mail/mailer.ts'
import type { Outbound } from '../platform/outbound/connect.ts'
import type { Actor } from './actor.ts'
import type { AuditTrail } from './audit-event.ts'
import type { Authenticate, ExchangeLog, JobQueue, LastUsedTracker, LoginAttempts, PasswordHasher, ScimReplay } from './ports.ts'

/** The DataLoaders of a request. Empty here: loaders.ts, where they are made, adds its members. */
// biome-ignore lint/suspicious/noEmptyInterface: an interface, so that members can be added to it
export interface Loaders {}

/** What the process has one of; made and joined in app.ts. */
export interface App {
  readonly config: Config
  /** The instance's key: encrypts secrets at rest. */
  readonly key: Buffer
  /** It, and the one before it while there are secrets that were sealed with that (SECRET_KEY_PREVIOUS). */
  readonly keys: readonly Buffer[]
  readonly store: Store
  /** The places of operations that run at once, by actor. */
  readonly operations: FairQueue
  /** On the embedded store: one write of a SCIM group at a time, by the group. */
  readonly groupWrites: FairQueue
  readonly log: Logger
  /** Every connection to another system. */
  readonly outbound: Outbound
  readonly mailer: Mailer
  readonly passwordHasher: PasswordHasher
  readonly loginAttempts: LoginAttempts
  readonly lastUsed: LastUsedTracker
  readonly authenticate: Authenticate
  readonly jobs: JobQueue
  readonly exchangeLog: ExchangeLog
  readonly replayScim: ScimReplay<Context>
  /** Fresh loaders, for a new context and after a write. */
  readonly createLoaders: (context: Pick<Context, 'app' | 'actor' | 'address'>) => Loaders
}

/** What one request carries. */
export interface Context {
  readonly app: App
  readonly actor: Actor
  readonly requestId: string
  /** The peer's address, for counting failed log-ins. */
  readonly address: string
  /** Batches and caches of this request; replaced after each write, so that an answer shows what was written. */
  loaders: Loaders
  /** Given by who wants to know what the writes of this request come to. */
  readonly trail?: AuditTrail
}
