// What a change of attributes comes to: pure tables.
import { describe, expect, test } from 'vitest'
import {
  applyEdit,
  attributes,
  authorizations,
  authorizationsOrNull,
  differenceOf,
  type Edit,
  replaceAll,
} from '../../../src/domain/attributes/attribute.ts'
import { canonical } from '../../../src/platform/validation.ts'

const rows = (...values: [key: string, value: string, source?: string][]) =>
  values.map(([key, value, source = 'bim'], index) => ({ id: index + 1, ownerId: 1, key, keyKey: canonical(key), value, source }))
const add = (key: string, value: string): Edit => ({ operation: 'ADD', key, value })
const remove = (key: string, value: string | null = null): Edit => ({ operation: 'REMOVE', key, value })
const short = ({ added, removed }: ReturnType<typeof applyEdit>) => ({
  added: added.map(({ key, value }) => `${key}=${value}`),
  removed: removed.map(({ id }) => id),
})

describe('gathering', () => {
  const all = rows(['Home', 'Oslo'], ['HOME', 'Ghent', 'ldap'], ['Home', 'Ghent'], ['Desk', 'day', 'ldap'])

  test('values of a key from all sources, each once, in order, under the first spelling', () => {
    expect(authorizations(all)).toEqual({ Home: ['Oslo', 'Ghent'], Desk: ['day'] })
    expect([authorizationsOrNull(all.slice(0, 1)), authorizationsOrNull([])]).toEqual([{ Home: ['Oslo'] }, null])
  })

  test('or source by source', () => {
    expect(attributes(all)).toEqual([
      { key: 'Home', source: 'bim', values: ['Oslo', 'Ghent'] },
      { key: 'HOME', source: 'ldap', values: ['Ghent'] },
      { key: 'Desk', source: 'ldap', values: ['day'] },
    ])
  })
})

describe('editing', () => {
  const held = rows(['Home', 'Oslo'], ['Home', 'Ghent'], ['Desk', 'day', 'ldap'])
  test.each<[string, Edit[], { added: string[]; removed: number[] }]>([
    ['nothing', [], { added: [], removed: [] }],
    ['a new value, under the first spelling', [add('HOME', 'Bern')], { added: ['Home=Bern'], removed: [] }],
    ['a new key, as sent', [add('Floor', '2')], { added: ['Floor=2'], removed: [] }],
    ['a value held', [add('home', 'Oslo')], { added: [], removed: [] }],
    ['another case of a value held', [add('home', 'oslo')], { added: ['Home=oslo'], removed: [] }],
    ['a value held only from outside, under its spelling', [add('desk', 'day')], { added: ['Desk=day'], removed: [] }],
    ['one value less', [remove('HOME', 'Oslo')], { added: [], removed: [1] }],
    ['a key less', [remove('HOME')], { added: [], removed: [1, 2] }],
    ['a value or key not held locally', [remove('Home', 'x'), remove('Desk'), remove('None')], { added: [], removed: [] }],
    ['added, then removed', [add('Home', 'Bern'), remove('Home', 'Bern')], { added: [], removed: [] }],
    ['removed, then added: never away', [remove('Home'), add('home', 'Ghent')], { added: [], removed: [1] }],
    ['a key of one call in two spellings', [add('New', 'a'), add('nEW', 'b')], { added: ['New=a', 'New=b'], removed: [] }],
    ['the same twice', [add('New', 'a'), add('NEW', 'a')], { added: ['New=a'], removed: [] }],
  ])('%s', (_what, edits, expected) => {
    expect(short(applyEdit(held, edits))).toEqual(expected)
  })
})

describe('replacing', () => {
  const held = rows(['Home', 'Oslo'], ['Home', 'Ghent'], ['Desk', 'day'], ['Floor', '2', 'ldap'])
  test.each<[string, Record<string, string[]>, { added: string[]; removed: number[] }]>([
    ['by the same', { Desk: ['day'], Home: ['Oslo', 'Ghent'] }, { added: [], removed: [] }],
    ['by nothing', {}, { added: [], removed: [1, 2, 3] }],
    ['by empty lists', { Home: [], Desk: [], None: [] }, { added: [], removed: [1, 2, 3] }],
    ['by another order', { Home: ['Ghent', 'Oslo'], Desk: ['day'] }, { added: ['Home=Ghent', 'Home=Oslo'], removed: [1, 2] }],
    [
      'one key of two',
      { home: ['Oslo', 'Ghent', 'Bern'], desk: ['day'] },
      { added: ['Home=Oslo', 'Home=Ghent', 'Home=Bern'], removed: [1, 2] },
    ],
    ['with repeats', { Desk: ['day', 'day'], Home: ['Oslo', 'Ghent', 'Oslo'] }, { added: [], removed: [] }],
    [
      'a key in two spellings, with the values of both',
      { Desk: ['day'], Home: ['Oslo'], HOME: ['Ghent', 'Oslo'] },
      { added: [], removed: [] },
    ],
    [
      'a key from outside, under its spelling',
      { FLOOR: ['3'], Home: ['Oslo', 'Ghent'], Desk: ['day'] },
      { added: ['Floor=3'], removed: [] },
    ],
  ])('%s', (_what, wanted, expected) => {
    expect(short(replaceAll(held, new Map(Object.entries(wanted))))).toEqual(expected)
  })

  test('the difference names only keys that changed, with their hand-set values on both sides', () => {
    const change = replaceAll(held, new Map(Object.entries({ Home: ['Oslo'], New: ['a'] })))
    expect(differenceOf(held, change)).toEqual({
      before: { Home: ['Oslo', 'Ghent'], Desk: ['day'], New: null },
      after: { Home: ['Oslo'], Desk: null, New: ['a'] },
    })
  })
})
