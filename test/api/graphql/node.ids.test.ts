// Global ids: one for each object, and nothing else is one.
import { expect, test } from 'vitest'
import { fromGlobalId, hasIntegerKey, nodeTypes, toGlobalId, uuid } from '../../../src/api/graphql/node.ids.ts'

test('are of the characters that URLs take, and lead back to type and key', () => {
  for (const [type, key] of [
    ['User', 1],
    ['AttributeKey', 'straße ?&/'],
    ['Domain', '00000000-0000-4000-8000-000000000000'],
    ['AuditEvent', '123456789012345678'],
  ] as const) {
    const id = toGlobalId(type, key)
    expect(id).toMatch(/^[\w-]+$/)
    expect(fromGlobalId(id)).toEqual({ type, key })
  }
})

test('keys that are integers are read as numbers, others as text', () => {
  for (const type of nodeTypes.filter(hasIntegerKey)) expect(fromGlobalId(toGlobalId(type, 7))).toEqual({ type, key: 7 })
  expect(nodeTypes.filter(type => !hasIntegerKey(type))).toEqual([
    'Iam',
    'Domain',
    'DomainPermission',
    'AuditEvent',
    'Exchange',
    'AttributeKey',
  ])
})

test('a UUID is read in any case, and has one form', () => {
  expect(uuid('ABCDEF00-0000-4000-8000-000000000000')).toBe('abcdef00-0000-4000-8000-000000000000')
  expect(uuid('x')).toBeUndefined()
  expect(fromGlobalId(Buffer.from('Domain:ABCDEF00-0000-4000-8000-000000000000').toString('base64url'))).toBeNull()
})
