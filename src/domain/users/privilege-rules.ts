/**
 * The rules about power over power (reference: iam-rules, "Permissions with documented meaning"): nobody grants or removes an
 * administrative permission they lack, through any API, and nobody takes over a holder of one they lack.
 * GRANTS=documented switches them off. The last administrator stays, whatever the setting.
 */

import { isAdministrative } from '../../authorization/permissions.ts'
import type { ServiceContext } from '../../authorization/service.ts'
import type { Db } from '../../platform/database/store.ts'
import { Conflict, Forbidden } from '../../platform/errors.ts'
import { grantsOfUsers, hasEnabledAdministrator } from './users.store.ts'

/** Administrative permissions among these that the actor lacks. */
function missingPermissions(call: Pick<ServiceContext, 'actor' | 'app'>, permissions: Iterable<string>): string[] {
  const { actor, app } = call
  if (actor.kind === 'machine' || app.config.grants === 'documented') return []
  const held = actor.kind === 'user' ? actor.permissions : new Set<string>()
  return [...new Set(permissions)].filter(permission => isAdministrative(permission) && !held.has(permission))
}

/** Throws Forbidden when the actor would grant or remove an administrative permission they lack. */
export function assertMayGrant(call: Pick<ServiceContext, 'actor' | 'app'>, permissions: Iterable<string>): void {
  const missing = missingPermissions(call, permissions)
  if (missing.length > 0)
    throw new Forbidden(`Granting or removing ${missing.join(', ')} needs the permission itself: ask somebody who holds it`)
}

/** Throws Forbidden when the user holds an administrative permission that the actor lacks. */
export const assertMayManage = (call: Pick<ServiceContext, 'actor' | 'app' | 'db'>, userId: number): Promise<void> =>
  assertMayManageAll(call, [userId])

/** As assertMayManage, for several users by one statement. */
export async function assertMayManageAll(
  call: Pick<ServiceContext, 'actor' | 'app' | 'db'>,
  userIds: readonly number[],
): Promise<void> {
  const { actor } = call
  const others = actor.kind === 'user' ? userIds.filter(id => id !== actor.user.id) : userIds
  if (others.length === 0) return
  const grants = await grantsOfUsers(call.db, others)
  const missing = missingPermissions(
    call,
    grants.map(grant => grant.permission),
  )
  if (missing.length > 0)
    throw new Forbidden(`This user holds ${missing.join(', ')}, which you lack: ask somebody who holds it too`)
}

/** Names by which other systems know a person: whoever changes them chooses as whom that person acts there. */
const FOREIGN_NAMES = ['sqlUser', 'externalUserIds']

/**
 * The rule about changes of sqlUser and externalUserIds: for a USER_ADMIN only, and those of a holder of administrative permissions
 * only for who holds these too. Throws Forbidden. `changed`: the profile fields that differ from what is stored.
 */
export async function assertMayChangeNames(
  call: Pick<ServiceContext, 'actor' | 'app' | 'db'>,
  userId: number,
  changed: readonly string[],
): Promise<void> {
  const { actor, app } = call
  const field = FOREIGN_NAMES.find(name => changed.includes(name))
  if (field === undefined || actor.kind !== 'user' || app.config.grants === 'documented') return
  if (!actor.permissions.has('USER_ADMIN'))
    throw new Forbidden(`profile.${field} is how other systems know this person: only a USER_ADMIN may change it`)
  await assertMayManage(call, userId)
}

/** After a change that may have taken USER_ADMIN from somebody: throws Conflict when no enabled user is left with it. */
export async function assertAdministratorRemains(db: Db): Promise<void> {
  if (!(await hasEnabledAdministrator(db)))
    throw new Conflict('This would leave no enabled user with USER_ADMIN: give it to somebody else first')
}
