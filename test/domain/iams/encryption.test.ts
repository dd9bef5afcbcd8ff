import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { decrypt, encrypt } from '../../../src/domain/iams/encryption.ts'
import { Unprocessable } from '../../../src/platform/errors.ts'

const key = randomBytes(32)
const path = 'credentials.bind_pw'

test.each(['s', 'correct horse', 'ключ🗝', 'x'.repeat(65_536)])('what was sealed opens', secret => {
  expect(decrypt([key], 'north', path, encrypt(key, 'north', path, secret))).toBe(secret)
})

test('a sealed secret does not hold the secret, nor twice the same text', () => {
  const [one, two] = [encrypt(key, 'north', path, 'correct horse'), encrypt(key, 'north', path, 'correct horse')]
  expect(one.text).not.toBe(two.text)
  expect(one.nonce).not.toBe(two.nonce)
  expect(Buffer.from(one.nonce, 'base64url')).toHaveLength(12)
  expect(Buffer.from(one.text, 'base64url').toString('latin1')).not.toContain('correct')
})

test('fingerprints tell equal secrets of one place, and nothing else', () => {
  const { fingerprint } = encrypt(key, 'north', path, 'secret')
  expect(encrypt(key, 'north', path, 'secret').fingerprint).toBe(fingerprint)
  expect(encrypt(key, 'north', path, 'other').fingerprint).not.toBe(fingerprint)
  expect(encrypt(key, 'south', path, 'secret').fingerprint).not.toBe(fingerprint)
  expect(encrypt(key, 'north', 'options.key', 'secret').fingerprint).not.toBe(fingerprint)
  expect(encrypt(randomBytes(32), 'north', path, 'secret').fingerprint).not.toBe(fingerprint)
})

test('opens in its own place only', () => {
  const sealed = encrypt(key, 'north', path, 'secret')
  expect(() => decrypt([key], 'south', path, sealed)).toThrow(Unprocessable)
  expect(() => decrypt([key], 'north', 'options.key', sealed)).toThrow(Unprocessable)
})

test('refuses what was altered, by one bit anywhere', () => {
  const sealed = encrypt(key, 'north', path, 'secret')
  const bytes = Buffer.from(sealed.text, 'base64url')
  for (let at = 0; at < bytes.length; at++) {
    const altered = Buffer.from(bytes)
    altered[at]! ^= 1
    expect(() => decrypt([key], 'north', path, { ...sealed, text: altered.toString('base64url') })).toThrow(Unprocessable)
  }
  expect(() => decrypt([key], 'north', path, { ...sealed, text: '' })).toThrow(Unprocessable)
  expect(() => decrypt([key], 'north', path, { ...sealed, text: bytes.subarray(1).toString('base64url') })).toThrow(Unprocessable)
})

test('says that another instance key sealed it', () => {
  const sealed = encrypt(randomBytes(32), 'north', path, 'secret')
  expect(() => decrypt([key], 'north', path, sealed)).toThrow(/sealed with another instance key/)
})

test('opens with whichever key sealed it', () => {
  const [now, before] = [randomBytes(32), randomBytes(32)]
  const [fresh, old] = [encrypt(now, 'north', path, 'fresh'), encrypt(before, 'north', path, 'old')]
  expect([decrypt([now, before], 'north', path, fresh), decrypt([now, before], 'north', path, old)]).toEqual(['fresh', 'old'])
  expect(() => decrypt([now], 'north', path, old)).toThrow(Unprocessable)
  expect(() => decrypt([now, before], 'north', path, { ...old, key: fresh.key })).toThrow(/does not open/)
})
