import { useNavigate, useSearch } from '@tanstack/react-router'
import type { Search } from './query-text.ts'

/** `replace`: without an entry in the history. */
export function useAddress(): readonly [Search, (search: Search, options?: { replace?: boolean }) => void] {
  const navigate = useNavigate()
  const search = useSearch({ strict: false }) as Search
  return [search, (next, { replace = false } = {}) => void navigate({ to: '.', search: next, replace, resetScroll: false })]
}
