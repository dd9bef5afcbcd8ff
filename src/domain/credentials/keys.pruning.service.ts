/** Removes keys that expired long ago; an event of each stays. */

import type { AuditDraft } from '../../authorization/audit-event.ts'
import type { Context } from '../../authorization/context.ts'
import { command, type Service, type ServiceContext, type WriteResult } from '../../authorization/service.ts'
import { BATCHES, batchOf, type Removed, takePruning } from '../../platform/database/pruning.ts'
import { removeExpiredScimKeys } from '../iams/scim-keys.store.ts'
import { removeExpiredKeys } from './keys.pruning.store.ts'

const DAY = 86_400_000
/** Each is an audit event as well. */
const KEYS = 500

const keyPruning = {
  /** One batch. */
  prune: command('apikey:prune', async ({ db }: ServiceContext, before: Date): Promise<WriteResult<Removed>> => {
    if (!(await takePruning(db))) return { value: { removed: 0, more: false }, events: [] }
    const limit = Math.min(KEYS, batchOf(db))
    const keys = await removeExpiredKeys(db, before, limit)
    const scimKeys = await removeExpiredScimKeys(db, before, limit)
    const events = [
      ...keys.map(
        ({ id, name, ...key }): AuditDraft => ({ event: 'keyPruned', target: { type: 'apikey', id, name }, before: { ...key } }),
      ),
      ...scimKeys.map(
        ({ iamid, ...key }): AuditDraft => ({ event: 'keyPruned', target: { type: 'iam', id: iamid }, before: { ...key } }),
      ),
    ]
    // Keys that came from those are next.
    return { value: { removed: events.length, more: events.length > 0 }, events }
  }),
} satisfies Service

/** Returns how many are gone. `days`: since they expired. */
export async function pruneKeys(context: Context, days: number): Promise<number> {
  const before = new Date(Date.now() - days * DAY)
  let removed = 0
  for (let batch = 0; batch < BATCHES; batch++) {
    const done = await keyPruning.prune(context, before)
    removed += done.removed
    if (!done.more) break
    await context.app.store.pause()
  }
  return removed
}
