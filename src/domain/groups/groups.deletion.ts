/** In one transaction, or chunks of members (embedded). */

import { continued, type ServiceContext, type WriteResult } from '../../authorization/service.ts'
import { isEmbedded } from '../../platform/database/store.ts'
import { canonical } from '../../platform/validation.ts'
import { assertAdministratorRemains } from '../users/privilege-rules.ts'
import { ownedByGroup, withoutOwner } from '../users/service-accounts.store.ts'
import { memberEvents, type NamedGroup, PIECE, targetOf } from './group.members.ts'
import { deleteGroupRow, lockGroupRow, permissionsOfName, touchGroup } from './groups.store.ts'
import { countMembers, deleteSomeMembers } from './memberships.store.ts'

interface Deletion {
  readonly before: Readonly<Record<string, unknown>>
  readonly isUnfinished?: boolean
  readonly check?: (call: ServiceContext, permissions: readonly string[]) => Promise<void>
}
interface Deleted {
  readonly deletedId: number
}

interface Counts {
  readonly total: number
  readonly left: number
}

/** The group goes last, so that a repeated request completes it. */
export async function deletion(
  call: ServiceContext,
  group: NamedGroup,
  { how, counts }: { how: Deletion; counts?: Counts },
): Promise<WriteResult<Deleted>> {
  const { db, now } = call
  const permissions = how.isUnfinished ? [] : await permissionsOfName(db, group.iamid, canonical(group.name))
  await how.check?.(call, permissions)
  const { total, left } = counts ?? (await counted(call, group))
  const isAdministrative = permissions.includes('USER_ADMIN')
  // The last administrator is known only for the whole change.
  if (isEmbedded(call.app) && left > PIECE && !isAdministrative) {
    const removed = await deleteSomeMembers(db, group.id, PIECE)
    await touchGroup(db, group.id, now)
    return continued(memberEvents(group, { added: [], removed }), async next => {
      const held = await lockGroupRow(next.db, group.id)
      if (!held) return { value: { deletedId: group.id }, events: [] }
      return deletion(next, held, { how, counts: { total, left: left - PIECE } })
    })
  }
  const owned = await ownedByGroup(db, group.id)
  await deleteGroupRow(db, group.id)
  if (isAdministrative) await assertAdministratorRemains(db)
  const before = { ...how.before, members: total, ...withoutOwner(owned) }
  return { value: { deletedId: group.id }, events: [{ event: 'groupDeleted', target: targetOf(group), before }] }
}

async function counted({ db }: ServiceContext, { id }: NamedGroup): Promise<Counts> {
  const total = await countMembers(db, id)
  return { total, left: total }
}
