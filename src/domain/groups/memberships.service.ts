/** A membership belongs to `bim`, sources, or both; removes the local part. */
import { nameOf, type UserRef } from '../../authorization/actor.ts'
import type { AuditDraft } from '../../authorization/audit-event.ts'
import type { Loaders } from '../../authorization/context.ts'
import {
  changed,
  command,
  query,
  requirePermissionFor,
  type Service,
  type ServiceContext,
  unchanged,
  type WriteResult,
} from '../../authorization/service.ts'
import type {
  AddGroupMemberInput,
  ChangeGroupMembersInput,
  Direction,
  GroupRef,
  MembershipFilter,
  RemoveGroupMemberInput,
} from '../../generated/inputs.ts'
import { type Along, listOfExisting, readPageAlong } from '../../platform/database/edges.ts'
import { lookUp } from '../../platform/database/lookups.ts'
import { type PageArgs, rowsWithIds } from '../../platform/database/pagination.ts'
import type { Db } from '../../platform/database/store.ts'
import { Conflict, Invalid, NotFound } from '../../platform/errors.ts'
import { checkList } from '../../platform/validation.ts'
import { assertLocalEditAllowed, assertSupported } from '../iams/supported-actions.ts'
import { assertAdministratorRemains, assertMayGrant } from '../users/privilege-rules.ts'
import type { UserRecord } from '../users/user.ts'
import { foundUser, requireUser, requireUsers, userLookup } from '../users/users.store.ts'
import { targetOf } from './group.members.ts'
import type { GroupRecord, MembershipPage, MembershipRecord } from './group.ts'
import { MEMBERSHIP_EDGES } from './groups.edges.ts'
import { memberList, membershipList } from './groups.search.ts'
import { foundGroup, groupLookup, permissionsOfGroups, requireGroup } from './groups.store.ts'
import { addLocalMembers, lockMembershipsOf, membershipLookup, membersOfGroups, removeLocalMembers } from './memberships.store.ts'

interface ListArgs extends PageArgs {
  ref: GroupRef
  filter?: MembershipFilter | null
  direction?: Direction | null
  along?: Along<Loaders>
}
interface MembersArgs {
  groupId: number
  page: PageArgs
  loaders: Loaders
  columns?: readonly string[] | undefined
}
interface OfUserArgs extends PageArgs {
  ref: UserRef
  filter?: MembershipFilter | null
  direction?: Direction | null
  along?: Along<Loaders>
}
interface Change {
  group: GroupRecord
  added: number
  removed: number
}

