import { expect, test } from 'vitest'
import {
  extensionOf,
  findAttribute,
  groupType,
  mappedSchemas,
  partOf,
  schemasOf,
  undescribed,
  userType,
} from '../../../src/scim/protocol/schema.ts'

const CORE = 'urn:ietf:params:scim:schemas:core:2.0:User'
const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'
const mapping = (...urns: string[]) => ({ schema: { attributeSchema: urns.map(scimSchema => ({ scimSchema, prefix: 'p' })) } })

test('schemas of the configuration are open once; described ones are not', () => {
  expect(userType(mapping('urn:x:y', 'urn:x:y', CORE, ENTERPRISE.toUpperCase())).open).toEqual(['urn:x:y'])
  expect([userType({}).strict, userType({ strictScimSchema: true }).strict, groupType({}).open]).toEqual([false, true, []])
  expect(mappedSchemas({})).toEqual([])
})

test.each([
  ['urn:x:y', false, 'urn:x:y'],
  ['URN:Known:One', false, 'urn:known:one'],
  ['urn:known:one', true, 'urn:known:one'],
  ['urn:x:y', true, null],
  ['urn:ietf:params:scim:schemas:core:2.0:Group', false, null],
  ['urn:', false, null],
  [`urn:${'x'.repeat(200)}`, false, `urn:${'x'.repeat(200)}`],
  [`urn:${'x'.repeat(201)}`, false, null],
  ['x:y', false, null],
])('the extension %s, strict %s, is %s', (urn, strictScimSchema, found) => {
  expect(extensionOf(userType({ ...mapping('urn:known:one'), strictScimSchema }), urn)).toBe(found)
})

test.each([
  ['a', true],
  ['$ref', true],
  ['a'.repeat(254), true],
  ['a'.repeat(255), false],
  ['', false],
  ['1a', false],
  ['a b', false],
  ["a'", false],
  ['__proto__', false],
  ['constructor', false],
])('the name %s may be undescribed: %s', (name, may) => {
  expect(undescribed(name) !== null).toBe(may)
})

test('parts are found without case; an unknown one only where resources are open', () => {
  const { attributes } = userType({}).core
  const [emails, userName] = [findAttribute(attributes, 'EMAILS')!, findAttribute(attributes, 'username')!]
  expect(partOf(emails, 'Value', true)?.name).toBe('value')
  expect([partOf(emails, 'own', true), partOf(emails, 'own', false)?.type]).toEqual([null, 'any'])
  expect([partOf(userName, 'own', false), partOf(undescribed('x')!, 'own', true)?.type]).toEqual([null, 'any'])
})

test('the schemas of a document', () => {
  expect(schemasOf(userType({}), { userName: 'x', [ENTERPRISE]: {}, 'URN:x': {} })).toEqual([CORE, ENTERPRISE, 'URN:x'])
  expect(schemasOf(groupType({}), {})).toEqual(['urn:ietf:params:scim:schemas:core:2.0:Group'])
})
