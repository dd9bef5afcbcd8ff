/**
 * Which group an entry of a directory is (reference: iam-rules, "Names of groups"): the one of its id, whatever it is called. A log-in, a
 * refresh, a sync and a test ask the same.
 */
import type { EntryGroup, GroupLookup } from '../connectors/connector.ts'
import type { IamRecord } from '../domain/iams/iam.ts'
import type { Db } from '../platform/database/store.ts'
import { lookupKey } from '../platform/validation.ts'
import { type GroupChange, groupsWithOwn, type HeldEntry, heldEntries } from './group-entries.store.ts'

/** What an entry comes to: a group that is here, or a new one; or a fault that names both entries of a name. */
export interface GroupDecision {
  /** Null: none is here yet. */
  readonly held: HeldEntry | null
  /** False: nobody becomes a member by it. */
  readonly taken: boolean
  /** What becomes of the group that is here; null: it stays as it is. */
  readonly change: GroupChange | null
  /** Why it is not taken, or keeps its former name. */
  readonly fault: string | null
}

/** Entries that the directory has, and groups that are here and have something of others. */
interface Known {
  readonly there: ReadonlyMap<string, EntryGroup>
  readonly own: ReadonlySet<number>
}

interface GroupNews {
  readonly group: EntryGroup
  readonly decided: GroupDecision
}

const plain: GroupDecision = { held: null, taken: true, change: null, fault: null }

/** Names and ids looked up at once. */
const atOnce = 1_000
/** Names that one entry after the other has taken from the next, and that are followed where only the first is asked for. */
const mostTurns = 10

/** Remembers what it decided: one of them sees a directory as it was when it was first asked. Memory: the ids of its groups. */
export class GroupEntries {
  readonly #db: Db
  readonly #iam: Pick<IamRecord, 'id'>
  readonly #directory: GroupLookup
  #decided = new Map<string, GroupDecision>()
  /** Groups that are here and that the directory showed, by id. */
  #shown = new Set<number>()
  #news: GroupNews[] = []

  constructor(db: Db, iam: Pick<IamRecord, 'id'>, directory: GroupLookup) {
    this.#db = db
    this.#iam = iam
    this.#directory = directory
  }

  /** Forgets all of it. */
  clear(): void {
    this.#decided = new Map()
    this.#shown = new Set()
    this.#news = []
  }

  /** What was decided since this was last asked, where something changes or is wrong. */
  takeNews(): readonly GroupNews[] {
    const news = this.#news
    this.#news = []
    return news
  }

  isShown(groupId: number): boolean {
    return this.#shown.has(groupId)
  }

