import type { ServiceContext } from '../authorization/service.ts'
import { deleteAddresses } from '../domain/credentials/login-addresses.store.ts'
import { nameColumns } from '../domain/users/profile.ts'
import { ownedByUsers, withoutOwner } from '../domain/users/service-accounts.store.ts'
import type { UserRecord } from '../domain/users/user.ts'
import { insertUsers } from '../domain/users/users.store.ts'
import { uniqueViolation } from '../platform/database/errors.ts'
import { Unavailable } from '../platform/errors.ts'
import { canonical, checkUserid } from '../platform/validation.ts'
import { type MatchedAccount, matchAccounts } from './account-match.ts'
import { takeoversOf } from './account-migration.ts'
import { accountsOf, moveAccounts, renameUsers } from './accounts.store.ts'
import { diff, noState } from './diff.ts'
import type { Identity } from './identity.ts'
import { emptyAccounts } from './replace-user.store.ts'

export interface Source {
  readonly iamid: string
  readonly source: string
  readonly disabled?: boolean
  readonly enables?: boolean
  readonly migrateFrom?: string | undefined
  readonly expected?: number | undefined
  /** Disabled accounts are rejected unchanged. */
  readonly logIn?: boolean
}

export interface Account {
  readonly user: UserRecord
  readonly identity: Identity
  readonly created: boolean
  readonly userid: string
  readonly relinked: boolean
  readonly migratedFrom: string | null
  /** With the service accounts that lost their owner. */
  readonly replaced: (UserRecord & { readonly serviceAccounts?: readonly string[] }) | null
}
export interface Rejection {
  readonly identity: Identity
  readonly user: UserRecord | null
  readonly rejected: string
}

export const isRejected = (result: Account | Rejection): result is Rejection => 'rejected' in result

const plain = { created: false, relinked: false, migratedFrom: null, replaced: null } as const
type Found = Account | Rejection | null

/** Locked. Concurrent creations of a user both find one. */
export async function accountsFor(
  call: ServiceContext,
  by: Source,
  identities: readonly Identity[],
): Promise<(Account | Rejection)[]> {
  for (const { userid } of identities) checkUserid(userid, { newBim: false })
  const found = await known(call, by, identities)
  const missing = () => identities.flatMap((identity, at) => (found[at] === null ? { identity, at } : []))
  const put = (results: readonly Found[], places: readonly { at: number }[]) => {
    for (const [place, { at }] of places.entries()) found[at] = results[place] ?? null
  }
  for (const step of [reusedAccounts, made, known]) {
    const left = missing()
    if (left.length === 0) break
    const part = left.map(({ identity }) => identity)
    put(await step(call, by, part), left)
  }
  return found.map((account, at) => {
    if (account) return account
    throw new Error(`A created user is missing: ${identities[at]!.userid}`)
  })
}

async function known(
  { db, now }: ServiceContext,
  { iamid, expected, logIn }: Source,
  identities: readonly Identity[],
): Promise<Found[]> {
  const accounts = await accountsOf(db, { iamid, identities, lock: true })
  const all = matchAccounts(identities, accounts, iamid).map((who): MatchedAccount => {
    if (logIn && who.is === 'known' && who.user.disabled)
      return { is: 'refused', user: who.user, reason: 'the account is disabled' }
    if (expected === undefined || who.is === 'refused' || (who.is !== 'new' && who.user.id === expected)) return who
    const user = who.is === 'new' ? null : who.user
    return {
      is: 'refused',
      user,
      reason: `the source means ${user === null ? 'no account here' : 'another account'} by this userid`,
    }
  })
  const renamed = all.flatMap(who =>
    who.is === 'known' && who.userid !== who.user.userid
      ? { id: who.user.id, userid: who.userid, useridKey: canonical(who.userid), former: who.user }
      : [],
  )
  if (renamed.length > 0) {
    await renameUsers(db, renamed).catch(retryOnConflict)
    await deleteAddresses(
      db,
      renamed.map(({ former }) => former),
    )
  }
  const former = all.flatMap(who => (who.is === 'successor' ? who.user.id : []))
  const owned = former.length === 0 ? new Map<number, string[]>() : await ownedByUsers(db, { ids: former })
  const emptied = new Map(former.length === 0 ? [] : (await emptyAccounts(db, former, now)).map(user => [user.id, user]))
  return all.map((who, at): Found => {
    const identity = identities[at]!
    if (who.is === 'new') return null
    if (who.is === 'refused') return { identity, user: who.user, rejected: who.reason }
    if (who.is === 'known') return { ...plain, identity, user: who.user, userid: who.userid, relinked: who.relinked === true }
    const replaced = { ...who.user, ...withoutOwner(owned.get(who.user.id)) }
    return { ...plain, identity, user: emptied.get(who.user.id)!, userid: who.user.userid, replaced }
  })
}

function retryOnConflict(error: unknown): never {
  throw uniqueViolation(error) === null ? error : new Unavailable('The userid was just taken: try again')
}

async function reusedAccounts(
  { db, now }: ServiceContext,
  { iamid, migrateFrom }: Source,
  identities: readonly Identity[],
): Promise<Found[]> {
  if (migrateFrom === undefined) return identities.map(() => null)
  const takeovers = await takeoversOf(db, { from: migrateFrom, people: identities, lock: true })
  const ids = takeovers.flatMap(takeover => (takeover && 'user' in takeover ? takeover.user.id : []))
  const moved = new Map(
    ids.length === 0 ? [] : (await moveAccounts(db, { ids, iamid, now }).catch(retryOnConflict)).map(user => [user.id, user]),
  )
  await deleteAddresses(
    db,
    [...moved.values()].map(({ userid }) => ({ iamid: migrateFrom, userid })),
  )
  return takeovers.map((takeover, at): Found => {
    const identity = identities[at]!
    if (takeover === null) return null
    if ('refusal' in takeover) return { identity, user: null, rejected: takeover.refusal }
    const user = moved.get(takeover.user.id)!
    return { ...plain, identity, user, userid: user.userid, migratedFrom: migrateFrom }
  })
}

async function made(
  { db, now }: ServiceContext,
  { iamid, source, disabled = false }: Source,
  identities: readonly Identity[],
): Promise<Found[]> {
  const inOrder = identities.toSorted((a, b) => (a.userid < b.userid ? -1 : 1))
  const rows = inOrder.map(identity => {
    const { userid, profile } = identity
    const names = { iamid, userid, useridKey: canonical(userid), ...nameColumns(profile.name ?? userid) }
    return { ...names, ...diff(identity, noState, source).profile, disabled }
  })
  const created = new Map((await insertUsers(db, rows, now)).map(user => [canonical(user.userid), user]))
  return identities.map((identity): Found => {
    const user = created.get(canonical(identity.userid))
    return user ? { ...plain, identity, user, userid: user.userid, created: true } : null
  })
}
