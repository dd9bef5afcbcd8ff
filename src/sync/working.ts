/** A run, carried on from wherever it stands. Whoever works on it holds it (`holder`): another process takes over only from a dead one. */
import { randomUUID } from 'node:crypto'
import { machine } from '../access/actor.ts'
import { openLdap } from '../connectors/ldap.ts'
import type { App, Context } from '../context.ts'
import { Conflict, Refused, RosterError, Unavailable } from '../errors.ts'
import type { IamRecord } from '../iams/iam.ts'
import { findIam } from '../iams/iams.store.ts'
import { open } from '../iams/secrets.ts'
import { askEndpoint, secretsOf } from '../identity/outside.ts'
import { createLoaders } from '../loaders.ts'
import { insertEntries, type PlannedEntry, plannedEntries } from './entries.store.ts'
import { Informer } from './informing.ts'
import { countEnabled } from './people.store.ts'
import { type Plan, type Read, readAll, readOne } from './reading.ts'
import { type Bounds, refusal } from './refusals.ts'
import type { RunRecord } from './run.ts'
import { letGo, noteRun, sourceOf } from './runs.store.ts'
import { LOST, steps } from './steps.service.ts'

/** Of this process, for as long as it lives. */
export const holder = randomUUID()

/** Milliseconds between two signs of life; well under what is taken for silence (runs.store). */
const BEAT = 5_000
const usualBatch = 500
const largestBatch = 1_000

/** Another process has taken the run up, or an administrator dropped it: what is not written yet is not ours to write. */
class Lost extends Error {}

/**
 * Carries a run on that this process holds. `more`: `onePage` was asked for and the directory shows more than a page, so nothing is done yet.
 * Throws Unavailable when the store or the directory cannot be asked; what else the run came to stands in its row.
 */
export async function work(
  app: App,
  run: RunRecord,
  { onePage = false } = {},
): Promise<{ more: boolean; failure: RosterError | null }> {
  const context = contextOf(app, run)
  const beating = setInterval(() => void noteRun(app.store.db, run.id, holder, {}, new Date()).catch(() => {}), BEAT)
  beating.unref()
  try {
    const iam = await iamOf(app, run)
    if (run.status !== 'applying') {
      const read = await reading(app, run, iam, onePage)
      if (read.more) return { more: true, failure: null }
      const enabled = await countEnabled(app.store.db, run.iamid)
      // Who would be disabled still counts among them: nothing is done yet.
      const why = refusal({ ...read, enabled }, boundsOf(iam))
      const next = await steps.decide(context, {
        run,
        holder,
        why: run.mode !== 'full' && read.cut === null ? null : why,
        read,
      })
      if (next !== 'applying') return over
    }
    await applying(app, context, run, iam)
    return over
  } catch (error) {
    return { more: false, failure: await given(app, context, run, error) }
  } finally {
    clearInterval(beating)
  }
}

const over = { more: false, failure: null }

/** A machine's context: what it does is checked and audited like the rest. */
export const contextOf = (app: App, { id }: Pick<RunRecord, 'id'>): Context => ({
  app,
  actor: machine('sync'),
  requestId: `sync ${id}`,
  address: '',
  loaders: createLoaders({ app }),
})

async function iamOf(app: App, run: RunRecord): Promise<IamRecord> {
  const { config } = await sourceOf(app.store.db, run.id)
  const iam = (await findIam(app.store.db, run.iamid)) ?? (config && unsavedIam(run.iamid))
  if (!iam) throw new Refused('The IAM was removed')
  return config ? { ...iam, config } : iam
}

/** An IAM of which there is no more than a configuration to try. */
export const unsavedIam = (id: string): IamRecord => {
  const none = { secrets: {}, defaultPermissions: [], scimKeyPrefix: null }
  return { id, displayName: id, type: 'ldap', config: {}, ...none, createdAt: new Date(0), updatedAt: new Date(0) }
}

