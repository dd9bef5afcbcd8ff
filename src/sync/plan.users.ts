import type { Listed } from '../connectors/connector.ts'
import { dnKey } from '../connectors/ldap.matching.ts'
import { recordEntryIds } from '../domain/iams/iam.ids.store.ts'
import type { UserRecord } from '../domain/users/user.ts'
import { type AccountMatch, accountMatches } from '../federation/account-lookup.ts'
import { namesOf } from '../federation/account-match.ts'
import { noState } from '../federation/diff.ts'
import { mapEntry } from '../federation/directory.ts'
import type { Identity } from '../federation/identity.ts'
import { heldOf } from '../federation/reconcile.ts'
import { directoryIdOf, hasNoEntryIds } from '../federation/source-ids.ts'
import { Invalid } from '../platform/errors.ts'
import { checkStorable, checkUserid, lookupKey } from '../platform/validation.ts'
import { undoPlanned } from './entries.store.ts'
import { disableEntry, type EntryDraft, errorEntry, userEntry } from './entry.ts'
import { leaseOf, type Reading, writeEntries } from './entry-writer.ts'
import { type EnabledUser, enabledUsers } from './sync-users.store.ts'
import type { UserInfoOutcome } from './user-info-reader.ts'

const presentAtOnce = 5_000
/** Reused userids decided at the end; more suggest a rebuilt directory. */
const mostReused = 1_000

interface Reused {
  readonly identity: Identity
  readonly faults: readonly string[]
  readonly account: UserRecord
  readonly fault: EntryDraft
}

interface Compared {
  readonly drafts: readonly EntryDraft[]
  readonly takenBack: number
}

export class UserPlan {
  readonly #reading: Reading
  #shown = new Map<number, string>()
  #names = new Map<string, string>()
  #kept = { users: new Set<number>(), names: new Set<string>(), ids: new Set<string>(), dns: new Set<string>() }
  #reused: Reused[] = []
  #claims = new Set<string>()
  count = 0
  unchanged = 0
  withoutId = 0
  memberships = { shown: 0, held: 0 }

  constructor(reading: Reading) {
    this.#reading = reading
  }

