import { describe, expect, test } from 'vitest'
import {
  domainPermissionWarnings,
  groupPermissionWarnings,
  permissionWarnings,
} from '../../src/authorization/permission-warnings.ts'
import { DOMAIN_PERMISSIONS, knownPermissions } from '../../src/authorization/permissions.ts'

const warning = (field: string, given: string, close: string) => ({
  code: 'SIMILAR_PERMISSION',
  field,
  message: `${given} was taken as a custom permission: did you mean ${close}?`,
})

describe('a permission', () => {
  test('that is known has no warning', () => {
    expect(permissionWarnings('permissions', knownPermissions)).toEqual([])
    expect(DOMAIN_PERMISSIONS.flatMap(permission => domainPermissionWarnings('permission', permission))).toEqual([])
  })

  test.each(['LEDGER', 'X1', 'REPORTS_READ', 'A'.repeat(64)])('like no known one has no warning: %s', permission => {
    expect(permissionWarnings('permissions', [permission])).toEqual([])
  })

  test.each([
    ['USER_ADMN', 'USER_ADMIN'],
    ['USERS_ADMIN', 'USER_ADMIN'],
    ['AUDTI', 'AUDIT'],
    ['GOVERNENCE', 'GOVERNANCE'],
    ['CREATE_PROJECTS', 'CREATE_PROJECT'],
  ])('close to a known one is named by its place: %s', (given, close) => {
    expect(permissionWarnings('permissions', ['LEDGER', given])).toEqual([warning('permissions[1]', given, close)])
  })

  test('of a group is named with the group', () => {
    expect(groupPermissionWarnings('groupPermissions', { Finance: ['LEDGER', 'AUDTI'], Sales: null })).toEqual([
      warning('groupPermissions.Finance[1]', 'AUDTI', 'AUDIT'),
    ])
  })

  test.each([
    ['manage policies', 'Manage Policies'],
    ['Audit Activities', 'Audit Activity'],
  ])('within a domain is compared with those of domains: %s', (given, close) => {
    expect(domainPermissionWarnings('permission', given)).toEqual([warning('permission', given, close)])
  })
})

test('no list at all has no warnings', () => {
  expect([null, undefined].flatMap(given => permissionWarnings('permissions', given))).toEqual([])
})
