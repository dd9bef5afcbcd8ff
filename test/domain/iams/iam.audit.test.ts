import { expect, test } from 'vitest'
import { auditSnapshot, iamConfiguredEvent } from '../../../src/domain/iams/iam.audit.ts'
import type { IamRecord } from '../../../src/domain/iams/iam.ts'

const iam = {
  id: 'corp',
  displayName: 'Corp',
  type: 'ldap',
  defaultPermissions: ['AUDIT'],
  config: { b: 1, a: { d: 2, c: 3 } },
  secrets: { z: 'fingerprint' },
  scimKeyPrefix: 'rs_abc',
} as unknown as IamRecord
const rule = (groupName: string, permission: string) => ({ iamid: 'corp', groupName, groupKey: groupName, permission })

test('equal facts are equal as text, whatever their order, and nothing else is in them', () => {
  const one = auditSnapshot(iam, [rule('x', 'B'), rule('x', 'A')])
  const other = auditSnapshot({ ...iam, config: { a: { c: 3, d: 2 }, b: 1 } } as IamRecord, [rule('x', 'A'), rule('x', 'B')])
  expect(JSON.stringify(one)).toBe(JSON.stringify(other))
  expect(one).toEqual({
    displayName: 'Corp',
    type: 'ldap',
    defaultPermissions: ['AUDIT'],
    groupPermissions: { x: ['A', 'B'] },
    config: { a: { c: 3, d: 2 }, b: 1 },
    secrets: { z: 'fingerprint' },
  })
})

test('the event names the IAM', () => {
  expect(iamConfiguredEvent(iam, null, { a: 1 })).toEqual({
    event: 'iamConfigured',
    target: { type: 'iam', id: 'corp', name: 'Corp' },
    before: null,
    after: { a: 1 },
  })
})
