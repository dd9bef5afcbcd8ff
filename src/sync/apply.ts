import type { AuditDraft } from '../authorization/audit-event.ts'
import type { ServiceContext } from '../authorization/service.ts'
import type { IamRecord } from '../domain/iams/iam.ts'
import { assertAdministratorRemains } from '../domain/users/privilege-rules.ts'
import type { UserRecord } from '../domain/users/user.ts'
import type { Named } from '../federation/account-match.ts'
import { accountsOf } from '../federation/accounts.store.ts'
import type { Rejection } from '../federation/accounts.ts'
import type { Identity } from '../federation/identity.ts'
import { type Reconciled, reconcileAll } from '../federation/reconcile.ts'
import { regroup } from '../federation/regroup.ts'
import { sourceIdsOf } from '../federation/source-ids.ts'
import { migrateFromOf } from '../federation/source-result.ts'
import { lookupKey } from '../platform/validation.ts'
import { applyGroups, removeGoneGroups } from './apply.groups.ts'
import { type Applied, type PlannedEntry, recordEntries } from './entries.store.ts'
import { differences, type SourceGroup } from './entry.ts'
import type { RunRecord } from './run.ts'
import { disableAll, revokeAccessOfAll } from './sync-users.store.ts'

export async function applyEntries(
  call: ServiceContext,
  iam: IamRecord,
  { run, entries }: { run: RunRecord; entries: readonly PlannedEntry[] },
): Promise<AuditDraft[]> {
  // Before groups, as a log-in does, against deadlocks.
  const people = entries.filter(({ kind }) => kind === 'user')
  const here = await accountsOf(call.db, { iamid: iam.id, identities: people.flatMap(namedBy), lock: true })
  const since = run.startedAt ?? run.createdAt
  const isLate = outdatedAmong(here.filter(user => isRefreshedSince(user, since)))
  const {
    groups = [],
    people: users = [],
    gone = [],
    goneGroups = [],
    stale = [],
  } = Object.groupBy(entries, entry =>
    placeOf(entry) === 'people' && entry.source === null && isLate(entry) ? 'stale' : placeOf(entry),
  )
  const events: AuditDraft[] = []
  const applied: Applied[] = []
  const take = (part: { events: readonly AuditDraft[]; applied: readonly Applied[] }) => {
    events.push(...part.events)
    applied.push(...part.applied)
  }
  if (groups.length > 0) take(await applyGroups(call, iam, groups))
  if (users.length > 0) take(await applyPeople(call, iam, users))
  if (goneGroups.length > 0) take(await removeGoneGroups(call, iam, goneGroups))
  if (gone.length > 0) take(await disableUsers(call, iam, { since, entries: gone }))
  await recordEntries(call.db, [...applied, ...stale.map(skipped)])
  return events
}

const namedBy = ({ name, payload }: PlannedEntry): Named[] => [
  { userid: name },
  ...(payload === null ? [] : [payload as Identity]),
]

function outdatedAmong(users: readonly UserRecord[]): (entry: PlannedEntry) => boolean {
  const ids = new Set(users.map(({ id }) => id))
  const keys = new Set(users.map(({ userid }) => lookupKey(userid)))
  const directoryIds = new Set(users.map(({ directoryId }) => directoryId))
  return ({ userId, nameKey, payload }) => {
    const id = (payload as Identity | null)?.sourceId?.id
    return (userId !== null && ids.has(userId)) || keys.has(nameKey) || (id !== undefined && directoryIds.has(id))
  }
}

const isRefreshedSince = ({ lastExternalRefresh }: UserRecord, since: Date): boolean =>
  lastExternalRefresh !== null && lastExternalRefresh > since

const SKIPPED = 'The user was changed, or found in the directory, since'
const skipped = (entry: PlannedEntry): Applied => ({ ...entry, state: 'skipped', before: null, after: null, reason: SKIPPED })

const placeOf = ({ kind, action, payload }: PlannedEntry) => {
  if (kind === 'group') return (payload as SourceGroup).gone ? 'goneGroups' : 'groups'
  return action === 'disable' ? 'gone' : 'people'
}

async function applyPeople(call: ServiceContext, iam: IamRecord, entries: readonly PlannedEntry[]) {
  const { requireManualActivation: disabled = false } = (iam.config.ldapSync ?? {}) as { requireManualActivation?: boolean }
  const sources = Map.groupBy(entries, ({ source }) => source ?? iam.id)
  const written = new Map<number, Reconciled | Rejection>()
  const changes = entries.flatMap(({ payload }) => (payload as Identity).groupChanges ?? [])
  const regrouped = await regroup(call, { iamid: iam.id, source: iam.id }, changes)
  for (const source of [...sources.keys()].toSorted((a, b) => Number(b === iam.id) - Number(a === iam.id))) {
    const by = { iamid: iam.id, source, disabled, enables: source === iam.id, migrateFrom: migrateFromOf(iam) }
    const part = sources.get(source)!
    const done = await reconcileAll(call, { by, identities: part.map(entry => entry.payload as Identity) })
    for (const [at, { id }] of part.entries()) written.set(id, done[at]!)
  }
  const events = [...regrouped.events, ...[...written.values()].flatMap(done => ('rejected' in done ? [] : done.events))]
  return { events, applied: [...written].map(([id, done]) => appliedTo(id, done)) }
}

function appliedTo(id: number, done: Reconciled | Rejection): Applied {
  if ('rejected' in done) {
    const [userId, reason] = [done.user?.id ?? null, done.rejected]
    return { id, action: 'error', userId, state: 'skipped', before: null, after: null, reason }
  }
  const { user, created, enabled, replaced, migratedFrom, plan } = done
  const moved = migratedFrom !== null
  const { before, after } = differences(plan)
  const action = replaced ? 'replace' : created || moved ? 'create' : enabled ? 'enable' : 'update'
  const changed = action !== 'update' || Object.keys(after).length > 0
  return {
    id,
    action,
    userId: user.id,
    state: changed ? 'applied' : 'skipped',
    before: created
      ? null
      : replaced
        ? { sourceIds: sourceIdsOf(replaced) }
        : { ...(moved && { iamid: migratedFrom }), ...before },
    after: { ...(moved && { iamid: user.iamid }), ...after },
    reason: null,
  }
}

/** Skips users changed or returned since: plans may be old. */
async function disableUsers(
  { db, now }: ServiceContext,
  iam: IamRecord,
  { since, entries }: { since: Date; entries: readonly PlannedEntry[] },
) {
  const people = entries.flatMap(({ userId, nameKey }) => (userId === null ? [] : [{ userId, nameKey }]))
  const disabled = new Set((await disableAll(db, { people, iamid: iam.id, since, now })).map(({ id }) => id))
  await revokeAccessOfAll(db, [...disabled])
  await assertAdministratorRemains(db)
  const applied = entries.map(
    (entry): Applied => ({
      ...entry,
      state: entry.userId !== null && disabled.has(entry.userId) ? 'applied' : 'skipped',
      before: { disabled: false },
      after: { disabled: true },
      reason: entry.userId !== null && disabled.has(entry.userId) ? null : SKIPPED,
    }),
  )
  const events = entries
    .filter(({ userId }) => userId !== null && disabled.has(userId))
    .map(
      ({ userId, name }): AuditDraft => ({
        event: 'userDisabled',
        target: { type: 'user', id: userId!, name: `${iam.id}/${name}` },
        before: { disabled: false },
        after: { disabled: true, source: iam.id },
      }),
    )
  return { events, applied }
}
