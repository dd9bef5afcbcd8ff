/**
 * A service account is administered by USER_ADMIN, its owner, and the members of the group that owns it. Owners give
 * it nothing that they lack, and use a log-in, so that a stolen key makes none that outlives it.
 */
import type { UserActor } from '../../authorization/actor.ts'
import type { ServiceContext } from '../../authorization/service.ts'
import type { UserOrGroupRef } from '../../generated/inputs.ts'
import { Conflict, Forbidden, Invalid, Unprocessable } from '../../platform/errors.ts'
import { lockGroupRow, requireGroup } from '../groups/groups.store.ts'
import { assertMayGrant, assertMayManage } from './privilege-rules.ts'
import { countOwned, isMemberOf, type OwnerColumns } from './service-accounts.store.ts'
import type { UserRecord } from './user.ts'
import { grantsOfUsers, lockUser, requireUser } from './users.store.ts'

type Call = Pick<ServiceContext, 'actor' | 'app' | 'db'>

export const isUserAdmin = ({ actor }: Pick<Call, 'actor'>): boolean =>
  actor.kind === 'machine' || (actor.kind === 'user' && actor.permissions.has('USER_ADMIN'))

export async function administers(call: Call, account: UserRecord): Promise<boolean> {
  const { kind, ownerUserId, ownerGroupId } = account
  if (kind !== 'SERVICE') return false
  return isUserAdmin(call) || ownsBy(call, { ownerUserId, ownerGroupId })
}

async function ownsBy({ db, actor }: Call, { ownerUserId, ownerGroupId }: OwnerColumns): Promise<boolean> {
  if (actor.kind !== 'user') return false
  return ownerUserId === actor.user.id || (ownerGroupId !== null && isMemberOf(db, ownerGroupId, actor.user.id))
}

/** Locks it. Throws Invalid for a person, Forbidden. */
export async function lockAccount(
  call: Call,
  ref: Parameters<typeof requireUser>[1],
  field: 'ref' | 'serviceAccount',
): Promise<UserRecord> {
  const { id, kind } = await requireUser(call.db, ref)
  if (kind !== 'SERVICE') throw new Invalid(field, 'must name a service account')
  await lockUser(call.db, id)
  const account = await requireUser(call.db, { id })
  if (!(await administers(call, account)))
    throw new Forbidden('Only its owner and a USER_ADMIN administer this service account: ask one of them')
  return account
}

/** Before a secret of it is shown. Throws Conflict, Forbidden. */
export async function assertMayHold(call: Call, account: UserRecord): Promise<void> {
  if (account.disabled) throw new Conflict('The service account is disabled: a USER_ADMIN has to enable it first')
  if (isUserAdmin(call)) return assertMayManage(call, account.id)
  const owner = loggedIn(call)
  const lacking = lackedBy(
    owner,
    (await grantsOfUsers(call.db, [account.id])).map(({ permission }) => permission),
  )
  if (lacking.length > 0)
    throw new Forbidden(`The service account holds ${lacking.join(', ')}, which you lack: ask a USER_ADMIN for the key`)
}

/** Throws Forbidden. */
export function assertMayGive(call: Call, permissions: readonly string[]): void {
  const isAdmin = isUserAdmin(call)
  if (isAdmin) assertMayGrant(call, permissions)
  const lacking = isAdmin ? [] : lackedBy(loggedIn(call), permissions)
  if (lacking.length > 0)
    throw new Forbidden(
      `You need ${lacking.join(', ')} yourself to give it to a service account, or to take it away: ask a USER_ADMIN`,
    )
}

const lackedBy = (owner: UserActor, permissions: readonly string[]): string[] => [
  ...new Set(permissions.filter(permission => !owner.permissions.has(permission))),
]

function loggedIn({ actor }: Pick<Call, 'actor'>): UserActor {
  if (actor.kind === 'user' && actor.credential.kind === 'login') return actor
  throw new Forbidden('Owners administer service accounts after a log-in, not with an API key: log in, or ask a USER_ADMIN')
}

/** Locks the new owner, against concurrent counting. Throws Invalid, Forbidden, Unprocessable. */
export async function takeOwner(call: Call, ref: UserOrGroupRef): Promise<{ columns: OwnerColumns; name: string }> {
  if ((ref.user == null) === (ref.group == null)) throw new Invalid('owner', 'must name exactly one of a user and a group')
  const { columns, name } = ref.user == null ? await groupOwner(call, ref.group!) : await userOwner(call, ref.user)
  if (!isUserAdmin(call)) {
    loggedIn(call)
    if (!(await ownsBy(call, columns)))
      throw new Forbidden('owner must be yourself or a group that you are a member of: a USER_ADMIN may name others')
  }
  const most = call.app.config.caps.serviceAccountsPerOwner
  if ((await countOwned(call.db, columns)) >= most)
    throw new Unprocessable(
      `The owner has ${most} service accounts, the most that SERVICE_ACCOUNTS_PER_OWNER allows: delete one, or ask the operator to raise it`,
    )
  return { columns, name }
}

async function userOwner({ db }: Call, ref: Parameters<typeof requireUser>[1]) {
  const user = await requireUser(db, ref)
  if (user.kind === 'SERVICE') throw new Invalid('owner', 'must not be a service account')
  await lockUser(db, user.id)
  return { columns: { ownerUserId: user.id, ownerGroupId: null }, name: `user ${user.iamid}/${user.userid}` }
}

async function groupOwner({ db }: Call, ref: Parameters<typeof requireGroup>[1]) {
  const group = await requireGroup(db, ref)
  await lockGroupRow(db, group.id)
  return { columns: { ownerUserId: null, ownerGroupId: group.id }, name: `group ${group.iamid}/${group.name}` }
}
