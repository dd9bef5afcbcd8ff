/** What a directory shows, next to what is held: the entries of a run. Nothing is changed but the run's own rows. */
import type { EntryGroup, Listed, ListReader } from '../connectors/connector.ts'
import { dnKey } from '../connectors/ldap.matching.ts'
import { Invalid, RosterError } from '../errors.ts'
import type { IamRecord } from '../iams/iam.ts'
import { type Directory, newsOf } from '../identity/directory.ts'
import { heldOf, nobody } from '../identity/reconcile.ts'
import { checkStorable, checkUserid, lookupKey } from '../names.ts'
import type { UserRecord } from '../users/user.ts'
import { usersNamed } from '../users/users.store.ts'
import { forgetPlan, takeBack } from './entries.store.ts'
import { GroupsPlan } from './groups.plan.ts'
import type { Informer, Spoken } from './informing.ts'
import { heldBy, type Keeper, keep, Lost, Stopped, stopping, Unanswered } from './keeping.ts'
import { disableOf, type EntryDraft, faultOf, outcomeOf } from './outcome.ts'
import { enabledPeople, type Present } from './people.store.ts'

export interface Read {
  /** People whom the directory showed, and how many of them are as it says. */
  readonly people: number
  readonly unchanged: number
  readonly disables: number
  /** Of a directory that was seen whole: memberships that it shows, and those held of the same people until now. */
  readonly memberships: { readonly shown: number; readonly held: number }
  /** Why not all of it was seen. */
  readonly cut: string | null
  /** There is more than the one page that was wanted: nothing was planned. */
  readonly more: boolean
}

interface Reading extends Keeper {
  readonly iam: IamRecord
  readonly directory: Directory
  /** Null: the sync does not ask the IAM's user info endpoint. */
  readonly informer: Informer | null
  /** Says that the run goes on. Throws when it is somebody else's by now. */
  readonly beat: (step: { total: number; unchanged: number; planned: number }) => Promise<void>
}

/** Names compared with what is held at once. */
const atOnce = 1_000
const presentAtOnce = 5_000

/** Throws Unanswered where the directory showed nobody; where it broke off later, that is `cut`. Throws Lost. */
export async function readAll(reading: Reading, { onePage }: { onePage: boolean }): Promise<Read> {
  const { run, iam, directory } = reading
  const census = new Census(reading, onePage)
  const { paged = true, pageSize } = (iam.config.ldapSync ?? {}) as { paged?: boolean; pageSize?: number }
  const since = run.mode === 'incremental' ? run.since : null
  let cut: string | null = null
  try {
    await directory.list(census, { ...(paged ? pageSize && { pageSize } : { pageSize: null }), since })
  } catch (error) {
    if (error instanceof Stopped) throw error.cause
    if (!(error instanceof RosterError)) throw error
    if (error instanceof Invalid || census.count === 0) throw new Unanswered(error)
    cut = error.message
  }
  await keep(reading, reading.informer?.end() ?? [])
  const whole = cut === null && !census.more && run.mode === 'full'
  const disables = whole ? await census.missing() : 0
  if (whole) await census.goneGroups()
  const { count: people, unchanged, more, memberships } = census
  return { people, unchanged, disables, cut, more, memberships: whole ? memberships : none }
}

const none = { shown: 0, held: 0 }

/** One person: refreshed, or disabled when the directory does not know them any more. */
export async function readOne(reading: Reading, userid: string): Promise<Read> {
  const { app, iam, directory, beat } = reading
  const { db } = app.store
  if (!(await forgetPlan(db, heldBy(reading)))) throw new Lost()
  const entry = await directory.find(userid).catch(error => {
    throw error instanceof RosterError ? new Unanswered(error) : error
  })
  const [user] = await usersNamed(db, iam.id, [lookupKey(entry?.userid ?? userid) ?? ''])
  const held = user ? (await heldOf(db, [user], iam.id, iam.id)).get(user.id)! : nobody
  const news = entry && newsOf(iam, entry)
  const draft = news
    ? outcomeOf(news.identity!, held, iam.id, news.faults)
    : user && !user.disabled
      ? disableOf({ ...user, useridKey: lookupKey(user.userid)! })
      : null
  const informed = news && reading.informer ? await reading.informer.about([{ userid: news.identity!.userid, user }]) : []
  const drafts = [...(draft ? [draft] : []), ...informed, ...(reading.informer?.end() ?? [])]
  await keep(reading, drafts)
  const read = {
    people: news ? 1 : 0,
    unchanged: news && drafts.length === 0 ? 1 : 0,
    disables: draft?.outcome === 'disable' ? 1 : 0,
  }
  await beat({
    total: read.people,
    unchanged: read.unchanged,
    planned: drafts.filter(({ outcome }) => outcome !== 'fault').length,
  })
  return { ...read, memberships: none, cut: null, more: false }
}

/** Keeps count of a directory while it is read. Memory: the names of its people. */
class Census implements ListReader {
  readonly #reading: Reading
  readonly #onePage: boolean
  readonly #groups: GroupsPlan
  #seen = new Set<string>()
  /** Where somebody is of whom no userid is known: who is here by that DN is not gone. */
  #unnamed = new Set<string>()
  count = 0
  unchanged = 0
  more = false
  memberships = { shown: 0, held: 0 }

  constructor(reading: Reading, onePage: boolean) {
    this.#reading = reading
    this.#groups = new GroupsPlan(reading)
    this.#onePage = onePage
  }

