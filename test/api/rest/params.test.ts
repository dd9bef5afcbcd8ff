import { expect, test } from 'vitest'
import { booleanFrom, idFrom, readParams, userOrId } from '../../../src/api/rest/params.ts'

const refused = (field: string, rule: string) =>
  expect.objectContaining({ code: 'BAD_USER_INPUT', field, message: `${field} ${rule}` })

test.each(['1', '2147483647', '007'])('%s is an id', text => {
  expect(idFrom('groupId', text)).toBe(Number(text))
})
test.each(['0', '2147483648', '-1', '1.0', '1e3', '', ' 1', '١', '9'.repeat(400)])('%j is none', text => {
  expect(() => idFrom('groupId', text)).toThrow(refused('groupId', 'must be an integer from 1 to 2147483647'))
})

test.each([
  ['true', true],
  ['True', true],
  ['FALSE', false],
  ['1', null],
  ['', null],
  ['falsee', null],
  ['trueſ', null],
])('%j is %s', (text, value) => {
  expect(booleanFrom(text)).toBe(value)
})

test('each parameter is read as what it is', () => {
  expect(
    readParams({ groupId: '7', keyid: '8', groupuserid: '9', disable: 'True', modelType: 'group', userid: '10', toString: 'x' }),
  ).toEqual({
    groupId: 7,
    keyid: 8,
    groupuserid: 9,
    disable: true,
    modelType: 'group',
    userid: '10',
    toString: 'x',
  })
})

test.each([
  [{ userid: '' }, 'userid', 'must not be empty'],
  [{ groupId: '' }, 'groupId', 'must not be empty'],
  [{ disable: 'yes' }, 'disable', 'must be true or false'],
  [{ modelType: 'users' }, 'modelType', 'must be user or group'],
])('%j is refused', (params, field, rule) => {
  expect(() => readParams(params as Record<string, string>)).toThrow(refused(field, rule))
})

test('a user by digits is meant by the id', () => {
  expect([userOrId('bim', '12'), userOrId('bim', '12a')]).toEqual([
    { inIam: { iamid: 'bim', databaseId: 12 } },
    { name: { iamid: 'bim', userid: '12a' } },
  ])
  expect(() => userOrId('bim', '0')).toThrow(refused('userid', 'must be an integer from 1 to 2147483647'))
})
