/** By source id, else the first known name (iam-rules, "Who an entry is"). */

import type { UserRecord } from '../domain/users/user.ts'
import { lookupKey } from '../platform/validation.ts'
import type { Identity } from './identity.ts'
import { SOURCE_ID_COLUMNS, type SourceId } from './source-ids.ts'

export type Named = Pick<Identity, 'userid' | 'aliases' | 'sourceId' | 'replaces'>

export type MatchedAccount =
  | { readonly is: 'new' }
  | { readonly is: 'known'; readonly user: UserRecord; readonly userid: string; readonly relinked?: true }
  /** A former person's account, to be emptied. */
  | { readonly is: 'successor'; readonly user: UserRecord }
  | {
      readonly is: 'refused'
      readonly user: UserRecord | null
      readonly reason: string
      readonly reused?: true
      readonly twice?: true
    }

export const namesOf = ({ userid, aliases }: Named): readonly string[] => aliases ?? [userid]
export const keysOf = (named: Named): string[] => namesOf(named).flatMap(name => lookupKey(name) ?? [])
const keyOf = (name: string): string => lookupKey(name) ?? ''

/** A second match is rejected. */
export function matchAccounts(identities: readonly Named[], accounts: readonly UserRecord[], iamid: string): MatchedAccount[] {
  const byKey = new Map(accounts.map(user => [keyOf(user.userid), user]))
  const source = identities.find(({ sourceId }) => sourceId)?.sourceId?.source ?? 'directory'
  const byId = new Map(accounts.map(user => [idOf(user, { source }), user]))
  const first = identities.map(named => sameId(named, byId, byKey))
  // A released name is free, a claimed one is not.
  for (const who of first)
    if (who?.is === 'known' && who.userid !== who.user.userid) {
      byKey.delete(keyOf(who.user.userid))
      byKey.set(keyOf(who.userid), who.user)
    }
  const claimed = new Set<number>()
  return identities.map((named, at) => {
    const who = first[at] ?? sameName(named, byKey, iamid)
    if (who.is === 'new' || who.is === 'refused') return who
    if (claimed.has(who.user.id))
      return { is: 'refused', user: who.user, reason: `several entries are the account ${who.user.userid}`, twice: true }
    claimed.add(who.user.id)
    return who
  })
}

function sameId(
  named: Named,
  byId: ReadonlyMap<string | null, UserRecord>,
  byKey: ReadonlyMap<string, UserRecord>,
): MatchedAccount | null {
  const { sourceId, userid } = named
  const user = sourceId && byId.get(sourceId.id)
  if (!user) return null
  if (keysOf(named).includes(keyOf(user.userid))) return { is: 'known', user, userid: user.userid }
  const holder = byKey.get(keyOf(userid))
  if (!holder) return { is: 'known', user, userid }
  const theirs = idOf(holder, sourceId)
  const reason = `${user.userid} (${sourceId.id}) now has the userid ${userid}, which belongs to another account of the IAM${theirs === null ? '' : ` (${theirs})`}: rename or delete that account, or use replaceUser`
  return { is: 'refused', user, reason }
}

function sameName(named: Named, byKey: ReadonlyMap<string, UserRecord>, iamid: string): MatchedAccount {
  const { sourceId, replaces } = named
  const held = keysOf(named).flatMap(key => byKey.get(key) ?? [])
  const [first] = held
  if (!first) return { is: 'new' }
  if (!sourceId) {
    // Once ids are known, a userid restores no former account.
    const isFormer = sourceId === null && first.disabled && first.disabledBy === iamid && first.directoryId !== null
    return isFormer
      ? {
          is: 'refused',
          user: first,
          reason: `the directory gives no id of ${first.userid}, who is disabled and was known by ${first.directoryId}`,
        }
      : { is: 'known', user: first, userid: first.userid }
  }
  const unknown = held.find(user => idOf(user, sourceId) === null)
  if (unknown) return { is: 'known', user: unknown, userid: unknown.userid }
  const again = held.find(user => user.relinkable && !user.disabled)
  if (again) return { is: 'known', user: again, userid: again.userid, relinked: true }
  const theirs = idOf(first, sourceId)
  // Disabled by an administrator stays disabled, also for successors.
  if (replaces !== undefined && replaces === theirs && !(first.disabled && first.disabledBy !== iamid))
    return { is: 'successor', user: first }
  const reason = `the userid ${first.userid} is now that of another ${sourceId.source} entry (${sourceId.id}) than the account's (${theirs}): decide with replaceUser or relinkUser`
  return { is: 'refused', user: first, reason, reused: true }
}

export const idOf = (user: UserRecord, { source }: Pick<SourceId, 'source'>): string | null => user[SOURCE_ID_COLUMNS[source]]
