import { AndFilter, type Client, type Filter, GreaterThanEqualsFilter, OrFilter } from 'ldapts'
import { Refused } from '../errors.ts'
import type { Listed, ListOptions, ListReader } from './connector.ts'
import type { LdapPlan } from './ldap.config.ts'
import { moreToCome } from './ldap.connection.ts'
import { anythingIn, type Comparison, memberAttributes } from './ldap.filters.ts'
import { type Asked, type GroupPlan, type GroupReader, groupOf, wanted } from './ldap.groups.ts'
import { groupPlaces } from './ldap.lookup.ts'
import { dnKey } from './ldap.matching.ts'
import { MemberIndex } from './ldap.members.ts'
import { matchingOf } from './ldap.schema.ts'
import { aliasesOf, entryOf, personFrom, useridsOf, whole, wishesOf } from './ldap.search.ts'

// A whole directory: its groups first, turned round so that a person's groups are known without asking, then its people page by page.
// What a person's groups come to is told by the same function as at a log-in (ldap.groups), so that both say the same.

const usualPage = 500

export async function listAt(
  plan: LdapPlan,
  client: Client,
  reader: ListReader,
  asking: GroupReader,
  { pageSize = usualPage, since = null }: ListOptions,
): Promise<void> {
  await reader.begin()
  // Whose groups a changed group changes is known only from everybody's: their own entries need not have changed.
  const few = since !== null && !(await groupsChanged(plan, client, since)) ? since : null
  const groups = few ? { known: [], listed: [], reader: asking } : await groupsAt(plan, client, asking, pageSize)
  await reader.groups(groups.known.map(named(plan)), groups.listed.map(named(plan)))
  const everybody = few ? changedSince(plan.everybody(), few) : plan.everybody()
  for await (const { entries, last } of pages(plan, client, plan.userBase, everybody, plan.attributes, pageSize)) {
    const people = await Promise.all(entries.map(found => listed(plan, groups.reader, found)))
    if (!(await reader.people(people, last))) return
  }
}

const named =
  ({ groups }: LdapPlan) =>
  (asked: Asked) =>
    groupOf(groups, asked)

async function listed(plan: LdapPlan, groups: GroupReader, found: Asked): Promise<Listed> {
  const [id] = useridsOf(plan, found)
  if (id === undefined)
    return { id: found.dn, attributes: found.attributes, fault: `the directory shows no ${plan.idAttribute} of ${found.dn}` }
  try {
    return await personFrom(plan, groups, found, id)
  } catch (error) {
    // That one person's groups cannot be told is no reason to read nobody else.
    if (error instanceof Refused)
      return { id: found.dn, aliases: aliasesOf(plan, found), attributes: found.attributes, fault: error.message }
    throw error
  }
}

interface Groups {
  readonly known: readonly Asked[]
  readonly listed: readonly Asked[]
  /** Tells a person's groups from what was read. */
  readonly reader: GroupReader
}

/** Where the filter cannot be turned round, each person's groups are asked for; that is one search for each of them. */
async function groupsAt(plan: LdapPlan, client: Client, asking: GroupReader, pageSize: number | null): Promise<Groups> {
  const { groups } = plan
  const attributes = wanted(groups)
  const listed = groups.listed ? await all(plan, client, groups.listed.base, groups.listed.filter, attributes, pageSize) : []
  const known = new Map(listed.map(group => [dnKey(group.dn), group]))
  const means = groups.search && memberAttributes(groups.search.text)
  const naming = groups.search && means ? await turned(plan, client, asking, means, known, pageSize) : asking.naming
  const read: GroupReader['read'] = async (dn, wishes) => {
    const key = dnKey(dn)
    const found = known.get(key) ?? (await asking.read(dn, wishes))
    // Remembered, be it that it cannot be read: its name is that of its DN, then.
    if (!known.has(key)) known.set(key, found ?? { dn, attributes: new Map() })
    return found && { ...found, dn }
  }
  return { known: [...known.values()], listed, reader: { naming, read } }
}

/** Reads every group with its members, and keeps of these only which groups each of them is in. */
async function turned(
  plan: LdapPlan,
  client: Client,
  asking: GroupReader,
  { comparisons, plain, nested }: { comparisons: readonly Comparison[]; plain: string; nested: boolean },
  known: Map<string, Asked>,
  pageSize: number | null,
): Promise<GroupReader['naming']> {
  const { base } = plan.groups.search!
  const index = new MemberIndex(await matchingOf(plan, client), comparisons)
  const attributes = [...new Set([...wanted(plan.groups), ...comparisons.map(({ attribute }) => attribute)])]
  const filter = anythingIn('config.options.userGroupSearchFilter', plain)
  for await (const { entries } of pages(plan, client, base, filter, attributes, pageSize))
    for (const entry of entries) {
      const group = { dn: entry.dn, attributes: without(entry.attributes, comparisons, plan.groups) }
      known.set(dnKey(group.dn), group)
      index.add(entry, group)
    }
  return (level, person, wishes) => index.naming(level, person, nested, some => asking.naming(some, person, wishes))
}

function without(
  attributes: Asked['attributes'],
  comparisons: readonly Comparison[],
  { attributes: kept }: GroupPlan,
): Asked['attributes'] {
  const stays = new Set(kept.map(name => name.toLowerCase()))
  const members = new Set(comparisons.map(({ attribute }) => attribute.toLowerCase()).filter(name => !stays.has(name)))
  return new Map([...attributes].filter(([name]) => !members.has(name)))
}

async function all(
  plan: LdapPlan,
  client: Client,
  base: string,
  filter: Filter,
  attributes: readonly string[],
  pageSize: number | null,
): Promise<Asked[]> {
  const found: Asked[] = []
  for await (const { entries } of pages(plan, client, base, filter, attributes, pageSize)) found.push(...entries)
  return found
}

/** Throws Refused for an empty page that says it is not the last: the library would take it for the end. */
async function* pages(
  plan: LdapPlan,
  client: Client,
  base: string,
  filter: Filter,
  attributes: readonly string[],
  pageSize: number | null,
): AsyncGenerator<{ entries: Asked[]; last: boolean }> {
  const wishes = { scope: 'sub' as const, filter, ...wishesOf(plan, attributes) }
  const read = (found: readonly Parameters<typeof entryOf>[0][]) =>
    Promise.all(found.map(raw => whole(plan, client, entryOf(raw))))
  if (pageSize === null) {
    yield { entries: await read((await client.search(base, wishes)).searchEntries), last: true }
    return
  }
  for await (const page of client.searchPaginated(base, { ...wishes, paged: { pageSize } })) {
    const last = !moreToCome(client)
    if (!last && page.searchEntries.length + page.searchReferences.length === 0)
      throw new Refused('the directory answers an empty page and says that more follow')
    yield { entries: await read(page.searchEntries), last }
  }
}

async function groupsChanged(plan: LdapPlan, client: Client, since: Date): Promise<boolean> {
  for (const { base, filter } of groupPlaces(plan))
    for await (const { entries } of pages(plan, client, base, changedSince(filter, since), ['1.1'], 1))
      if (entries.length > 0) return true
  return false
}

/** OpenLDAP and its like know the one attribute, Active Directory the other; one that is not known makes its part neither true nor false. */
function changedSince(everybody: Filter, since: Date): Filter {
  const time = `${since.toISOString().replace(/[-:T]/g, '').slice(0, 14)}.0Z`
  const later = ['modifyTimestamp', 'whenChanged'].map(attribute => new GreaterThanEqualsFilter({ attribute, value: time }))
  return new AndFilter({ filters: [everybody, new OrFilter({ filters: later })] })
}
