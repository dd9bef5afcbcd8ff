import type { Filter } from 'ldapts'
import { Refused } from '../errors.ts'
import type { EntryGroup } from './connector.ts'
import { type Attributes, valuesOf } from './ldap.entry.ts'
import { anyOf, type FilterTemplate, firstValue, isDn } from './ldap.filters.ts'

// The groups of a person: those that their own entry names (memberOf), those that name them (member), and on request the groups of
// these groups, level by level. Every group is asked about once, so that a loop ends where it began.

export interface GroupPlan {
  /** null: there is no search. */
  readonly search: { readonly base: string; readonly filter: FilterTemplate } | null
  readonly membershipAttributes: readonly string[]
  /** Which of a group's attributes is its name. */
  readonly nameAttribute: string
  readonly attributes: readonly string[]
  readonly nested: boolean
}

export interface Asked {
  readonly dn: string
  readonly attributes: Attributes
}
export interface GroupReader {
  search(base: string, filter: Filter, attributes: readonly string[]): Promise<Asked[]>
  /** null: not there, or not ours to read. */
  read(dn: string, attributes: readonly string[]): Promise<Asked | null>
}

/** No person is in more, even through others; past it the directory is not what we take it for. */
const maxGroups = 10_000
/** DNs in one filter, and readings on their way at once. */
const atOnce = 50

/** null when the plan asks for none. Throws Refused when there are too many. */
export async function groupsOf(
  reader: GroupReader,
  plan: GroupPlan,
  person: Asked & { readonly userid: string },
): Promise<EntryGroup[] | null> {
  if (plan.search === null && plan.membershipAttributes.length === 0) return null
  const known = new Map<string, EntryGroup>()
  let level: readonly Asked[] = [person]
  while (level.length > 0) {
    const found = [...(await named(reader, plan, level, known)), ...(await naming(reader, plan, level, person))]
    const fresh = new Map(found.filter(({ dn }) => !known.has(keyOf(dn))).map(asked => [keyOf(asked.dn), asked]))
    for (const [key, asked] of fresh) known.set(key, groupOf(plan, asked))
    if (known.size > maxGroups) throw new Refused(`the directory names more than ${maxGroups} groups of one person`)
    level = plan.nested ? [...fresh.values()].filter(({ dn }) => isDn(dn)) : []
  }
  return [...known.values()]
}

/** Groups that the entries themselves name. */
async function named(reader: GroupReader, plan: GroupPlan, level: readonly Asked[], known: ReadonlyMap<string, unknown>) {
  const names = level.flatMap(({ attributes }) => valuesOf(attributes, plan.membershipAttributes))
  const unknown = [...new Map(names.map(name => [keyOf(name), name]))].filter(([key]) => !known.has(key)).map(([, name]) => name)
  return inParts(unknown, part =>
    Promise.all(
      part.map(async (name): Promise<Asked> => {
        const read = isDn(name) ? await reader.read(name, wanted(plan)) : null
        return read ?? { dn: name, attributes: new Map() }
      }),
    ),
  )
}

/** Groups that name the entries. */
async function naming(
  reader: GroupReader,
  plan: GroupPlan,
  level: readonly Asked[],
  { dn, userid }: { dn: string; userid: string },
) {
  const { search } = plan
  if (search === null) return []
  return inParts(level, part => {
    // A filter that compares the userid means the person alone: (memberUid=%s).
    const filters = part.map(asked => search.filter({ '<dn>': asked.dn, ...(asked.dn === dn ? { '%s': userid } : {}) }))
    return reader.search(search.base, anyOf(filters), wanted(plan))
  })
}

async function inParts<Item, Result>(items: readonly Item[], work: (part: readonly Item[]) => Promise<Result[]>) {
  const results: Result[] = []
  for (let start = 0; start < items.length; start += atOnce) results.push(...(await work(items.slice(start, start + atOnce))))
  return results
}

function groupOf({ nameAttribute }: GroupPlan, { dn, attributes }: Asked): EntryGroup {
  return { id: dn, name: attributes.get(nameAttribute.toLowerCase())?.[0] ?? firstValue(dn), attributes }
}

const wanted = ({ attributes, membershipAttributes, nested }: GroupPlan): string[] => [
  ...new Set(nested ? [...attributes, ...membershipAttributes] : attributes),
]

/** DNs compare without case; attribute and search may spell the same group differently. */
const keyOf = (dn: string): string => dn.toLowerCase()
