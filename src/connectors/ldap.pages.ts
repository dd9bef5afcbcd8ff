import type { Client, Filter, SearchResult } from 'ldapts'
import { Unprocessable } from '../platform/errors.ts'
import type { LdapSearchSettings } from './ldap.config.ts'
import { hasMorePages } from './ldap.connection.ts'
import type { GroupSearch } from './ldap.groups.ts'
import { entryOf, whole, wishesOf } from './ldap.search.ts'

export interface SearchPage {
  readonly entries: () => Promise<GroupSearch[]>
  readonly references: readonly string[]
  readonly last: boolean
}
export type Pages = (
  base: string,
  filter: Filter,
  options: { readonly attributes: readonly string[]; readonly size?: number },
) => AsyncGenerator<SearchPage>

/** Throws Unprocessable for an early empty page: the library stops there. */
export function pagesOf(plan: LdapSearchSettings, client: Client, pageSize: number | null): Pages {
  const pageOf = ({ searchEntries, searchReferences: references }: SearchResult, last: boolean): SearchPage => ({
    entries: () => Promise.all(searchEntries.map(raw => whole(plan, client, entryOf(raw)))),
    references,
    last,
  })
  return async function* (base, filter, { attributes, size }) {
    const wishes = { scope: 'sub' as const, filter, ...wishesOf(plan, attributes) }
    const paged = size ?? pageSize
    if (paged === null) {
      yield pageOf(await client.search(base, wishes), true)
      return
    }
    for await (const page of client.searchPaginated(base, { ...wishes, paged: { pageSize: paged } })) {
      const last = !hasMorePages(client)
      if (!last && page.searchEntries.length + page.searchReferences.length === 0)
        throw new Unprocessable('the directory returned an empty page although more follow')
      yield pageOf(page, last)
    }
  }
}
