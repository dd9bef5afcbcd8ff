import { isAdministrative } from '../authorization/permissions.ts'
import type { UserRecord } from '../domain/users/user.ts'
import { grantsOfUsers } from '../domain/users/users.store.ts'
import type { Db } from '../platform/database/store.ts'
import { lookupKey } from '../platform/validation.ts'
import { type Named, namesOf } from './account-match.ts'
import { accountsOf } from './accounts.store.ts'

export type Takeover = { readonly user: UserRecord } | { readonly refusal: string }

/**
 * `migrateFrom`: moves the account of the same userid here. Disabled ones
 * stay; administrators are rejected (iam-rules, "Semantics").
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
      return { refusal: `${account} holds ${power} and is not migrated automatically: remove that permission first` }
    if (user.userid !== name) return { refusal: `${account} differs in the spelling of its userid` }
    if (taken.has(user.id)) return { refusal: `${account} is being migrated by another user` }
    taken.add(user.id)
    return { user }
  })
}
