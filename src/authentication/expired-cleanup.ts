import type { App } from '../authorization/context.ts'
import { purgeExpired } from '../domain/credentials/credentials.store.ts'
import { purgeFailures } from '../domain/credentials/lockout.store.ts'
import { purgeAddresses } from '../domain/credentials/login-addresses.store.ts'
import { pruneInBatches } from '../platform/database/pruning.ts'
import { purgeConsumed } from './oidc-session.store.ts'

const EVERY_MS = 600_000

/** Every ten minutes; then runs `others`. */
export function startHousekeeping(
  { store, log }: Pick<App, 'store' | 'log'>,
  others: readonly (() => Promise<void>)[],
): { stop(): void } {
  const clean = async () => {
    const now = new Date()
    await pruneInBatches(store, (db, limit) => purgeExpired(db, now, limit))
    await purgeFailures(store.db, now)
    await purgeAddresses(store.db, now)
    await purgeConsumed(store.db, now)
    for (const other of others) await other()
  }
  const timer = setInterval(
    () => void clean().catch(error => log.warn({ err: error }, 'housekeeping failed; it is tried again')),
    EVERY_MS,
  )
  timer.unref()
  return { stop: () => clearInterval(timer) }
}
