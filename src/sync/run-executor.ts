import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { machine } from '../authorization/actor.ts'
import type { App, Context } from '../authorization/context.ts'
import { openLdap } from '../connectors/ldap.ts'
import { decrypt } from '../domain/iams/encryption.ts'
import type { IamRecord } from '../domain/iams/iam.ts'
import { findIam } from '../domain/iams/iams.store.ts'
import { settling } from '../federation/resolved-groups.ts'
import { callEndpoint, secretsOf, USER_INFO } from '../federation/source-result.ts'
import { atPrimary, type Store } from '../platform/database/store.ts'
import { RosterError, Unavailable, Unprocessable } from '../platform/errors.ts'
import { lossesOf, type PlannedEntry, plannedEntries } from './entries.store.ts'
import { type ReadResult, readAll, readOne } from './reader.ts'
import { recheckDisables } from './recheck.ts'
import { isChangedSince, type RunRecord } from './run.ts'
import { IamChanged, IamRemoved, LeaseLost, ShuttingDown, SourceUnavailable } from './run-end.ts'
import { steps } from './run-steps.service.ts'
import { releaseRun, unsavedConfigOf, updateRun } from './runs.store.ts'
import { quarantineReason, type Thresholds } from './safety-limits.ts'
import { countHeld } from './sync-users.store.ts'
import { UserInfoReader } from './user-info-reader.ts'

export const newLeaseOwner = (): string => randomUUID()

interface Lease {
  readonly runId: number
  readonly end: AbortController
}
const runningLeases = new WeakMap<Store, Map<string, Lease>>()

/** Milliseconds; well below the lease's expiry (runs.store). */
const HEARTBEAT_MS = 5_000
const usualBatch = 500
const largestBatch = 1_000
/** Milliseconds, for conflicts and connection errors. */
const RETRY_DELAYS = [50, 200, 1_000, 3_000]

interface RunWork {
  readonly app: App
  readonly context: Context
  readonly run: RunRecord
  readonly holder: string
  readonly iam: IamRecord
  readonly signal: AbortSignal
  isReported: boolean
}

/**
 * `more`: over `onePage`, nothing was done.
 * Throws Unavailable; other results are in its row.
 */
export async function executeRun(
  app: App,
  run: RunRecord,
  { holder, onePage = false }: { holder: string; onePage?: boolean },
): Promise<{ more: boolean; failure: RosterError | null }> {
  const context = contextOf(app, run)
  const end = new AbortController()
  const { signal } = end
  const beating = setInterval(() => void heartbeat(app, run, { holder, end }), HEARTBEAT_MS)
  beating.unref()
  const here = runningLeases.get(app.store) ?? new Map<string, Lease>()
  runningLeases.set(app.store, here.set(holder, { runId: run.id, end }))
  try {
    const iam = await iamOf(app, run)
    // A plan of an unknown configuration.
    if (run.status === 'applying' && isChangedSince(iam, run)) throw new IamChanged()
    const working: RunWork = { app, context, run, holder, iam, signal, isReported: false }
    if (run.status !== 'applying') {
      const read = await reading(working, onePage)
      if (read.more) return { more: true, failure: null }
      const next = await steps.decide(context, { run, holder, why: await whyNot(working, read), read })
      if (next !== 'applying') return finished
    } else if (!(await isStillDue(working))) return finished
    await applying(working)
    return finished
  } catch (error) {
    return { more: false, failure: await handleFailure(app, { context, run, holder, error }) }
  } finally {
    clearInterval(beating)
    here.delete(holder)
  }
}

/** Users to be disabled still count as enabled. */
async function whyNot({ app, run, iam }: RunWork, read: ReadResult): Promise<string | null> {
  if (run.mode === 'user') return null
  const { db } = app.store
  const lost = await lossesOf(db, run.id)
  return quarantineReason(
    { ...read, full: run.mode === 'full', lost, ...(await countHeld(db, iam.id, [iam.id, USER_INFO])) },
    boundsOf(iam),
  )
}

async function isStillDue({ app, context, run, holder, iam }: RunWork): Promise<boolean> {
  const openDirectory = async () => directoryFor(app, iam, await secretsFor(app, run, iam))
  const failure = await recheckDisables(app.store.db, { run, iam, open: openDirectory }, entries =>
    steps.spare(context, { run, holder, entries }),
  )
  if (failure === null) return true
  await steps.wait(context, { run, holder, reason: `The users to disable could not be checked again: ${failure}` })
  return false
}

const finished = { more: false, failure: null }

/** Aborts when the lease is lost. Database failures do not. */
async function heartbeat(
  { store }: App,
  { id }: RunRecord,
  { holder, end }: { holder: string; end: AbortController },
): Promise<void> {
  const isHeld = await updateRun(store.db, id, { holder, step: {} }).catch(() => true)
  if (!isHeld) end.abort(new LeaseLost())
}

export async function releaseAll({ store }: Pick<App, 'store'>): Promise<void> {
  const leases = [...(runningLeases.get(store) ?? [])]
  for (const [, { end }] of leases) end.abort(new ShuttingDown())
  for (const [holder, { runId }] of leases) await releaseRun(store.db, runId, holder)
}

export function contextOf(app: App, { id }: Pick<RunRecord, 'id'>): Context {
  const who = { app, actor: machine('sync'), address: '', reads: atPrimary(app.store) }
  return { ...who, requestId: `sync ${id}`, loaders: app.createLoaders(who) }
}

