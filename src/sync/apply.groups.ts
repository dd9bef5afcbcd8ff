import type { AuditDraft } from '../authorization/audit-event.ts'
import type { ServiceContext } from '../authorization/service.ts'
import type { IamRecord } from '../domain/iams/iam.ts'
import { groupsFrom } from '../federation/attribute-mapping.ts'
import { removeGroups } from '../federation/group-entries.store.ts'
import { makeGroups } from '../federation/identity.store.ts'
import { regroup } from '../federation/regroup.ts'
import { canonical } from '../platform/validation.ts'
import type { Applied, PlannedEntry } from './entries.store.ts'
import { differenceOfGroup, groupEntry, type SourceGroup } from './entry.ts'
import { groupsNamed, updateGroups } from './sync-users.store.ts'

interface AppliedGroups {
  readonly events: readonly AuditDraft[]
  readonly applied: readonly Applied[]
}

export async function applyGroups(
  call: ServiceContext,
  iam: IamRecord,
  entries: readonly PlannedEntry[],
): Promise<AppliedGroups> {
  const changes = entries.filter(({ payload }) => (payload as SourceGroup).change)
  const fields = entries.filter(({ payload }) => !(payload as SourceGroup).change)
  const parts = [await applyChanges(call, iam, changes), await applyFields(call, iam, fields)]
  return { events: parts.flatMap(({ events }) => events), applied: parts.flatMap(({ applied }) => applied) }
}

async function applyChanges(call: ServiceContext, iam: IamRecord, entries: readonly PlannedEntry[]): Promise<AppliedGroups> {
  const groups = entries.map(entry => entry.payload as SourceGroup)
  const { events, changed } = await regroup(
    call,
    { iamid: iam.id, source: iam.id },
    groups.map(({ change }) => change!),
  )
  const applied = entries.map((entry, at): Applied => {
    const { change, was } = groups[at]!
    const isDone = changed.has(change!.groupId)
    return { ...entry, state: isDone ? 'applied' : 'skipped', ...differenceOfGroup(change!, was!), reason: isDone ? null : TAKEN }
  })
  return { events, applied }
}

const TAKEN = 'Another group of the IAM has the name, or is the entry'

async function applyFields(
  { db, now }: ServiceContext,
  iam: IamRecord,
  entries: readonly PlannedEntry[],
): Promise<AppliedGroups> {
  if (entries.length === 0) return { events: [], applied: [] }
  const { fields } = groupsFrom(iam, [])
  const groups = entries.map(entry => entry.payload as SourceGroup)
  const made = new Map(
    (await makeGroups(db, { iamid: iam.id, source: iam.id, now }, groups)).map(row => [canonical(row.name), row.id]),
  )
  const held = await groupsNamed(db, iam.id, { keys: entries.map(({ nameKey }) => nameKey), lock: true })
  const here = new Map(held.map(group => [group.nameKey, group]))
  const events: AuditDraft[] = []
  const applied: Applied[] = []
  const updates: (typeof held)[number][] = []
  for (const [at, entry] of entries.entries()) {
    const group = here.get(entry.nameKey)
    const isNew = made.has(entry.nameKey)
    // A later change is for the next sync.
    const draft = group ? groupEntry(groups[at]!, fields, isNew ? null : group) : null
    const { action = entry.action, before = null, after = null } = draft ?? {}
    applied.push({ ...entry, action, userId: null, state: draft ? 'applied' : 'skipped', before, after, reason: null })
    if (!draft || !group) continue
    const target = { type: 'group', id: group.id, name: `${iam.id}/${group.name}` } as const
    events.push({ event: isNew ? 'groupCreated' : 'groupUpdated', target, before, after: { ...after, source: iam.id } })
    if (!isNew) updates.push({ ...group, ...Object.fromEntries(fields.map(field => [field, groups[at]![field]])) })
  }
  if (updates.length > 0) await updateGroups(db, updates, now)
  return { events, applied }
}

const HELD = 'It has received members, attributes or permissions since'

export async function removeGoneGroups(
  { db }: ServiceContext,
  iam: IamRecord,
  entries: readonly PlannedEntry[],
): Promise<AppliedGroups> {
  const groups = entries.map(({ nameKey, payload }) => ({ nameKey, directoryId: (payload as SourceGroup).entryId! }))
  const removed = new Map((await removeGroups(db, iam.id, groups)).map(({ nameKey, id }) => [nameKey, id]))
  const applied = entries.map((entry): Applied => {
    const isGone = removed.has(entry.nameKey)
    return {
      ...entry,
      state: isGone ? 'applied' : 'skipped',
      before: { name: entry.name },
      after: null,
      reason: isGone ? null : HELD,
    }
  })
  const events = entries
    .filter(({ nameKey }) => removed.has(nameKey))
    .map(
      ({ nameKey, name }): AuditDraft => ({
        event: 'groupDeleted',
        target: { type: 'group', id: removed.get(nameKey)!, name: `${iam.id}/${name}` },
        before: { iamid: iam.id, name, source: iam.id },
      }),
    )
  return { events, applied }
}
