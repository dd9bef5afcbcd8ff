/**
 * Privilege escalation (iam-rules, "Permissions with documented meaning"): administrative permissions are
 * granted, removed and managed only by their holders. GRANTS=documented disables this; the last administrator
 * always stays.
 */

import { isAdministrative } from '../../authorization/permissions.ts'
import type { ServiceContext } from '../../authorization/service.ts'
import type { Db } from '../../platform/database/store.ts'
import { Conflict, Forbidden } from '../../platform/errors.ts'
import { grantsOfUsers, hasEnabledAdministrator } from './users.store.ts'

/** Administrative ones that the actor lacks. */
export function missingPermissions(call: Pick<ServiceContext, 'actor' | 'app'>, permissions: Iterable<string>): string[] {
  const { actor, app } = call
  if (actor.kind === 'machine' || app.config.grants === 'documented') return []
  const held = actor.kind === 'user' ? actor.permissions : new Set<string>()
  return [...new Set(permissions)].filter(permission => isAdministrative(permission) && !held.has(permission))
}

export function assertMayGrant(call: Pick<ServiceContext, 'actor' | 'app'>, permissions: Iterable<string>): void {
  const missing = missingPermissions(call, permissions)
  if (missing.length > 0) throw new Forbidden(`You need ${missing.join(', ')} to grant or remove it: ask a user who holds it`)
}

export const assertMayManage = (call: Pick<ServiceContext, 'actor' | 'app' | 'db'>, userId: number): Promise<void> =>
  assertMayManageAll(call, [userId])

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
    throw new Forbidden(`This user holds ${missing.join(', ')}, which you lack: ask a user who also holds it`)
}

/** Identities in other systems. */
const FOREIGN_NAMES = ['sqlUser', 'externalUserIds']

/**
 * For USER_ADMIN only, with all administrative permissions of the user. Throws Forbidden. `changed`: differing
 * fields.
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
    throw new Forbidden(`profile.${field} is an identity in other systems: you need USER_ADMIN to change it`)
  await assertMayManage(call, userId)
}

/** Throws Conflict without an enabled USER_ADMIN. */
export async function assertAdministratorRemains(db: Db): Promise<void> {
  if (!(await hasEnabledAdministrator(db)))
    throw new Conflict('This would leave no enabled user with USER_ADMIN: grant it to another user first')
}