/** The opened secrets that go with the configuration of a run. */
async function secretsFor(app: App, run: RunRecord, iam: IamRecord): Promise<ReadonlyMap<string, string>> {
  const { config, secrets } = await sourceOf(app.store.db, run.id)
  if (!config || !secrets) return secretsOf({ app, db: app.store.db }, iam.id)
  return new Map(Object.entries(secrets).map(([path, sealed]) => [path, open(app.keys, iam.id, path, sealed)]))
}

async function reading(app: App, run: RunRecord, iam: IamRecord, onePage: boolean): Promise<Read> {
  const secrets = await secretsFor(app, run, iam)
  const directory = openLdap(iam.config, secrets)
  const { askUserInfo = false } = (iam.config.ldapSync ?? {}) as { askUserInfo?: boolean }
  const ask = (userid: string) => askEndpoint(iam.config, secrets, userid)
  const informer = askUserInfo && iam.config.externalUserInfo !== undefined ? new Informer({ app, run, iam }, ask) : null
  // Both or none: who has lost the run adds nothing to what its new holder does.
  const plan: Plan = (drafts, step) =>
    app.store.transaction(async db => {
      if (!(await noteRun(db, run.id, holder, step, new Date()))) throw new Lost()
      if (drafts.length > 0) await insertEntries(db, run.id, drafts)
    })
  const asking = { app, run, iam, directory, informer, plan }
  return run.userid === null ? readAll(asking, { onePage }) : readOne(asking, run.userid)
}

async function applying(app: App, context: Context, run: RunRecord, iam: IamRecord): Promise<void> {
  const { batchSize = usualBatch } = (iam.config.ldapSync ?? {}) as { batchSize?: number }
  for (;;) {
    const entries = await plannedEntries(app.store.db, run.id, Math.min(batchSize, largestBatch))
    if (entries.length === 0) break
    await apply(context, run, iam, entries)
  }
  await steps.finish(context, { run, holder })
}

/** What cannot be done of a batch is found by doing its entries one by one: the rest of it is done. */
async function apply(context: Context, run: RunRecord, iam: IamRecord, entries: readonly PlannedEntry[]): Promise<void> {
  try {
    await steps.apply(context, { run, iam, holder, entries })
  } catch (error) {
    if (error instanceof Unavailable || error instanceof TypeError) throw error
    if (entries.length > 1) {
      for (const entry of entries) await apply(context, run, iam, [entry])
      return
    }
    const [entry] = entries
    if (!(error instanceof RosterError))
      context.app.log.error({ err: error, run: run.id, entry: entry!.id }, 'an entry of a sync failed')
    await steps.skip(context, { run, holder, entry: entry!, reason: error instanceof RosterError ? error.message : UNEXPECTED })
  }
}

const UNEXPECTED = 'Something unexpected happened: the log has the details'

/** What a run comes to that cannot go on. */
async function given(app: App, context: Context, run: RunRecord, error: unknown): Promise<RosterError | null> {
  if (error instanceof Lost || (error instanceof Conflict && error.message === LOST)) return null
  const away = error instanceof Unavailable
  // The store is away, not the directory: the run stands as it was, and goes on when the store is back.
  if (away && !(await says(app, run))) throw error
  if (!(error instanceof RosterError)) app.log.error({ err: error, run: run.id, iamid: run.iamid }, 'a sync failed')
  const failure = error instanceof RosterError ? error : new Refused(UNEXPECTED)
  const reason = failure.message
  await steps.fail(context, { run, holder, reason }).catch(async failed => {
    await letGo(app.store.db, run.id, holder).catch(() => {})
    throw failed
  })
  return failure
}

/** Whether the store answers, so that it was the directory that did not. */
const says = (app: App, run: RunRecord): Promise<boolean> =>
  noteRun(app.store.db, run.id, holder, {}, new Date()).then(
    () => true,
    () => false,
  )

const boundsOf = ({ config }: IamRecord): Bounds => (config.ldapSync ?? {}) as Bounds