  /** What each of these comes to, in their order. Asks the directory only for names that an entry has not had here before. */
  async decide(groups: readonly EntryGroup[]): Promise<GroupDecision[]> {
    const fresh = new Map(groups.flatMap(group => (this.#known(group) ? [] : [[group.entryIds[0]!, group] as const])))
    const all = [...fresh.values()]
    for (let start = 0; start < all.length; start += atOnce) await this.#decideAll(all.slice(start, start + atOnce))
    return groups.map(group => this.#known(group)!)
  }

  #known({ entryIds: [id] }: EntryGroup): GroupDecision | undefined {
    return id === undefined ? plain : this.#decided.get(id)
  }

  async #decideAll(groups: readonly EntryGroup[], turn = 1): Promise<void> {
    const held = await this.#heldBy(groups)
    const byId = new Map(held.flatMap(row => (row.directoryId === null ? [] : [[row.directoryId, row] as const])))
    const rowOf = (group: EntryGroup) => group.entryIds.flatMap(id => byId.get(id) ?? [])[0] ?? null
    const isSettled = (group: EntryGroup) => rowOf(group)?.nameKey === keyOf(group) || lookupKey(group.name) === null
    const others = groups.filter(group => !isSettled(group))
    const byName = new Map(held.map(row => [row.nameKey, row]))
    const there = others.length === 0 ? new Map<string, EntryGroup>() : await this.#ask(groups, others, byName)
    // A group that holds one of the names may have another name by now, and that one's group, too.
    const asked = new Set(groups.map(({ entryIds }) => entryIds[0]))
    const further = [...there.values()].filter(
      group => !asked.has(group.entryIds[0]) && !this.#known(group) && rowOf(group) && !isSettled(group),
    )
    if (further.length > 0 && turn < mostTurns) return this.#decideAll([...groups, ...further], turn + 1)
    for (const group of groups) {
      const row = rowOf(group)
      if (row) this.#shown.add(row.id)
      if (isSettled(group)) this.#keep(group, { ...plain, held: row, change: row && changeOf(group, row, row.name) })
    }
    if (others.length === 0) return
    const claims = Map.groupBy(there.values(), keyOf)
    const [renamed = [], named = []] = [others.filter(rowOf), others.filter(group => !rowOf(group))]
    const formers = named.flatMap(group => byName.get(keyOf(group)) ?? []).filter(({ directoryId }) => directoryId !== null)
    const own = await groupsWithOwn(this.#db, [...new Set(formers.map(({ id }) => id))])
    // Those that give up a name come first: it is free for the others then.
    this.#rename(
      renamed.map(group => ({ group, row: rowOf(group)! })),
      byName,
      claims,
    )
    for (const group of named)
      this.#name(group, byName.get(keyOf(group)) ?? null, { claims: claims.get(keyOf(group))!, known: { there, own } })
  }

  #heldBy(groups: readonly EntryGroup[]): Promise<HeldEntry[]> {
    const ids = new Set(groups.flatMap(({ entryIds }) => entryIds))
    const keys = new Set(groups.flatMap(({ name }) => lookupKey(name) ?? []))
    return heldEntries(this.#db, { iamid: this.#iam.id, ids: [...ids], nameKeys: [...keys] })
  }

  /** These groups, whatever else the directory has of the names of some, and the entries that have these names here; by DN. */
  async #ask(
    groups: readonly EntryGroup[],
    some: readonly EntryGroup[],
    byName: ReadonlyMap<string, HeldEntry>,
  ): Promise<ReadonlyMap<string, EntryGroup>> {
    const names = [...new Set(some.map(({ name }) => name))]
    const ids = [...new Set(some.flatMap(group => byName.get(keyOf(group))?.directoryId ?? []))]
    const asked = (await this.#directory.groups({ names, ids })).filter(({ entryIds }) => entryIds.length > 0)
    return new Map([...asked, ...groups].map(group => [group.entryIds.at(-1)!, group]))
  }

  /** Names may change hands among these entries: the holder of a name is in the way only if it keeps it. */
  #rename(
    renamed: readonly { readonly group: EntryGroup; readonly row: HeldEntry }[],
    byName: Map<string, HeldEntry>,
    claims: ReadonlyMap<string, readonly EntryGroup[]>,
  ): void {
    const holders = new Map(byName)
    let free = renamed.filter(({ group }) => claims.get(keyOf(group))!.length === 1)
    for (let before = Number.POSITIVE_INFINITY; free.length < before; ) {
      before = free.length
      const leaving = new Set(free.map(({ row }) => row.id))
      free = free.filter(({ group }) => {
        const holder = holders.get(keyOf(group))
        return !holder || leaving.has(holder.id)
      })
    }
    const done = new Set(free.map(({ group }) => group))
    for (const { row } of free) byName.delete(row.nameKey)
    for (const { group, row } of free) byName.set(keyOf(group), { ...row, name: group.name, nameKey: keyOf(group) })
    for (const { group, row } of renamed) {
      const change = changeOf(group, row, done.has(group) ? group.name : row.name)
      const holder = holders.get(keyOf(group))
      const why = holder ? `the group ${holder.name} is here already` : twoOf(group, claims.get(keyOf(group))!)
      const fault = done.has(group) ? null : `${why}: ${group.id} stays ${row.name}`
      this.#keep(group, { held: row, taken: true, change, fault })
    }
  }

  #name(group: EntryGroup, holder: HeldEntry | null, { claims, known }: { claims: readonly EntryGroup[]; known: Known }): void {
    const fault = this.#faultOf(group, holder, { claims, known })
    if (fault !== null) this.#keep(group, { held: null, taken: false, change: null, fault })
    else this.#keep(group, { ...plain, held: holder, change: holder && changeOf(group, holder, holder.name) })
  }

  /** Why an entry that is not here yet is not taken in; null where the name is free for it. */
  #faultOf(
    group: EntryGroup,
    holder: HeldEntry | null,
    { claims, known: { there, own } }: { claims: readonly EntryGroup[]; known: Known },
  ): string | null {
    const id = holder?.directoryId ?? null
    if (holder && id !== null) {
      const entry = [...there.values()].find(({ entryIds }) => entryIds.includes(id))
      if (entry && keyOf(entry) === keyOf(group)) return `${twoOf(group, claims)}; ${entry.id} keeps it`
      // What others gave the group of a former entry is not for the next one of the name.
      if (entry || own.has(holder.id) || this.#shown.has(holder.id))
        return `the group ${holder.name} is another entry here (${entry?.id ?? id}) than ${group.id}: rename one of the two`
    }
    return claims.length > 1 ? `${twoOf(group, claims)}: none of them is taken in` : null
  }

  #keep(group: EntryGroup, decided: GroupDecision): void {
    this.#decided.set(group.entryIds[0]!, decided)
    if (decided.change || decided.fault !== null) this.#news.push({ group, decided })
  }
}

const keyOf = ({ name }: EntryGroup): string => lookupKey(name) ?? ''

/** Null: the group is this entry with this name already. */
function changeOf({ entryIds: [directoryId] }: EntryGroup, row: HeldEntry, name: string): GroupChange | null {
  if (row.directoryId === directoryId && row.name === name) return null
  return { groupId: row.id, name, directoryId: directoryId! }
}

const twoOf = ({ name }: EntryGroup, claims: readonly EntryGroup[]): string =>
  `several groups of the directory have the name ${name}: ${claims
    .map(({ id }) => id)
    .toSorted()
    .slice(0, 5)
    .join(' and ')}`
