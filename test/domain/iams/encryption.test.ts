import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { decrypt, encrypt } from '../../../src/domain/iams/encryption.ts'
import { Unprocessable } from '../../../src/platform/errors.ts'

const key = randomBytes(32)
const path = 'credentials.bind_pw'

test.each(['s', 'correct horse', 'ключ🗝', 'x'.repeat(65_536)])('an encrypted secret is decrypted', secret => {
  expect(decrypt([key], { iamid: 'north', path, encrypted: encrypt(key, { iamid: 'north', path, secret }) })).toBe(secret)
})

test('an encrypted secret does not hold the secret, and no two have the same text', () => {
  const [one, two] = [
    encrypt(key, { iamid: 'north', path, secret: 'correct horse' }),
    encrypt(key, { iamid: 'north', path, secret: 'correct horse' }),
  ]
  expect(one.text).not.toBe(two.text)
  expect(one.nonce).not.toBe(two.nonce)
  expect(Buffer.from(one.nonce, 'base64url')).toHaveLength(12)
  expect(Buffer.from(one.text, 'base64url').toString('latin1')).not.toContain('correct')
})

test('fingerprints show equal secrets of one path, and nothing else', () => {
  const { fingerprint } = encrypt(key, { iamid: 'north', path, secret: 'secret' })
  expect(encrypt(key, { iamid: 'north', path, secret: 'secret' }).fingerprint).toBe(fingerprint)
  expect(encrypt(key, { iamid: 'north', path, secret: 'other' }).fingerprint).not.toBe(fingerprint)
  expect(encrypt(key, { iamid: 'south', path, secret: 'secret' }).fingerprint).not.toBe(fingerprint)
  expect(encrypt(key, { iamid: 'north', path: 'options.key', secret: 'secret' }).fingerprint).not.toBe(fingerprint)
  expect(encrypt(randomBytes(32), { iamid: 'north', path, secret: 'secret' }).fingerprint).not.toBe(fingerprint)
})

test('opens in its own place only', () => {
  const encrypted = encrypt(key, { iamid: 'north', path, secret: 'secret' })
  expect(() => decrypt([key], { iamid: 'south', path, encrypted })).toThrow(Unprocessable)
  expect(() => decrypt([key], { iamid: 'north', path: 'options.key', encrypted })).toThrow(Unprocessable)
})

test('refuses what was altered, by one bit anywhere', () => {
  const encrypted = encrypt(key, { iamid: 'north', path, secret: 'secret' })
  const bytes = Buffer.from(encrypted.text, 'base64url')
  for (let at = 0; at < bytes.length; at++) {
    const altered = Buffer.from(bytes)
    altered[at]! ^= 1
    expect(() =>
      decrypt([key], { iamid: 'north', path, encrypted: { ...encrypted, text: altered.toString('base64url') } }),
    ).toThrow(Unprocessable)
  }
  expect(() => decrypt([key], { iamid: 'north', path, encrypted: { ...encrypted, text: '' } })).toThrow(Unprocessable)
  expect(() =>
    decrypt([key], { iamid: 'north', path, encrypted: { ...encrypted, text: bytes.subarray(1).toString('base64url') } }),
  ).toThrow(Unprocessable)
})

test('names another instance key as the reason', () => {
  const encrypted = encrypt(randomBytes(32), { iamid: 'north', path, secret: 'secret' })
  expect(() => decrypt([key], { iamid: 'north', path, encrypted })).toThrow(/encrypted with another instance key/)
})

test('decrypts with the key of two that fits', () => {
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
