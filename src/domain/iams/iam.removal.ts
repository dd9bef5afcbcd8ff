import type { AuditDraft } from '../../authorization/audit-event.ts'
import { changed, requirePermissionFor, type ServiceContext, type WriteResult } from '../../authorization/service.ts'
import type { IamUsers } from '../../generated/inputs.ts'
import { assertUnchanged, Conflict } from '../../platform/errors.ts'
import { deleteAddresses } from '../credentials/login-addresses.store.ts'
import { assertAdministratorRemains, assertMayGrant } from '../users/privilege-rules.ts'
import { ownedByUsers, withoutOwner } from '../users/service-accounts.store.ts'
import { targetOf } from '../users/user.ts'
import { nameTaken } from '../users/users.store.ts'
import { assertNotBim } from './config/input.ts'
import { auditSnapshot, iamConfiguredEvent } from './iam.audit.ts'
import {
  type Affected,
  countUsersOf,
  deleteIamRow,
  deleteUsersOf,
  deletionBlockers,
  disableUsersOf,
  moveUsersToBim,
  revokeAccessOfIam,
} from './iam.removal.store.ts'
import { groupPermissionsOf, lockIam, permissionsGrantedBy } from './iams.store.ts'

const NAMED = 10
/** Per transaction of 30 s; 100,000 users took 25 s. */
export const AT_ONCE = 100_000

/** Requires all administrative permissions of its users. Groups stay. */
export async function removeIam(
  call: ServiceContext,
  { id, users, ifUpdatedAt }: { id: string; users?: IamUsers | null; ifUpdatedAt?: Date | null },
): Promise<WriteResult<{ deletedId: string }>> {
  const { db, actor } = call
  assertNotBim(id, 'cannot be removed')
  const { iam } = await lockIam(db, id)
  assertUnchanged(`The IAM ${id}`, iam, ifUpdatedAt)
  const rules = await groupPermissionsOf(db, [id])
  const powers = await permissionsGrantedBy(db, iam, rules)
  assertMayGrant(call, powers)
  if (actor.kind === 'user' && actor.user.iamid === id)
    throw new Conflict('You are a user of this IAM and would lock yourself out: ask an administrator of another IAM')
  const there = await countUsersOf(db, id)
  if (there.all > 0 && users == null) throw new Conflict(`${id} ${inUse(there)}`)
  if (there.all > 0 && users != null && users !== 'KEEP') {
    requirePermissionFor(call, NEEDS[users])
    assertFewUsers(id, users, there.all)
  }
  const ended = await revokeAccessOfIam(db, id)
  const events = there.all > 0 && users != null ? await FATES[users](call, id) : []
  await deleteIamRow(db, id)
  if (powers.includes('USER_ADMIN')) await assertAdministratorRemains(db)
  const before = { ...auditSnapshot(iam, rules), ...ended, ...(there.all > 0 && { users: there.all }) }
  return changed({ deletedId: id }, iamConfiguredEvent(iam, before, there.all > 0 ? { users: users ?? null } : null), ...events)
}

const inUse = ({ all, enabled }: { all: number; enabled: number }): string =>
  `has ${all} user${all === 1 ? '' : 's'}, ${enabled} of them enabled: say with \`users\` what becomes of them, which is KEEP, DISABLE, DELETE or MOVE_TO_BIM`

export function assertFewUsers(id: string, users: IamUsers, count: number): void {
  if (count <= AT_ONCE) return
  const instead = 'give KEEP, after which they can do nothing while no IAM has this id, or delete some of them first'
  throw new Conflict(`users: ${users} is for at most ${AT_ONCE} users at once, and ${id} has ${count}: ${instead}`)
}

const NEEDS = { DISABLE: 'user:disable', DELETE: 'user:delete', MOVE_TO_BIM: 'user:create' } as const

type Fate = (call: ServiceContext, iamid: string) => Promise<AuditDraft[]>

const FATES: Record<IamUsers, Fate> = {
  KEEP: async () => [],

  DISABLE: async ({ db, now }, iamid) =>
    (await disableUsersOf(db, iamid, now)).map(user => ({
      event: 'userDisabled',
      target: targetOf({ ...user, iamid }),
      before: { disabled: false },
      after: { disabled: true },
    })),

  DELETE: async ({ db }, iamid) => {
    const owned = await ownedByUsers(db, { iamid })
    const deleted = await deleteUsersOf(db, iamid)
    await forgetAddresses(db, iamid, deleted)
    return deleted.map(user => {
      const { userid, name, email } = user
      const before = { userid, iamid, name, email, ...withoutOwner(owned.get(user.id)) }
      return { event: 'userDeleted', target: targetOf({ ...user, iamid }), before }
    })
  },

  MOVE_TO_BIM: async ({ db, now }, iamid) => {
    const { names, count } = await deletionBlockers(db, iamid, NAMED)
    if (count > 0)
      throw new Conflict(
        `${count} of the users cannot be moved, because a user of bim has their userid or e-mail address already, or two of them share one: ${names.join(', ')}${count > names.length ? ` and ${count - names.length} more` : ''}`,
      )
    const moved = await moveUsersToBim(db, iamid, now).catch(nameTaken)
    await forgetAddresses(db, iamid, moved)
    return moved.map(user => ({
      event: 'userMigrated',
      target: targetOf({ ...user, iamid: 'bim' }),
      before: { iamid },
      after: { iamid: 'bim' },
    }))
  },
}

const forgetAddresses = (db: ServiceContext['db'], iamid: string, users: readonly Affected[]): Promise<void> =>
  deleteAddresses(
    db,
    users.map(({ userid }) => ({ iamid, userid })),
  )
