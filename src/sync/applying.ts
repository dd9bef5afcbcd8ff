/** Entries of a run, done. Part of a write's transaction: what was planned is compared once more with what is held by now. */
import type { Call } from '../access/guard.ts'
import type { AuditDraft } from '../audit/audit.ts'
import type { IamRecord } from '../iams/iam.ts'
import { makeGroups } from '../identity/identity.store.ts'
import type { ExternalGroup, Identity } from '../identity/identity.ts'
import { groupsFrom } from '../identity/mapping.ts'
import { type Reconciled, reconcileAll } from '../identity/reconcile.ts'
import { canonical } from '../names.ts'
import { keepAnAdministrator } from '../users/powers.ts'
import type { UserRecord } from '../users/user.ts'
import { lockUsersNamed } from '../users/users.store.ts'
import { type Applied, noteEntries, type PlannedEntry } from './entries.store.ts'
import { differences, groupOutcome } from './outcome.ts'
import { disableAll, endAccessOfAll, groupsNamed, updateGroups } from './people.store.ts'
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
  if (gone.length > 0) take(await applyGone(call, iam, since, gone))
  await noteEntries(call.db, [...applied, ...stale.map(spared)])
  return events
}

/** Their directory spoke of them after it was read for the plan: what that says of them is older than what is held. */
const isHeardSince = ({ lastExternalRefresh }: UserRecord, since: Date): boolean =>
  lastExternalRefresh !== null && lastExternalRefresh > since

const SPARED = 'Somebody changed them, or their directory spoke of them, since'
const spared = (entry: PlannedEntry): Applied => ({ ...entry, state: 'skipped', before: null, after: null, reason: SPARED })

const placeOf = ({ kind, outcome }: PlannedEntry) => (kind === 'group' ? 'groups' : outcome === 'disable' ? 'gone' : 'people')

async function applyGroups({ db, now }: Call, iam: IamRecord, entries: readonly PlannedEntry[]) {
  const { fields } = groupsFrom(iam, [])
  const said = entries.map(entry => entry.said as ExternalGroup)
  const made = new Map(
    (await makeGroups(db, { iamid: iam.id, source: iam.id, now }, said)).map(row => [canonical(row.name), row.id]),
  )
  const held = await groupsNamed(
    db,
    iam.id,
    entries.map(({ nameKey }) => nameKey),
    true,
  )
  const here = new Map(held.map(group => [group.nameKey, group]))
  const events: AuditDraft[] = []
  const applied: Applied[] = []
  const updates: (typeof held)[number][] = []
  for (const [at, entry] of entries.entries()) {
    const group = here.get(entry.nameKey)!
    const isNew = made.has(entry.nameKey)
    const draft = groupOutcome(said[at]!, fields, isNew ? null : group)
    const { before = null, after = null } = draft ?? {}
    applied.push({ ...entry, userId: null, state: draft ? 'applied' : 'skipped', before, after, reason: null })
    if (!draft) continue
    const target = { type: 'group', id: group.id, name: `${iam.id}/${group.name}` } as const
    events.push({ event: isNew ? 'groupCreated' : 'groupUpdated', target, before, after: { ...after, source: iam.id } })
    if (!isNew) updates.push({ ...group, ...Object.fromEntries(fields.map(field => [field, said[at]![field]])) })
  }
  if (updates.length > 0) await updateGroups(db, updates, now)
  return { events, applied }
}

async function applyPeople(call: Call, iam: IamRecord, entries: readonly PlannedEntry[]) {
  const { requireManualActivation: disabled = false } = (iam.config.ldapSync ?? {}) as { requireManualActivation?: boolean }
  // A person's endpoint speaks of them after their directory, by which they are here.
  const sources = Map.groupBy(entries, ({ source }) => source ?? iam.id)
  const written = new Map<number, Reconciled>()
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
  return { events: [...written.values()].flatMap(({ events }) => events), applied }
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
