import { expect, test } from 'vitest'
import { lastExternalRefresh, type UserRecord, withVisibility } from '../../../src/domain/users/user.ts'

const [first, second, third] = [new Date(1), new Date(2), new Date(3)]
const user = (more: object) => ({ createdAt: first, lastLogin: null, lastExternalRefresh: null, ...more }) as UserRecord

test('the last refresh is that of the source, else the last log-in, else the creation', () => {
  expect(lastExternalRefresh(user({}))).toBe(first)
  expect(lastExternalRefresh(user({ lastLogin: second }))).toBe(second)
  expect(lastExternalRefresh(user({ lastLogin: third, lastExternalRefresh: second }))).toBe(second)
})

test('a view belongs to the copy alone', () => {
  const given = user({ id: 1 })
  expect(withVisibility(given, 'list')).toEqual({ ...given, view: 'list' })
  expect(given.view).toBeUndefined()
})
