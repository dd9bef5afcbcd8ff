// Who may grant what, by the permissions of the actor alone. Rules that read the store are in test/security/escalation.test.ts.
import { describe, expect, test } from 'vitest'
import type { ServiceContext } from '../../../src/authorization/service.ts'
import { assertMayChangeNames, assertMayGrant, assertMayManageAll } from '../../../src/domain/users/privilege-rules.ts'

const call = (permissions: readonly string[], grants = 'strict', kind = 'user') =>
  ({
    actor: { kind, user: { id: 1 }, permissions: new Set(permissions) },
    app: { config: { grants } },
    get db(): never {
      throw new Error('the store is asked')
    },
  }) as unknown as ServiceContext

describe('granting', () => {
  test.each(['APPLICATION_ADMIN', 'USER_ADMIN', 'GOVERNANCE', 'AUDIT', 'IMPERSONATE_USER'])('%s needs it', permission => {
    expect(() => assertMayGrant(call([]), ['CREATE_PROJECT', permission, permission])).toThrow(
      expect.objectContaining({
        code: 'FORBIDDEN',
        message: `You need ${permission} to grant or remove it: ask a user who holds it`,
      }),
    )
    expect(() => assertMayGrant(call([permission]), [permission])).not.toThrow()
    expect(() => assertMayGrant(call([], 'documented'), [permission])).not.toThrow()
    expect(() => assertMayGrant(call([], 'strict', 'machine'), [permission])).not.toThrow()
    expect(() => assertMayGrant(call([permission], 'strict', 'anonymous'), [permission])).toThrow('You need')
  })

  test('a permission without a documented meaning needs nothing', () => {
    expect(() => assertMayGrant(call([]), ['CREATE_PROJECT', 'my own'])).not.toThrow()
  })
})

test('nobody else is managed: the store is not asked', async () => {
  await assertMayManageAll(call([]), [])
  await assertMayManageAll(call([]), [1, 1])
  await expect(assertMayManageAll(call([]), [1, 2])).rejects.toThrow('the store is asked')
})

describe('names in other systems', () => {
  test.each(['sqlUser', 'externalUserIds'])('%s is for a USER_ADMIN', async field => {
    await expect(assertMayChangeNames(call(['GOVERNANCE']), 1, ['phone', field])).rejects.toMatchObject({
      code: 'FORBIDDEN',
      message: `profile.${field} is an identity in other systems: you need USER_ADMIN to change it`,
    })
    await assertMayChangeNames(call(['USER_ADMIN']), 1, [field])
    await assertMayChangeNames(call([], 'documented'), 1, [field])
    await assertMayChangeNames(call([], 'strict', 'machine'), 1, [field])
  })
  test('any other field is not', async () => {
    await assertMayChangeNames(call([]), 2, ['phone', 'about'])
  })
})
