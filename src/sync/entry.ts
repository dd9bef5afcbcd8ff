/** What a listed person or group would become, next to what is held. Pure. */
import { authorizations } from '../domain/attributes/attribute.ts'
import type { UserRecord } from '../domain/users/user.ts'
import type { AccountMatch } from '../federation/account-lookup.ts'
import type { GroupField } from '../federation/attribute-mapping.ts'
import { type CurrentState, type Difference, diff } from '../federation/diff.ts'
import type { GoneGroup, GroupChange, HeldEntry } from '../federation/group-entries.store.ts'
import type { ExternalGroup, Identity } from '../federation/identity.ts'
import { sourceIdsOf } from '../federation/source-ids.ts'
import { canonical, lookupKey } from '../platform/validation.ts'
import type { Outcome } from './run.ts'

/** An entry before it has a row. `said`: what is to be reconciled. */
export interface EntryDraft {
  readonly kind: 'user' | 'group'
  /** Who says so; null: the IAM itself. */
  readonly source: string | null
  readonly name: string
  readonly nameKey: string
  readonly dn: string | null
  readonly userId: number | null
  readonly outcome: Outcome
  readonly said: Identity | SourceGroup | null
  readonly before: Readonly<Record<string, unknown>> | null
  readonly after: Readonly<Record<string, unknown>> | null
  readonly reason: string | null
}

const none = { source: null, dn: null, userId: null, said: null, before: null, after: null, reason: null } as const

/** The account that an identity is, as far as it says more than what is held of it. */
export interface EntryUser extends Pick<AccountMatch, 'user' | 'renamed' | 'migratedFrom'> {
  /** The account is emptied first. */
  readonly replaces?: true
}

/** Null: they are as the directory says. `source` is the IAM. */
export function userEntry(
  identity: Identity,
  held: CurrentState,
  source: string,
  faults: readonly string[],
  { user, renamed, migratedFrom, replaces }: EntryUser,
): EntryDraft | null {
  const plan = diff(identity, { ...held, renamed }, source)
  const { before, after } = differences(plan)
  const whom = person(identity, user)
  const reason = faults.length > 0 ? desired(faults.join('; ')) : null
  const said = { ...whom, said: identity, reason }
  if (replaces) return { ...said, outcome: 'replace', before: { sourceIds: sourceIdsOf(user!) }, after }
  if (migratedFrom !== undefined)
    return { ...said, outcome: 'import', before: { iamid: migratedFrom, ...before }, after: { iamid: source, ...after } }
  const outcome = outcomeFor(user, after, source)
  if (outcome === null) return reason === null ? null : { ...whom, outcome: 'fault', reason }
  return { ...said, outcome, before: user && before, after }
}

function outcomeFor(user: UserRecord | null, after: object, source: string): 'import' | 'enable' | 'refresh' | null {
  if (user === null) return 'import'
  if (user.disabled && user.disabledBy === source) return 'enable'
  return Object.keys(after).length > 0 ? 'refresh' : null
}

const person = ({ userid, dn }: Identity, user: UserRecord | null): EntryDraft => ({
  ...none,
  kind: 'user',
  name: user?.userid ?? userid,
  nameKey: canonical(user?.userid ?? userid),
  dn: dn ?? null,
  userId: user?.id ?? null,
  outcome: 'refresh',
})

/** Of whom nothing could be taken, and why. */
export const errorEntry = (name: string, dn: string | null, reason: string): EntryDraft => ({
  ...none,
  kind: 'user',
  name: desired(name),
  // Nobody looks for it, and its canonical form may be longer than an index takes.
  nameKey: '',
  dn: dn === null ? null : truncate(dn),
  outcome: 'fault',
  reason: desired(reason),
})

/** Whatever a directory sends, as the store takes it: neither NUL nor half a character, also where it was cut. */
const truncate = (text: string): string => text.replaceAll('\0', '\ufffd').toWellFormed()
const longest = 1_000
export const desired = (text: string): string => truncate(text.slice(0, longest))

/** Somebody whom the directory does not show any more. */
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
  outcome: 'disable',
  before: { disabled: false },
  after: { disabled: true },
})

/** `change`: what becomes of the group that is here, which was so far `was`. `gone`: it is removed. */
export type SourceGroup = ExternalGroup & { readonly change?: GroupChange; readonly was?: Was; readonly gone?: true }
type Was = Pick<HeldEntry, 'name' | 'directoryId'>

type HeldGroup = Pick<HeldEntry, 'name' | 'gid' | 'email' | 'description'>

const groupDraft = (name: string): EntryDraft => ({
  ...none,
  kind: 'group',
  name: desired(name),
  nameKey: lookupKey(name) ?? '',
  outcome: 'group',
})

/** A group that is here, and is an entry or has a name from now on. */
export const changedGroup = (change: GroupChange, { name, directoryId }: Was): EntryDraft => ({
  ...groupDraft(name),
  said: { ...nothing, name, change, was: { name, directoryId } },
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

/** A group whose entry the directory has deleted. */
export const goneGroup = ({ name, directoryId }: Pick<GoneGroup, 'name' | 'directoryId'>): EntryDraft => ({
  ...groupDraft(name),
  said: { ...nothing, name, entryId: directoryId, gone: true },
  before: { name },
  reason: 'The directory has deleted it, and nothing else holds it',
})

/** A group of which nothing could be taken, or that keeps its former name. */
export const groupFault = ({ id, name }: { readonly id: string; readonly name: string }, reason: string): EntryDraft => ({
  ...errorEntry(name, id, reason),
  kind: 'group',
})

const nothing = { gid: null, email: null, description: null }

/** Null: it is as the directory says, or it is not here and needs not be. `held` is null for one that is not here. */
export function groupOutcome(group: ExternalGroup, fields: readonly GroupField[], held: HeldGroup | null): EntryDraft | null {
  const draft = { ...groupDraft(held?.name ?? group.name), nameKey: canonical(group.name), said: group }
  if (held === null) return { ...draft, after: { ...group } }
  const changed = fields.filter(field => held[field] !== group[field])
  if (changed.length === 0) return null
  const pick = (from: HeldGroup) => Object.fromEntries(changed.map(field => [field, from[field]]))
  return { ...draft, before: pick(held), after: pick(group) }
}

/** The fields of a plan that change, groups and attributes among them. */
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
