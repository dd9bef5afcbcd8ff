import { valuesOf } from './ldap.entry.ts'
import type { Comparison } from './ldap.filters.ts'
import type { GroupReader, GroupSearch, Person } from './ldap.groups.ts'
import type { Matching } from './ldap.matching.ts'

// Uncertain matches are looked up in the directory.

const UNCERTAIN = ''

export class MemberIndex {
  readonly #matching: Matching
  readonly #comparisons: readonly Comparison[]
  readonly #groups = new Map<string, Map<string, GroupSearch[]>>()
  readonly #keys = new Map<string, Map<string, string>>()

  constructor(matching: Matching, comparisons: readonly Comparison[]) {
    this.#matching = matching
    this.#comparisons = comparisons
    for (const { attribute } of comparisons) {
      this.#groups.set(attribute, new Map())
      this.#keys.set(attribute, new Map())
    }
  }

  add(entry: GroupSearch, group: GroupSearch): void {
    for (const attribute of new Set(this.#comparisons.map(comparison => comparison.attribute))) {
      const groups = this.#groups.get(attribute)!
      const keys = this.#keys.get(attribute)!
      for (const value of valuesOf(entry.attributes, [attribute])) {
        const key = this.#matching.key(attribute, value)
        const found = groups.get(key)
        if (found) {
          if (found.at(-1) !== group) found.push(group)
          continue
        }
        groups.set(key, [group])
        const maybe = this.#matching.maybe(key)
        keys.set(maybe, keys.has(maybe) ? UNCERTAIN : key)
      }
    }
  }

  async naming(
    level: readonly GroupSearch[],
    person: Person,
    { nested, ask }: { nested: boolean; ask: MemberLookup },
  ): Promise<GroupSearch[]> {
    const found = new Set<GroupSearch>()
    const uncertain = level.filter(asked => !this.#collect(found, asked, asked.dn === person.dn ? person.userid : null))
    const add = async (asked: readonly GroupSearch[]) => {
      if (asked.length > 0) for (const group of await ask(asked)) found.add(group)
    }
    await add(uncertain)
    // A Set may grow during iteration.
    if (nested) for (const group of found) if (!this.#collect(found, group, null)) await add([group])
    return [...found]
  }

  /** False: only the directory can decide. */
  #collect(found: Set<GroupSearch>, { dn }: GroupSearch, userid: string | null): boolean {
    let certain = true
    for (const { attribute, with: means } of this.#comparisons) {
      const value = means === 'dn' ? dn : userid
      if (value === null) continue
      const key = this.#matching.key(attribute, value)
      const only = this.#keys.get(attribute)!.get(this.#matching.maybe(key))
      if (only !== undefined && only !== key) certain = false
      for (const group of this.#groups.get(attribute)!.get(key) ?? []) found.add(group)
    }
    return certain
  }
}

type MemberLookup = (level: readonly GroupSearch[]) => ReturnType<GroupReader['naming']>
