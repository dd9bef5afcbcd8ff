import { expect, test } from 'vitest'
import {
  ADMINISTRATIVE,
  ADMINS_AND_GOVERNORS,
  FIRST_ADMINISTRATOR,
  isAdministrative,
} from '../../src/authorization/permissions.ts'

test.each(['APPLICATION_ADMIN', 'USER_ADMIN', 'GOVERNANCE', 'AUDIT', 'IMPERSONATE_USER'])('%s is administrative', permission => {
  expect(isAdministrative(permission)).toBe(true)
  expect(FIRST_ADMINISTRATOR).toContain(permission)
})

test.each(['CREATE_PROJECT', 'PROJECT_MANAGEMENT', 'user_admin', 'USER_ADMIN ', '', 'toString'])('%j is not', permission => {
  expect(isAdministrative(permission)).toBe(false)
})

test('the lists are exactly these', () => {
  expect(ADMINISTRATIVE).toHaveLength(5)
  expect(ADMINS_AND_GOVERNORS).toEqual(['APPLICATION_ADMIN', 'USER_ADMIN', 'GOVERNANCE'])
  expect(FIRST_ADMINISTRATOR).toEqual([...ADMINISTRATIVE, 'PROJECT_MANAGEMENT', 'CREATE_PROJECT', 'CREATE_DATA_SOURCE'])
})
