/** Query parameters and `.search` bodies (RFC 7644 3.4.2, 3.4.3, 3.9). */

import { Invalid } from '../../platform/errors.ts'
import { named } from '../../platform/http/text.ts'
import { isObject } from '../../platform/validation.ts'
import { ScimError } from '../protocol/errors.ts'
import { hasSchema, memberOf } from '../protocol/resource.ts'
import type { SearchRequest } from '../resources/search.ts'

export interface SearchParams extends SearchRequest {
  readonly attributes: readonly string[]
  readonly excluded: readonly string[]
}

const SEARCH = 'urn:ietf:params:scim:api:messages:2.0:SearchRequest'
const MAX_NAMES = 200

/** Ignores others: Entra ID sends `?aadOptscim062020`. */
export function parseSearchQuery(query: ReadonlyMap<string, readonly string[]>): SearchParams {
  const one = (name: string): string | undefined => {
    const values = [...query].flatMap(([key, values]) => (key.toLowerCase() === name.toLowerCase() ? values : []))
    if (values.length > 1) throw new Invalid(name, 'must not be repeated')
    return values[0]
  }
  const list = (name: string) =>
    (one(name) ?? '')
      .split(',')
      .map(part => part.trim())
      .filter(part => part !== '')
  const integer = (name: 'startIndex' | 'count') => {
    const text = one(name)
    if (text === undefined) return undefined
    if (!/^[+-]?\d{1,10}$/.test(text)) throw noInteger(name, one('cursor'))
    return Number(text)
  }
  return paramsFrom({ list, text: one, integer })
}

export function parseSearchRequest(body: unknown): SearchParams {
  if (!isObject(body)) throw new ScimError('invalidSyntax', 'body', 'must be a JSON object')
  if (!hasSchema(body, SEARCH)) throw new ScimError('invalidSyntax', 'schemas', `must be a list with ${SEARCH}`)
  const text = (name: string): string | undefined => {
    const value = memberOf(body, name)
    if (value != null && typeof value !== 'string') throw new ScimError('invalidValue', name, 'must be a string')
    return value ?? undefined
  }
  const integer = (name: 'startIndex' | 'count'): number | undefined => {
    const value = memberOf(body, name)
    if (value != null && !Number.isSafeInteger(value)) throw noInteger(name, memberOf(body, 'cursor'))
    return (value as number | null) ?? undefined
  }
  const list = (name: string): string[] => {
    const value = memberOf(body, name) ?? []
    if (!Array.isArray(value) || !value.every(entry => typeof entry === 'string'))
      throw new ScimError('invalidValue', name, 'must be a list of strings')
    return value
  }
  return paramsFrom({ list, text, integer })
}

interface Readers {
  list(name: string): string[]
  text(name: string): string | undefined
  integer(name: 'startIndex' | 'count'): number | undefined
}

const paramsFrom = ({ list, text, integer }: Readers): SearchParams =>
  checked({
    attributes: list('attributes'),
    excluded: list('excludedAttributes'),
    filter: text('filter'),
    sortBy: text('sortBy'),
    descending: isDescending(text('sortOrder')),
    startIndex: integer('startIndex'),
    count: integer('count'),
    cursor: text('cursor'),
  })

const noInteger = (name: 'startIndex' | 'count', cursor: unknown) =>
  new ScimError(name === 'count' && cursor != null ? 'invalidCount' : 'invalidValue', name, 'must be an integer')

function checked(asked: SearchParams): SearchParams {
  if (asked.attributes.length > 0 && asked.excluded.length > 0)
    throw new ScimError('invalidValue', 'excludedAttributes', 'cannot be combined with attributes')
  if (asked.attributes.length > MAX_NAMES || asked.excluded.length > MAX_NAMES)
    throw new Invalid('attributes', `must be at most ${MAX_NAMES} names`)
  if (asked.cursor !== undefined && asked.startIndex !== undefined)
    throw new ScimError('invalidValue', 'startIndex', 'cannot be combined with cursor')
  return asked
}

function isDescending(order: string | undefined): boolean {
  if (order === undefined || /^(ascending|descending)$/i.test(order)) return order?.toLowerCase() === 'descending'
  throw new ScimError('invalidValue', 'sortOrder', `must be ascending or descending, not ${named(order)}`)
}

export function isShown({ attributes, excluded }: SearchParams, name: string): boolean {
  const names = (list: readonly string[]) => list.map(path => path.toLowerCase().replace(/^urn:.*:/, ''))
  if (attributes.length > 0) return names(attributes).some(path => path === name || path.startsWith(`${name}.`))
  return !names(excluded).includes(name)
}
