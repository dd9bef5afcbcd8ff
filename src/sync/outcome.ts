/** What a listed person or group would become, next to what is held. Pure. */
import { authorizations } from '../attributes/attribute.ts'
import type { ExternalGroup, Identity } from '../identity/identity.ts'
import { type Held, type Plan, planOf } from '../identity/plan.ts'
import { canonical } from '../names.ts'
import type { UserRecord } from '../users/user.ts'
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
  readonly said: Identity | ExternalGroup | null
  readonly before: Readonly<Record<string, unknown>> | null
  readonly after: Readonly<Record<string, unknown>> | null
  readonly reason: string | null
}

const none = { source: null, dn: null, userId: null, said: null, before: null, after: null, reason: null } as const

/** Null: they are as the directory says. `source` is the IAM. */
export function outcomeOf(identity: Identity, held: Held, source: string, faults: readonly string[]): EntryDraft | null {
  const plan = planOf(identity, held, source)
  const { before, after } = differences(plan)
  const user = held.user as UserRecord | null
  const outcome = outcomeFor(user, after, source)
  const reason = faults.length > 0 ? told(faults.join('; ')) : null
  if (outcome === null) return reason === null ? null : { ...person(identity, user), outcome: 'fault', reason }
  return { ...person(identity, user), outcome, said: identity, before: user && before, after, reason }
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
  nameKey: canonical(userid),
  dn: dn ?? null,
  userId: user?.id ?? null,
  outcome: 'refresh',
})

/** Of whom nothing could be taken, and why. */
export const faultOf = (name: string, dn: string | null, reason: string): EntryDraft => ({
  ...none,
  kind: 'user',
  name: told(name),
  // Nobody looks for it, and its canonical form may be longer than an index takes.
  nameKey: '',
  dn: dn === null ? null : storable(dn),
  outcome: 'fault',
  reason: told(reason),
})

/** Whatever a directory sends, as the store takes it: neither NUL nor half a character, also where it was cut. */
const storable = (text: string): string => text.replaceAll('\0', '\ufffd').toWellFormed()
const longest = 1_000
export const told = (text: string): string => storable(text.slice(0, longest))

/** Somebody whom the directory does not show any more. */
export const disableOf = ({
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

type HeldGroup = Pick<ExternalGroup, 'name' | 'gid' | 'email' | 'description'>

/** Null: it is as the directory says, or it is not here and needs not be. `held` is null for one that is not here. */
export function groupOutcome(
  group: ExternalGroup,
  fields: readonly (keyof HeldGroup)[],
  held: HeldGroup | null,
): EntryDraft | null {
  const draft = {
    ...none,
    kind: 'group',
    name: held?.name ?? group.name,
    nameKey: canonical(group.name),
    outcome: 'group',
    said: group,
  } as const
  if (held === null) return { ...draft, after: { ...group } }
  const changed = fields.filter(field => held[field] !== group[field])
  if (changed.length === 0) return null
  const pick = (from: HeldGroup) => Object.fromEntries(changed.map(field => [field, from[field]]))
  return { ...draft, before: pick(held), after: pick(group) }
}

/** The fields of a plan that change, groups and attributes among them. */
export function differences({ before, after, join, leave, attributes }: Plan) {
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
