// Every name of a secret one by one, and every look of one: each has an example that nothing else catches.
import { describe, expect, test } from 'vitest'
import {
  MAX_BYTES,
  redactAndTruncate,
  redactFilter,
  redactText,
  withoutSecrets,
} from '../../../src/federation/exchanges/exchange.ts'

const NAMES = [
  'passwd',
  'Password',
  'passphrase',
  'pwdLastSet',
  'unicodePwd',
  'ntPwdHistory',
  'clientSecret',
  'refreshToken',
  'token',
  'Authorization',
  'proxy-authorization',
  'apikey',
  'api_key',
  'X-Api-Key',
  'privateKey',
  'private_key',
  'private-key',
  'credentials',
  'Set-Cookie',
  'scimKey',
  'scim_key',
  'bind_pw',
  'bindPw',
  'krbPrincipalKey',
  'ipaNTHash',
  'lmHash',
  'userPKCS12',
]

describe.each(NAMES)('the secret %s', name => {
  const hidden = { [name]: '[redacted]' }
  test('is not kept, however deep', () => {
    expect(redactAndTruncate({ a: [{ [name]: 'hunter2' }] })).toEqual({ value: { a: [hidden] }, whole: true, redacted: true })
    expect(withoutSecrets({ a: [{ [name]: ['hunter2'] }], b: 'x' })).toEqual({ a: [hidden], b: 'x' })
  })
  test('is not kept where a path or a filter names it', () => {
    expect(redactAndTruncate({ op: 'add', path: name, value: 'hunter2' }).value).toEqual({
      op: 'add',
      path: name,
      value: '[redacted]',
    })
    expect(redactFilter(`${name} eq "hunter2"`)).toBe('[redacted]')
    expect(redactFilter(name)).toBe(name)
  })
})

test.each(['authorizations', 'passport', 'monkey', 'key', 'keyid', 'authorization_endpoint', 'hash', 'title'])(
  '%s is no secret',
  name => {
    expect(redactAndTruncate({ [name]: 'kept' })).toEqual({ value: { [name]: 'kept' }, whole: true, redacted: false })
    expect(withoutSecrets({ [name]: 'kept' })).toEqual({ [name]: 'kept' })
  },
)

describe('in whatever text', () => {
  test.each(['rk_', 'rt_', 'ri_', 'rs_', 'RT_'])('our own %s… is not kept', prefix => {
    const secret = prefix + 'a1'.repeat(10)
    expect(redactText(`with ${secret}, and`)).toBe('with [redacted], and')
    expect(redactText(secret.slice(0, -1)), 'shorter than any').toBe(secret.slice(0, -1))
  })
  test.each(['Bearer', 'basic', 'BASIC'])('%s credentials are not kept', scheme => {
    expect(redactText(`${scheme} abcd1234`)).toBe('[redacted]')
    expect(redactText(`${scheme} abcd123`), 'too short').toBe(`${scheme} abcd123`)
  })
  test('NUL and half a character become what the store takes', () => {
    expect(redactText('a\0b\ud800')).toBe('a\uFFFDb\uFFFD')
  })
})

test('an event of Roster keeps a count whose name looks like that of a secret', () => {
  expect(redactAndTruncate({ revokedTokens: 3 }, true).value).toEqual({ revokedTokens: 3 })
})

test('what is longer than the bound is cut, and says so', () => {
  const of = (length: number) => redactAndTruncate({ list: Array.from({ length }, () => 'x'.repeat(98)) })
  expect(of(10)).toMatchObject({ whole: true })
  const cut = of(1_000)
  expect(cut.whole).toBe(false)
  expect(Buffer.byteLength(JSON.stringify(cut.value))).toBeLessThan(MAX_BYTES * 1.1)
  expect(JSON.stringify(cut.value)).toMatch(/"and \d+ more"\]\}$/)
})
