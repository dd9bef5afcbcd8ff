import { describe, expect, test } from 'vitest'
import { keyOf, located, resolve, wholeExtension, withExtensionsOf } from '../../../src/scim/protocol/attribute-paths.ts'
import { groupType, userType } from '../../../src/scim/protocol/schema.ts'

const CORE = 'urn:ietf:params:scim:schemas:core:2.0:User'
const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'
const [open, strict] = [userType({}), userType({ strictScimSchema: true })]
const at = (path: string, type = strict) => {
  const { urn, attribute, sub } = resolve(type, path)
  return [urn, attribute?.name ?? null, sub?.name ?? null]
}

describe('a path', () => {
  test.each([
    ['userName', [null, 'userName', null]],
    ['USERNAME', [null, 'userName', null]],
    ['name.givenName', [null, 'name', 'givenName']],
    [`${CORE}:emails.value`, [null, 'emails', 'value']],
    [`${ENTERPRISE}:department`, [ENTERPRISE, 'department', null]],
    [`${ENTERPRISE.toUpperCase()}:MANAGER.value`, [ENTERPRISE, 'manager', 'value']],
    [ENTERPRISE, [ENTERPRISE, null, null]],
    ['manager.value', [ENTERPRISE, 'manager', 'value']],
    ['meta.lastModified', [null, 'meta', 'lastModified']],
  ])('%s', (path, target) => {
    expect(at(path)).toEqual(target)
  })

  test.each(['own', 'name.own', 'name.givenName.x', '', '.', CORE, `${CORE}:own`, 'urn:x:y:attribute', `${ENTERPRISE}:own`])(
    '%s is none of a described user',
    path => {
      expect(() => at(path)).toThrow(expect.objectContaining({ scimType: 'invalidPath', field: 'path' }))
      expect(() => resolve(strict, path, 'invalidFilter')).toThrow(
        expect.objectContaining({ scimType: 'invalidFilter', field: 'filter' }),
      )
    },
  )

  test('of an open type may be undescribed', () => {
    expect(at('own.part', open)).toEqual([null, 'own', 'part'])
    expect(at('urn:x:y:own', open)).toEqual(['urn:x:y', 'own', null])
    expect(at('urn:x:2.0:User', open)).toEqual(['urn:x:2.0:User', null, null])
    expect(() => at('__proto__', open)).toThrow('names __proto__, which a User does not have')
    expect(() => at('members.own', groupType({ strictScimSchema: true }))).toThrow('a Group does not have')
  })
})

test('a key is found without case, the exact one first', () => {
  expect([keyOf({ a: 1, A: 2 }, 'A'), keyOf({ aB: 1 }, 'Ab'), keyOf({}, 'x')]).toEqual(['A', 'aB', 'x'])
})

test('an unqualified name means the core of a resource that holds it', () => {
  const target = resolve(strict, 'department')
  expect(located({}, target).urn).toBe(ENTERPRISE)
  expect(located({ Department: 'x' }, target)).toMatchObject({ urn: null, attribute: { name: 'Department', type: 'any' } })
})

test('extensions that a resource holds end their URNs', () => {
  const type = withExtensionsOf(open, { 'urn:x:1.0:y': {}, [ENTERPRISE]: {}, plain: 1 })
  expect(type.open).toEqual(['urn:x:1.0:y'])
  expect(at('urn:x:1.0:y:own', type)).toEqual(['urn:x:1.0:y', 'own', null])
  expect(withExtensionsOf(open, { plain: 1 })).toBe(open)
  expect([
    wholeExtension(open, 'urn:x:y'),
    wholeExtension(open, `${ENTERPRISE}:department`),
    wholeExtension(strict, 'urn:x:y'),
  ]).toEqual(['urn:x:y', null, null])
})
