import type { Entry } from '../connectors/connector.ts'
import type { IamRecord } from '../domain/iams/iam.ts'
import type { UserRecord } from '../domain/users/user.ts'
import type { Db } from '../platform/database/store.ts'
import { lookupKey } from '../platform/validation.ts'
import { type MatchedAccount, matchAccounts, type Named } from './account-match.ts'
import { type Takeover, takeoversOf } from './account-migration.ts'
import { accountsOf } from './accounts.store.ts'

export interface AccountMatch {
  readonly user: UserRecord | null
  readonly renamed?: string
  readonly migratedFrom?: string
  readonly rejected?: string
  /** The userid was another person's. */
  readonly reused?: true
  readonly twice?: true
}

export async function accountMatches(
  db: Db,
  iam: Pick<IamRecord, 'id' | 'config'>,
  identities: readonly Named[],
): Promise<AccountMatch[]> {
  const all = matchAccounts(identities, await accountsOf(db, { iamid: iam.id, identities, lock: false }), iam.id)
  const from = iam.config.migrateFrom as string | undefined
  const fresh = from === undefined ? [] : identities.filter((_, at) => all[at]!.is === 'new')
  const takeovers = fresh.length === 0 ? [] : await takeoversOf(db, { from: from!, people: fresh, lock: false })
  const takeoverOf = new Map(fresh.map((named, at) => [named, takeovers[at]!]))
  return all.map((who, at) => (who.is === 'new' ? taking(takeoverOf.get(identities[at]!), from) : matchOf(who)))
}

/** By any userid value if the entry has an id, else the first. */
export async function accountOf(
  db: Db,
  {
    iam,
    entry: { userid: typed },
    identity,
  }: { iam: Pick<IamRecord, 'id' | 'config'>; entry: Pick<Entry, 'userid'>; identity: Named },
): Promise<{ user: UserRecord | null; userid: string; rejected?: string }> {
  const [meant = { user: null }] = await accountMatches(db, iam, [identity])
  const userid = meant.renamed ?? meant.user?.userid ?? identity.userid
  const user = meant.migratedFrom === undefined ? meant.user : null
  if (meant.rejected !== undefined) return { user, userid, rejected: meant.rejected }
  if (!identity.sourceId && lookupKey(typed) !== lookupKey(userid))
    return { user, userid, rejected: `without an id of the entry only its userid ${userid} logs in, and none of its others` }
  return { user, userid }
}

function taking(takeover: Takeover | null | undefined, from: string | undefined): AccountMatch {
  if (!takeover) return { user: null }
  if ('refusal' in takeover) return { user: null, rejected: takeover.refusal }
  return { user: takeover.user, migratedFrom: from! }
}

function matchOf(who: Exclude<MatchedAccount, { is: 'new' }>): AccountMatch {
  const { user } = who
  if (who.is === 'refused')
    return { user, rejected: who.reason, ...(who.reused && { reused: true }), ...(who.twice && { twice: true }) }
  return { user, ...(who.is === 'known' && user !== null && who.userid !== user.userid && { renamed: who.userid }) }
}
