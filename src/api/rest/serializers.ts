import type {
  AggregatedUserFragment,
  ChangedGroupFragment,
  ChangedUserFragment,
  GroupFieldsFragment,
  OwnerFragment,
  ProfileFieldsFragment,
  UserHitFragment,
} from '../../generated/operations.ts'
import { isObject } from '../../platform/validation.ts'

/** Always has `currentProject`, which clients read unconditionally. */
export function profile({ preferences, ...rest }: ProfileFieldsFragment) {
  const settings = isObject(preferences) ? { currentProject: null, ...preferences } : preferences
  return { ...rest, preferences: settings }
}

/** Private fields are absent for others (authorization-matrix, note 18). */
export function visibleProfile(found: ProfileFieldsFragment) {
  if (!isHidden(found)) return profile(found)
  const { phone, preferences, externalUserIds, scim, ...rest } = found
  return rest
}

/** `externalUserIds` is null only when hidden. */
const isHidden = (found: ProfileFieldsFragment): boolean => found.externalUserIds === null

export const changedUser = ({ profile: { id }, ...user }: ChangedUserFragment) => ({ ...user, profile: id })

export const aggregatedUser = ({ profile: found, ...user }: AggregatedUserFragment) => ({ ...user, profile: profile(found) })

/** Null and empty are absent (bim-wire-rules "Responses" 3). */
export function userHit({ profile: found, groups, ...user }: UserHitFragment) {
  return present({ ...user, groups: filled(groups?.nodes.map(group => group.name)), profile: present(found) })
}

export const shapedBy = <Item>(items: readonly Item[], shape: (item: Item) => object): { toJSON(): object }[] =>
  items.map(item => ({ toJSON: () => shape(item) }))

export const filled = <Item>(list: readonly Item[] | null | undefined): readonly Item[] | null =>
  list != null && list.length > 0 ? list : null

export function present<Value extends object>(value: Value): Partial<Value> {
  return Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== null)) as Partial<Value>
}

/** Attributes are absent when hidden, null when there are none. */
export function group({ attributes, authorizations, ...rest }: GroupFieldsFragment) {
  return attributes === null ? rest : { ...rest, authorizations }
}

export const changedGroup = ({ attributes, ...rest }: ChangedGroupFragment) => rest

export function owner(found: OwnerFragment) {
  if (!('groupId' in found)) return changedUser(found)
  const { groupId, groupEmail, ...rest } = found
  return { ...rest, id: groupId, email: groupEmail }
}
