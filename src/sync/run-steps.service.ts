/** The writes of a run, each a transaction of its own. Only the machine does them; each is refused to who does not hold the run. */
import { isDeepStrictEqual } from 'node:util'
import type { AuditDraft } from '../authorization/audit-event.ts'
import { type Call, done, type Outcome, type Service, unchanged, write } from '../authorization/service.ts'
import type { IamRecord } from '../domain/iams/iam.ts'
import { holdIam } from '../domain/iams/iams.store.ts'
import { Conflict, Refused } from '../platform/errors.ts'
import { applyEntries } from './apply.ts'
import { countsOfRuns, noteEntries, type PlannedEntry, stillPlanned } from './entries.store.ts'
import type { Read } from './reader.ts'
import type { RunRecord, RunStatus } from './run.ts'
import { noteRun, supersede } from './runs.store.ts'

/** What a step says to who does not hold the run any more. */
export const LOST = 'Another process works on this sync'
/** And once there is no IAM any more: what its directory says makes nobody then. */
export const REMOVED = 'The IAM was removed'
/** And once it is configured otherwise: what was planned may be the word of another directory, or of the same one otherwise read. */
export const CHANGED = 'The IAM was changed meanwhile: what is done stays done, and the rest is for another sync'

const BACK = 'The directory shows them again'

interface Held {
  readonly run: RunRecord
  readonly holder: string
}

export const steps = {
  /** What becomes of a plan: it is applied, told (dry run), or waits for an administrator. */
  decide: write(
    'iam:applySync',
    async (call: Call, { run, holder, why, read }: Held & { why: string | null; read: Read }): Promise<Outcome<RunStatus>> => {
      const { db, now } = call
      const status: RunStatus = run.dryRun ? 'finished' : why !== null ? 'quarantined' : 'applying'
      const over = status !== 'applying'
      const reason = why !== null && run.dryRun ? `It would wait for an administrator: ${why}` : why
      const counts = { total: read.people, unchanged: read.unchanged }
      const { notes } = read
      await hold(call, run, holder, { ...counts, notes, status, reason, over, ...(status === 'finished' && { finishedAt: now }) })
      if (run.dryRun) return unchanged<RunStatus>(status)
      if (run.mode === 'full' && read.cut === null) await supersede(db, run, now)
      if (status === 'quarantined')
        call.app.log.warn({ iamid: run.iamid, run: run.id, reason }, 'a sync waits for an administrator')
      return status === 'quarantined'
        ? done<RunStatus>(status, event(run, 'syncQuarantined', { reason, ...counts }))
        : unchanged<RunStatus>(status)
    },
  ),

  apply: write(
    'iam:applySync',
    async (
      call: Call,
      { run, iam, holder, entries }: Held & { iam: IamRecord; entries: readonly PlannedEntry[] },
    ): Promise<Outcome<undefined>> => {
      const planned = await stillPlanned(
        call.db,
        entries.map(({ id }) => id),
      )
      await hold(call, run, holder, { applied: planned.size })
      const config = await holdIam(call.db, run.iamid)
      if (config === null) throw new Refused(REMOVED)
      if (!isReadAlike(config, iam.config)) throw new Refused(CHANGED)
      const left = entries.filter(({ id }) => planned.has(id))
      return { value: undefined, events: await applyEntries(call, iam, run, left) }
    },
  ),

  /** People who are back in the directory: they stay enabled. */
  spare: write(
    'iam:applySync',
    async (call: Call, { run, holder, entries }: Held & { entries: readonly PlannedEntry[] }): Promise<Outcome<undefined>> => {
      await hold(call, run, holder, { applied: entries.length })
      const before = { disabled: false }
      const spared = { state: 'skipped', before, after: before, reason: BACK } as const
      await noteEntries(
        call.db,
        entries.map(entry => ({ ...entry, ...spared })),
      )
      return unchanged(undefined)
    },
  ),

  /** A confirmed plan that cannot be done yet: it waits for an administrator again. */
  wait: write(
    'iam:applySync',
    async (call: Call, { run, holder, reason }: Held & { reason: string }): Promise<Outcome<undefined>> => {
      await hold(call, run, holder, { status: 'quarantined', reason: reason.slice(0, 1_000), over: true })
      call.app.log.warn({ iamid: run.iamid, run: run.id, reason }, 'a sync waits for an administrator')
      return done(undefined, event(run, 'syncQuarantined', { reason }))
    },
  ),

  /** One that cannot be done: the rest goes on. */
  skip: write(
    'iam:applySync',
    async (
      call: Call,
      { run, holder, entry, reason }: Held & { entry: PlannedEntry; reason: string },
    ): Promise<Outcome<undefined>> => {
      await hold(call, run, holder, { applied: 1 })
      await noteEntries(call.db, [{ ...entry, state: 'skipped', before: null, after: null, reason: reason.slice(0, 1_000) }])
      return unchanged(undefined)
    },
  ),

  finish: write('iam:applySync', async (call: Call, { run, holder }: Held): Promise<Outcome<undefined>> => {
    await hold(call, run, holder, { status: 'finished', finishedAt: call.now, over: true })
    const counts = await countsOfRuns(call.db, [run.id])
    const applied = counts.filter(({ state }) => state === 'applied').map(({ outcome, count }) => [outcome, count])
    return done(undefined, event(run, 'syncFinished', Object.fromEntries(applied)))
  }),

  fail: write(
    'iam:applySync',
    async (call: Call, { run, holder, reason }: Held & { reason: string }): Promise<Outcome<undefined>> => {
      await hold(call, run, holder, { status: 'failed', reason: reason.slice(0, 1_000), finishedAt: call.now, over: true })
      call.app.log.warn({ iamid: run.iamid, run: run.id, reason }, 'a sync failed')
      return run.dryRun ? unchanged(undefined) : done(undefined, event(run, 'syncFinished', { failed: reason }))
    },
  ),
} satisfies Service

/** The run's row is held from here to the end of the transaction, so that what follows is not written twice. */
async function hold({ db }: Call, { id }: RunRecord, holder: string, step: Parameters<typeof noteRun>[3]): Promise<void> {
  if (!(await noteRun(db, id, holder, step))) throw new Conflict(LOST)
}

/** When it is read, and how much at once, changes nothing of what a plan says. */
const isReadAlike = (
  { ldapSync: _, ...config }: IamRecord['config'],
  { ldapSync: __, ...before }: IamRecord['config'],
): boolean => isDeepStrictEqual(config, before)

export const event = (run: RunRecord, name: AuditDraft['event'], after: Record<string, unknown>): AuditDraft => ({
  event: name,
  target: { type: 'iam', id: run.iamid, name: run.iamName ?? run.iamid },
  after: { run: run.id, mode: run.mode, startedBy: run.startedBy, ...after },
})
