import { AndFilter, EqualityFilter, type Filter, FilterParser, NotFilter, OrFilter, PresenceFilter } from 'ldapts'
import { Invalid, Unprocessable } from '../platform/errors.ts'
import { escapeDnValue } from './ldap.dn.ts'
import { isBinary } from './ldap.entry.ts'

// All input in filters (RFC 4515) and DNs is escaped here.

/** `%s` is the userid, `<dn>` the person's DN. */
export interface Placeholders {
  readonly '%s'?: string
  readonly '<dn>'?: string
}
export type FilterTemplate = (blanks: Placeholders) => Filter

export const longestUserid = 1024

/** NUL would truncate it on some servers. */
export const isSearchable = (userid: string): boolean =>
  userid.trim() !== '' && userid.length <= longestUserid && userid.isWellFormed() && !userid.includes('\0')

export function filterTemplate(field: string, text: string): FilterTemplate {
  const template = withLetters(field, text.trim())
  const parse = (blanks: Placeholders) => {
    const filter = FilterParser.parseString(fill(template, blanks, escapeFilterValue))
    return blanks['%s'] === undefined ? filter : withBytes(filter, blanks['%s'])
  }
  const wrong = new Invalid(field, 'must be a filter (RFC 4515)')
  // The library accepts a missing last parenthesis.
  if (template.split('(').length !== template.split(')').length) throw wrong
  try {
    parse({ '%s': 'x', '<dn>': 'cn=x' })
  } catch {
    throw wrong
  }
  return parse
}

export function attributeFilter(field: string, attribute: string): FilterTemplate {
  if (!isAttribute(attribute)) throw new Invalid(field, 'must be the name of an attribute')
  return ({ '%s': userid = '' }) => withBytes(new EqualityFilter({ attribute, value: userid }), userid)
}

function withBytes(filter: Filter, userid: string): Filter {
  if (filter instanceof AndFilter) return new AndFilter({ filters: filter.filters.map(part => withBytes(part, userid)) })
  if (filter instanceof OrFilter) return new OrFilter({ filters: filter.filters.map(part => withBytes(part, userid)) })
  if (filter instanceof NotFilter) return new NotFilter({ filter: withBytes(filter.filter, userid) })
  if (!(filter instanceof EqualityFilter) || !isBinary(filter.attribute) || filter.value !== userid) return filter
  return new EqualityFilter({ attribute: filter.attribute, value: Buffer.from(userid, 'base64') })
}

/** Matches anything in place of `%s`. Throws Unprocessable when impossible. */
export function anyValueFilter(field: string, text: string): Filter {
  if (itemsOf(text).some(({ compared, rest }) => compared.endsWith(':') && /%s|<dn>/.test(rest)))
    throw new Unprocessable(`${field} uses a matching rule, which works for single look-ups but not for listing`)
  return FilterParser.parseString(
    withLetters(field, text.trim())
      .replace(/%s|<dn>/g, '*')
      .replace(/\*{2,}/g, '*'),
  )
}

export interface Comparison {
  readonly attribute: string
  readonly with: 'dn' | 'userid'
}

/** [MS-ADTS] 3.1.1.3.4.4.3: transitive members. */
const inChain = ':1.2.840.113556.1.4.1941:'

/**
 * Member attributes of `(&(objectClass=groupOfNames)(member=<dn>))`; `nested` for transitive rules. null for
 * other filters.
 */
export function memberAttributes(text: string): { comparisons: Comparison[]; plain: string; nested: boolean } | null {
  const nested = text.includes(inChain)
  const plain = text.replaceAll(inChain, '')
  const blanks = plain.match(/%s|<dn>/g) ?? []
  const comparisons = itemsOf(plain).flatMap(({ compared, rest }): Comparison[] =>
    /^[A-Za-z][\w-]*$/.test(compared) && (rest === '%s' || rest === '<dn>')
      ? [{ attribute: compared, with: rest === '%s' ? 'userid' : 'dn' }]
      : [],
  )
  const alternatives = blanks.length === 1 || /^\s*\(\|(?:\s*\([^()]*\))+\s*\)\s*$/.test(plain)
  return comparisons.length === blanks.length && comparisons.length > 0 && alternatives && !plain.includes('!')
    ? { comparisons, plain, nested }
    : null
}

export function comparedAttribute(field: string, text: string): string {
  const item = itemsOf(text).find(({ rest }) => rest.includes('%s'))
  const name = item?.compared.replace(/[~<>]$/, '').split(':')[0]
  if (name === undefined || !isAttribute(name)) throw new Invalid(field, 'must compare an attribute with %s')
  return name
}

const itemsOf = (text: string): { compared: string; rest: string }[] =>
  text.split(/[()]/).flatMap(item => {
    const equals = item.indexOf('=')
    return equals < 0 ? [] : [{ compared: item.slice(0, equals).trim(), rest: item.slice(equals + 1) }]
  })

/** `uid=%s,ou=people,dc=example`; the userid stays one value. Throws Invalid. */
export function dnPattern(field: string, pattern: string): (userid: string) => string {
  // Without `=` it would be a SASL mechanism, or anonymous.
  const holds = (name: string) => name.includes('=') && name.lastIndexOf('%s') > name.indexOf('=')
  if (!pattern.split(',').some(holds)) throw new Invalid(field, 'must be a DN with %s as a value')
  return userid => fill(pattern, { '%s': userid }, escapeDnValue)
}

export const presenceFilter = (attribute: string): Filter => new PresenceFilter({ attribute })

export const anyOf = (filters: readonly Filter[]): Filter =>
  filters.length === 1 ? filters[0]! : new OrFilter({ filters: [...filters] })

/** RFC 4512, 2.5. */
export const isAttribute = (name: string): boolean => /^(?:[A-Za-z][A-Za-z0-9-]*|\d+(?:\.\d+)+)(?:;[A-Za-z0-9-]+)*$/.test(name)

export const escapeFilterValue = (value: string): string =>
  value.replace(/[\0()*\\]/g, character => `\\${character.charCodeAt(0).toString(16).padStart(2, '0')}`)

function fill(template: string, blanks: Placeholders, escaped: (value: string) => string): string {
  // In one pass, so that values are not expanded.
  return template.replace(/%s|<dn>/g, blank => escaped(blanks[blank as keyof Placeholders] ?? blank))
}

/** The library misreads `\c3\a9`; the letter itself works. */
function withLetters(field: string, template: string): string {
  return template.replace(/(?:\\[89A-Fa-f][0-9A-Fa-f])+/g, hex => {
    const text = Buffer.from(hex.replaceAll('\\', ''), 'hex').toString()
    if (text.includes('\ufffd')) throw new Invalid(field, 'must be a filter of text: values that are not UTF-8 are not supported')
    return text
  })
}