  begin = stopping(async (): Promise<void> => {
    this.#seen = new Set()
    this.#unnamed = new Set()
    this.count = 0
    this.unchanged = 0
    this.memberships = { shown: 0, held: 0 }
    this.#groups.clear()
    if (!(await forgetPlan(this.#reading.app.store.db, heldBy(this.#reading)))) throw new Lost()
  })

  groups = stopping(async (known: readonly EntryGroup[], listed: readonly EntryGroup[]): Promise<void> => {
    const isListed = new Set(listed.map(({ id }) => id))
    for (let start = 0; start < known.length; start += atOnce) {
      const part = known.slice(start, start + atOnce)
      const drafts = await this.#groups.compare(part, ({ id }) => isListed.has(id))
      await keep(this.#reading, drafts)
      await this.#beat(drafts)
    }
  })

  people = stopping(async (page: readonly Listed[], last: boolean): Promise<boolean> => {
    if (this.#onePage && !last) {
      this.more = true
      return false
    }
    for (let start = 0; start < page.length; start += atOnce) await this.#compare(page.slice(start, start + atOnce))
    return true
  })

  async #compare(listed: readonly Listed[]): Promise<void> {
    const { app, iam } = this.#reading
    const { db } = app.store
    const { people: page, drafts } = await this.#groups.settle(listed)
    const named = page.filter(person => 'userid' in person)
    const users = await usersNamed(
      db,
      iam.id,
      named.flatMap(({ aliases }) => aliases.flatMap(alias => lookupKey(alias) ?? [])),
    )
    const here = new Map(users.map(user => [lookupKey(user.userid)!, user]))
    const held = await heldOf(db, users, iam.id, iam.id)
    const twice: string[] = []
    const spoken: Spoken[] = []
    for (const person of page) {
      const draft = this.#draftOf(person, here, user => (user ? held.get(user.id)! : nobody), twice, spoken)
      if (draft) drafts.push(draft)
      else this.unchanged++
    }
    this.count += page.length
    const { informer } = this.#reading
    if (informer) drafts.push(...(await informer.about(spoken.filter(({ userid }) => !twice.includes(lookupKey(userid) ?? '')))))
    const kept = drafts.filter(({ nameKey, outcome }) => outcome === 'fault' || !twice.includes(nameKey))
    const taken = twice.length > 0 ? await takeBack(db, heldBy(this.#reading), twice) : 0
    await keep(this.#reading, kept)
    await this.#beat(kept, -taken)
  }

  /** Null: they are as the directory says. */
  #draftOf(
    person: Listed,
    here: ReadonlyMap<string, UserRecord>,
    heldOfUser: (user: UserRecord | undefined) => Parameters<typeof outcomeOf>[1],
    twice: string[],
    spoken: Spoken[],
  ): EntryDraft | null {
    if ('fault' in person) {
      this.#unnamed.add(dnKey(person.id))
      for (const alias of person.aliases ?? []) this.#seen.add(lookupKey(alias) ?? '')
      return faultOf(person.id, person.id, person.fault)
    }
    const { iam } = this.#reading
    const keys = person.aliases.map(lookupKey)
    const known = person.aliases.find((_, at) => here.has(keys[at] ?? '')) ?? person.userid
    const key = lookupKey(known)
    const seen = key !== null && this.#seen.has(key)
    for (const alias of keys) if (alias !== null) this.#seen.add(alias)
    if (seen) {
      twice.push(key)
      return faultOf(known, person.id, `the directory knows several people of the userid ${known}: none of them is taken in`)
    }
    try {
      const { identity, faults } = newsOf(iam, { ...person, userid: known })
      checkUserid(known, { newBim: false })
      checkStorable('dn', person.id)
      const user = here.get(key ?? '')
      const held = heldOfUser(user)
      if (identity!.groups !== undefined) {
        this.memberships.shown += identity!.groups.length
        this.memberships.held += held.groups.length
      }
      spoken.push({ userid: known, user })
      return outcomeOf(identity!, held, iam.id, faults)
    } catch (error) {
      if (!(error instanceof Invalid)) throw error
      return faultOf(known, person.id, error.message)
    }
  }

  /** Plans to disable whom the directory does not show. Answers how many. */
  async missing(): Promise<number> {
    const { app, run, iam } = this.#reading
    const since = run.startedAt ?? run.createdAt
    let disables = 0
    for (let after = ''; ; ) {
      const present = await enabledPeople(app.store.db, iam.id, since, after, presentAtOnce)
      const drafts = present.filter(person => !this.#isThere(person)).map(disableOf)
      await keep(this.#reading, drafts)
      await this.#beat(drafts)
      disables += drafts.length
      if (present.length < presentAtOnce) return disables
      after = present.at(-1)!.useridKey
    }
  }

  /** Plans to remove groups that the directory has deleted. */
  async goneGroups(): Promise<void> {
    for await (const drafts of this.#groups.gone()) {
      await keep(this.#reading, drafts)
      await this.#beat(drafts)
    }
  }

  #isThere({ useridKey, dn, isHeard }: Present): boolean {
    return isHeard || this.#seen.has(useridKey) || (dn !== null && this.#unnamed.has(dnKey(dn)))
  }

  #beat(drafts: readonly EntryDraft[], more = 0): Promise<void> {
    const planned = drafts.filter(({ outcome }) => outcome !== 'fault').length + more
    return this.#reading.beat({ total: this.count, unchanged: this.unchanged, planned })
  }
}
