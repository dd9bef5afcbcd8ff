import { AndFilter, type Client, type Filter, GreaterThanEqualsFilter, OrFilter, ResultCodeError } from 'ldapts'
import { Unprocessable } from '../platform/errors.ts'
import type { ListEvent, Listed, ListOptions } from './connector.ts'
import type { LdapSearchSettings } from './ldap.config.ts'
import { anyValueFilter, type Comparison, memberAttributes } from './ldap.filters.ts'
import { allowedGroups, type GroupPlan, type GroupReader, type GroupSearch, groupOf } from './ldap.groups.ts'
import { groupPlaces } from './ldap.lookup.ts'
import { dnKey } from './ldap.matching.ts'
import { MemberIndex } from './ldap.members.ts'
import { type Pages, pagesOf, type SearchPage } from './ldap.pages.ts'
import { matchingOf } from './ldap.schema.ts'
import { aliasesOf, toEntry, useridsOf } from './ldap.search.ts'

// A whole directory: its groups first, turned round so that a person's groups are known without asking, then its people page by page.
// What a person's groups come to is told by the same function as at a log-in (ldap.groups), so that both say the same.

const usualPage = 500
/** Result codes of an answer that is only a part: a limit of time, of size, or of the directory's administrator (RFC 4511, A.2). */
const limits = new Set([3, 4, 11])

export async function* listUsers(
  plan: LdapSearchSettings,
  client: Client,
  asking: GroupReader,
  { pageSize = usualPage, since = null }: ListOptions,
): AsyncGenerator<ListEvent, void, undefined> {
  yield { type: 'start' }
  const pages = pagesOf(plan, client, pageSize)
  // Whose groups a changed group changes is known only from everybody's: their own entries need not have changed.
  const few = since !== null && !(yield* groupsChanged(plan, pages, since)) ? since : null
  let groups: Groups = { known: [], listed: [], reader: asking }
  let cut: ResultCodeError | null = null
  if (!few)
    try {
      groups = yield* groupsAt(plan, client, asking, pages)
    } catch (error) {
      if (!(error instanceof ResultCodeError && limits.has(error.code))) throw error
      cut = error
    }
  yield { type: 'groups', known: groups.known.map(named(plan)), listed: groups.listed.map(named(plan)) }
  const everybody = few ? changedSince(plan.everybody(), few) : plan.everybody()
  for await (const page of pages(plan.userBase, everybody, plan.attributes)) {
    yield answered(page)
    const users = await Promise.all((await page.entries()).map(found => listed(plan, groups.reader, found)))
    yield { type: 'users', users, last: page.last }
  }
  // Each person's groups were asked for; those that nobody is in were not seen.
  if (cut) throw cut
}

/** Events of a part of the listing, which returns a value. */
type Part<Value> = AsyncGenerator<ListEvent, Value, undefined>

const answered = ({ references }: SearchPage): ListEvent => ({ type: 'page', references })

const named =
  ({ groups }: LdapSearchSettings) =>
  (asked: GroupSearch) =>
    groupOf(groups, asked)

async function listed(plan: LdapSearchSettings, groups: GroupReader, found: GroupSearch): Promise<Listed> {
  const [id] = useridsOf(plan, found)
  if (id === undefined)
    return { id: found.dn, attributes: found.attributes, fault: `the directory shows no ${plan.idAttribute} of ${found.dn}` }
  try {
    return await toEntry(plan, groups, found, id)
  } catch (error) {
    // That one person's groups cannot be told is no reason to read nobody else.
    if (error instanceof Unprocessable)
      return { id: found.dn, aliases: aliasesOf(plan, found), attributes: found.attributes, fault: error.message }
    throw error
  }
}

interface Groups {
  readonly known: readonly GroupSearch[]
  readonly listed: readonly GroupSearch[]
  /** Tells a person's groups from what was read. */
  readonly reader: GroupReader
}

/** Where the filter cannot be turned round, each person's groups are asked for; that is one search for each of them. */
async function* groupsAt(plan: LdapSearchSettings, client: Client, asking: GroupReader, pages: Pages): Part<Groups> {
  const { groups } = plan
  const attributes = allowedGroups(groups)
  const listed = groups.listed ? yield* all(pages(groups.listed.base, groups.listed.filter, attributes)) : []
  const known = new Map(listed.map(group => [dnKey(group.dn), group]))
  const means = groups.search && memberAttributes(groups.search.text)
  const naming = groups.search && means ? yield* indexGroupsByMember(plan, client, asking, means, known, pages) : asking.naming
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
async function* indexGroupsByMember(
  plan: LdapSearchSettings,
  client: Client,
  asking: GroupReader,
  { comparisons, plain, nested }: { comparisons: readonly Comparison[]; plain: string; nested: boolean },
  known: Map<string, GroupSearch>,
  pages: Pages,
): Part<GroupReader['naming']> {
  const { base } = plan.groups.search!
  const index = new MemberIndex(await matchingOf(plan, client), comparisons)
  const attributes = [...new Set([...allowedGroups(plan.groups), ...comparisons.map(({ attribute }) => attribute)])]
  const filter = anyValueFilter('config.options.userGroupSearchFilter', plain)
  for await (const page of pages(base, filter, attributes)) {
    yield answered(page)
    for (const entry of await page.entries()) {
      const group = { dn: entry.dn, attributes: without(entry.attributes, comparisons, plan.groups) }
      known.set(dnKey(group.dn), group)
      index.add(entry, group)
    }
  }
  return (level, person, wishes) => index.naming(level, person, nested, some => asking.naming(some, person, wishes))
}

function without(
  attributes: GroupSearch['attributes'],
  comparisons: readonly Comparison[],
  { attributes: kept }: GroupPlan,
): GroupSearch['attributes'] {
  const stays = new Set(kept.map(name => name.toLowerCase()))
  const members = new Set(comparisons.map(({ attribute }) => attribute.toLowerCase()).filter(name => !stays.has(name)))
  return new Map([...attributes].filter(([name]) => !members.has(name)))
}

async function* all(pages: ReturnType<Pages>): Part<GroupSearch[]> {
  const found: GroupSearch[] = []
  for await (const page of pages) {
    yield answered(page)
    found.push(...(await page.entries()))
  }
  return found
}

async function* groupsChanged(plan: LdapSearchSettings, pages: Pages, since: Date): Part<boolean> {
  for (const { base, filter } of groupPlaces(plan))
    for await (const page of pages(base, changedSince(filter, since), ['1.1'], 1)) {
      yield answered(page)
      if ((await page.entries()).length > 0) return true
    }
  return false
}

/** OpenLDAP and its like know the one attribute, Active Directory the other; one that is not known makes its part neither true nor false. */
function changedSince(everybody: Filter, since: Date): Filter {
  const time = `${since.toISOString().replace(/[-:T]/g, '').slice(0, 14)}.0Z`
  const later = ['modifyTimestamp', 'whenChanged'].map(attribute => new GreaterThanEqualsFilter({ attribute, value: time }))
  return new AndFilter({ filters: [everybody, new OrFilter({ filters: later })] })
}
