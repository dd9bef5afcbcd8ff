import { isAdministrative } from '../authorization/permissions.ts'
import type { UserRecord } from '../domain/users/user.ts'
import { grantsOfUsers } from '../domain/users/users.store.ts'
import type { Db } from '../platform/database/store.ts'
import { lookupKey } from '../platform/validation.ts'
import { type Named, namesOf } from './account-match.ts'
import { accountsOf } from './accounts.store.ts'

/** The account that somebody new takes over, or why they may not: then they are given none. */
export type Takeover = { readonly user: UserRecord } | { readonly refusal: string }

/**
 * At the first log-in through an IAM with `migrateFrom`, or when a sync would make them, the account of the same userid in that IAM
 * becomes the person's: its id, profile, memberships and keys stay. Null for whom there is none. `lock`: held until the transaction ends.
 * A disabled account stays where it is, so that nobody gets around that by another IAM. A holder of an administrative permission is
 * refused: who chooses userids at the new source would choose theirs (reference: iam-rules, "Semantics", migrateFrom).
 */
export async function takeoversOf(
  db: Db,
  { from, people, lock }: { from: string; people: readonly Named[]; lock: boolean },
): Promise<(Takeover | null)[]> {
  const named = people.map(({ userid, aliases }) => ({ userid, ...(aliases && { aliases }) }))
  const accounts = await accountsOf(db, { iamid: from, identities: named, lock })
  const byKey = new Map(accounts.map(user => [lookupKey(user.userid), user]))
  const grants =
    accounts.length === 0
      ? []
      : await grantsOfUsers(
          db,
          accounts.map(({ id }) => id),
        )
  const powers = new Map(
    grants.filter(({ permission }) => isAdministrative(permission)).map(({ userId, permission }) => [userId, permission]),
  )
  const taken = new Set<number>()
  return people.map(person => {
    const name = namesOf(person).find(each => byKey.has(lookupKey(each)))
    const user = name === undefined ? undefined : byKey.get(lookupKey(name))
    if (!user) return null
    const account = `The account of the IAM ${from}`
    if (user.disabled) {
      const refusal = `The account of the IAM ${from} is disabled and is not moved: an administrator has to enable it first`
      return { refusal }
    }
    const power = powers.get(user.id)
    if (power !== undefined)
      return { refusal: `${account} holds ${power} and is not moved by itself: an administrator has to take that away first` }
    if (user.userid !== name) return { refusal: `${account} differs in the spelling of its userid` }
    if (taken.has(user.id)) return { refusal: `${account} is taken over by somebody else` }
    taken.add(user.id)
    return { user }
  })
}
