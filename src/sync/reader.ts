import type { Entry, EntryGroup, ListEvent, Listed } from '../connectors/connector.ts'
import type { UserRecord } from '../domain/users/user.ts'
import { usersNamed } from '../domain/users/users.store.ts'
import { accountMatches } from '../federation/account-lookup.ts'
import { noState } from '../federation/diff.ts'
import { entryOfUser, mapEntry } from '../federation/directory.ts'
import { heldOf } from '../federation/reconcile.ts'
import { Invalid, RosterError, Unavailable } from '../platform/errors.ts'
import { lookupKey } from '../platform/validation.ts'
import { forgetPlan } from './entries.store.ts'
import { disableEntry, type EntryDraft, errorEntry, userEntry } from './entry.ts'
import { leaseOf, type Reading, writeEntries } from './entry-writer.ts'
import { GroupsPlan } from './plan.groups.ts'
import { UserPlan } from './plan.users.ts'
import { References } from './referrals.ts'
import { LeaseLost, SourceUnavailable } from './run-end.ts'

export interface ReadResult {
  readonly people: number
  readonly unchanged: number
  readonly disables: number
  readonly memberships: { readonly shown: number; readonly held: number }
  readonly cut: string | null
  readonly notes: readonly string[]
  readonly more: boolean
}

const atOnce = 1_000

/** Throws SourceUnavailable before the first user, then `cut`; LeaseLost. */
export async function readAll(reading: Reading, { onePage }: { onePage: boolean }): Promise<ReadResult> {
  const { run, iam, directory, signal } = reading
  const scan = new DirectoryScan(reading, onePage)
  const { paged = true, pageSize } = (iam.config.ldapSync ?? {}) as { paged?: boolean; pageSize?: number }
  const since = run.mode === 'incremental' ? run.since : null
  let cut: string | null = null
  try {
    const options = { ...(paged ? pageSize && { pageSize } : { pageSize: null }), since, signal }
    for await (const event of ofSource(directory.list(options))) {
      await scan.take(event)
      if (scan.more) break
    }
  } catch (error) {
    if (!(error instanceof SourceUnavailable)) throw error
    const { failure } = error
    // A failure while reading groups leaves users unread.
    const isCut = failure instanceof Unavailable && scan.answered
    if (failure instanceof Invalid || (scan.plan.count === 0 && !isCut)) throw error
    cut = failure.message
  }
  const { plan, more } = scan
  const whole = cut === null && !more && run.mode === 'full'
  const replaced = more ? 0 : await plan.settle({ whole })
  await writeEntries(reading, reading.informer?.end() ?? [])
  const disables = replaced + (whole ? await plan.missing() : 0)
  if (whole) await scan.goneGroups()
  const { count, unchanged, memberships } = plan
  const notes = scan.references.notes()
  return { people: count, unchanged, disables, cut, more, memberships: whole ? memberships : none, notes }
}

const none = { shown: 0, held: 0 }

async function* ofSource(events: AsyncGenerator<ListEvent, void, undefined>): AsyncGenerator<ListEvent, void, undefined> {
  try {
    yield* events
  } catch (error) {
    throw error instanceof RosterError && !(error instanceof LeaseLost) ? new SourceUnavailable(error) : error
  }
}

export async function readOne(reading: Reading, userid: string): Promise<ReadResult> {
  const { app, iam, directory, beat } = reading
  const { db } = app.store
  if (!(await forgetPlan(db, leaseOf(reading)))) throw new LeaseLost()
  const [user = null] = await usersNamed(db, iam.id, [lookupKey(userid) ?? ''])
  const asked = user === null ? directory.find(userid) : entryOfUser(directory, iam, user)
  const entry = await asked.catch(error => {
    throw error instanceof RosterError ? new SourceUnavailable(error) : error
  })
  const drafts = await onePerson(reading, user, entry)
  await writeEntries(reading, drafts)
  const read = {
    people: entry ? 1 : 0,
    unchanged: entry && drafts.length === 0 ? 1 : 0,
    disables: drafts.filter(({ action }) => action === 'disable' || action === 'replace').length,
  }
  await beat({
    total: read.people,
    unchanged: read.unchanged,
    planned: drafts.filter(({ action }) => action !== 'error').length,
  })
  return { ...read, memberships: none, cut: null, more: false, notes: [] }
}

