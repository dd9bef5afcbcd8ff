import type { Call } from '../access/guard.ts'
import { isAdministrative } from '../access/permissions.ts'
import type { AuditDraft } from '../audit/audit.ts'
import type { IamRecord } from '../iams/iam.ts'
import { findUser, grantsOfUsers, lockUser, updateUser } from '../users/users.store.ts'

/**
 * At the first log-in through an IAM with `migrateFrom` the account of the same userid in that IAM becomes the person's: its id, profile,
 * memberships and keys stay. Part of a write's transaction. A disabled one stays where it is: nobody gets around that by another IAM.
 * A holder of an administrative permission is refused, and not given a second account: whoever can choose userids at the new provider
 * would choose theirs (reference: iam-rules, "Semantics", migrateFrom).
 */
export async function migrate(
  { db, now }: Call,
  iam: Pick<IamRecord, 'id' | 'config'>,
  userid: string,
): Promise<{ events: AuditDraft[] } | { refusal: string }> {
  const from = iam.config.migrateFrom as string | undefined
  if (from === undefined || (await findUser(db, { iamid: iam.id, userid })) !== null) return { events: [] }
  const found = await findUser(db, { iamid: from, userid })
  if (found === null) return { events: [] }
  await lockUser(db, found.id)
  // Of two who come at once the second finds it moved.
  const user = await findUser(db, { id: found.id, iamid: from })
  if (user === null) return { events: [] }
  if (user.disabled)
    return { refusal: `The account of the IAM ${from} is disabled and is not moved: an administrator has to enable it first` }
  const power = (await grantsOfUsers(db, [user.id])).find(grant => isAdministrative(grant.permission))
  if (power !== undefined)
    return {
      refusal: `This account holds ${power.permission} and is not moved by itself: an administrator has to take that away first`,
    }
  if (user.userid !== userid) return { refusal: `The account of the IAM ${from} differs in the spelling of its userid` }
  await updateUser(db, user.id, { iamid: iam.id, updatedAt: now })
  const target = { type: 'user', id: user.id, name: `${iam.id}/${user.userid}` } as const
  return { events: [{ event: 'userMigrated', target, before: { iamid: from }, after: { iamid: iam.id } }] }
}
