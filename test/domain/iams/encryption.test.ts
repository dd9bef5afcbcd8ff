import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { decrypt, encrypt } from '../../../src/domain/iams/encryption.ts'
import { Unprocessable } from '../../../src/platform/errors.ts'

const key = randomBytes(32)
const path = 'credentials.bind_pw'

test.each(['s', 'correct horse', 'ключ🗝', 'x'.repeat(65_536)])('what was sealed opens', secret => {
  expect(decrypt([key], { iamid: 'north', path, encrypted: encrypt(key, { iamid: 'north', path, secret }) })).toBe(secret)
})

test('a sealed secret does not hold the secret, nor twice the same text', () => {
  const [one, two] = [
    encrypt(key, { iamid: 'north', path, secret: 'correct horse' }),
    encrypt(key, { iamid: 'north', path, secret: 'correct horse' }),
  ]
  expect(one.text).not.toBe(two.text)
  expect(one.nonce).not.toBe(two.nonce)
  expect(Buffer.from(one.nonce, 'base64url')).toHaveLength(12)
  expect(Buffer.from(one.text, 'base64url').toString('latin1')).not.toContain('correct')
})

test('fingerprints tell equal secrets of one place, and nothing else', () => {
  const { fingerprint } = encrypt(key, { iamid: 'north', path, secret: 'secret' })
  expect(encrypt(key, { iamid: 'north', path, secret: 'secret' }).fingerprint).toBe(fingerprint)
  expect(encrypt(key, { iamid: 'north', path, secret: 'other' }).fingerprint).not.toBe(fingerprint)
  expect(encrypt(key, { iamid: 'south', path, secret: 'secret' }).fingerprint).not.toBe(fingerprint)
  expect(encrypt(key, { iamid: 'north', path: 'options.key', secret: 'secret' }).fingerprint).not.toBe(fingerprint)
  expect(encrypt(randomBytes(32), { iamid: 'north', path, secret: 'secret' }).fingerprint).not.toBe(fingerprint)
})

test('opens in its own place only', () => {
  const sealed = encrypt(key, { iamid: 'north', path, secret: 'secret' })
  expect(() => decrypt([key], { iamid: 'south', path, encrypted: sealed })).toThrow(Unprocessable)
  expect(() => decrypt([key], { iamid: 'north', path: 'options.key', encrypted: sealed })).toThrow(Unprocessable)
})

test('refuses what was altered, by one bit anywhere', () => {
  const sealed = encrypt(key, { iamid: 'north', path, secret: 'secret' })
  const bytes = Buffer.from(sealed.text, 'base64url')
  for (let at = 0; at < bytes.length; at++) {
    const altered = Buffer.from(bytes)
    altered[at]! ^= 1
    expect(() => decrypt([key], { iamid: 'north', path, encrypted: { ...sealed, text: altered.toString('base64url') } })).toThrow(
      Unprocessable,
    )
  }
  expect(() => decrypt([key], { iamid: 'north', path, encrypted: { ...sealed, text: '' } })).toThrow(Unprocessable)
  expect(() =>
    decrypt([key], { iamid: 'north', path, encrypted: { ...sealed, text: bytes.subarray(1).toString('base64url') } }),
  ).toThrow(Unprocessable)
})

test('says that another instance key sealed it', () => {
  const sealed = encrypt(randomBytes(32), { iamid: 'north', path, secret: 'secret' })
  expect(() => decrypt([key], { iamid: 'north', path, encrypted: sealed })).toThrow(/encrypted with another instance key/)
})

test('opens with whichever key sealed it', () => {
  const [now, before] = [randomBytes(32), randomBytes(32)]
  const [fresh, old] = [
    encrypt(now, { iamid: 'north', path, secret: 'fresh' }),
    encrypt(before, { iamid: 'north', path, secret: 'old' }),
  ]
  expect([
    decrypt([now, before], { iamid: 'north', path, encrypted: fresh }),
    decrypt([now, before], { iamid: 'north', path, encrypted: old }),
  ]).toEqual(['fresh', 'old'])
  expect(() => decrypt([now], { iamid: 'north', path, encrypted: old })).toThrow(Unprocessable)
  expect(() => decrypt([now, before], { iamid: 'north', path, encrypted: { ...old, key: fresh.key } })).toThrow(
    /cannot be decrypted/,
  )
})
