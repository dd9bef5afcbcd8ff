import type { Actor } from '../authorization/actor.ts'
import { type AuditDraft, newTrail } from '../authorization/audit-event.ts'
import type { Context } from '../authorization/context.ts'
import { withoutCommit } from '../platform/database/store.ts'

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
      const inside = {
        ...app,
        store: { ...app.store, db, transaction: <R>(rule: (db: typeof app.store.db) => Promise<R>) => rule(db) },
      }
      done = {
        value: await work({
          app: inside,
          actor,
          requestId,
          address,
          loaders: app.createLoaders({ app: inside, actor, address }),
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
