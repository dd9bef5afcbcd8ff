/** How a group is deleted: in one transaction, or on the embedded store, whose one connection all requests share, in pieces of its members. */
import { type Call, continued, type Outcome } from '../access/guard.ts'
import { canonical } from '../names.ts'
import { keepAnAdministrator } from '../users/powers.ts'
import { lockGroup, updateScimGroup } from './groups.scim.store.ts'
import { memberEvents, type Named, targetOf } from './groups.scim.writing.ts'
import { deleteGroupRow, permissionsOfName } from './groups.store.ts'
import { isEmbedded, PIECE } from './members.pieces.ts'
import { countMembers, deleteSomeMembers } from './memberships.store.ts'

interface Deletion {
  /** What the event shows of the group. */
  readonly before: Readonly<Record<string, unknown>>
  /** Throws when the caller may not take these permissions from the members. */
  readonly check?: (call: Call, permissions: readonly string[]) => void
}
interface Deleted {
  readonly deleted: true
}

/** Deletes a group whose row the transaction holds. The group is there until its last piece, so that the same request completes it. */
export async function deletion(call: Call, group: Named, how: Deletion): Promise<Outcome<Deleted>> {
  const total = await countMembers(call.db, group.id)
  return step(call, group, { ...how, total, left: total })
}

async function step(
  call: Call,
  group: Named,
  { left, ...how }: Deletion & { total: number; left: number },
): Promise<Outcome<Deleted>> {
  const { db, now } = call
  const permissions = await permissionsOfName(db, group.iamid, canonical(group.name))
  how.check?.(call, permissions)
  const isAdministrative = permissions.includes('USER_ADMIN')
  // Whether an administrator is left is known of the whole change only.
  if (isEmbedded(call) && left > PIECE && !isAdministrative) {
    const removed = await deleteSomeMembers(db, group.id, PIECE)
    await updateScimGroup(db, group.id, {}, now)
    return continued(memberEvents(group, { added: [], removed }), async next => {
      const held = await lockGroup(next.db, group.id)
      if (!held) return { value: { deleted: true }, events: [] }
      return step(next, held, { ...how, left: left - PIECE })
    })
  }
  await deleteGroupRow(db, group.id)
  if (isAdministrative) await keepAnAdministrator(db)
  const before = { ...how.before, members: how.total }
  return { value: { deleted: true }, events: [{ event: 'groupDeleted', target: targetOf(group), before }] }
}
