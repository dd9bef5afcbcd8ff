import { expect, test } from 'vitest'
import { checkRows, isFaulty } from '../../../src/domain/users/import.rows.ts'

const faultsOf = (rows: Parameters<typeof checkRows>[0]) =>
  checkRows(rows).map(row => (isFaulty(row) ? row.faults.map(({ field, message }) => `${field}: ${message}`) : []))

test('a row has its canonical forms, each name once', () => {
  const [row] = checkRows([
    {
      ...{ line: 7, userid: 'Ana@X.example', profile: { email: 'Ana@X.example', phone: '' }, disabled: true },
      ...{ groups: ['Sales', 'SALES'], permissions: ['AUDIT', 'AUDIT'], attributes: { Site: ['Ghent', 'Lyon'], desk: [] } },
    },
  ])
  expect(row).toEqual({
    line: 7,
    userid: 'Ana@X.example',
    key: 'ana@x.example',
    profile: { email: 'Ana@X.example', emailKey: 'ana@x.example', phone: null },
    attributes: new Map([
      ['Site', ['Ghent', 'Lyon']],
      ['desk', []],
    ]),
    groups: [{ key: 'sales', name: 'SALES' }],
    permissions: ['AUDIT'],
    disabled: true,
    passwordHash: null,
  })
  expect(checkRows([{ line: 1, userid: 'a' }])).toMatchObject([{ attributes: null, groups: [], permissions: [], disabled: null }])
})

test('every fault of a row is found, and the other rows stay', () => {
  const rows = [
    {
      ...{ line: 1, userid: ' ana', profile: { email: 'none', name: null, phone: '1' } },
      ...{
        groups: ['Sales', 'a\tb'],
        permissions: ['audit'],
        attributes: { Site: ['a'], site: ['b'], key: 'text', constructor: ['c'] },
      },
    },
    { line: 2, userid: 'ben' },
  ]
  expect(faultsOf(rows as never)).toEqual([
    [
      'userid: userid must not begin or end with white space',
      'profile.email: profile.email must be an e-mail address',
      'profile.name: profile.name is required and cannot be removed',
      'attributes.site: attributes.site is repeated in another case or normal form',
      'attributes.key: attributes.key must be a list',
      'attributes: key 4: attributes: key 4 must not be a reserved word',
      'groups: groups must not contain control characters',
      expect.stringMatching(/^permissions: permissions must be 2 to 64 upper-case letters/),
    ],
    [],
  ])
  expect(faultsOf([{ line: 1, userid: 'a', attributes: ['list'] }])).toEqual([
    ['attributes: attributes must be an object of lists of strings'],
  ])
})

test('a userid stands once in a call, whatever its case', () => {
  const rows = [
    { line: 3, userid: 'ana' },
    { line: 4, userid: 'ANA' },
  ]
  expect(faultsOf(rows)).toEqual([[], ['userid: userid repeats line 3: keep one of the two lines']])
})
