import { expect, test } from 'vitest'
import { userType } from '../../../src/scim/protocol/schema.ts'
import type { UsedAttribute } from '../../../src/scim/resources/schema-usage.store.ts'
import { describedBy } from '../../../src/scim/resources/schema-usage.ts'

const used = (name: string, more: Partial<UsedAttribute> = {}): UsedAttribute => ({
  urn: null,
  name,
  multi: false,
  types: ['string'],
  parts: [],
  ...more,
})
const type = userType({ schema: { attributeSchema: [{ scimSchema: 'urn:X:y', prefix: 'x' }] } })
const added = (held: UsedAttribute[]) => describedBy(type, held).core.attributes.slice(type.core.attributes.length)

test.each([
  [['string'], 'string'],
  [['null'], 'string'],
  [['boolean', 'null'], 'boolean'],
  [['number'], 'decimal'],
  [['object'], 'complex'],
  [['string', 'number'], 'string'],
] as const)('values of %j are %s', (types, found) => {
  expect(added([used('own', { types })])).toMatchObject([{ name: 'own', type: found, multiValued: false }])
})

test('spellings of one name are one, its parts together; a described one and one that no path can have are left out', () => {
  const held = [
    used('own', { types: ['object'], parts: ['a', 'B'] }),
    used('OWN', { types: ['object'], parts: ['b', 'c d'], multi: true }),
    used('UserName'),
    used('a b'),
  ]
  expect(added(held)).toMatchObject([
    { name: 'own', type: 'complex', multiValued: true, subAttributes: [{ name: 'a' }, { name: 'b' }] },
  ])
})

test('extensions have the spelling of the configuration, and none is open any more', () => {
  const { extensions, open } = describedBy(type, [used('a', { urn: 'URN:x:Y' }), used('b', { urn: 'urn:other' })])
  expect(extensions.slice(type.extensions.length).map(({ id, attributes }) => [id, attributes.map(({ name }) => name)])).toEqual([
    ['urn:X:y', ['a']],
    ['urn:other', ['b']],
  ])
  expect(open).toEqual([])
})
