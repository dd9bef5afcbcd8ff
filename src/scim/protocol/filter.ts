/** Filters (RFC 7644 3.4.2.2): text → tree, bounded; and whether a value of a list satisfies one (value paths of PATCH). Pure. */
import type { Compare, Filter, LogExp, Suffix } from 'scim2-parse-filter'
import { parseFilter as parseTokens, type Token, Tokens, tokenizer } from 'scim2-parse-filter/lib/src/parser.js'
import { Misspoken, type ScimType } from './errors.ts'
import { isObject, memberOf } from './resource.ts'

export type { Compare, Filter, Suffix }

const MAX_CHARACTERS = 4096
const MAX_DEPTH = 20
const MAX_COMPARISONS = 100
const OPERATORS = /^(eq|ne|co|sw|ew|gt|lt|ge|le)$/i

export const isLogical = (filter: Filter): filter is LogExp => filter.op === 'and' || filter.op === 'or'

/** Throws Misspoken, invalidFilter unless told. */
export function parseFilter(text: string, scimType: ScimType = 'invalidFilter'): Filter {
  const fault = (rule: string) => new Misspoken(scimType, scimType === 'invalidFilter' ? 'filter' : 'path', rule)
  if (text.length > MAX_CHARACTERS) throw fault(`must be at most ${MAX_CHARACTERS} characters`)
  try {
    const tokens = tokenizer(text).map(unescaped).map(lowerLiterals)
    if (depthOf(tokens) > MAX_DEPTH) throw fault(`must not nest deeper than ${MAX_DEPTH} levels`)
    if (
      tokens.filter(({ type, literal }) => type === 'Word' && /^(pr|eq|ne|co|sw|ew|gt|lt|ge|le)$/i.test(literal)).length >
      MAX_COMPARISONS
    )
      throw fault(`must have at most ${MAX_COMPARISONS} comparisons`)
    const list = new Tokens(correlated(tokens))
    const filter = parseTokens(list)
    if (list.peek().type !== 'EOT') throw fault('must be one filter of RFC 7644 3.4.2.2')
    return filter
  } catch (error) {
    if (error instanceof Misspoken) throw error
    throw fault('must be a filter of RFC 7644 3.4.2.2')
  }
}

/**
 * The tokenizer doubles every backslash that no quote follows, so that `"a\\b"` and `"\u0041"` would stand for themselves. A string is one of JSON
 * (RFC 7644 3.4.2.2): half of each such run is what was written, and what JSON does not know is refused by the parser.
 */
const unescaped = (token: Token): Token =>
  token.type === 'Quoted' ? { ...token, literal: token.literal.replace(/\\+/g, run => run.slice(run.length >> 1)) } : token

/** Entra ID writes `active eq True`. */
const lowerLiterals = (token: Token, index: number, all: readonly Token[]): Token =>
  token.type === 'Word' && /^(true|false|null)$/i.test(token.literal) && OPERATORS.test(all[index - 1]?.literal ?? '')
    ? { ...token, literal: token.literal.toLowerCase() }
    : token

/** Brackets, and one `not` after the other, which need none for the parser to go deeper. */
function depthOf(tokens: readonly Token[]): number {
  let depth = 0
  let nots = 0
  let deepest = 0
  for (const { type, literal } of tokens) {
    if (type === 'Word' && literal.toLowerCase() === 'not') deepest = Math.max(deepest, depth + ++nots)
    else nots = 0
    if (type === 'Bracket' && (literal[0] === '(' || literal[0] === '[')) deepest = Math.max(deepest, ++depth)
    else if (type === 'Bracket') depth--
  }
  return deepest
}

/**
 * `emails[type eq "work"].value eq "x"` asks both of one value: it is read as `emails[(type eq "work") and value eq "x"]`. The parser alone would
 * make two questions of it, which two different values may answer.
 */
function correlated(tokens: readonly Token[]): Token[] {
  const read: Token[] = []
  let open = -1
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at]!
    if (token.type === 'Bracket' && token.literal === '[') open = read.length
    if (token.type !== 'Bracket' || token.literal !== '].' || open < 0) {
      read.push(token)
      continue
    }
    const length = tokens[at + 2]?.literal.toLowerCase() === 'pr' ? 2 : 3
    read.splice(open + 1, 0, { type: 'Bracket', literal: '(' })
    read.push({ type: 'Bracket', literal: ')' }, { type: 'Word', literal: 'and' }, ...tokens.slice(at + 1, at + 1 + length))
    read.push({ type: 'Bracket', literal: ']' })
    at += length
    open = -1
  }
  return read
}

/** Whether one value of a list satisfies the filter of a value path. A plain value is its own `value`. */
export function matches(filter: Filter, value: unknown): boolean {
  if (isLogical(filter))
    return filter.op === 'and'
      ? filter.filters.every(inner => matches(inner, value))
      : filter.filters.some(inner => matches(inner, value))
  if (filter.op === 'not') return !matches(filter.filter, value)
  if (filter.op === '[]') throw new Misspoken('invalidPath', 'path', 'must not have a value path inside a value path')
  const held = isObject(value) ? memberOf(value, filter.attrPath) : filter.attrPath.toLowerCase() === 'value' ? value : undefined
  if (filter.op === 'pr') return held != null && held !== ''
  return compares(filter, held === undefined && isObject(value) ? meantBy(filter) : held)
}

/** What an absent part stands for: a value that says nothing of `primary` is not the primary one (RFC 7643 2.4). */
const meantBy = ({ attrPath, compValue }: Compare): false | undefined =>
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

/** What a value must hold to satisfy a filter that only says `eq`, joined by `and`; null when it says more. */
export function impliedBy(filter: Filter): Record<string, unknown> | null {
  if (filter.op === 'eq') return filter.compValue === null ? null : { [filter.attrPath]: filter.compValue }
  if (filter.op !== 'and') return null
  const parts = filter.filters.map(impliedBy)
  return parts.includes(null) ? null : Object.assign({}, ...parts)
}
