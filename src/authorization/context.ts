import type { Logger } from 'pino'
import type { Config } from '../platform/config/config.ts'
import type { Reads, Store } from '../platform/database/store.ts'
import type { FairQueue, SharedPlace } from '../platform/fair-queue.ts'
import type { Mailer } from '../platform/mail/mailer.ts'
import type { Outbound } from '../platform/outbound/connect.ts'
import type { Actor } from './actor.ts'
import type { AuditDraft, AuditTrail } from './audit-event.ts'
import type { Authenticate, ExchangeLog, JobQueue, LastUsedTracker, LoginAttempts, PasswordHasher, ScimReplay } from './ports.ts'

// biome-ignore lint/suspicious/noEmptyInterface: an interface, so that members can be added to it
export interface Loaders {}

export interface App {
  readonly config: Config
  readonly key: Buffer
  /** With the previous key (SECRET_KEY_PREVIOUS), for decryption. */
  readonly keys: readonly Buffer[]
  readonly store: Store
  readonly operations: FairQueue
  /** Embedded only: serialises writes of a SCIM group. */
  readonly groupWrites: FairQueue
  readonly mediumResponses: FairQueue
  readonly largeResponses: FairQueue
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
  readonly createLoaders: (context: Pick<Context, 'actor' | 'address' | 'reads'>) => Loaders
}

export interface Context {
  readonly app: App
  readonly actor: Actor
  readonly requestId: string
  readonly address: string
  loaders: Loaders
  readonly reads: Reads
  /** Of the whole request; without one each operation has its own. */
  readonly place?: SharedPlace
  readonly trail?: AuditTrail
  /** Commands are rolled back; their events are collected here. */
  readonly dryRun?: { readonly events: AuditDraft[] }
}
