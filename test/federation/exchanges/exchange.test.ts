import { expect, test } from 'vitest'
import { redactAndTruncate, redactText } from '../../../src/federation/exchanges/exchange.ts'

test.each([
  'userPassword',
  'unicodePwd',
  'ms-Mcs-AdmPwd',
  'sambaNTPassword',
  'ipaNTHash',
  'krbPrincipalKey',
  'userPKCS12',
  'supplementalCredentials',
])("%s of a directory's entry is not kept", name => {
  expect(redactAndTruncate({ [name]: ['what nobody may read'] })).toMatchObject({
    value: { [name]: '[redacted]' },
    redacted: true,
  })
})

test.each(['title', 'mail', 'krbPrincipalName', 'employeeNumber'])('%s is', name => {
  expect(redactAndTruncate({ [name]: ['plain'] })).toEqual({ value: { [name]: ['plain'] }, whole: true, redacted: false })
})

test('nor a secret that a failure quotes', () => {
  expect(redactText('refused: Authorization: Bearer abcdefgh12345678 is not known')).toBe(
    'refused: Authorization: [redacted] is not known',
  )
})
