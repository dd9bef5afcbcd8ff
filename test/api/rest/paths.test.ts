// Requests 3 and 4: what the parameters of a path may be.
import { describe, expect, test } from 'vitest'
import { readParams, userOrId } from '../../../src/api/rest/params.ts'
import { Invalid } from '../../../src/platform/errors.ts'

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
    ['disable', 'x'],
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
    ['17', { inIam: { iamid: 'bim', databaseId: 17 } }],
    ['017', { inIam: { iamid: 'bim', databaseId: 17 } }],
    ['17a', { name: { iamid: 'bim', userid: '17a' } }],
    ['１７', { name: { iamid: 'bim', userid: '１７' } }],
  ])('parameters: %s names a user as %j', (name, ref) => {
    expect(userOrId('bim', name)).toEqual(ref)
  })

  test('parameters: digits that no id has are refused, not taken for a name', () => {
    expect(() => userOrId('bim', '4815162342')).toThrow(/must be an integer from 1 to 2147483647/)
  })
})
