// The address of the list of users: what its query means, and that it comes back as it was.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { escaped, joined, listOf, partsOf, unescaped } from '../../../src/ui/console/operations/query-text.ts'
import {
  COLUMNS,
  foundBy,
  isFiltered,
  SORTS,
  STATES,
  searchOf,
  searchText,
  type View,
  variablesOf,
  viewOf,
} from '../../../src/ui/console/pages/users/view.ts'

const key = fc.string({ minLength: 1, maxLength: 12, unit: 'grapheme' })
const view: fc.Arbitrary<View> = fc.record({
  q: fc.string({ maxLength: 20 }).map(searchText),
  iam: fc.uniqueArray(key, { maxLength: 4 }),
  state: fc.option(fc.constantFrom(...STATES)),
  perm: fc.option(fc.constantFrom('AUDIT', 'REPORT_READER')),
  group: fc.uniqueArray(key, { maxLength: 4 }),
  attr: fc.uniqueArray(fc.record({ key, value: fc.option(key), absent: fc.constant(false) }), {
    maxLength: 3,
    selector: ({ key }) => key,
  }),
  sort: fc.record({ by: fc.constantFrom(...(Object.keys(SORTS) as (keyof typeof SORTS)[])), descending: fc.boolean() }),
  cols: fc.uniqueArray(
    fc.oneof(
      fc.constantFrom(...COLUMNS),
      key.map(name => `attr.${name}`),
    ),
    { maxLength: 5 },
  ),
  after: fc.option(key),
  before: fc.constant(null),
})

describe('the query of the address', () => {
  test('a view comes back from its address, whatever its values are', () => {
    fc.assert(fc.property(view, given => void expect(viewOf(searchOf(given))).toEqual(given)))
  })

  test('any text is a view, and never an error', () => {
    const names = ['q', 'iam', 'state', 'perm', 'group', 'attr', 'sort', 'cols', 'after', 'before']
    const search = fc.record(Object.fromEntries(names.map(name => [name, fc.string({ unit: 'grapheme' })])), { requiredKeys: [] })
    fc.assert(fc.property(search, text => void expect(viewOf(searchOf(viewOf(text)))).toEqual(viewOf(text))))
  })

  test('unknown values are left out', () => {
    const usual = viewOf({})
    const odd = { state: 'gone', perm: 'audit; drop', sort: '-shoe', cols: 'name,shoe', after: 'a', before: 'b', other: '1' }
    expect(viewOf(odd)).toEqual({ ...usual, cols: [], after: 'a' })
    expect(searchOf(usual)).toEqual(Object.fromEntries(Object.keys(searchOf(usual)).map(name => [name, ''])))
    expect(viewOf({ q: 'a b c d e f g h i j k l' }).q).toBe('a b c d e f g h i j')
    expect(viewOf({ q: 'x'.repeat(300) }).q).toHaveLength(256)
  })

  test('attributes have a value, any or none; one may be absent', () => {
    const { attr } = viewOf({ attr: 'Country:NL,Team,!Desk,!Chair,Note:a\\,b:c,\\!key:1,:x' })
    expect(attr).toEqual([
      { key: 'Country', value: 'NL', absent: false },
      { key: 'Team', value: null, absent: false },
      { key: 'Desk', value: null, absent: true },
      { key: 'Note', value: 'a,b:c', absent: false },
      { key: '!key', value: '1', absent: false },
    ])
  })
})

describe('the variables of the list', () => {
  test('only columns that are shown are read', () => {
    const few = variablesOf(viewOf({ cols: 'name,groups' }))
    expect(few).toMatchObject({ withPermissions: false, withGroups: true, withAttributes: false, first: 50, after: null })
    expect(variablesOf(viewOf({ cols: 'name,attr.Country', before: 'c' }))).toMatchObject({
      withAttributes: true,
      last: 50,
      before: 'c',
    })
  })

  test('filters and order are those of the API', () => {
    const found = viewOf({
      q: ' ines ',
      iam: 'bim,corp',
      state: 'disabled-by-source',
      attr: 'Country:NL,!Team',
      sort: '-lastLogin',
    })
    expect(foundBy(found)).toEqual({
      search: 'ines',
      filter: {
        iamids: ['bim', 'corp'],
        disabledBy: 'SOURCE',
        attributes: [{ key: 'Country', value: 'NL' }],
        withoutAttribute: 'Team',
        excludeDeletedIams: false,
      },
    })
    expect(variablesOf(found).sort).toEqual({ field: 'LAST_LOGIN', direction: 'DESC' })
    expect(isFiltered(found)).toBe(true)
    expect(isFiltered(viewOf({ sort: 'userid', q: ' ' }))).toBe(false)
  })
})

test('lists escape what separates them', () => {
  expect(joined(['a,b', 'c\\d'])).toBe('a\\,b,c\\\\d')
  expect(listOf('a\\,b,c\\\\d,,a\\,b')).toEqual(['a,b', 'c\\d'])
  expect(partsOf('a\\:b,c\\')).toEqual(['a\\:b', 'c\\'])
  expect(unescaped(escaped('x:y', ':'))).toBe('x:y')
})
