/** Filter trees (RFC 7644 3.4.2.2) and their evaluation (3.5.2). Pure. */
import { isObject, memberOf } from './resource.ts'

export const OPERATORS = ['eq', 'ne', 'co', 'sw', 'ew', 'gt', 'ge', 'lt', 'le'] as const

export interface Compare {
  readonly op: (typeof OPERATORS)[number]
  readonly attrPath: string
  readonly compValue: boolean | null | number | string
}

export interface Presence {
  readonly op: 'pr'
  readonly attrPath: string
}

export interface ValuePath {
  readonly op: '[]'
  readonly attrPath: string
  readonly valFilter: ValueFilter
}

export interface Logical<Inner> {
  readonly op: 'and' | 'or'
  readonly filters: readonly Inner[]
}

export interface Negation<Inner> {
  readonly op: 'not'
  readonly filter: Inner
}

export type Tree<Leaf> = Leaf | Logical<Tree<Leaf>> | Negation<Tree<Leaf>>

export type Filter = Tree<Compare | Presence | ValuePath>
/** Inside the brackets of a value path. */
export type ValueFilter = Tree<Compare | Presence>

export const isLogical = (filter: Filter): filter is Logical<Filter> => filter.op === 'and' || filter.op === 'or'

/** A plain value is its own `value`. */
export function matches(filter: ValueFilter, value: unknown): boolean {
  if (isLogical(filter))
    return filter.op === 'and'
      ? filter.filters.every(inner => matches(inner, value))
      : filter.filters.some(inner => matches(inner, value))
  if (filter.op === 'not') return !matches(filter.filter, value)
  const held = isObject(value) ? memberOf(value, filter.attrPath) : filter.attrPath.toLowerCase() === 'value' ? value : undefined
  if (filter.op === 'pr') return held != null && held !== ''
  return compares(filter, held === undefined && isObject(value) ? numericValue(filter) : held)
}

/** An absent `primary` is false (RFC 7643 2.4). */
const numericValue = ({ attrPath, compValue }: Compare): false | undefined =>
  attrPath.toLowerCase() === 'primary' && compValue !== null ? false : undefined

function compares({ op, compValue }: Compare, held: unknown): boolean {
  if (op === 'eq') return compValue === null ? held == null : same(held, compValue)
  if (op === 'ne') return compValue === null ? held != null : !same(held, compValue)
  if (held == null || typeof held !== typeof compValue) return false
  const [a, b] = typeof held === 'string' ? [held.toLowerCase(), String(compValue).toLowerCase()] : [held, compValue]
  if (op === 'gt') return a > b!
  if (op === 'ge') return a >= b!
  if (op === 'lt') return a < b!
  if (op === 'le') return a <= b!
  const [text, part] = [String(a), String(b)]
  return op === 'co' ? text.includes(part) : op === 'sw' ? text.startsWith(part) : text.endsWith(part)
}

function same(held: unknown, wanted: unknown): boolean {
  if (typeof held === 'string' && typeof wanted === 'string') return held.toLowerCase() === wanted.toLowerCase()
  if (typeof held === 'boolean' && typeof wanted === 'string') return String(held) === wanted.toLowerCase()
  return held === wanted
}

/** The values of a pure `eq`/`and` filter; else null. */
export function impliedBy(filter: ValueFilter): Record<string, unknown> | null {
  if (filter.op === 'eq') return filter.compValue === null ? null : { [filter.attrPath]: filter.compValue }
  if (filter.op !== 'and') return null
  const parts = filter.filters.map(impliedBy)
  return parts.includes(null) ? null : Object.assign({}, ...parts)
}
