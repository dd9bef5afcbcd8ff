import { expect, test } from 'vitest'
import { suggestion } from '../../../../src/domain/iams/config/suggestions.ts'

test.each([
  ['ldap', ['options', 'hots'], 'did you mean host?'],
  ['ldap', ['options', 'HOST'], 'did you mean host?'],
  ['ldap', ['options', 'userSearchBsae'], 'did you mean userSearchBase?'],
  ['ldap', ['displayname'], 'did you mean displayName?'],
  ['ldap', ['host'], 'it belongs at config.options.host'],
  ['openid', ['clientId'], 'it belongs at config.options.clientId'],
  ['ldap', ['options', 'clientId'], null],
  ['ldap', ['options', 'something else'], null],
  ['ldap', ['options', 'x'.repeat(1_000_000)], null],
  ['ldap', [], null],
] as const)('%s: %j', (type, steps, text) => {
  expect(suggestion(type, steps)).toBe(text)
})
