import { authorizations } from '../domain/attributes/attribute.ts'
import type { UserRecord } from '../domain/users/user.ts'
import type { AccountMatch } from '../federation/account-lookup.ts'
import type { GroupField } from '../federation/attribute-mapping.ts'
import { type CurrentState, type Difference, diff } from '../federation/diff.ts'
import type { GoneGroup, GroupChange, HeldEntry } from '../federation/group-entries.store.ts'
import type { ExternalGroup, Identity } from '../federation/identity.ts'
import { sourceIdsOf } from '../federation/source-ids.ts'
import { canonical, lookupKey } from '../platform/validation.ts'
import type { SyncAction } from './run.ts'

export interface EntryDraft {
  readonly kind: 'user' | 'group'
  readonly source: string | null
  readonly name: string
  readonly nameKey: string
  readonly dn: string | null
  readonly userId: number | null
  readonly action: SyncAction
  readonly payload: Identity | SourceGroup | null
  readonly before: Readonly<Record<string, unknown>> | null
  readonly after: Readonly<Record<string, unknown>> | null
  readonly reason: string | null
}

const none = { source: null, dn: null, userId: null, payload: null, before: null, after: null, reason: null } as const

export interface EntryUser extends Pick<AccountMatch, 'user' | 'renamed' | 'migratedFrom'> {
  readonly replaces?: true
}

export function userEntry(
  identity: Identity,
  held: CurrentState,
  {
    source,
    faults,
    account: { user, renamed, migratedFrom, replaces },
  }: { source: string; faults: readonly string[]; account: EntryUser },
): EntryDraft | null {
  const plan = diff(identity, { ...held, renamed }, source)
  const { before, after } = differences(plan)
  const whom = person(identity, user)
  const reason = faults.length > 0 ? desired(faults.join('; ')) : null
  const draft = { ...whom, payload: identity, reason }
  if (replaces) return { ...draft, action: 'replace', before: { sourceIds: sourceIdsOf(user!) }, after }
  if (migratedFrom !== undefined)
    return { ...draft, action: 'create', before: { iamid: migratedFrom, ...before }, after: { iamid: source, ...after } }
  const action = actionFor(user, after, source)
  if (action === null) return reason === null ? null : { ...whom, action: 'error', reason }
  return { ...draft, action, before: user && before, after }
}

function actionFor(user: UserRecord | null, after: object, source: string): 'create' | 'enable' | 'update' | null {
  if (user === null) return 'create'
  if (user.disabled && user.disabledBy === source) return 'enable'
  return Object.keys(after).length > 0 ? 'update' : null
}

const person = ({ userid, dn }: Identity, user: UserRecord | null): EntryDraft => ({
  ...none,
  kind: 'user',
  name: user?.userid ?? userid,
  nameKey: canonical(user?.userid ?? userid),
  dn: dn ?? null,
  userId: user?.id ?? null,
  action: 'update',
})

export const errorEntry = (name: string, dn: string | null, reason: string): EntryDraft => ({
  ...none,
  kind: 'user',
  name: desired(name),
  // Not searched, and may exceed an index entry.
  nameKey: '',
  dn: dn === null ? null : truncate(dn),
  action: 'error',
  reason: desired(reason),
})

const truncate = (text: string): string => text.replaceAll('\0', '\ufffd').toWellFormed()
const longest = 1_000
export const desired = (text: string): string => truncate(text.slice(0, longest))

export const disableEntry = ({
  id,
  userid,
  useridKey,
  dn,
}: {
  id: number
  userid: string
  useridKey: string
  dn: string | null
}): EntryDraft => ({
  ...none,
  kind: 'user',
  name: userid,
  nameKey: useridKey,
  dn,
  userId: id,
  action: 'disable',
  before: { disabled: false },
  after: { disabled: true },
})

/** `change`: for an existing group, formerly `was`. `gone`: removed. */
export type SourceGroup = ExternalGroup & { readonly change?: GroupChange; readonly was?: Was; readonly gone?: true }
type Was = Pick<HeldEntry, 'name' | 'directoryId'>

type HeldGroup = Pick<HeldEntry, 'name' | 'gid' | 'email' | 'description'>

const groupDraft = (name: string): EntryDraft => ({
  ...none,
  kind: 'group',
  name: desired(name),
  nameKey: lookupKey(name) ?? '',
  action: 'update',
})

export const changedGroup = (change: GroupChange, { name, directoryId }: Was): EntryDraft => ({
  ...groupDraft(name),
  payload: { ...nothing, name, change, was: { name, directoryId } },
  ...differenceOfGroup(change, { name, directoryId }),
})

export function differenceOfGroup(change: GroupChange, was: Was) {
  const renamed = was.name !== change.name
  const adopted = was.directoryId !== change.directoryId
  return {
    before: { ...(renamed && { name: was.name }), ...(adopted && { entryId: was.directoryId }) },
    after: { ...(renamed && { name: change.name }), ...(adopted && { entryId: change.directoryId }) },
  }
}

export const goneGroup = ({ name, directoryId }: Pick<GoneGroup, 'name' | 'directoryId'>): EntryDraft => ({
  ...groupDraft(name),
  action: 'delete',
  payload: { ...nothing, name, entryId: directoryId, gone: true },
  before: { name },
  reason: 'The directory deleted it, and it has no other data',
})

export const groupFault = ({ id, name }: { readonly id: string; readonly name: string }, reason: string): EntryDraft => ({
  ...errorEntry(name, id, reason),
  kind: 'group',
})

const nothing = { gid: null, email: null, description: null }

export function groupEntry(group: ExternalGroup, fields: readonly GroupField[], held: HeldGroup | null): EntryDraft | null {
  const draft = { ...groupDraft(held?.name ?? group.name), nameKey: canonical(group.name), payload: group }
  if (held === null) return { ...draft, action: 'create', after: { ...group } }
  const changed = fields.filter(field => held[field] !== group[field])
  if (changed.length === 0) return null
  const pick = (from: HeldGroup) => Object.fromEntries(changed.map(field => [field, from[field]]))
  return { ...draft, before: pick(held), after: pick(group) }
}

export function differences({ before, after, join, leave, attributes }: Difference) {
  const groups = join.length + leave.length > 0
  const values = attributes.added.length + attributes.removed.length > 0
  return {
    before: {
      ...before,
      ...(groups && { groups: leave }),
      ...(values && { attributes: authorizations(attributes.removed) }),
    },
    after: {
      ...after,
      ...(groups && { groups: join.map(({ name }) => name) }),
      ...(values && { attributes: authorizations(attributes.added) }),
    },
  }
}
