/** Filter trees (RFC 7644 3.4.2.2) and their evaluation (3.5.2). Pure. */

import { compareCodePoints, foldCase } from '../../platform/case-folding.ts'
import { isObject } from '../../platform/validation.ts'
import { memberOf } from './resource.ts'
import { findAttribute } from './schema.ts'
import type { Attribute } from './schema.types.ts'

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
export type ValueFilter = Tree<Compare | Presence>

export const isLogical = (filter: Filter): filter is Logical<Filter> => filter.op === 'and' || filter.op === 'or'

export function matches(filter: ValueFilter, value: unknown, attribute: Attribute): boolean {
  if (isLogical(filter))
    return filter.op === 'and'
      ? filter.filters.every(inner => matches(inner, value, attribute))
      : filter.filters.some(inner => matches(inner, value, attribute))
  if (filter.op === 'not') return !matches(filter.filter, value, attribute)
  const held = isObject(value) ? memberOf(value, filter.attrPath) : foldCase(filter.attrPath) === 'value' ? value : undefined
  if (filter.op === 'pr') return held != null && held !== ''
  const part = isObject(value) ? findAttribute(attribute.subAttributes ?? [], filter.attrPath) : attribute
  return compares(filter, held === undefined && isObject(value) ? numericValue(filter) : held, part?.caseExact ?? false)
}

/** An absent `primary` is false (RFC 7643 2.4). */
const numericValue = ({ attrPath, compValue }: Compare): false | undefined =>
  foldCase(attrPath) === 'primary' && compValue !== null ? false : undefined

function compares({ op, compValue }: Compare, held: unknown, exact: boolean): boolean {
  if (op === 'eq') return compValue === null ? held == null : same(held, compValue, exact)
  if (op === 'ne') return compValue === null ? held != null : !same(held, compValue, exact)
  if (held == null || typeof held !== typeof compValue) return false
  const [a, b] = typeof held === 'string' ? [formOf(held, exact), formOf(String(compValue), exact)] : [held, compValue]
  if (op === 'co' || op === 'sw' || op === 'ew') return holds(op, String(a), String(b))
  const order = typeof a === 'string' ? compareCodePoints(a, String(b)) : Number(a) - Number(b)
  return op === 'gt' ? order > 0 : op === 'ge' ? order >= 0 : op === 'lt' ? order < 0 : order <= 0
}

const holds = (op: 'co' | 'sw' | 'ew', text: string, part: string): boolean =>
  op === 'co' ? text.includes(part) : op === 'sw' ? text.startsWith(part) : text.endsWith(part)

const formOf = (text: string, exact: boolean): string => (exact ? text : foldCase(text))

function same(held: unknown, wanted: unknown, exact: boolean): boolean {
  if (typeof held === 'string' && typeof wanted === 'string') return formOf(held, exact) === formOf(wanted, exact)
  if (typeof held === 'boolean' && typeof wanted === 'string') return String(held) === wanted.toLowerCase()
  return held === wanted
}

export function impliedBy(filter: ValueFilter): Record<string, unknown> | null {
  if (filter.op === 'eq') return filter.compValue === null ? null : { [filter.attrPath]: filter.compValue }
  if (filter.op !== 'and') return null
  const parts = filter.filters.map(impliedBy)
  return parts.includes(null) ? null : Object.assign({}, ...parts)
}
