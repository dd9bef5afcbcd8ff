// The grammar of filters and value paths (RFC 7644 3.4.2.2, 3.5.2): text → tree, or a message with the place.
import { describe, expect, test } from 'vitest'
import { parseFilter, parseValuePath } from '../../../src/scim/protocol/filter.parser.ts'

const pr = (attrPath: string) => ({ op: 'pr', attrPath })
const eq = (attrPath: string, compValue: unknown) => ({ op: 'eq', attrPath, compValue })
const [a, b, c, d] = [pr('a'), pr('b'), pr('c'), pr('d')]
const and = (...filters: object[]) => ({ op: 'and', filters })
const or = (...filters: object[]) => ({ op: 'or', filters })
const not = (filter: object) => ({ op: 'not', filter })
const within = (attrPath: string, valFilter: object) => ({ op: '[]', attrPath, valFilter })
const USER = 'urn:ietf:params:scim:schemas:core:2.0:User'

describe('a filter', () => {
  test.each(['eq', 'ne', 'co', 'sw', 'ew', 'gt', 'ge', 'lt', 'le'])('%s, without regard to case', op => {
    const tree = { op, attrPath: 'userName', compValue: 'x' }
    expect(parseFilter(`userName ${op} "x"`)).toEqual(tree)
    expect(parseFilter(`userName ${op.toUpperCase()} "x"`)).toEqual(tree)
  })

  test.each<[string, object]>([
    ['a pr', a],
    ['  a\n\tPr  ', a],
    ['name.familyName pr', pr('name.familyName')],
    [`${USER}:userName pr`, pr(`${USER}:userName`)],
    ['urn:a%20b/c:x.y pr', pr('urn:a%20b/c:x.y')],
    ['members.$ref pr', pr('members.$ref')],
    ['$ref pr', pr('$ref')],
    ['a-b_2 pr', pr('a-b_2')],
    ['and pr', pr('and')],
    ['pr pr', pr('pr')],
    ['eq eq "eq"', eq('eq', 'eq')],
    ['a eq true', eq('a', true)],
    ['a eq False', eq('a', false)],
    ['a eq NULL', eq('a', null)],
    ['a eq 0', eq('a', 0)],
    ['a eq -5 and b pr', and(eq('a', -5), b)],
    ['(a eq -1.25e+3)', eq('a', -1250)],
    ['a eq ""', eq('a', '')],
    ['a eq"x"and(b pr)', and(eq('a', 'x'), b)],
    [String.raw`a eq "\"\\\/\b\f\n\r\t\u00e9"`, eq('a', '"\\/\b\f\n\r\té')],
    [String.raw`a eq "\\\\"`, eq('a', '\\\\')],
    ['a eq "(]) and not \' [ or"', eq('a', "(]) and not ' [ or")],
    ['a eq "ü𝄞"', eq('a', 'ü𝄞')],
    ['a pr and b pr', and(a, b)],
    ['a pr AND b pr And c pr', and(a, b, c)],
    ['a pr or b pr or c pr', or(a, b, c)],
    ['a pr or b pr and c pr', or(a, and(b, c))],
    ['a pr and b pr or c pr and d pr', or(and(a, b), and(c, d))],
    ['a pr and (b pr or c pr)', and(a, or(b, c))],
    ['(a pr and b pr) and c pr', and(and(a, b), c)],
    ['((a pr))', a],
    ['not (a pr)', not(a)],
    ['NOT(a pr)', not(a)],
    ['not a pr and b pr', and(not(a), b)],
    ['not (a pr) or b pr', or(not(a), b)],
    ['not (a pr or b pr)', not(or(a, b))],
    ['not not a pr', not(not(a))],
    ['not (not (a pr))', not(not(a))],
    ['a[b pr]', within('a', b)],
    ['a [ b pr ]', within('a', b)],
    [`${USER}:emails[b pr]`, within(`${USER}:emails`, b)],
    ['a[b eq "]" or not (c pr) and d pr]', within('a', or(eq('b', ']'), and(not(c), d)))],
    ['a[b pr] and c pr', and(within('a', b), c)],
    ['not a[b pr]', not(within('a', b))],
    ['a[b pr].c eq "x"', within('a', and(b, eq('c', 'x')))],
    ['a[b pr and c pr].d pr or b pr', or(within('a', and(and(b, c), d)), b)],
  ])('%s', (text, tree) => {
    expect(parseFilter(text)).toEqual(tree)
  })

  const OPERATOR = 'an operator (eq, ne, co, sw, ew, gt, ge, lt, le, pr)'
  const VALUE = 'a JSON string, number, true, false or null'
  test.each([
    ['', 'an attribute at character 1'],
    ['   ', 'an attribute at character 4'],
    ['"a" pr', 'an attribute at character 1'],
    ['(', 'an attribute at character 2'],
    ['()', 'an attribute at character 2'],
    ['not', 'an attribute at character 4'],
    ['a pr and', 'an attribute at character 9'],
    ['a pr or or b pr', `${OPERATOR} at character 12`],
    ['a', `${OPERATOR} at character 2`],
    ['a is "x"', `${OPERATOR} at character 3`],
    ["urn:it's:x pr", `${OPERATOR} at character 7`],
    ['a eq', `${VALUE} at character 5`],
    ['a eq x', `${VALUE} at character 6`],
    ['a eq b eq "x"', `${VALUE} at character 6`],
    ['a eq "x', `${VALUE} at character 6`],
    ['a eq "x\\"', `${VALUE} at character 6`],
    ['a eq "\\x"', `${VALUE} at character 6`],
    ['a eq "\\u12"', `${VALUE} at character 6`],
    ['a eq "\n"', `${VALUE} at character 6`],
    ["a eq 'x'", `${VALUE} at character 6`],
    ['a eq 01', `${VALUE} at character 6`],
    ['a eq 1.', `${VALUE} at character 6`],
    ['a eq +1', `${VALUE} at character 6`],
    ['a eq 5x', `${VALUE} at character 6`],
    ['a eq (1)', `${VALUE} at character 6`],
    ['a eq ["x"]', `${VALUE} at character 6`],
    ['a eq trueish', `${VALUE} at character 6`],
    ['a pr b pr', '"and", "or" or its end at character 6'],
    ['a pr)', '"and", "or" or its end at character 5'],
    ['a pr and b pr, c pr', '"and", "or" or its end at character 14'],
    ['a eq "𝄞" x', '"and", "or" or its end at character 10'],
    ['(a pr', '"and", "or" or ")" at character 6'],
    ['(a pr]', '"and", "or" or ")" at character 6'],
    ['a[b pr', '"and", "or" or "]" at character 7'],
    ['a[b pr)', '"and", "or" or "]" at character 7'],
    ['a[]', 'an attribute at character 3'],
    ['a[b[c pr]]', `${OPERATOR} at character 4`],
    ['a[b pr].', 'an attribute at character 9'],
    ['a[b pr].c', `${OPERATOR} at character 10`],
    ['a[b pr] .c pr', '"and", "or" or its end at character 9'],
  ])('not %j', (text, rule) => {
    expect(() => parseFilter(text)).toThrow(
      expect.objectContaining({ scimType: 'invalidFilter', field: 'filter', message: `filter must have ${rule}` }),
    )
  })

  const times = (count: number, text: string) => text.repeat(count)
  test.each([
    ['4096 characters', `a eq "${times(4089, 'x')}"`, `a eq "${times(4090, 'x')}"`, 'must be at most 4096 characters'],
    [
      '20 levels of parentheses',
      `${times(20, '(')}a pr${times(20, ')')}`,
      `${times(21, '(')}a pr${times(21, ')')}`,
      'must not nest deeper than 20 levels',
    ],
    ['20 levels of not', `${times(20, 'not ')}a pr`, `${times(21, 'not ')}a pr`, 'must not nest deeper than 20 levels'],
    [
      '20 levels of not with parentheses',
      `${times(20, 'not (')}a pr${times(20, ')')}`,
      `${times(21, 'not (')}a pr${times(21, ')')}`,
      'must not nest deeper than 20 levels',
    ],
    [
      'a value path among the levels',
      `${times(19, '(')}a[b pr]${times(19, ')')}`,
      `${times(20, '(')}a[b pr]${times(20, ')')}`,
      'must not nest deeper than 20 levels',
    ],
    ['100 comparisons', `a pr${times(99, ' or a pr')}`, `a pr${times(100, ' or a pr')}`, 'must have at most 100 comparisons'],
  ])('at most %s', (_, allowed, refused, rule) => {
    expect(() => parseFilter(allowed)).not.toThrow()
    expect(() => parseFilter(refused)).toThrow(`filter ${rule}`)
  })
})

