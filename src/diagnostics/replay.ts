import type { Actor } from '../authorization/actor.ts'
import { type AuditDraft, newTrail } from '../authorization/audit-event.ts'
import type { Context } from '../authorization/context.ts'
import { atPrimary, withoutCommit } from '../platform/database/store.ts'

class RolledBack extends Error {}

/** `work` must have no effects outside the database. */
export async function dryRun<T>(
  { app, requestId, address }: Pick<Context, 'app' | 'requestId' | 'address'>,
  actor: Actor,
  work: (context: Context) => Promise<T>,
): Promise<{ value: T; events: readonly AuditDraft[] }> {
  const trail = newTrail()
  let done: { value: T } | undefined
  try {
    await app.store.transaction(async whole => {
      const db = withoutCommit(whole)
      const reads = atPrimary({ db })
      const inside = {
        ...app,
        store: {
          ...app.store,
          db,
          reads: () => reads,
          transaction: <R>(rule: (db: typeof app.store.db) => Promise<R>) => rule(db),
        },
      }
      done = {
        value: await work({
          app: inside,
          actor,
          requestId,
          address,
          reads,
          loaders: app.createLoaders({ actor, address, reads }),
          trail,
        }),
      }
      throw new RolledBack()
    })
  } catch (error) {
    if (!(error instanceof RolledBack)) throw error
  }
  return { value: done!.value, events: trail.events }
}
