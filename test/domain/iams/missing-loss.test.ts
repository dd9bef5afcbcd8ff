import { expect, test } from 'vitest'
import type { IamRecord } from '../../../src/domain/iams/iam.ts'
import { missingIn } from '../../../src/domain/iams/missing-loss.ts'

const missing = (type: string, config: object, scimKeyPrefix: string | null = null) =>
  missingIn({ type, config, scimKeyPrefix } as unknown as IamRecord)

test.each([
  [
    'ldap',
    {},
    ['config.options.host', 'config.options.userSearchBase', 'config.options.userSearchFilter or config.options.userIdAttribute'],
  ],
  ['openid', {}, ['config.options.clientId', 'config.options.discoverUrl']],
  ['saml', {}, ['another type: this version has no log-in by SAML']],
  ['built-in', {}, []],
  ['ldap', { options: {} }, []],
])('%s with %j lacks %j', (type, config, lacks) => {
  expect(missing(type, config)).toEqual(lacks)
})

test('SCIM needs a key, once it is enabled', () => {
  const config = { options: {}, scimEnabled: true }
  expect([missing('ldap', config), missing('ldap', config, 'rs_abc'), missing('ldap', { options: {} })]).toEqual([
    ['a SCIM key (generateScimKey)'],
    [],
    [],
  ])
})
