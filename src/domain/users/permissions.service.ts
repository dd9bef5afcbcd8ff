import { nameOf, type UserRef } from '../../authorization/actor.ts'
import { changed, command, type Service, type ServiceContext, unchanged } from '../../authorization/service.ts'
import { lookUp } from '../../platform/database/lookups.ts'
import { Conflict, NotFound } from '../../platform/errors.ts'
import { didYouMean } from '../../platform/suggestions.ts'
import { checkList, checkPermissionName } from '../../platform/validation.ts'
import { groupsByIds } from '../groups/groups.store.ts'
import { addLocalPermissions, localPermissions, replaceLocalPermissions } from './permissions.store.ts'
import { assertAdministratorRemains, assertMayGrant } from './privilege-rules.ts'
import { targetOf, type UserRecord, withVisibility } from './user.ts'
import { priming } from './users.projection.ts'
import { foundUser, grantsOfUsers, updateUser, userLookup } from './users.store.ts'

interface Named {
  ref: UserRef
  permissions: readonly string[]
}

export const permissions = {
  set: command('user:setPermissions', async (call, { ref, permissions }: Named) => {
    const wanted = checkPermissions(permissions)
    const { user, held } = await lockedPermissions(call, ref)
    const removed = held.filter(permission => !wanted.includes(permission))
    assertMayGrant(call, [...wanted.filter(permission => !held.includes(permission)), ...removed])
    if (JSON.stringify(held) === JSON.stringify(wanted)) return unchanged(withVisibility(user, 'aggregate'))
    return replaced(call, { user, before: held, after: wanted })
  }),

  grant: command('user:setPermissions', async (call, { ref, permissions }: Named) => {
    const wanted = checkPermissions(permissions)
    const { user, held } = await lockedPermissions(call, ref)
    const added = wanted.filter(permission => !held.includes(permission))
    assertMayGrant(call, added)
    if (added.length === 0) return unchanged(withVisibility(user, 'aggregate'))
    const adding = addLocalPermissions(call.db, [user.id], { permissions: added, by: nameOf(call.actor) })
    return written(call, { user, before: held, after: [...held, ...added] }, adding)
  }),

  /** Throws NotFound, or Conflict for permissions of groups and IAMs. */
  revoke: command('user:setPermissions', async (call, { ref, permission }: { ref: UserRef; permission: string }) => {
    checkPermissionName(permission)
    const { user, held } = await lockedPermissions(call, ref)
    if (!held.includes(permission)) await explain(call, user, permission)
    assertMayGrant(call, [permission])
    return replaced(call, { user, before: held, after: held.filter(other => other !== permission) })
  }),
} satisfies Service

async function lockedPermissions({ db }: ServiceContext, ref: UserRef): Promise<{ user: UserRecord; held: string[] }> {
  const [found] = await lookUp(db, userLookup(ref, 'FOR UPDATE'))
  const user = await foundUser(db, ref, found)
  return { user, held: await localPermissions(db, user.id) }
}

export function checkPermissions(list: readonly string[]): string[] {
  return [...new Set(checkList('permissions', list).map(permission => checkPermissionName(permission, 'permissions')))]
}

interface Replaced {
  user: UserRecord
  before: readonly string[]
  after: readonly string[]
}

async function replaced(call: ServiceContext, change: Replaced) {
  const { user, before, after } = change
  const replacing = replaceLocalPermissions(call.db, user.id, { permissions: after, by: nameOf(call.actor) })
  const result = await written(call, change, replacing)
  if (before.includes('USER_ADMIN') && !after.includes('USER_ADMIN')) await assertAdministratorRemains(call.db)
  return result
}

/** `change` is already sent. */
async function written(call: ServiceContext, { user, before, after }: Replaced, change: Promise<unknown>) {
  const [, updated] = await Promise.all([change, updateUser(call.db, user.id, { updatedAt: call.now })])
  const result = changed(withVisibility(updated, 'aggregate'), {
    event: 'permissionsUpdated',
    target: targetOf(user),
    before: { permissions: before },
    after: { permissions: after },
  })
  return { ...result, ...priming(updated) }
}

async function explain(call: ServiceContext, user: UserRecord, permission: string): Promise<never> {
  const held = await grantsOfUsers(call.db, [user.id])
  const grants = held.filter(grant => grant.permission === permission)
  const names = held.map(grant => grant.permission)
  if (grants.length === 0) throw new NotFound(`The user does not hold ${permission}${didYouMean(permission, names)}`)
  const groups = await groupsByIds(
    call.db,
    grants.flatMap(grant => grant.groupId ?? []),
  )
  const nameOf = (id: number) => `the group ${groups.find(group => group.id === id)?.name ?? id}`
  const sources = grants.map(({ source, groupId }) => (groupId === null ? source : nameOf(groupId)))
  throw new Conflict(`${permission} is not local but comes from ${[...new Set(sources)].join(' and ')}: change it there`)
}
