// Hashes of other systems against their own libraries, published vectors, and what they cost.
import { describe, expect, test } from 'vitest'
import { importedVerifier } from '../../../src/domain/credentials/imported-password.ts'
import { createPasswordHasher } from '../../../src/domain/credentials/password.ts'
import { HASHES, PASSWORD } from './hashes.ts'

const fits = (hash: string, password: string) => importedVerifier(hash)!(password)
const hasher = createPasswordHasher({ inFlight: 2, minLength: 1, maxLength: 1024 })

test.each(Object.entries(HASHES))('%s fits its password only', async (_, hash) => {
  expect(await fits(hash, PASSWORD)).toBe(true)
  expect(await fits(hash, `${PASSWORD}.`)).toBe(false)
  expect(await fits(hash, '')).toBe(false)
})

describe('published vectors', () => {
  const b64 = (hex: string) => Buffer.from(hex, 'hex').toString('base64').replaceAll('=', '')
  const text = (value: string) => Buffer.from(value).toString('base64').replaceAll('=', '')

  test('RFC 6070, PBKDF2 with SHA-1', async () => {
    const tag = b64('4b007901b765489abead49d926f721d065a429c1')
    expect(await fits(`$pbkdf2$4096$${text('salt')}$${tag}`, 'password')).toBe(true)
    const longer = b64('3d2eec4fe41c849b80c8d83662c0e44a8b291a964cf2f07038')
    expect(
      await fits(`$pbkdf2-sha1$i=4096$${text('saltSALTsaltSALTsaltSALTsaltSALTsalt')}$${longer}`, 'passwordPASSWORDpassword'),
    ).toBe(true)
  })

  test('RFC 7914, scrypt', async () => {
    const tag = b64(
      '7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887',
    )
    expect(await fits(`$scrypt$ln=14,r=8,p=1$${text('SodiumChloride')}$${tag}`, 'pleaseletmein')).toBe(true)
  })

  test('OpenBSD, bcrypt', async () => {
    expect(await fits('$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW', 'U*U')).toBe(true)
    expect(await fits('$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW', 'U*U*')).toBe(false)
  })
})

test('what no import stores has no verifier, and takes the usual time', async () => {
  expect(importedVerifier('nothing')).toBeNull()
  expect(await hasher.verifyImported('nothing', '')).toBe(false)
})

test('through the queue: right, wrong, and what no password is', async () => {
  for (const hash of Object.values(HASHES).slice(0, 3)) {
    expect(await hasher.verifyImported(hash, PASSWORD)).toBe(true)
    expect(await hasher.verifyImported(hash, 'wrong')).toBe(false)
  }
  const bcrypt = HASHES['bcrypt 2b']!
  for (const impossible of [`${PASSWORD}\0`, '\ud800', 'x'.repeat(3_000)])
    expect(await hasher.verifyImported(bcrypt, impossible)).toBe(false)
})

test('none of them blocks the process', async () => {
  const salt = 'c2FsdHNhbHQ'
  const tag = 'A'.repeat(43)
  for (const slow of [
    '$2b$11$zKLt/8ZkxGTLiCJM8mCwsezaFDb8tuA2B8YILGZswn7Txfb5.3Dga',
    `$argon2id$v=19$m=65536,t=3,p=1$${salt}$${tag}`,
    `$pbkdf2-sha256$900000$${salt}$${tag}`,
    `$scrypt$ln=16,r=8,p=1$${salt}$${tag}`,
  ]) {
    let turns = 0
    const timer = setInterval(() => turns++, 2)
    expect(await hasher.verifyImported(slow, 'wrong')).toBe(false)
    clearInterval(timer)
    expect(turns, slow).toBeGreaterThan(2)
  }
}, 20_000)
