import { describe, expect, test } from 'vitest'
import { parsePatch } from '../../../src/scim/protocol/patch-operations.ts'
import { userType } from '../../../src/scim/protocol/schema.ts'

const PATCH = 'urn:ietf:params:scim:api:messages:2.0:PatchOp'
const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'
const steps = (...Operations: unknown[]) =>
  parsePatch(userType({}), { schemas: [PATCH], Operations }).map(({ op, path, value, target }) => [op, path, value, target.urn])

test('a step without a path is one for each name, without those that are read-only', () => {
  expect(steps({ op: 'Add', value: { title: 'x', id: '1', schemas: [], 'name.givenName': 'y' } })).toEqual([
    ['add', 'title', 'x', null],
    ['add', 'name.givenName', 'y', null],
  ])
  expect(steps({ op: 'replace', value: { [`${ENTERPRISE}:department`]: 'x', 'urn:x:y': { a: 1 } } })).toEqual([
    ['replace', `${ENTERPRISE}:department`, 'x', ENTERPRISE],
    ['replace', 'urn:x:y', { a: 1 }, 'urn:x:y'],
  ])
})

test('a password is passed over, and the name that Entra ID adds', () => {
  expect(steps({ op: 'replace', path: 'password', value: 'x' }, { OP: 'REPLACE', Path: 'title', Value: 'y', name: 'n' })).toEqual(
    [['replace', 'title', 'y', null]],
  )
})

describe('is refused', () => {
  test.each([
    [[], 'invalidSyntax', 'Operations'],
    [[7], 'invalidSyntax', 'Operations'],
    [[{ op: 'move', path: 'title', value: 'x' }], 'invalidSyntax', 'op'],
    [[{ path: 'title', value: 'x' }], 'invalidSyntax', 'op'],
    [[{ op: 'add', path: 'title', value: 'x', extra: 1 }], 'invalidSyntax', 'extra'],
    [[{ op: 'add', path: 'title' }], 'invalidValue', 'value'],
    [[{ op: 'add', value: 'x' }], 'invalidValue', 'value'],
    [[{ op: 'remove' }], 'noTarget', 'path'],
    [[{ op: 'remove', path: '' }], 'noTarget', 'path'],
    [[{ op: 'remove', path: 'emails', value: [] }], 'invalidValue', 'value'],
    [[{ op: 'add', path: 7, value: 'x' }], 'invalidPath', 'path'],
    [[{ op: 'replace', path: 'id', value: 'x' }], 'mutability', 'path'],
    [[{ op: 'replace', path: 'meta.created', value: 'x' }], 'mutability', 'path'],
    [[{ op: 'replace', path: 'userName[value eq "x"]', value: 'x' }], 'invalidPath', 'path'],
    [[{ op: 'add', value: JSON.parse('{"__proto__":1}') }], 'invalidPath', '__proto__'],
  ])('%j', (operations, scimType, field) => {
    expect(() => steps(...operations)).toThrow(expect.objectContaining({ scimType, field }))
  })

  test('a body of another form, and more than 1,000 operations', () => {
    const type = userType({})
    const many = (count: number) => Array.from({ length: count }, () => ({ op: 'add', path: 'title', value: 'x' }))
    expect(() => parsePatch(type, [])).toThrow(expect.objectContaining({ scimType: 'invalidSyntax', field: 'body' }))
    expect(() => parsePatch(type, { Operations: many(1) })).toThrow(
      expect.objectContaining({ scimType: 'invalidSyntax', field: 'schemas' }),
    )
    expect(steps(...many(1000))).toHaveLength(1000)
    expect(() => steps(...many(1001))).toThrow('Operations must have at most 1000 entries')
  })
})
