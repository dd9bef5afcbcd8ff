import { describe, expect, test } from 'vitest'
import { attributesOf, binaryAttributes, cutAttributes, isBinary, valuesOf } from '../../src/connectors/ldap.entry.ts'

test('names are lower case, single values are lists, and bytes are base64', () => {
  const raw = { dn: 'uid=ines', Mail: 'a@b', cn: ['x', 'y'], objectGUID: Buffer.from([1, 2, 255]), empty: [] }
  expect(Object.fromEntries(attributesOf(raw))).toEqual({ mail: ['a@b'], cn: ['x', 'y'], objectguid: ['AQL/'] })
})

test.each([
  'userPassword',
  'authPassword',
  'unicodePwd',
  'dBCSPwd',
  'ntPwdHistory',
  'lmPwdHistory',
  'pwdHistory',
  'passwordHistory',
  'sambaNTPassword',
  'sambaLMPassword',
  'sambaPasswordHistory',
  'krbPrincipalKey',
  'krbMKey',
  'supplementalCredentials',
  'userPKCS12',
  'ms-Mcs-AdmPwd',
  'msLAPS-Password',
  'msLAPS-EncryptedPassword',
  'ipaNTHash',
])('the secret %s is not read, nor with an option', name => {
  expect(attributesOf({ dn: 'x', [name]: 'secret', [`${name};binary`]: 'secret' }).size).toBe(0)
})

test.each(['jpegPhoto', 'thumbnailPhoto', 'photo', 'audio', 'userCertificate;binary', 'userSMIMECertificate', 'cACertificate'])(
  'the large %s is not read',
  name => {
    expect(attributesOf({ dn: 'x', [name]: 'large' }).size).toBe(0)
  },
)

test.each(binaryAttributes)('%s is bytes, in any case', name => {
  expect([isBinary(name), isBinary(name.toUpperCase())]).toEqual([true, true])
})

test('mail is not bytes', () => {
  expect(isBinary('mail')).toBe(false)
})

test('the values of several names come one after the other', () => {
  const attributes = attributesOf({ dn: 'x', a: ['1', '2'], b: '3' })
  expect(valuesOf(attributes, ['B', 'c', 'A'])).toEqual(['3', '1', '2'])
})

describe('a part of an attribute', () => {
  const attributes = attributesOf({ dn: 'x', 'member;range=0-1': ['a', 'b'], 'member;range=2-*': 'c', 'cn;lang-de': 'd' })
  test('has its place, and the last one is the last', () => {
    expect(cutAttributes(attributes)).toEqual([
      { key: 'member;range=0-1', name: 'member', values: ['a', 'b'], from: 0, last: false },
      { key: 'member;range=2-*', name: 'member', values: ['c'], from: 2, last: true },
    ])
    expect(cutAttributes(attributes, 'member')).toHaveLength(2)
    expect(cutAttributes(attributes, 'cn')).toEqual([])
  })
})