describe('the path of a PATCH', () => {
  test.each([
    ['emails', null],
    ['name.givenName', null],
    ['emails[b pr]', { attribute: 'emails', filter: b, sub: null }],
    ['emails[b pr].value', { attribute: 'emails', filter: b, sub: 'value' }],
    ['emails[b eq "a].b"].$ref', { attribute: 'emails', filter: eq('b', 'a].b'), sub: '$ref' }],
    ["urn:it's:tags[b pr or c pr]", { attribute: "urn:it's:tags", filter: or(b, c), sub: null }],
  ])('%s', (path, parts) => {
    expect(parseValuePath(path)).toEqual(parts)
  })

  test.each([
    ['emails[', 'an attribute at character 8'],
    ['emails[]', 'an attribute at character 8'],
    ['emails[b]', 'an operator (eq, ne, co, sw, ew, gt, ge, lt, le, pr) at character 9'],
    ['emails[b pr', '"and", "or" or "]" at character 12'],
    ['emails[b[c pr]]', 'an operator (eq, ne, co, sw, ew, gt, ge, lt, le, pr) at character 9'],
    ['emails[b pr]x', '"." or its end at character 13'],
    ['emails[b pr] ', '"." or its end at character 13'],
    ['emails[b pr].', 'an attribute at character 14'],
    ['emails[b pr]. value', 'an attribute at character 14'],
    ['emails[b pr].value eq "x"', 'its end at character 19'],
    ['emails[b pr].value[c pr]', 'its end at character 19'],
    ['emails[b pr].value.x', 'its end at character 19'],
  ])('not %j', (path, rule) => {
    expect(() => parseValuePath(path)).toThrow(
      expect.objectContaining({ scimType: 'invalidPath', field: 'path', message: `path must have ${rule}` }),
    )
  })
})
