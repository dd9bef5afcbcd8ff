/** Removes old audit events after they are in a file. */

import type { Context } from '../../authorization/context.ts'
import { changed, command, type Service, type ServiceContext, unchanged, type WriteResult } from '../../authorization/service.ts'
import { BATCHES, batchOf, type Removed, takePruning } from '../../platform/database/pruning.ts'
import { Conflict, Invalid } from '../../platform/errors.ts'
import { deleteEvents, oldestEvents } from './audit.pruning.store.ts'

const DAY = 86_400_000
/** Days; a transaction of a younger event may still be open. */
const LEAST_DAYS = 1

export interface AuditExport {
  readonly path: string
  /** Resolves when the lines cannot be lost any more. */
  append(lines: readonly string[]): Promise<void>
}

interface Pruning {
  readonly before: Date
  readonly to: AuditExport
}

const auditPruning = {
  /** One batch. */
  prune: command('audit:prune', async ({ db }: ServiceContext, { before, to }: Pruning): Promise<WriteResult<Removed>> => {
    if (!(await takePruning(db))) throw new Conflict('Another process prunes at the moment: try again later')
    const limit = batchOf(db)
    const events = await oldestEvents(db, before, limit)
    const [first, last] = [events[0], events.at(-1)]
    if (!first || !last) return unchanged<Removed>({ removed: 0, more: false })
    await to.append(events.map(({ row }) => row))
    const ids = events.map(({ id }) => id)
    const removed = await deleteEvents(db, ids)
    const after = { count: removed, from: first.at.toISOString(), to: last.at.toISOString(), file: to.path }
    return changed<Removed>(
      // Large events make a batch shorter than the limit.
      { removed, more: true },
      { event: 'auditPruned', target: { type: 'instance', id: '' }, after },
    )
  }),
} satisfies Service

/** Returns how many events are gone. Without `batches`: all that are old. */
export async function pruneAudit(
  context: Context,
  { days, to, batches = Number.POSITIVE_INFINITY }: { days: number; to: AuditExport; batches?: number },
): Promise<number> {
  if (days < LEAST_DAYS) throw new Invalid('days', `must be at least ${LEAST_DAYS}`)
  const before = new Date(Date.now() - days * DAY)
  let removed = 0
  for (let batch = 0; batch < batches; batch++) {
    const done = await auditPruning.prune(context, { before, to })
    removed += done.removed
    if (!done.more) break
    await context.app.store.pause()
  }
  return removed
}

/** By AUDIT_DAYS, in the background. */
export async function pruneAuditBySetting(context: Context, exportTo: (path: string) => AuditExport & Closing): Promise<number> {
  const { retention } = context.app.config
  if (retention.auditDays === null || retention.auditExportDir === null) return 0
  const to = exportTo(`${retention.auditExportDir}/audit-${new Date().toISOString().replaceAll(':', '-')}.jsonl`)
  try {
    return await pruneAudit(context, { days: retention.auditDays, to, batches: BATCHES })
  } finally {
    await to.close()
  }
}

interface Closing {
  close(): Promise<void>
}
