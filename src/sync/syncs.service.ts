import type { AuditDraft } from '../authorization/audit-event.ts'
import type { Loaders } from '../authorization/context.ts'
import { decide } from '../authorization/policy.ts'
import {
  changed,
  command,
  query,
  requirePermissionFor,
  type Service,
  type ServiceContext,
  type WriteResult,
} from '../authorization/service.ts'
import { normalizeVendorConfig } from '../domain/iams/config/input.ts'
import type { IamType } from '../domain/iams/config/schema.ts'
import { checkConfig } from '../domain/iams/config/validate.ts'
import { type EncryptedSecrets, encrypt } from '../domain/iams/encryption.ts'
import { encryptedSecretsOf, findIam, requireIam } from '../domain/iams/iams.store.ts'
import { assertMayGrant } from '../domain/users/privilege-rules.ts'
import type { SyncEntryFilter, SyncRunFilter } from '../generated/inputs.ts'
import { uniqueViolation } from '../platform/database/errors.ts'
import { type PageArgs, readPage, rowsWithIds } from '../platform/database/pagination.ts'
import { Conflict, Forbidden, Invalid, NotFound, type RosterError } from '../platform/errors.ts'
import { checkIamid, checkName } from '../platform/validation.ts'
import { disabledBy, entriesOf, entryList, markUndone, permissionsAffected } from './entries.store.ts'
import { type EntryPage, isChangedSince, isUnderWay, type RunMode, type RunRecord } from './run.ts'
import { executeRun, newLeaseOwner, unsavedIam } from './run-executor.ts'
import { event } from './run-steps.service.ts'
import { findRun, insertRun, lastAppliedRun, lastFullRun, releaseRun, runList, runUnderWay, updateRun } from './runs.store.ts'
import { changesSince } from './schedule.ts'
import { enableAll } from './sync-users.store.ts'

export interface SyncInput {
  readonly id: string
  readonly dryRun?: boolean | null
  readonly userId?: string | null
  readonly iamConfig?: unknown
  readonly incremental?: boolean | null
}

interface Person {
  readonly userId: string
  readonly dn: string | null
}

export interface SyncReport {
  readonly totalCount: number
  readonly count: number
  readonly importedUsers: readonly Person[]
  readonly refreshedUsers: readonly Person[]
  readonly disabledUsers: readonly Person[]
  readonly enabledUsers: readonly Person[]
  readonly runningInBackground: boolean
  readonly run: RunRecord
}

interface Started {
  readonly run: RunRecord
  readonly more: boolean
  readonly failure: RosterError | null
}

const atOnce = 1_000

