import type { Client, Filter } from 'ldapts'
import { Unprocessable } from '../platform/errors.ts'
import type { LdapSearchSettings } from './ldap.config.ts'
import { hasMorePages } from './ldap.connection.ts'
import type { GroupSearch } from './ldap.groups.ts'
import { entryOf, whole, wishesOf } from './ldap.search.ts'

// All entries of a search, page by page.

interface Page {
  readonly entries: GroupSearch[]
  readonly last: boolean
}
/** `size` is that of the listing where it is left out. */
export type Pages = (base: string, filter: Filter, attributes: readonly string[], size?: number) => AsyncGenerator<Page>

/**
 * Calls `seen` for each page, with the references to other servers on it, which are not followed. Throws Refused for an empty page that
 * says it is not the last: the library would take it for the end.
 */
export function pagesOf(
  plan: LdapSearchSettings,
  client: Client,
  pageSize: number | null,
  seen: (references: readonly string[]) => void,
): Pages {
  const read = async (found: readonly Parameters<typeof entryOf>[0][], references: readonly string[]) => {
    seen(references)
    return Promise.all(found.map(raw => whole(plan, client, entryOf(raw))))
  }
  return async function* (base, filter, attributes, size) {
    const wishes = { scope: 'sub' as const, filter, ...wishesOf(plan, attributes) }
    const paged = size ?? pageSize
    if (paged === null) {
      const { searchEntries, searchReferences } = await client.search(base, wishes)
      yield { entries: await read(searchEntries, searchReferences), last: true }
      return
    }
    for await (const page of client.searchPaginated(base, { ...wishes, paged: { pageSize: paged } })) {
      const last = !hasMorePages(client)
      if (!last && page.searchEntries.length + page.searchReferences.length === 0)
        throw new Unprocessable('the directory answers an empty page and says that more follow')
      yield { entries: await read(page.searchEntries, page.searchReferences), last }
    }
  }
}
