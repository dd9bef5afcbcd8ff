import { expect, test } from 'vitest'
import { toGlobalId } from '../../../src/api/graphql/node.ids.ts'
import { userFilter, userSort } from '../../../src/api/rest/users.filter.ts'

test('the parameters of REST become the filter of the schema, without paging', () => {
  expect(
    userFilter({ size: 5, offset: 1, sortField: 'name', sortOrder: 'desc', iamid: ['bim'], excludeBIM: true, name: 'a' }),
  ).toEqual({
    iamids: ['bim'],
    excludeBim: true,
    name: 'a',
  })
  expect(userFilter({ userAttributes: [{ key: 'desk', value: 'day' }], groupIds: [1], profileIds: [2] })).toEqual({
    attributes: [{ key: 'desk', value: 'day' }],
    groupIds: [toGlobalId('Group', 1)],
    profileIds: [toGlobalId('Profile', 2)],
  })
})

test.each([
  ['name', 'NAME'],
  ['createdAt', 'CREATED_AT'],
  ['iamid', 'IAMID'],
  ['email', 'EMAIL'],
  ['username', 'USERID'],
  ['lastLogin', 'LAST_LOGIN'],
] as const)('the order by %s is %s', (sortField, field) => {
  expect(userSort({ sortField, sortOrder: 'desc' })).toEqual({ field, direction: 'DESC' })
  expect(userSort({ sortField })).toEqual({ field, direction: 'ASC' })
})

test('the order is by name unless another is given', () => {
  expect(userSort({})).toEqual({ field: 'NAME', direction: 'ASC' })
})