export const memberships = {
  list: query('group:listMembers', async ({ db }, { ref, filter, direction, along, ...page }: ListArgs) => {
    const read = (id: number): Promise<MembershipPage> =>
      readPageAlong(db, memberList(id, filter ?? {}, direction), { ...page, edges: MEMBERSHIP_EDGES, along })
    return listOfExisting(ref, read, () => requireGroup(db, ref))
  }),

  ofGroup: query(
    'group:listMembers',
    (_call, { groupId, page, loaders, columns }: MembersArgs): Promise<MembershipPage> =>
      loaders.membersOfGroup.of(groupId, page, columns),
  ),

  withIds: query('group:listMembers', ({ db }, { ids }: { ids: readonly number[] }) => rowsWithIds(db, membersOfGroups, ids)),

  ofUser: query('user:readGroups', async ({ db }, { ref, filter, direction, along, ...page }: OfUserArgs) => {
    const read = (id: number): Promise<MembershipPage> =>
      readPageAlong(db, membershipList(id, filter ?? {}, direction), { ...page, edges: MEMBERSHIP_EDGES, along })
    return listOfExisting(ref, read, () => requireUser(db, ref))
  }),

  add: command(
    'group:addMember',
    async (call, { group: ref, user: userRef }: AddGroupMemberInput): Promise<WriteResult<MembershipRecord>> => {
      const { db } = call
      const [group, user] = await groupAndUser(db, ref, userRef)
      assertMayGrant(call, group.permissions)
      assertSameIam(group, [user])
      assertSupported(user, 'allowBIMGroups')
      const primes = ({ userById, groupById }: Loaders) => {
        userById.prime(user.id, user)
        groupById.prime(group.id, group)
      }
      const [added] = await addLocalMembers(db, group.id, { userIds: [user.id], by: nameOf(call.actor), now: call.now })
      if (added) return { ...changed(added, event('groupUserAdded', group, [user])), primes }
      const [held] = await lockMembershipsOf(db, group.id, [user.id])
      if (!held) throw new NotFound(`No user with id ${user.id}: the user was just deleted`)
      return { ...unchanged(held), primes }
    },
  ),

  /** Throws Conflict when only sources hold it. */
  remove: command('group:removeMember', async (call, { group: ref, membership: membershipId }: RemoveGroupMemberInput) => {
    const { db } = call
    const [found, membership] = await lookUp(db, groupLookup(ref, 'FOR KEY SHARE'), membershipLookup(membershipId))
    const group = await foundGroup(db, ref, found)
    if (membership?.groupId !== group.id)
      throw new NotFound(`No membership with id ${membershipId} in the group with id ${group.id}`)
    assertMayGrant(call, group.permissions)
    assertLocalMembership([membership])
    await removeLocalMembers(db, [membership.id], call.now)
    if (group.permissions.includes('USER_ADMIN')) await assertAdministratorRemains(db)
    const { userId: id, iamid, userid } = membership
    return changed({ deletedId: membership.id }, event('groupUserDeleted', group, [{ id, iamid, userid }]))
  }),

  change: command('group:addMember', async (call, input: ChangeGroupMembersInput): Promise<WriteResult<Change>> => {
    const { db, now } = call
    const add = checkList('add', input.add ?? [])
    const remove = checkList('remove', input.remove ?? [])
    if (remove.length > 0) requirePermissionFor(call, 'group:removeMember')
    const group = await requireGroup(db, input.group, 'FOR KEY SHARE')
    const named = await requireUsers(db, [...add, ...remove])
    const [joining, leaving] = [byId(named.slice(0, add.length)), byId(named.slice(add.length))]
    if ([...joining.keys()].some(id => leaving.has(id))) throw new Invalid('remove', 'must not name a user that add names')
    const carried = await permissionsOf(call, group)
    assertMayGrant(call, carried)
    assertSameIam(group, [...joining.values()])
    await assertLocalEditAllowed(db, [...joining.values()], 'allowBIMGroups')
    const held = await lockMembershipsOf(db, group.id, [...leaving.keys()])
    assertLocalMembership(held)
    const by = nameOf(call.actor)
    const added = joining.size === 0 ? [] : await addLocalMembers(db, group.id, { userIds: [...joining.keys()], by, now })
    if (held.length > 0)
      await removeLocalMembers(
        db,
        held.map(({ id }) => id),
        now,
      )
    if (held.length > 0 && carried.includes('USER_ADMIN')) await assertAdministratorRemains(db)
    const events: AuditDraft[] = []
    if (added.length > 0)
      events.push(
        event(
          'groupUserAdded',
          group,
          added.map(({ userId }) => joining.get(userId)!),
        ),
      )
    if (held.length > 0)
      events.push(
        event(
          'groupUserDeleted',
          group,
          held.map(({ userId }) => leaving.get(userId)!),
        ),
      )
    return { value: { group, added: added.length, removed: held.length }, events }
  }),
} satisfies Service

async function groupAndUser(db: Db, group: GroupRef, user: UserRef) {
  const [foundIn, found] = await lookUp(db, groupLookup(group, 'FOR KEY SHARE'), userLookup(user))
  return [await foundGroup(db, group, foundIn), await foundUser(db, user, found)] as const
}

const byId = (users: readonly UserRecord[]): Map<number, UserRecord> => new Map(users.map(user => [user.id, user]))

function event(
  name: 'groupUserAdded' | 'groupUserDeleted',
  group: GroupRecord,
  users: readonly Pick<UserRecord, 'id' | 'iamid' | 'userid'>[],
): AuditDraft {
  const members = users.map(({ id, iamid, userid }) => ({ id, name: `${iamid}/${userid}` }))
  return {
    event: name,
    target: targetOf(group),
    ...(name === 'groupUserAdded' ? { after: { members } } : { before: { members } }),
  }
}

async function permissionsOf({ db }: ServiceContext, group: GroupRecord): Promise<string[]> {
  return (await permissionsOfGroups(db, [group.id])).map(({ permission }) => permission)
}

function assertSameIam(group: GroupRecord, users: readonly UserRecord[]): void {
  const stranger = users.find(user => group.iamid !== 'bim' && user.iamid !== group.iamid)
  if (stranger)
    throw new Conflict(
      `The group belongs to the IAM ${group.iamid} and accepts only its users: add users of ${stranger.iamid} to a bim group`,
    )
}

function assertLocalMembership(held: readonly MembershipRecord[]): void {
  const outside = held.find(({ sources }) => !sources.includes('bim'))
  if (outside)
    throw new Conflict(
      `The membership with id ${outside.id} is not local but comes from ${outside.sources.join(', ')}: remove it there`,
    )
}
