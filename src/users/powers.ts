/**
 * The rules about power over power (reference: iam-rules, "Permissions with documented meaning"): nobody grants or removes an
 * administrative permission they lack, through any door, and nobody takes over a holder of one they lack.
 * GRANTS=documented switches both off. The last administrator stays, whatever the setting.
 */
import type { Call } from '../access/guard.ts'
import { isAdministrative } from '../access/permissions.ts'
import { Conflict, Forbidden } from '../errors.ts'
import type { Db } from '../store/store.ts'
import { anAdministratorIsLeft, grantsOfUsers } from './users.store.ts'

/** Administrative permissions among these that the actor lacks. */
function lacking(call: Pick<Call, 'actor' | 'app'>, permissions: Iterable<string>): string[] {
  const { actor, app } = call
  if (actor.kind === 'machine' || app.config.grants === 'documented') return []
  const held = actor.kind === 'user' ? actor.permissions : new Set<string>()
  return [...new Set(permissions)].filter(permission => isAdministrative(permission) && !held.has(permission))
}

/** Throws Forbidden when the actor would grant or remove an administrative permission they lack. */
export function refuseGrant(call: Pick<Call, 'actor' | 'app'>, permissions: Iterable<string>): void {
  const missing = lacking(call, permissions)
  if (missing.length > 0)
    throw new Forbidden(`Granting or removing ${missing.join(', ')} needs the permission itself: ask somebody who holds it`)
}

/** Throws Forbidden when the user holds an administrative permission that the actor lacks. */
export async function refusePower(call: Pick<Call, 'actor' | 'app' | 'db'>, userId: number): Promise<void> {
  if (call.actor.kind === 'user' && call.actor.user.id === userId) return
  const grants = await grantsOfUsers(call.db, [userId])
  const missing = lacking(
    call,
    grants.map(grant => grant.permission),
  )
  if (missing.length > 0)
    throw new Forbidden(`This user holds ${missing.join(', ')}, which you lack: ask somebody who holds it too`)
}

/** After a change that may have taken USER_ADMIN from somebody: throws Conflict when no enabled user is left with it. */
export async function keepAnAdministrator(db: Db): Promise<void> {
  if (!(await anAdministratorIsLeft(db)))
    throw new Conflict('This would leave no enabled user with USER_ADMIN: give it to somebody else first')
}