async function iamOf(app: App, run: RunRecord): Promise<IamRecord> {
  const { config } = await unsavedConfigOf(app.store.db, run.id)
  const iam = (await findIam(app.store.db, run.iamid)) ?? (config && unsavedIam(run.iamid))
  if (!iam) throw new IamRemoved()
  return config ? { ...iam, config } : iam
}

export const unsavedIam = (id: string): IamRecord => {
  const none = { secrets: {}, defaultPermissions: [], scimKeyPrefix: null, idsMissingSince: null }
  return { id, displayName: id, type: 'ldap', config: {}, ...none, createdAt: new Date(0), updatedAt: new Date(0) }
}

async function secretsFor(app: App, run: RunRecord, iam: IamRecord): Promise<ReadonlyMap<string, string>> {
  const { config, secrets } = await unsavedConfigOf(app.store.db, run.id)
  if (!config || !secrets) return secretsOf({ app, db: app.store.db }, iam.id)
  return new Map(
    Object.entries(secrets).map(([path, encrypted]) => [path, decrypt(app.keys, { iamid: iam.id, path, encrypted })]),
  )
}

const directoryFor = (app: App, iam: IamRecord, secrets: ReadonlyMap<string, string>) =>
  openLdap(iam.config, secrets, { outbound: app.outbound })

async function reading({ app, run, holder, iam, signal }: RunWork, onePage: boolean): Promise<ReadResult> {
  const secrets = await secretsFor(app, run, iam)
  const directory = settling(directoryFor(app, iam, secrets), app.store.db, iam)
  const { askUserInfo = false } = (iam.config.ldapSync ?? {}) as { askUserInfo?: boolean }
  const ask = (userid: string) => callEndpoint(app.outbound, { config: iam.config, secrets, userid })
  const informer = askUserInfo && iam.config.externalUserInfo !== undefined ? new UserInfoReader({ app, run, iam }, ask) : null
  const beat = async (step: { total: number; unchanged: number; planned: number }) => {
    if (!(await updateRun(app.store.db, run.id, { holder, step }))) throw new LeaseLost()
  }
  const asking = { app, run, holder, iam, directory, informer, signal, beat }
  return run.userid === null ? readAll(asking, { onePage }) : readOne(asking, run.userid)
}

async function applying(work: RunWork): Promise<void> {
  const { app, context, run, holder, iam } = work
  const { batchSize = usualBatch } = (iam.config.ldapSync ?? {}) as { batchSize?: number }
  for (let after = 0; ; ) {
    const entries = await plannedEntries(app.store.db, run.id, { after, limit: Math.min(batchSize, largestBatch) })
    if (entries.length === 0) break
    await apply(work, entries)
    after = entries.at(-1)!.id
  }
  await steps.finish(context, { run, holder })
}

/** After a failure entries are applied one by one. */
async function apply(work: RunWork, entries: readonly PlannedEntry[]): Promise<void> {
  const { app, context, run, holder, iam } = work
  try {
    await withRetry(() => steps.apply(context, { run, iam, holder, entries }))
  } catch (error) {
    if (error instanceof Unavailable || endsRun(error)) throw error
    if (entries.length > 1) {
      for (const entry of entries) await apply(work, [entry])
      return
    }
    const isKnown = error instanceof RosterError
    if (!isKnown && !work.isReported) {
      work.isReported = true
      app.log.error({ err: error, run: run.id, iamid: run.iamid }, 'an entry of a sync could not be done')
    }
    const reason = isKnown ? error.message : UNEXPECTED
    await steps.skip(context, { run, holder, entry: entries[0]!, reason })
  }
}

const UNEXPECTED = 'Something unexpected happened: the log has the details'

async function withRetry(step: () => Promise<unknown>): Promise<void> {
  for (const wait of RETRY_DELAYS) {
    try {
      await step()
      return
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error
      await pause(wait)
    }
  }
  await step()
}

const endsRun = (error: unknown): boolean =>
  error instanceof LeaseLost || error instanceof IamRemoved || error instanceof IamChanged

async function handleFailure(
  app: App,
  { context, run, holder, error }: { context: Context; run: RunRecord; holder: string; error: unknown },
): Promise<RosterError | null> {
  if (error instanceof LeaseLost) return null
  if (error instanceof Unavailable) {
    await releaseRun(app.store.db, run.id, holder).catch(() => {})
    throw error
  }
  const fault = error instanceof SourceUnavailable ? error.failure : error
  if (!(fault instanceof RosterError)) app.log.error({ err: fault, run: run.id, iamid: run.iamid }, 'a sync failed')
  const known = fault instanceof RosterError ? fault : new Unprocessable(UNEXPECTED)
  const failure = (await removedMeanwhile(app, run)) ?? known
  const reason = failure.message
  await steps.fail(context, { run, holder, reason }).catch(async failed => {
    if (failed instanceof LeaseLost) return
    await releaseRun(app.store.db, run.id, holder).catch(() => {})
    throw failed
  })
  return failure
}

/** The reason, whatever fails first because of it. */
const removedMeanwhile = (app: App, run: RunRecord): Promise<IamRemoved | null> =>
  iamOf(app, run).then(
    () => null,
    error => (error instanceof IamRemoved ? error : null),
  )

const boundsOf = ({ config }: IamRecord): Thresholds => (config.ldapSync ?? {}) as Thresholds
