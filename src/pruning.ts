/** What settings let go after so many days. */
import type { Context } from './authorization/context.ts'
import { pruneAuditBySetting } from './domain/audit/audit.pruning.service.ts'
import { pruneKeys } from './domain/credentials/keys.pruning.service.ts'
import { removeOldExchanges } from './federation/exchanges/exchanges.pruning.store.ts'
import { AppendFile } from './platform/append-file.ts'
import { pruneInBatches } from './platform/database/pruning.ts'
import { Conflict } from './platform/errors.ts'
import { removeOldRuns } from './sync/runs.pruning.store.ts'

const DAY = 86_400_000

const RULES = [
  { what: 'sync runs', days: 'syncRunDays', remove: removeOldRuns },
  { what: 'exchanges', days: 'exchangeDays', remove: removeOldExchanges },
] as const

/** Every instance may: one at a time removes. */
export async function pruneBySettings(context: Context): Promise<void> {
  const { store, log, config } = context.app
  for (const { what, days: setting, remove } of RULES) {
    const days = config.retention[setting]
    if (days === null) continue
    const before = new Date(Date.now() - days * DAY)
    const removed = await pruneInBatches(store, (db, limit) => remove(db, before, limit))
    if (removed > 0) log.info({ what, removed }, 'old rows are removed')
  }
  const { expiredKeyDays } = config.retention
  const keys = expiredKeyDays === null ? 0 : await pruneKeys(context, expiredKeyDays)
  if (keys > 0) log.info({ what: 'expired keys', removed: keys }, 'old rows are removed')
  const moved = await pruneAuditBySetting(context, path => new AppendFile(path)).catch(error => {
    if (error instanceof Conflict) return 0
    throw error
  })
  if (moved > 0) log.info({ removed: moved }, 'old audit events are in a file of AUDIT_EXPORT_DIR')
}
