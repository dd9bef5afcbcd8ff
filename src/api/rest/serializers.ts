/** The documented shapes that several rows answer with. Reading is the operations' work; here is only what a shape leaves out or renames. */
import type {
  AggregatedUserFragment,
  ChangedGroupFragment,
  ChangedUserFragment,
  GroupFieldsFragment,
  OwnerFragment,
  ProfileFieldsFragment,
  UserHitFragment,
} from '../../generated/operations.ts'

/** A profile in full. Clients read `currentProject` of the preferences without asking whether it is there, so it always is. */
export function profile({ preferences, ...rest }: ProfileFieldsFragment) {
  const settings = isObject(preferences) ? { currentProject: null, ...preferences } : preferences
  return { ...rest, preferences: settings }
}

/** A profile as its reader may see it: what is private is absent for others (reference: authorization-matrix, note 18). */
export function visibleProfile(found: ProfileFieldsFragment) {
  if (!isHidden(found)) return profile(found)
  const { phone, preferences, externalUserIds, scim, ...rest } = found
  return rest
}

/** `externalUserIds` is `{}` when there are none: null is only what is hidden. */
const isHidden = (found: ProfileFieldsFragment): boolean => found.externalUserIds === null

/** A user as the calls that change one answer it: the profile is its id. */
export const changedUser = ({ profile: { id }, ...user }: ChangedUserFragment) => ({ ...user, profile: id })

export const aggregatedUser = ({ profile: found, ...user }: AggregatedUserFragment) => ({ ...user, profile: profile(found) })

/** A hit of a search: null is absent, and so is what is empty; its groups are their names (bim-wire-rules "Responses" 3). */
export function userHit({ profile: found, groups, ...user }: UserHitFragment) {
  return present({ ...user, groups: filled(groups?.nodes.map(group => group.name)), profile: present(found) })
}

/** The items of a list that may be long, each shaped when it is written, so that shaping them all keeps nobody waiting. */
export const shapedBy = <Item>(items: readonly Item[], shape: (item: Item) => object): { toJSON(): object }[] =>
  items.map(item => ({ toJSON: () => shape(item) }))

/** A list, or null when it has nothing to say. */
export const filled = <Item>(list: readonly Item[] | null | undefined): readonly Item[] | null =>
  list != null && list.length > 0 ? list : null

/** Without the keys whose value is null. */
export function present<Value extends object>(value: Value): Partial<Value> {
  return Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== null)) as Partial<Value>
}

/** A group as the reads answer it. Its attributes are absent where they are hidden, and null where there are none. */
export function group({ attributes, authorizations, ...rest }: GroupFieldsFragment) {
  return attributes === null ? rest : { ...rest, authorizations }
}

export const changedGroup = ({ attributes, ...rest }: ChangedGroupFragment) => rest

/** A user or a group whose attributes changed. */
export function owner(found: OwnerFragment) {
  if (!('groupId' in found)) return changedUser(found)
  const { groupId, groupEmail, ...rest } = found
  return { ...rest, id: groupId, email: groupEmail }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
