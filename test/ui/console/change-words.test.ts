import { expect, test } from 'vitest'
import { fieldChanges, fieldWords } from '../../../src/ui/console/parts/change-words.ts'

test.each<[string, unknown, unknown, unknown]>([
  ['lists', { permissions: ['A', 'B'] }, { permissions: ['B', 'C'] }, [{ field: 'permissions', removed: ['A'], added: ['C'] }]],
  ['members by name', null, { members: [{ id: 1, name: 'bim/ada' }] }, [{ field: 'members', removed: [], added: ['bim/ada'] }]],
  [
    'values',
    { disabled: false },
    { disabled: true, revokedTokens: 2 },
    [
      { field: 'disabled', removed: ['no'], added: ['yes'] },
      { field: 'revokedTokens', removed: [], added: ['2'] },
    ],
  ],
  [
    'attributes by key',
    { attributes: { Country: ['NL'] } },
    { attributes: { Country: ['NL', 'PT'] }, source: 'harbour' },
    [
      { field: 'Country', removed: [], added: ['PT'] },
      { field: 'source', removed: [], added: ['harbour'] },
    ],
  ],
  ['objects', { config: { a: 1 } }, { config: { a: 2 } }, [{ field: 'config', removed: ['{"a":1}'], added: ['{"a":2}'] }]],
  ['empty text', { email: '' }, { email: 'a@b.c' }, [{ field: 'email', removed: [], added: ['a@b.c'] }]],
  ['no fields', 'old', 'new', [{ field: 'value', removed: ['old'], added: ['new'] }]],
  ['nothing', null, null, []],
  ['no difference', { a: [1] }, { a: [1] }, []],
])('%s', (_, before, after, expected) => expect(fieldChanges(before, after)).toEqual(expected))

test('fields are words, attribute keys stay', () => {
  expect(fieldWords('revokedTokens')).toBe('revoked tokens')
  expect(fieldWords('Cost centre')).toBe('Cost centre')
})
