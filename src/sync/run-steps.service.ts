import { isDeepStrictEqual } from 'node:util'
import type { AuditDraft } from '../authorization/audit-event.ts'
import { changed, command, type Service, type ServiceContext, unchanged, type WriteResult } from '../authorization/service.ts'
import type { IamRecord } from '../domain/iams/iam.ts'
import { lockIamRow } from '../domain/iams/iams.store.ts'
import { applyEntries } from './apply.ts'
import { countsOfRuns, type PlannedEntry, recordEntries, stillPlanned } from './entries.store.ts'
import type { ReadResult } from './reader.ts'
import type { RunRecord, RunStatus } from './run.ts'
import { IamChanged, IamRemoved, LeaseLost } from './run-end.ts'
import { supersede, updateRun } from './runs.store.ts'

const BACK = 'The directory shows them again'

interface Held {
  readonly run: RunRecord
  readonly holder: string
}

export const steps = {
  decide: command(
    'iam:applySync',
    async (
      call: ServiceContext,
      { run, holder, why, read }: Held & { why: string | null; read: ReadResult },
    ): Promise<WriteResult<RunStatus>> => {
      const { db, now } = call
      const status: RunStatus = run.dryRun ? 'finished' : why !== null ? 'quarantined' : 'applying'
      const over = status !== 'applying'
      const reason = why !== null && run.dryRun ? `It would wait for an administrator: ${why}` : why
      const counts = { total: read.people, unchanged: read.unchanged }
      const { notes } = read
      await hold(call, {
        run,
        holder,
        step: { ...counts, notes, status, reason, over, ...(status === 'finished' && { finishedAt: now }) },
      })
      if (run.dryRun) return unchanged<RunStatus>(status)
      if (run.mode === 'full' && read.cut === null) await supersede(db, run, now)
      if (status === 'quarantined')
        call.app.log.warn({ iamid: run.iamid, run: run.id, reason }, 'a sync waits for an administrator')
      return status === 'quarantined'
        ? changed<RunStatus>(status, event(run, 'syncQuarantined', { reason, ...counts }))
        : unchanged<RunStatus>(status)
    },
  ),

  apply: command(
    'iam:applySync',
    async (
      call: ServiceContext,
      { run, iam, holder, entries }: Held & { iam: IamRecord; entries: readonly PlannedEntry[] },
    ): Promise<WriteResult<undefined>> => {
      const planned = await stillPlanned(
        call.db,
        entries.map(({ id }) => id),
      )
      await hold(call, { run, holder, step: { applied: planned.size } })
      const config = await lockIamRow(call.db, run.iamid)
      if (config === null) throw new IamRemoved()
      if (!isReadAlike(config, iam.config)) throw new IamChanged()
      const left = entries.filter(({ id }) => planned.has(id))
      return { value: undefined, events: await applyEntries(call, iam, { run, entries: left }) }
    },
  ),

  spare: command(
    'iam:applySync',
    async (
      call: ServiceContext,
      { run, holder, entries }: Held & { entries: readonly PlannedEntry[] },
    ): Promise<WriteResult<undefined>> => {
      await hold(call, { run, holder, step: { applied: entries.length } })
      const before = { disabled: false }
      const spared = { state: 'skipped', before, after: before, reason: BACK } as const
      await recordEntries(
        call.db,
        entries.map(entry => ({ ...entry, ...spared })),
      )
      return unchanged(undefined)
    },
  ),

  wait: command(
    'iam:applySync',
    async (call: ServiceContext, { run, holder, reason }: Held & { reason: string }): Promise<WriteResult<undefined>> => {
      await hold(call, { run, holder, step: { status: 'quarantined', reason: reason.slice(0, 1_000), over: true } })
      call.app.log.warn({ iamid: run.iamid, run: run.id, reason }, 'a sync waits for an administrator')
      return changed(undefined, event(run, 'syncQuarantined', { reason }))
    },
  ),

  skip: command(
    'iam:applySync',
    async (
      call: ServiceContext,
      { run, holder, entry, reason }: Held & { entry: PlannedEntry; reason: string },
    ): Promise<WriteResult<undefined>> => {
      await hold(call, { run, holder, step: { applied: 1 } })
      await recordEntries(call.db, [{ ...entry, state: 'skipped', before: null, after: null, reason: reason.slice(0, 1_000) }])
      return unchanged(undefined)
    },
  ),

  finish: command('iam:applySync', async (call: ServiceContext, { run, holder }: Held): Promise<WriteResult<undefined>> => {
    await hold(call, { run, holder, step: { status: 'finished', finishedAt: call.now, over: true } })
    const counts = await countsOfRuns(call.db, [run.id])
    const applied = (kind: string) =>
      Object.fromEntries(
        counts.filter(count => count.state === 'applied' && count.kind === kind).map(({ action, count }) => [action, count]),
      )
    return changed(undefined, event(run, 'syncFinished', { users: applied('user'), groups: applied('group') }))
  }),

  fail: command(
    'iam:applySync',
    async (call: ServiceContext, { run, holder, reason }: Held & { reason: string }): Promise<WriteResult<undefined>> => {
      await hold(call, {
        run,
        holder,
        step: { status: 'failed', reason: reason.slice(0, 1_000), finishedAt: call.now, over: true },
      })
      call.app.log.warn({ iamid: run.iamid, run: run.id, reason }, 'a sync failed')
      return run.dryRun ? unchanged(undefined) : changed(undefined, event(run, 'syncFinished', { failed: reason }))
    },
  ),
} satisfies Service

async function hold(
  { db }: ServiceContext,
  { run: { id }, holder, step }: { run: RunRecord; holder: string; step: Parameters<typeof updateRun>[2]['step'] },
): Promise<void> {
  if (!(await updateRun(db, id, { holder, step }))) throw new LeaseLost()
}

/** Schedule and batch sizes do not affect a plan. */
const isReadAlike = (
  { ldapSync: _, ...config }: IamRecord['config'],
  { ldapSync: __, ...before }: IamRecord['config'],
): boolean => isDeepStrictEqual(config, before)

export const event = (run: RunRecord, name: AuditDraft['event'], after: Record<string, unknown>): AuditDraft => ({
  event: name,
  target: { type: 'iam', id: run.iamid, name: run.iamName ?? run.iamid },
  after: { run: run.id, mode: run.mode, startedBy: run.startedBy, ...after },
})
