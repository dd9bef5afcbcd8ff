import { Link } from '@tanstack/react-router'
import type { Search } from '../operations/query-text.ts'
import { texts } from '../texts.ts'

interface PagerProps {
  readonly search: Search
  readonly page: {
    readonly hasNextPage: boolean
    readonly hasPreviousPage: boolean
    readonly startCursor: string | null
    readonly endCursor: string | null
  }
}

/** Next and previous, as addresses. */
export function Pager({ search, page }: PagerProps) {
  if (!page.hasNextPage && !page.hasPreviousPage) return null
  const { after: _, before: __, ...rest } = search
  return (
    <nav className="pager" aria-label={texts.pages.label}>
      {page.hasPreviousPage && page.startCursor !== null && (
        <>
          <Link to="." className="button quiet small" search={rest}>
            {texts.pages.first}
          </Link>
          <Link to="." className="button quiet small" search={{ ...rest, before: page.startCursor }} rel="prev">
            {texts.pages.previous}
          </Link>
        </>
      )}
      {page.hasNextPage && page.endCursor !== null && (
        <Link to="." className="button quiet small" search={{ ...rest, after: page.endCursor }} rel="next">
          {texts.pages.next}
        </Link>
      )}
    </nav>
  )
}