  async compare(page: readonly Listed[]): Promise<Compared> {
    const { app, iam, informer } = this.#reading
    const { db } = app.store
    const drafts: EntryDraft[] = []
    const people = page.flatMap(person => {
      const result = 'fault' in person ? errorEntry(person.id, person.id, person.fault) : this.#read(person)
      if ('identity' in result) return result
      this.#keep(person)
      drafts.push(result)
      return []
    })
    const meant = await accountMatches(
      db,
      iam,
      people.map(({ identity }) => identity),
    )
    const known = meant.flatMap(({ user, rejected }) => (user && rejected === undefined ? user : []))
    const held = await heldOf(db, { users: known, iamid: iam.id, source: iam.id })
    const twice: string[] = []
    const outcomes: UserInfoOutcome[] = []
    for (const [at, { identity, faults }] of people.entries()) {
      const whom = meant[at]!
      const fault = this.#faultOf(identity, faults, { whom, twice })
      if (fault === 'later') continue
      if (fault) {
        drafts.push(fault)
        continue
      }
      const theirs = held.get(whom.user?.id ?? 0) ?? noState
      if (identity.groups !== undefined) {
        this.memberships.shown += identity.groups.length
        this.memberships.held += theirs.groups.length
      }
      const draft = userEntry(identity, theirs, { source: iam.id, faults, account: whom })
      if (draft) drafts.push(draft)
      else this.unchanged++
      outcomes.push({ identity, meant: whom })
    }
    this.count += page.length
    if (informer) drafts.push(...(await informer.about(outcomes.filter(person => !twice.includes(keyOfOutcome(person))))))
    const kept = drafts.filter(({ nameKey, action }) => action === 'error' || !twice.includes(nameKey))
    const takenBack = twice.length > 0 ? await undoPlanned(db, leaseOf(this.#reading), twice) : 0
    return { drafts: kept, takenBack }
  }

  #read(person: Exclude<Listed, { fault: string }>): { identity: Identity; faults: readonly string[] } | EntryDraft {
    const { iam } = this.#reading
    try {
      const { identity, faults } = mapEntry(iam, person)
      checkUserid(identity!.userid, { newBim: false })
      checkStorable('dn', person.id)
      if (identity!.sourceId === null) this.withoutId++
      return { identity: identity!, faults }
    } catch (error) {
      if (!(error instanceof Invalid)) throw error
      return errorEntry(person.userid, person.id, error.message)
    }
  }

  /** Unreadable entries disable nobody. */
  #keep(person: Listed): void {
    const id = directoryIdOf(this.#reading.iam, person)
    this.#kept.dns.add(dnKey(person.id))
    if (id !== null) this.#kept.ids.add(id.id)
    for (const alias of person.aliases ?? []) this.#kept.names.add(keyOf(alias))
  }

  /** `later`: decided at the end; null: no error. */
  #faultOf(
    identity: Identity,
    faults: readonly string[],
    { whom, twice }: { whom: AccountMatch; twice: string[] },
  ): EntryDraft | 'later' | null {
    const { user, renamed, rejected, reused } = whom
    const isReused = reused === true && user !== null
    const userid = renamed ?? user?.userid ?? identity.userid
    const key = keyOf(userid)
    const isTwice = whom.twice || (user !== null && this.#shown.has(user.id)) || this.#names.has(key) || this.#claims.has(key)
    if (isTwice && (rejected === undefined || whom.twice || isReused)) {
      twice.push(key, ...(user === null ? [] : [keyOf(user.userid)]))
      if (user) this.#kept.users.add(user.id)
      return errorEntry(
        userid,
        identity.dn ?? null,
        `the directory has several people with the userid ${userid}: none of them is imported`,
      )
    }
    if (rejected === undefined) {
      this.#show(identity, userid)
      if (user) this.#shown.set(user.id, userid)
      return null
    }
    const fault = { ...errorEntry(identity.userid, identity.dn ?? null, rejected), userId: user?.id ?? null }
    if (user) this.#kept.users.add(user.id)
    if (!isReused || this.#reused.length >= mostReused) return fault
    this.#claims.add(key)
    this.#reused.push({ identity, faults, account: user, fault })
    return 'later'
  }

  #show(identity: Identity, userid: string): void {
    for (const name of namesOf(identity)) this.#names.set(keyOf(name), userid)
  }

  /** Once all users are known. Returns the number of emptied accounts. */
  async settle({ whole }: { whole: boolean }): Promise<number> {
    const { app, iam, run, informer } = this.#reading
    const { onReusedUserid } = (iam.config.ldapSync ?? {}) as { onReusedUserid?: 'fault' | 'replace' }
    const drafts: EntryDraft[] = []
    const outcomes: UserInfoOutcome[] = []
    let replaced = 0
    for (const { identity, faults, account, fault } of this.#reused) {
      const now = this.#shown.get(account.id)
      const isOnly = [identity.userid, account.userid].every(name => !this.#names.has(keyOf(name)))
      const isFree = isOnly && now !== undefined && keyOf(now) !== keyOf(account.userid)
      const isGone = isOnly && now === undefined && whole && onReusedUserid === 'replace' && mayBeReplaced(account, iam.id)
      if (isFree || isGone) {
        const successor = isGone ? { ...identity, replaces: account.directoryId! } : identity
        this.#show(identity, identity.userid)
        drafts.push(
          userEntry(successor, noState, {
            source: iam.id,
            faults,
            account: isGone ? { user: account, replaces: true } : { user: null },
          })!,
        )
        outcomes.push({ identity: successor, meant: { user: null } })
        if (isGone) replaced++
      } else drafts.push(fault)
    }
    if (informer) drafts.push(...(await informer.about(outcomes)))
    await writeEntries(this.#reading, drafts)
    await this.#beat(drafts)
    if (!run.dryRun && whole && !hasNoEntryIds(iam))
      await recordEntryIds(app.store.db, iam, { state: this.withoutId > 0 ? 'missing' : 'given', now: new Date() })
    return replaced
  }

  async missing(): Promise<number> {
    const { app, run, iam } = this.#reading
    const since = run.startedAt ?? run.createdAt
    let disables = 0
    for (let after = ''; ; ) {
      const present = await enabledUsers(app.store.db, { iamid: iam.id, since, after, limit: presentAtOnce })
      const drafts = present.filter(person => !this.#isThere(person)).map(person => this.#disableOf(person))
      await writeEntries(this.#reading, drafts)
      await this.#beat(drafts)
      disables += drafts.length
      if (present.length < presentAtOnce) return disables
      after = present.at(-1)!.useridKey
    }
  }

  #isThere({ id, useridKey, directoryId, dn, isRefreshed }: EnabledUser): boolean {
    const { users, names, ids, dns } = this.#kept
    if (isRefreshed || this.#shown.has(id) || users.has(id) || names.has(useridKey)) return true
    return (directoryId !== null && ids.has(directoryId)) || (dn !== null && dns.has(dnKey(dn)))
  }

  /** An entry is one account; a second one is disabled. */
  #disableOf(person: EnabledUser): EntryDraft {
    const owner = this.#names.get(person.useridKey)
    const reason = owner === undefined ? null : `its userid is another one of the entry whose account is ${owner}`
    return { ...disableEntry(person), reason }
  }

  #beat(drafts: readonly EntryDraft[]): Promise<void> {
    const planned = drafts.filter(({ action }) => action !== 'error').length
    return this.#reading.beat({ total: this.count, unchanged: this.unchanged, planned })
  }
}

const keyOf = (name: string): string => lookupKey(name) ?? ''
const keyOfOutcome = ({ identity, meant }: UserInfoOutcome): string => keyOf(meant.user?.userid ?? identity.userid)

/** Disabled by an administrator stays disabled. */
export const mayBeReplaced = ({ disabled, disabledBy, directoryId }: UserRecord, iamid: string): boolean =>
  directoryId !== null && !(disabled && disabledBy !== iamid)
