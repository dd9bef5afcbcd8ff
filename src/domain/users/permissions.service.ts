import { nameOf, type UserRef } from '../../authorization/actor.ts'
import { changed, command, type Service, type ServiceContext, unchanged } from '../../authorization/service.ts'
import { Conflict, NotFound } from '../../platform/errors.ts'
import { didYouMean } from '../../platform/suggestions.ts'
import { checkList, checkPermissionName } from '../../platform/validation.ts'
import { groupsByIds } from '../groups/groups.store.ts'
import { addLocalPermissions, localPermissions, replaceLocalPermissions } from './permissions.store.ts'
import { assertAdministratorRemains, assertMayGrant } from './privilege-rules.ts'
import { targetOf, type UserRecord, withVisibility } from './user.ts'
import { grantsOfUsers, lockUser, requireUser, updateUser } from './users.store.ts'

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
    await replaceLocalPermissions(call.db, user.id, { permissions: wanted, by: nameOf(call.actor) })
    if (removed.includes('USER_ADMIN')) await assertAdministratorRemains(call.db)
    return permissionsChange(call, { user, before: held, after: wanted })
  }),

  grant: command('user:setPermissions', async (call, { ref, permissions }: Named) => {
    const wanted = checkPermissions(permissions)
    const { user, held } = await lockedPermissions(call, ref)
    const added = wanted.filter(permission => !held.includes(permission))
    assertMayGrant(call, added)
    if (added.length === 0) return unchanged(withVisibility(user, 'aggregate'))
    await addLocalPermissions(call.db, [user.id], { permissions: added, by: nameOf(call.actor) })
    return permissionsChange(call, { user, before: held, after: [...held, ...added] })
  }),

  /** Throws NotFound, or Conflict for permissions of groups and IAMs. */
  revoke: command('user:setPermissions', async (call, { ref, permission }: { ref: UserRef; permission: string }) => {
    checkPermissionName(permission)
    const { user, held } = await lockedPermissions(call, ref)
    if (!held.includes(permission)) await explain(call, user, permission)
    assertMayGrant(call, [permission])
    const left = held.filter(other => other !== permission)
    await replaceLocalPermissions(call.db, user.id, { permissions: left, by: nameOf(call.actor) })
    if (permission === 'USER_ADMIN') await assertAdministratorRemains(call.db)
    return permissionsChange(call, { user, before: held, after: left })
  }),
} satisfies Service

async function lockedPermissions({ db }: ServiceContext, ref: UserRef): Promise<{ user: UserRecord; held: string[] }> {
  const user = await requireUser(db, ref)
  await lockUser(db, user.id)
  return { user, held: await localPermissions(db, user.id) }
}

export function checkPermissions(list: readonly string[]): string[] {
  return [...new Set(checkList('permissions', list).map(permission => checkPermissionName(permission, 'permissions')))]
}

async function permissionsChange(
  call: ServiceContext,
  { user, before, after }: { user: UserRecord; before: readonly string[]; after: readonly string[] },
) {
  const updated = await updateUser(call.db, user.id, { updatedAt: call.now })
  return changed(withVisibility(updated, 'aggregate'), {
    event: 'permissionsUpdated',
    target: targetOf(user),
    before: { permissions: before },
    after: { permissions: after },
  })
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