export const syncs = {
  /**
   * Waits for small syncs. Throws Conflict while a run is active
   * or quarantined, Unavailable without the directory.
   */
  start: command('iam:sync', answer, { prepare: start }),

  list: query('iam:listSyncs', ({ db }: ServiceContext, { filter, ...page }: PageArgs & { filter?: SyncRunFilter | null }) =>
    readPage(db, runList(filter ?? {}), page),
  ),
  get: query('iam:listSyncs', ({ db }: ServiceContext, { id }: { id: number }) => findRun(db, id)),
  withIds: query(
    'iam:listSyncs',
    async ({ db }: ServiceContext, { ids }: { ids: readonly number[] }) =>
      (await readPage(db, runList({ ids }), { first: ids.length })).nodes,
  ),
  entriesWithIds: query('iam:listSyncs', async (call: ServiceContext, { ids }: { ids: readonly number[] }) => {
    requirePermissionFor(call, 'user:read')
    return rowsWithIds(call.db, entryList(0, {}), ids)
  }),
  entries: query(
    'iam:listSyncs',
    async (call: ServiceContext, { runId, filter, ...page }: PageArgs & { runId: number; filter?: SyncEntryFilter | null }) => {
      // Entries show personal data.
      requirePermissionFor(call, 'user:read')
      return readPage(call.db, entryList(runId, filter ?? {}), page)
    },
  ),

  entriesOf: query(
    'iam:listSyncs',
    (call: ServiceContext, { id, page, loaders }: { id: number; page: PageArgs; loaders: Loaders }): Promise<EntryPage> => {
      requirePermissionFor(call, 'user:read')
      return loaders.entriesOfRun.of(id, page)
    },
  ),

  approve: command('iam:approveSync', async (call: ServiceContext, { id }: { id: number }): Promise<WriteResult<RunRecord>> => {
    const run = await requireQuarantined(call, id)
    if (await runUnderWay(call.db, run.iamid)) throw busy(run.iamid)
    const iam = await requireIam(call.db, run.iamid)
    if (isChangedSince(iam, run))
      throw new Conflict(`The IAM ${iam.id} was changed since the sync ${id}: cancel it with cancelSync and sync again`)
    // Approval disables these users.
    assertMayGrant(call, await permissionsAffected(call.db, id, 'planned'))
    await updateRun(call.db, id, { holder: null, step: { status: 'applying', free: true } }).catch(startedElsewhere(run))
    const next = (await findRun(call.db, id))!
    return { ...changed(next, decided(run, 'approved')), afterCommit: value => inBackground(call, value) }
  }),

  cancel: command('iam:cancelSync', async (call: ServiceContext, { id }: { id: number }): Promise<WriteResult<RunRecord>> => {
    const run = await requireRun(call, id)
    if (run.status !== 'quarantined' && !isUnderWay(run))
      throw new Conflict(`The sync ${id} is ${run.status} and cannot be cancelled`)
    await updateRun(call.db, id, { holder: null, step: { status: 'cancelled', finishedAt: call.now, over: true } })
    return changed((await findRun(call.db, id))!, decided(run, 'cancelled'))
  }),

  undo: command(
    'iam:undoSync',
    async (call: ServiceContext, { id }: { id: number }): Promise<WriteResult<{ run: RunRecord; enabled: number }>> => {
      const { db, now } = call
      const run = await requireRun(call, id)
      const last = await lastAppliedRun(db, run.iamid)
      if (last?.id !== id) throw new Conflict(`Only the last applied sync can be undone${last ? `: ${last.id}` : ''}`)
      if (isUnderWay(run)) throw new Conflict(`The sync ${id} is running: cancel it first, then undo it`)
      if (run.undoneAt) throw new Conflict(`The sync ${id} was already undone`)
      assertMayGrant(call, await permissionsAffected(db, id, 'applied'))
      const events: AuditDraft[] = []
      for (let after = 0; ; ) {
        const part = await disabledBy(db, id, { after, limit: atOnce })
        if (part.length === 0) break
        after = part.at(-1)!.id
        const enabled = await enableAll(
          db,
          part.map(({ userId }) => userId),
          { source: run.iamid, now },
        )
        const again = new Set(enabled.map(user => user.id))
        await markUndone(
          db,
          part.filter(({ userId }) => again.has(userId)).map(entry => entry.id),
        )
        for (const user of enabled)
          events.push({
            event: 'userEnabled',
            target: { type: 'user', id: user.id, name: `${run.iamid}/${user.userid}` },
            before: { disabled: true },
            after: { disabled: false, undoes: id },
          })
      }
      await updateRun(db, id, { holder: null, step: { undoneAt: now } })
      const value = { run: (await findRun(db, id))!, enabled: events.length }
      return { value, events: [decided(run, 'undone'), ...events] }
    },
  ),
} satisfies Service

const startedElsewhere = (run: RunRecord) => (error: unknown) => {
  throw uniqueViolation(error) === null ? error : busy(run.iamid)
}

const busy = (iamid: string, run?: RunRecord | null) =>
  new Conflict(`A sync of ${iamid} is running${run ? ` (${run.id})` : ''}: wait for it, or cancel it with cancelSync`)

const decided = (run: RunRecord, what: string): AuditDraft => event(run, 'syncFinished', { decision: what })

async function requireRun({ db }: ServiceContext, id: number): Promise<RunRecord> {
  const run = await findRun(db, id, true)
  if (!run) throw new NotFound(`No sync ${id}`)
  return run
}

async function requireQuarantined(call: ServiceContext, id: number): Promise<RunRecord> {
  const run = await requireRun(call, id)
  if (run.status !== 'quarantined') throw new Conflict(`The sync ${id} is ${run.status} and is not waiting for approval`)
  return run
}

async function inBackground<Value>({ app }: ServiceContext, run: Value & RunRecord): Promise<Value> {
  // Runs without a job are found within a minute.
  await app.jobs.send(run.id).catch(error => app.log.warn({ err: error }, 'a sync begins later'))
  return run
}

