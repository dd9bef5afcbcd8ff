/** By id, whatever its name (iam-rules, "Names of groups"). */
import type { EntryGroup, GroupLookup } from '../connectors/connector.ts'
import type { IamRecord } from '../domain/iams/iam.ts'
import type { Db } from '../platform/database/store.ts'
import { lookupKey } from '../platform/validation.ts'
import { type GroupChange, groupsWithOwn, type HeldEntry, heldEntries } from './group-entries.store.ts'

export interface GroupDecision {
  readonly held: HeldEntry | null
  readonly taken: boolean
  readonly change: GroupChange | null
  readonly fault: string | null
}

interface Known {
  readonly there: ReadonlyMap<string, EntryGroup>
  readonly own: ReadonlySet<number>
}

interface DecidedGroup {
  readonly group: EntryGroup
  readonly decided: GroupDecision
}

const plain: GroupDecision = { held: null, taken: true, change: null, fault: null }

const atOnce = 1_000
const mostTurns = 10

export class GroupEntries {
  readonly #db: Db
  readonly #iam: Pick<IamRecord, 'id'>
  readonly #directory: GroupLookup
  #decided = new Map<string, GroupDecision>()
  #shown = new Set<number>()
  #pending: DecidedGroup[] = []

  constructor(db: Db, iam: Pick<IamRecord, 'id'>, directory: GroupLookup) {
    this.#db = db
    this.#iam = iam
    this.#directory = directory
  }

  clear(): void {
    this.#decided = new Map()
    this.#shown = new Set()
    this.#pending = []
  }

  takePending(): readonly DecidedGroup[] {
    const pending = this.#pending
    this.#pending = []
    return pending
  }

  isShown(groupId: number): boolean {
    return this.#shown.has(groupId)
  }

  /** In order. Queries the directory only for unknown names. */
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
    // Those that release a name come first.
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

  #faultOf(
    group: EntryGroup,
    holder: HeldEntry | null,
    { claims, known: { there, own } }: { claims: readonly EntryGroup[]; known: Known },
  ): string | null {
    const id = holder?.directoryId ?? null
    if (holder && id !== null) {
      const entry = [...there.values()].find(({ entryIds }) => entryIds.includes(id))
      if (entry && keyOf(entry) === keyOf(group)) return `${twoOf(group, claims)}; ${entry.id} keeps it`
      // A former entry's group keeps its other data.
      if (entry || own.has(holder.id) || this.#shown.has(holder.id))
        return `the group ${holder.name} is another entry here (${entry?.id ?? id}) than ${group.id}: rename one of the two`
    }
    return claims.length > 1 ? `${twoOf(group, claims)}: none of them is imported` : null
  }

  #keep(group: EntryGroup, decided: GroupDecision): void {
    this.#decided.set(group.entryIds[0]!, decided)
    if (decided.change || decided.fault !== null) this.#pending.push({ group, decided })
  }
}

const keyOf = ({ name }: EntryGroup): string => lookupKey(name) ?? ''

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
