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

// Groups first, indexed by member, then users by page; groups are
// computed as at a log-in (ldap.groups).

const usualPage = 500
/** Partial results by time, size or administrative limit (RFC 4511, A.2). */
const limits = new Set([3, 4, 11])

export async function* listUsers(
  plan: LdapSearchSettings,
  {
    client,
    asking,
    options: { pageSize = usualPage, since = null },
  }: { client: Client; asking: GroupReader; options: ListOptions },
): AsyncGenerator<ListEvent, void, undefined> {
  yield { type: 'start' }
  const pages = pagesOf(plan, client, pageSize)
  // A changed group can change any user: then all are read.
  const few = since !== null && !(yield* groupsChanged(plan, pages, since)) ? since : null
  let groups: Groups = { known: [], listed: [], reader: asking }
  let cut: ResultCodeError | null = null
  if (!few)
    try {
      groups = yield* groupsAt(plan, { client, asking, pages })
    } catch (error) {
      if (!(error instanceof ResultCodeError && limits.has(error.code))) throw error
      cut = error
    }
  yield { type: 'groups', known: groups.known.map(named(plan)), listed: groups.listed.map(named(plan)) }
  const everybody = few ? changedSince(plan.everybody(), few) : plan.everybody()
  for await (const page of pages(plan.userBase, everybody, { attributes: plan.attributes })) {
    yield answered(page)
    const users = await Promise.all((await page.entries()).map(found => listed(plan, groups.reader, found)))
    yield { type: 'users', users, last: page.last }
  }
  if (cut) throw cut
}

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
    return await toEntry(plan, { reader: groups, found, id })
  } catch (error) {
    // One person's error does not end the listing.
    if (error instanceof Unprocessable)
      return { id: found.dn, aliases: aliasesOf(plan, found), attributes: found.attributes, fault: error.message }
    throw error
  }
}

interface Groups {
  readonly known: readonly GroupSearch[]
  readonly listed: readonly GroupSearch[]
  readonly reader: GroupReader
}

async function* groupsAt(
  plan: LdapSearchSettings,
  { client, asking, pages }: { client: Client; asking: GroupReader; pages: Pages },
): Part<Groups> {
  const { groups } = plan
  const attributes = allowedGroups(groups)
  const listed = groups.listed ? yield* all(pages(groups.listed.base, groups.listed.filter, { attributes })) : []
  const known = new Map(listed.map(group => [dnKey(group.dn), group]))
  const means = groups.search && memberAttributes(groups.search.text)
  const naming =
    groups.search && means ? yield* indexGroupsByMember(plan, { client, asking, ...means, known, pages }) : asking.naming
  const read: GroupReader['read'] = async (dn, wishes) => {
    const key = dnKey(dn)
    const found = known.get(key) ?? (await asking.read(dn, wishes))
    if (!known.has(key)) known.set(key, found ?? { dn, attributes: new Map() })
    return found && { ...found, dn }
  }
  return { known: [...known.values()], listed, reader: { naming, read } }
}

async function* indexGroupsByMember(
  plan: LdapSearchSettings,
  {
    client,
    asking,
    comparisons,
    plain,
    nested,
    known,
    pages,
  }: {
    client: Client
    asking: GroupReader
    comparisons: readonly Comparison[]
    plain: string
    nested: boolean
    known: Map<string, GroupSearch>
    pages: Pages
  },
): Part<GroupReader['naming']> {
  const { base } = plan.groups.search!
  const index = new MemberIndex(await matchingOf(plan, client), comparisons)
  const attributes = [...new Set([...allowedGroups(plan.groups), ...comparisons.map(({ attribute }) => attribute)])]
  const filter = anyValueFilter('config.options.userGroupSearchFilter', plain)
  for await (const page of pages(base, filter, { attributes })) {
    yield answered(page)
    for (const entry of await page.entries()) {
      const group = { dn: entry.dn, attributes: without(entry.attributes, comparisons, plan.groups) }
      known.set(dnKey(group.dn), group)
      index.add(entry, group)
    }
  }
  return (level, person, wishes) => index.naming(level, person, { nested, ask: some => asking.naming(some, person, wishes) })
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
    for await (const page of pages(base, changedSince(filter, since), { attributes: ['1.1'], size: 1 })) {
      yield answered(page)
      if ((await page.entries()).length > 0) return true
    }
  return false
}

/** OpenLDAP knows one attribute, Active Directory the other. */
function changedSince(everybody: Filter, since: Date): Filter {
  const time = `${since.toISOString().replace(/[-:T]/g, '').slice(0, 14)}.0Z`
  const later = ['modifyTimestamp', 'whenChanged'].map(attribute => new GreaterThanEqualsFilter({ attribute, value: time }))
  return new AndFilter({ filters: [everybody, new OrFilter({ filters: later })] })
}