async function start(call: ServiceContext, input: SyncInput): Promise<Started> {
  const { db, app, now } = call
  const wanted = await wantedRun(call, input)
  const holder = newLeaseOwner()
  const run = await insertRun(db, { ...wanted, status: 'reading', holder }, now)
  if (!run) throw busy(input.id, await runUnderWay(db, input.id))
  const { more, failure } = await executeRun(app, run, { holder, onePage: true })
  if (more) await releaseRun(db, run.id, holder)
  return { run: (await findRun(db, run.id))!, more, failure }
}

async function wantedRun(call: ServiceContext, input: SyncInput) {
  const { db, actor, app } = call
  const { id, dryRun, userId, iamConfig, incremental } = input
  // The configuration chooses a host to connect to (authorization-matrix, note 9).
  if (iamConfig != null && !(dryRun === true && decide(actor, 'iam:configure').allowed))
    throw new Forbidden('iamConfig is allowed only with dryRun true, and needs the permission APPLICATION_ADMIN')
  if (iamConfig != null && (typeof iamConfig !== 'object' || Array.isArray(iamConfig)))
    throw new Invalid('iamConfig', 'must be an object')
  const userid = userId == null || userId === '*' ? null : checkName('userId', userId)
  if (id === 'bim') throw new Invalid('iamid', 'must not be bim, which has no directory')
  const saved = iamConfig == null ? await requireIam(db, id) : await findIam(db, checkIamid(id))
  const iam = saved ?? unsavedIam(id)
  if (iam.type !== 'ldap') throw new Invalid('iamid', `must be an IAM that can be synced: the type ${iam.type} has no directory`)
  const unsaved =
    iamConfig == null
      ? null
      : checkConfig('ldap' satisfies IamType, id, {
          input: normalizeVendorConfig({ config: iamConfig }).config,
          before: iam,
          refusal: app.outbound.refusal,
        })
  if ((unsaved?.config ?? iam.config).options === undefined)
    throw new Invalid('iamid', 'must be an IAM whose directory is configured: set config.options')
  const whole = incremental === true && userid === null ? await lastFullRun(db, id) : null
  const mode: RunMode = userid !== null ? 'user' : whole ? 'incremental' : 'full'
  const secrets = unsaved && (await secretsFor(call, { id, given: unsaved.secrets, key: app.key }))
  const startedBy =
    actor.kind === 'user' ? `${actor.user.iamid}/${actor.user.userid}` : actor.kind === 'machine' ? actor.name : actor.kind
  return {
    iamid: id,
    mode,
    startedBy,
    startedById: actor.kind === 'user' ? actor.user.id : null,
    dryRun: dryRun === true,
    userid,
    since: whole && changesSince(whole),
    config: unsaved?.config ?? null,
    secrets,
  }
}

async function secretsFor(
  { db }: ServiceContext,
  { id, given, key }: { id: string; given: ReadonlyMap<string, string | null>; key: Buffer },
) {
  const secrets: Record<string, EncryptedSecrets> = { ...(await encryptedSecretsOf(db, id)) }
  for (const [path, secret] of given)
    if (secret === null) delete secrets[path]
    else secrets[path] = encrypt(key, { iamid: id, path, secret })
  return secrets
}

async function answer(call: ServiceContext, _: SyncInput, { run, more, failure }: Started): Promise<WriteResult<SyncReport>> {
  const report = await reportOf(call, run, more)
  if (more) return { value: report, events: [], afterCommit: async value => ({ ...value, run: await inBackground(call, run) }) }
  if (failure) throw failure
  if (run.status === 'quarantined')
    throw new Conflict(
      `The sync ${run.id} waits for an administrator: ${run.reason}. See it with syncRun, then approveSync or cancelSync`,
    )
  return { value: report, events: [] }
}

async function reportOf({ db }: ServiceContext, run: RunRecord, runningInBackground: boolean): Promise<SyncReport> {
  const entries = runningInBackground ? [] : await entriesOf(db, run.id, run.dryRun ? 'planned' : 'applied')
  const own = new Set(entries.flatMap(({ source, name }) => (source === null ? name : [])))
  const first = entries.filter(({ source, name }) => source === null || !own.has(name))
  const people = (action: string): Person[] =>
    first.filter(entry => entry.action === action).map(({ name, dn }) => ({ userId: name, dn }))
  const lists = {
    importedUsers: [...people('create'), ...people('replace')],
    refreshedUsers: people('update'),
    disabledUsers: people('disable'),
    enabledUsers: people('enable'),
  }
  const count = Object.values(lists).reduce((sum, list) => sum + list.length, 0)
  return { totalCount: run.total, count, ...lists, runningInBackground, run }
}
