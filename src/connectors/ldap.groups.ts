import { createHash } from 'node:crypto'
import type { Filter } from 'ldapts'
import { Unprocessable } from '../platform/errors.ts'
import type { EntryGroup } from './connector.ts'
import { firstValue, isDn } from './ldap.dn.ts'
import { type Attributes, valuesOf } from './ldap.entry.ts'
import { anyOf, type FilterTemplate } from './ldap.filters.ts'
import { entryIdOf } from './ldap.ids.ts'
import { dnKey } from './ldap.matching.ts'

// By memberOf, member search, and nested. Each group is queried once.

export interface GroupPlan {
  readonly search: { readonly base: string; readonly filter: FilterTemplate; readonly text: string } | null
  readonly listed: { readonly base: string; readonly filter: Filter } | null
  readonly membershipAttributes: readonly string[]
  readonly nameAttribute: string
  readonly attributes: readonly string[]
  readonly entryIds: string | undefined
  readonly nested: boolean
}

export interface GroupSearch {
  readonly dn: string
  readonly attributes: Attributes
}
export interface Person extends GroupSearch {
  readonly userid: string
}
export interface GroupReader {
  naming(level: readonly GroupSearch[], person: Person, attributes: readonly string[]): Promise<GroupSearch[]>
  read(dn: string, attributes: readonly string[]): Promise<GroupSearch | null>
}

/** Above this limit the configuration is assumed to be wrong. */
const maxGroups = 10_000
/** DNs per filter; concurrent reads. */
const atOnce = 50

export async function groupsOf(reader: GroupReader, plan: GroupPlan, person: Person): Promise<EntryGroup[] | null> {
  if (plan.search === null && plan.membershipAttributes.length === 0) return null
  const known = new Map<string, EntryGroup>()
  let level: readonly GroupSearch[] = [person]
  while (level.length > 0) {
    const found = [...(await named(reader, plan, { level, known })), ...(await reader.naming(level, person, allowedGroups(plan)))]
    const fresh = new Map(found.filter(({ dn }) => !known.has(dnKey(dn))).map(asked => [dnKey(asked.dn), asked]))
    for (const [key, asked] of fresh) known.set(key, groupOf(plan, asked))
    if (known.size > maxGroups) throw new Unprocessable(`the directory returned more than ${maxGroups} groups of one person`)
    level = plan.nested ? [...fresh.values()].filter(({ dn }) => isDn(dn)) : []
  }
  return [...known.values()]
}

async function named(
  reader: GroupReader,
  plan: GroupPlan,
  { level, known }: { level: readonly GroupSearch[]; known: ReadonlyMap<string, unknown> },
) {
  const names = level.flatMap(({ attributes }) => valuesOf(attributes, plan.membershipAttributes))
  const unknown = [...new Map(names.map(name => [dnKey(name), name]))].filter(([key]) => !known.has(key)).map(([, name]) => name)
  return inParts(unknown, part =>
    Promise.all(
      part.map(async (name): Promise<GroupSearch> => {
        const read = isDn(name) ? await reader.read(name, allowedGroups(plan)) : null
        return read ?? { dn: name, attributes: new Map() }
      }),
    ),
  )
}

export async function bySearch(
  { search }: GroupPlan,
  level: readonly GroupSearch[],
  { person: { dn, userid }, ask }: { person: Person; ask: (base: string, filter: Filter) => Promise<GroupSearch[]> },
): Promise<GroupSearch[]> {
  if (search === null) return []
  return inParts(level, part => {
    // `(memberUid=%s)` matches the person only.
    const filters = part.map(asked => search.filter({ '<dn>': asked.dn, ...(asked.dn === dn ? { '%s': userid } : {}) }))
    return ask(search.base, anyOf(filters))
  })
}

export async function inParts<Item, Result>(items: readonly Item[], work: (part: readonly Item[]) => Promise<Result[]>) {
  const results: Result[] = []
  for (let start = 0; start < items.length; start += atOnce) results.push(...(await work(items.slice(start, start + atOnce))))
  return results
}

/** Entries of a reader, which belongs to one plan, are the same objects for all people. */
const made = new WeakMap<GroupSearch, EntryGroup>()

export function groupOf({ nameAttribute, entryIds }: GroupPlan, entry: GroupSearch): EntryGroup {
  const known = made.get(entry)
  if (known) return known
  const { dn, attributes } = entry
  const group = { id: dn, name: nameOf(nameAttribute, dn, attributes), entryIds: idsOf(entryIds, dn, attributes), attributes }
  made.set(entry, group)
  return group
}

const nameOf = (nameAttribute: string, dn: string, attributes: Attributes): string =>
  (attributes.get(nameAttribute.toLowerCase())?.[0] ?? firstValue(dn)).trim()

function idsOf(option: GroupPlan['entryIds'], dn: string, attributes: Attributes): string[] {
  if (!isDn(dn)) return []
  const id = entryIdOf(attributes, option)
  return [...(id === null || id.length > longestId ? [] : [id]), idOfDn(dn)]
}
const longestId = 80
/** A DN can exceed an index entry. */
const idOfDn = (dn: string): string => `dn:${createHash('sha256').update(dnKey(dn)).digest('base64url')}`

export const allowedGroups = ({ attributes, membershipAttributes, nested }: GroupPlan): string[] => [
  ...new Set(nested ? [...attributes, ...membershipAttributes] : attributes),
]
