import type { ChangeListener } from './change-listener.ts'
import { Liveness } from './liveness.ts'
import { StorePool } from './pool.ts'

export interface ServerPoolOptions {
  readonly url: string
  /** As it shows in pg_stat_activity. */
  readonly name: string
  /** For the log. */
  readonly what: string
  readonly max?: number | undefined
  /** Milliseconds. */
  readonly wait?: number | undefined
  readonly listener?: ChangeListener | null
  readonly log: { warn(message: string): void }
}

/** Milliseconds of an idle connection. */
const IDLE = 600_000
/** Milliseconds of a statement on a server. */
export const STATEMENT = 30_000
/** And of an idle transaction, whose locks block others. */
export const STALLED = 60_000

export const createServerPool = ({ url, name, what, max = 8, wait = 10_000, listener = null, log }: ServerPoolOptions) =>
  new StorePool(
    {
      connectionString: url,
      application_name: name,
      max,
      idleTimeoutMillis: IDLE,
      connectionTimeoutMillis: wait,
      keepAlive: true,
      statement_timeout: STATEMENT,
      idle_in_transaction_session_timeout: STALLED,
    },
    error => log.warn(`An idle connection to ${what} was lost: ${error.message}`),
    listener,
  )

/** The messages of a change, to away and back. */
export const livenessOf = (
  connectionString: string,
  { name = 'roster liveness', onAway, onBack }: { name?: string; onAway: () => void; onBack: () => void },
): Liveness =>
  new Liveness({
    client: { connectionString, application_name: name, keepAlive: true },
    onChange: isAway => (isAway ? onAway() : onBack()),
  })
