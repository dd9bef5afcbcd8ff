import { expect, test } from 'vitest'
import { NO_ENTRY_ID } from '../../src/connectors/ldap.ids.ts'
import { entryIdsOf, hasNoEntryIds, openidIdOf, sourceIdsOf } from '../../src/federation/source-ids.ts'

test.each([
  [{ iss: 'https://idp', sub: 'x' }, 'https://idp#x'],
  [{ iss: 'https://idp', sub: 'x#y' }, 'https://idp#x#y'],
  [{ iss: 'i', sub: 'x'.repeat(598) }, `i#${'x'.repeat(598)}`],
  [{ iss: 'i', sub: 'x'.repeat(599) }, null],
  [{ iss: 'https://idp#x', sub: 'y' }, null],
  [{ iss: 'https://idp', sub: '' }, null],
  [{ iss: 'https://idp', sub: 7 }, null],
  [{ iss: 'https://idp', sub: 'a\0b' }, null],
  [{ iss: 'https://idp', sub: '\ud800' }, null],
  [{ sub: 'x' }, null],
])('claims %#', (claims, id) => {
  expect(openidIdOf(claims)).toEqual(id === null ? null : { source: 'openid', id })
})

test('whether entries are known by an id', () => {
  const of = (config: object, idsMissingSince: Date | null = null, type = 'ldap') =>
    entryIdsOf({ type, config, idsMissingSince } as never)
  const off = { options: { entryIdAttribute: NO_ENTRY_ID } }
  expect([of({}), of({ options: {} }, null, 'openid'), of({ options: {} }), of({ options: {} }, new Date(0)), of(off)]).toEqual([
    null,
    null,
    'READ',
    'MISSING',
    'OFF',
  ])
  expect([hasNoEntryIds({ config: off } as never), hasNoEntryIds({ config: {} } as never)]).toEqual([true, false])
})

test('the ids of a user are those that it has, by their kind', () => {
  expect(sourceIdsOf({ directoryId: 'd', openidId: null, samlId: 's' })).toEqual([
    { source: 'directory', id: 'd' },
    { source: 'saml', id: 's' },
  ])
})