/** The entry may belong to another account than `user`. */
async function onePerson(reading: Reading, user: UserRecord | null, entry: Entry | null): Promise<EntryDraft[]> {
  const { app, iam, informer } = reading
  const { db } = app.store
  const gone = user && !user.disabled ? [disableEntry({ ...user, useridKey: lookupKey(user.userid)! })] : []
  if (entry === null) return gone
  const { identity, faults } = mapEntry(iam, entry)
  const found = identity!
  const [meant = { user: null }] = await accountMatches(db, iam, [found])
  const { user: account, rejected } = meant
  const others = account?.id === user?.id ? [] : gone
  // Only a full sync knows whether the former person is gone.
  if (rejected !== undefined) return [{ ...errorEntry(found.userid, entry.id, rejected), userId: account?.id ?? null }]
  const held =
    account === null ? noState : (await heldOf(db, { users: [account], iamid: iam.id, source: iam.id })).get(account.id)!
  const draft = userEntry(found, held, { source: iam.id, faults, account: meant })
  const informed = (await informer?.about([{ identity: found, meant }])) ?? []
  return [...(draft ? [draft] : []), ...others, ...informed, ...(informer?.end() ?? [])]
}

class DirectoryScan {
  readonly #reading: Reading
  readonly #onePage: boolean
  readonly #groups: GroupsPlan
  plan: UserPlan
  more = false
  answered = false
  readonly references = new References()

  constructor(reading: Reading, onePage: boolean) {
    this.#reading = reading
    this.#groups = new GroupsPlan(reading)
    this.#onePage = onePage
    this.plan = new UserPlan(reading)
  }

  async take(event: ListEvent): Promise<void> {
    switch (event.type) {
      case 'start':
        return this.#restart()
      case 'page':
        this.answered = true
        this.references.add(event.references)
        return
      case 'groups':
        return this.#takeGroups(event.known, event.listed)
      case 'users':
        if (this.#onePage && !event.last) this.more = true
        else await this.#takeUsers(event.users)
    }
  }

  async #restart(): Promise<void> {
    this.#groups.clear()
    this.plan = new UserPlan(this.#reading)
    this.references.clear()
    this.answered = false
    if (!(await forgetPlan(this.#reading.app.store.db, leaseOf(this.#reading)))) throw new LeaseLost()
  }

  async #takeGroups(known: readonly EntryGroup[], listed: readonly EntryGroup[]): Promise<void> {
    const isListed = new Set(listed.map(({ id }) => id))
    for (let start = 0; start < known.length; start += atOnce) {
      const part = known.slice(start, start + atOnce)
      const drafts = await this.#groups.compare(part, ({ id }) => isListed.has(id))
      await writeEntries(this.#reading, drafts)
      await this.#beat(drafts)
    }
  }

  async #takeUsers(page: readonly Listed[]): Promise<void> {
    for (let start = 0; start < page.length; start += atOnce) {
      const { people, drafts: changes } = await this.#groups.settle(page.slice(start, start + atOnce))
      const { drafts, takenBack } = await this.plan.compare(people)
      await writeEntries(this.#reading, [...changes, ...drafts])
      await this.#beat([...changes, ...drafts], -takenBack)
    }
  }

  async goneGroups(): Promise<void> {
    for await (const drafts of this.#groups.gone()) {
      await writeEntries(this.#reading, drafts)
      await this.#beat(drafts)
    }
  }

  #beat(drafts: readonly EntryDraft[], more = 0): Promise<void> {
    const planned = drafts.filter(({ action }) => action !== 'error').length + more
    return this.#reading.beat({ total: this.plan.count, unchanged: this.plan.unchanged, planned })
  }
}
