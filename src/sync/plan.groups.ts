import type { App } from '../authorization/context.ts'
import type { EntryGroup, Listed } from '../connectors/connector.ts'
import type { IamRecord } from '../domain/iams/iam.ts'
import { bringsGroups, groupsFrom } from '../federation/attribute-mapping.ts'
import type { Directory } from '../federation/directory.ts'
import { entryGroups, groupsThatMayGo } from '../federation/group-entries.store.ts'
import { GroupEntries } from '../federation/group-entries.ts'
import { type ResolvedEntry, resolveGroups } from '../federation/resolved-groups.ts'
import { changedGroup, type EntryDraft, goneGroup, groupEntry, groupFault } from './entry.ts'

interface Reading {
  readonly app: Pick<App, 'store' | 'log'>
  readonly iam: IamRecord
  readonly directory: Directory
}

const atOnce = 1_000
const mostLogged = 100

export class GroupsPlan {
  readonly #reading: Reading
  readonly #entries: GroupEntries
  #logged = 0

  constructor(reading: Reading) {
    this.#reading = reading
    this.#entries = new GroupEntries(reading.app.store.db, reading.iam, reading.directory)
  }

  clear(): void {
    this.#entries.clear()
  }

  async compare(part: readonly EntryGroup[], isListed: (group: EntryGroup) => boolean): Promise<EntryDraft[]> {
    const { iam } = this.#reading
    if (!bringsGroups(iam)) return []
    const decided = await this.#entries.decide(part)
    const changes = this.#pendingDrafts()
    const drafts = part.flatMap((group, at) => {
      const { held, taken, change } = decided[at]!
      const values = (name: string) => group.attributes.get(name.toLowerCase()) ?? []
      const { groups, fields } = groupsFrom(iam, [{ name: group.name, entryId: group.entryIds[0], values }])
      const [external] = groups
      if (!external || !taken || !(held || isListed(group))) return []
      const named = { ...external, name: change?.name ?? held?.name ?? external.name }
      return groupEntry(named, fields, held && { ...held, name: named.name }) ?? []
    })
    return [...changes, ...drafts]
  }

  async settle(people: readonly Listed[]): Promise<{ people: Listed[]; drafts: EntryDraft[] }> {
    const entries = people.flatMap(person => ('fault' in person ? [] : person))
    const found = (await resolveGroups(this.#entries, this.#reading.iam, entries)).map(
      ({ decided = [], ...person }: (typeof entries)[number] & ResolvedEntry) => ({
        ...person,
        decided: decided.map(one => ({ ...one, change: null, fault: null })),
      }),
    )
    const byEntry = new Map<Listed, Listed>(entries.map((entry, at) => [entry, found[at]!]))
    return { people: people.map(person => byEntry.get(person) ?? person), drafts: this.#pendingDrafts() }
  }

  #pendingDrafts(): EntryDraft[] {
    const { app, iam } = this.#reading
    return this.#entries.takePending().flatMap(({ group, decided: { held, change, fault } }) => {
      if (fault !== null && this.#logged++ < mostLogged) app.log.warn({ iamid: iam.id, fault }, 'group not imported')
      return [...(change && held ? [changedGroup(change, held)] : []), ...(fault === null ? [] : [groupFault(group, fault)])]
    })
  }

  async *gone(): AsyncGenerator<EntryDraft[]> {
    const { app, iam, directory } = this.#reading
    if (!bringsGroups(iam)) return
    for (let after = 0; ; ) {
      const page = await entryGroups(app.store.db, iam.id, { after, limit: atOnce })
      const unseen = page.filter(({ id }) => !this.#entries.isShown(id))
      const mayGo = await groupsThatMayGo(
        app.store.db,
        unseen.map(({ id }) => id),
      )
      const missing = unseen.filter(({ id }) => mayGo.has(id))
      const ids = missing.map(({ directoryId }) => directoryId)
      const there = new Set(ids.length > 0 ? (await directory.groups({ ids })).flatMap(({ entryIds }) => entryIds) : [])
      yield missing.filter(({ directoryId }) => !there.has(directoryId)).map(goneGroup)
      if (page.length < atOnce) return
      after = page.at(-1)!.id
    }
  }
}
