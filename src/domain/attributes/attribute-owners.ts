import type { Target } from '../../authorization/audit-event.ts'
import type { UserOrGroupRef } from '../../generated/inputs.ts'
import type { Db } from '../../platform/database/store.ts'
import { Invalid } from '../../platform/errors.ts'
import type { GroupRecord } from '../groups/group.ts'
import { requireGroups } from '../groups/groups.store.ts'
import { type UserRecord, withVisibility } from '../users/user.ts'
import { requireUsers } from '../users/users.store.ts'
import type { OwnerKind } from './attributes.store.ts'

export type Owner = (UserRecord & { readonly __typename: 'User' }) | (GroupRecord & { readonly __typename: 'Group' })

export const kindOf = (owner: Owner): OwnerKind => (owner.__typename === 'User' ? 'user' : 'group')

export const targetOf = (owner: Owner): Target => ({
  type: kindOf(owner),
  id: owner.id,
  name: `${owner.iamid}/${owner.__typename === 'User' ? owner.userid : owner.name}`,
})

export function checkOwner(ref: UserOrGroupRef, field = 'owner'): UserOrGroupRef {
  if ((ref.user == null) === (ref.group == null)) throw new Invalid(field, 'must name exactly one of a user and a group')
  return ref
}

/** `lock`: changes of an owner are serial. */
export async function requireOwners(
  db: Db,
  refs: readonly UserOrGroupRef[],
  lock: 'FOR NO KEY UPDATE' | '' = '',
): Promise<{ owners: Owner[]; ownerOf: Owner[] }> {
  const [ofUsers, ofGroups] = [refs.flatMap(({ user }) => user ?? []), refs.flatMap(({ group }) => group ?? [])]
  const users = await requireUsers(db, ofUsers, lock)
  const groups = await requireGroups(db, ofGroups, lock)
  const owners = new Map<string, Owner>()
  const one = (owner: Owner): Owner => {
    const place = `${owner.__typename} ${owner.id}`
    return owners.get(place) ?? owners.set(place, owner).get(place)!
  }
  const [nextUser, nextGroup] = [users.values(), groups.values()]
  const ownerOf = refs.map(({ user }) =>
    one(
      user == null
        ? { ...nextGroup.next().value!, __typename: 'Group' as const }
        : { ...withVisibility(nextUser.next().value!, 'aggregate'), __typename: 'User' as const },
    ),
  )
  return { owners: [...owners.values()], ownerOf }
}
