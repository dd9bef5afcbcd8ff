import { AndFilter, type Client, EqualityFilter, type Filter, OrFilter } from 'ldapts'
import type { EntryGroup, GroupQuery } from './connector.ts'
import type { LdapSearchSettings } from './ldap.config.ts'
import { anyOf, anyValueFilter, memberAttributes } from './ldap.filters.ts'
import { allowedGroups, groupOf, inParts } from './ldap.groups.ts'
import { idAttributesOf, idFilter } from './ldap.ids.ts'
import { search } from './ldap.search.ts'

const groupClasses = ['group', 'groupOfNames', 'groupOfUniqueNames', 'posixGroup']

interface SearchPlace {
  readonly base: string
  readonly filter: Filter
}

export function groupPlaces({ groups, groupBase }: LdapSearchSettings): SearchPlace[] {
  const { search: searched, listed, membershipAttributes } = groups
  if (!searched && !listed && membershipAttributes.length === 0) return []
  const usual = anyOf(groupClasses.map(value => new EqualityFilter({ attribute: 'objectClass', value })))
  const means = searched && memberAttributes(searched.text)
  const byMember = means ? anyValueFilter('config.options.userGroupSearchFilter', means.plain) : usual
  const places = [searched && { base: searched.base, filter: byMember }, listed].filter(place => place !== null)
  return places.length > 0 ? places : [{ base: groupBase, filter: usual }]
}

export async function groupsAsked(
  plan: LdapSearchSettings,
  client: Client,
  { names = [], ids = [] }: GroupQuery,
): Promise<EntryGroup[]> {
  const { nameAttribute, entryIds } = plan.groups
  // The fallback name is the DN's, its cn.
  const named = [...new Set([nameAttribute, 'cn'])]
  const filters = [
    ...names.flatMap(value => named.map(attribute => new EqualityFilter({ attribute, value }))),
    ...ids.filter(id => !id.startsWith('dn:')).map(id => idFilter(idAttributesOf(entryIds), id)),
  ]
  const found = new Map<string, EntryGroup>()
  for (const { base, filter } of groupPlaces(plan))
    await inParts(filters, async part => {
      const wishes = new AndFilter({ filters: [filter, new OrFilter({ filters: [...part] })] })
      for (const asked of await search(plan, {
        client,
        base,
        scope: 'sub',
        filter: wishes,
        attributes: allowedGroups(plan.groups),
      }))
        found.set(asked.dn, groupOf(plan.groups, asked))
      return []
    })
  return [...found.values()]
}
