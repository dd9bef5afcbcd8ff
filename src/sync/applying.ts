/** Entries of a run, done. Part of a write's transaction: what was planned is compared once more with what is held by now. */
import type { Call } from '../access/guard.ts'
import type { AuditDraft } from '../audit/audit.ts'
import type { IamRecord } from '../iams/iam.ts'
import type { Identity } from '../identity/identity.ts'
import { type Reconciled, reconcileAll } from '../identity/reconcile.ts'
import { regroup } from '../identity/regroup.ts'
import { canonical } from '../names.ts'
import { keepAnAdministrator } from '../users/powers.ts'
import type { UserRecord } from '../users/user.ts'
import { lockUsersNamed } from '../users/users.store.ts'
import { applyGroups, removeGoneGroups } from './applying.groups.ts'
import { type Applied, noteEntries, type PlannedEntry } from './entries.store.ts'
import { differences, type SaidGroup } from './outcome.ts'
import { disableAll, endAccessOfAll } from './people.store.ts'
import type { RunRecord } from './run.ts'

/** Throws Conflict when nobody with USER_ADMIN would be left. The number of statements does not depend on that of the entries. */
export async function applyEntries(
  call: Call,
  iam: IamRecord,
  run: RunRecord,
  entries: readonly PlannedEntry[],
): Promise<AuditDraft[]> {
  // Before any group is touched, as a log-in does, and all of them at once: whoever comes between waits instead of colliding.
  const here = await lockUsersNamed(
    call.db,
    iam.id,
    entries.flatMap(({ kind, nameKey }) => (kind === 'user' ? nameKey : [])),
  )
  const since = run.startedAt ?? run.createdAt
  const late = new Set(here.filter(user => isHeardSince(user, since)).map(user => canonical(user.userid)))
  const {
    groups = [],
    people = [],
    gone = [],
    goneGroups = [],
    stale = [],
  } = Object.groupBy(entries, entry =>
    placeOf(entry) === 'people' && entry.source === null && late.has(entry.nameKey) ? 'stale' : placeOf(entry),
  )
  const events: AuditDraft[] = []
  const applied: Applied[] = []
  const take = (part: { events: readonly AuditDraft[]; applied: readonly Applied[] }) => {
    events.push(...part.events)
    applied.push(...part.applied)
  }
  if (groups.length > 0) take(await applyGroups(call, iam, groups))
  if (people.length > 0) take(await applyPeople(call, iam, people))
  if (goneGroups.length > 0) take(await removeGoneGroups(call, iam, goneGroups))
  if (gone.length > 0) take(await applyGone(call, iam, since, gone))
  await noteEntries(call.db, [...applied, ...stale.map(spared)])
  return events
}

/** Their directory spoke of them after it was read for the plan: what that says of them is older than what is held. */
const isHeardSince = ({ lastExternalRefresh }: UserRecord, since: Date): boolean =>
  lastExternalRefresh !== null && lastExternalRefresh > since

const SPARED = 'Somebody changed them, or their directory spoke of them, since'
const spared = (entry: PlannedEntry): Applied => ({ ...entry, state: 'skipped', before: null, after: null, reason: SPARED })

const placeOf = ({ kind, outcome, said }: PlannedEntry) => {
  if (kind === 'group') return (said as SaidGroup).gone ? 'goneGroups' : 'groups'
  return outcome === 'disable' ? 'gone' : 'people'
}

async function applyPeople(call: Call, iam: IamRecord, entries: readonly PlannedEntry[]) {
  const { requireManualActivation: disabled = false } = (iam.config.ldapSync ?? {}) as { requireManualActivation?: boolean }
  // A person's endpoint speaks of them after their directory, by which they are here.
  const sources = Map.groupBy(entries, ({ source }) => source ?? iam.id)
  const written = new Map<number, Reconciled>()
  const changes = entries.flatMap(({ said }) => (said as Identity).groupChanges ?? [])
  const { events } = await regroup(call, { iamid: iam.id, source: iam.id }, changes)
  for (const source of [...sources.keys()].toSorted((a, b) => Number(b === iam.id) - Number(a === iam.id))) {
    const by = { iamid: iam.id, source, disabled, enables: source === iam.id }
    const part = sources.get(source)!
    const done = await reconcileAll(
      call,
      by,
      part.map(entry => entry.said as Identity),
    )
    for (const [at, { id }] of part.entries()) written.set(id, done[at]!)
  }
  const applied = [...written].map(([id, { user, created, enabled, plan }]): Applied => {
    const { before, after } = differences(plan)
    const outcome = created ? 'import' : enabled ? 'enable' : 'refresh'
    const changed = created || enabled || Object.keys(after).length > 0
    return {
      id,
      outcome,
      userId: user.id,
      state: changed ? 'applied' : 'skipped',
      before: created ? null : before,
      after,
      reason: null,
    }
  })
  return { events: [...events, ...[...written.values()].flatMap(person => person.events)], applied }
}

/** Whom somebody else disabled or deleted meanwhile stays as they are, and so does who is back: a plan may have waited for days. */
async function applyGone({ db, now }: Call, iam: IamRecord, since: Date, entries: readonly PlannedEntry[]) {
  const people = entries.flatMap(({ userId, nameKey }) => (userId === null ? [] : [{ userId, nameKey }]))
  const disabled = new Set((await disableAll(db, people, iam.id, since, now)).map(({ id }) => id))
  await endAccessOfAll(db, [...disabled])
  await keepAnAdministrator(db)
  const applied = entries.map(
    (entry): Applied => ({
      ...entry,
      state: entry.userId !== null && disabled.has(entry.userId) ? 'applied' : 'skipped',
      before: { disabled: false },
      after: { disabled: true },
      reason: entry.userId !== null && disabled.has(entry.userId) ? null : SPARED,
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
