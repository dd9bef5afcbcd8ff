// Requests 3 and 4, as far as a path alone decides them.
import { describe, expect, test } from 'vitest'
import { Invalid } from '../../src/errors.ts'
import { readParams, userOrId } from '../../src/rest/params.ts'
import { createRewrite, rewrite } from '../../src/rest/paths.ts'

describe('rewrite', () => {
  test.each([
    ['//bim/user', '/bim/user'],
    ['///bim//rpc//user//current', '/bim/rpc/user/current'],
    ['/bim//user//', '/bim/user'],
    ['//bim//iam/bim/user/ana//profile', '/bim/iam/bim/user/ana/profile'],
    ['/bim//iam/bim/user/ana/', '/bim/iam/bim/user/ana'],
    ['//bim/iam/bim/user/ana/authorizations/desk/', '/bim/iam/bim/user/ana/authorizations/desk'],
    ['//bim/iam/bim/user/ana/authorizations/desk//', '/bim/iam/bim/user/ana/authorizations/desk//'],
    ['//iam/north/sync', '/iam/north/sync'],
    ['//apikey//authenticate', '/apikey/authenticate'],
    ['//bim/iam/bim/user/a%2F%2Fb/profile', '/bim/iam/bim/user/a%2F%2Fb/profile'],
  ])('rewrite: %s is %s', (path, single) => {
    expect(rewrite(path)).toBe(single)
  })

  test.each([
    '/bim/iam/bim/user/ana/authorizations//day',
    '/bim/iam/bim/authorizations//day',
    '/bim/iam/bim///authorizations/desk/day',
    '/bim/iam/bim/user//authorizations/desk/day',
    '/bim/iam//user/ana',
    '/bim/iam/bim/user//profile',
    '/bim/group//user',
  ])('rewrite: in %s the empty parameter stays, to be refused', path => {
    expect(rewrite(path)).toBe(path)
  })

  test.each([
    '/bim/user',
    '/bim/iam/bim/user/ana/authorizations/desk//',
    '/bim/iam/bim/user/ana//',
    '/bim/group//7',
    '//graphql',
    '//scim/v2/bim/Users',
    '//',
    '/bim/nowhere//at/all',
  ])('rewrite: %s is left as it is', path => {
    expect(rewrite(path)).toBe(path)
  })

  test('rewrite: the longest path wins, so that an empty parameter never widens a request', () => {
    const one = createRewrite(['/a/:x', '/a/:x/:y/b/:z', '/a/:x/b/:z'])
    expect(one('/a/1///b/2')).toBe('/a/1//b/2')
    expect(one('/a///b/2')).toBe('/a///b/2')
    expect(one('//a//1')).toBe('//a//1')
    expect(one('//a/1')).toBe('/a/1')
  })
})

describe('parameters', () => {
  test('parameters: each is read as what it is', () => {
    const params = {
      iamid: 'bim',
      modelType: 'group',
      groupId: '7',
      keyid: '2147483647',
      groupuserid: '1',
      disable: 'false',
      userid: '7',
    }
    expect(readParams(params)).toEqual({ ...params, groupId: 7, keyid: 2147483647, groupuserid: 1, disable: false })
  })

  test.each([
    ['groupId', '0'],
    ['groupId', '2147483648'],
    ['groupId', '9007199254740993'],
    ['groupuserid', '-1'],
    ['keyid', '1.0'],
    ['keyid', '１'],
    ['groupId', ' 1'],
    ['disable', 'TRUE'],
    ['disable', '1'],
    ['modelType', 'User'],
    ['key', ''],
    ['toString', ''],
  ])('parameters: %s as %j is refused and named', (name, value) => {
    expect(() => readParams({ [name]: value })).toThrow(Invalid)
    expect(() => readParams({ [name]: value })).toThrow(new RegExp(`^${name} must`))
  })

  test('parameters: a name that every object has is only a text', () => {
    expect(readParams({ toString: 'x', constructor: 'y' })).toEqual({ toString: 'x', constructor: 'y' })
  })

  test.each([
    ['17', { iamid: 'bim', id: 17 }],
    ['017', { iamid: 'bim', id: 17 }],
    ['17a', { iamid: 'bim', userid: '17a' }],
    ['１７', { iamid: 'bim', userid: '１７' }],
  ])('parameters: %s names a user as %j', (name, ref) => {
    expect(userOrId('bim', name)).toEqual(ref)
  })

  test('parameters: digits that no id has are refused, not taken for a name', () => {
    expect(() => userOrId('bim', '4815162342')).toThrow(/must be an integer from 1 to 2147483647/)
  })
})
