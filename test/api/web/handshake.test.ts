import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { createHandshakes, HANDSHAKE_SECONDS, ownAddress } from '../../../src/api/web/handshake.ts'
import { createTokenCipher } from '../../../src/platform/encryption.ts'
import { cookieLine, cookieOf, isSameOrigin } from '../../../src/platform/http/cookies.ts'

const key = randomBytes(32)
const underWay = { iamid: 'corp', returnTo: 'https://roster.example/login', state: 's', nonce: 'n', verifier: 'v' }

describe('a handshake', () => {
  test('is read in its time, for its IAM', async () => {
    let now = 1_000
    const { make, read } = createHandshakes([key], () => now)
    const text = await make(underWay)
    expect(text).not.toMatch(/corp|roster/)
    expect(await read(text, 'other')).toBeNull()
    const until = new Date(1_000 + HANDSHAKE_SECONDS * 1000)
    expect(await read(text, 'corp')).toEqual({ ...underWay, until })
    now += HANDSHAKE_SECONDS * 1000 - 1
    expect(await read(text, 'corp')).toEqual({ ...underWay, until })
    now += 1
    expect(await read(text, 'corp')).toBeNull()
  })

  test('is read under the key before the present one', async () => {
    const next = randomBytes(32)
    const text = await createHandshakes([key]).make(underWay)
    expect(await createHandshakes([next, key]).read(text, 'corp')).toMatchObject(underWay)
    const later = await createHandshakes([next, key]).make(underWay)
    expect(await createHandshakes([key]).read(later, 'corp')).toBeNull()
    expect(await createHandshakes([next]).read(later, 'corp')).toMatchObject(underWay)
  })

  test('of another key, for another purpose, changed or none at all is nothing', async () => {
    const { make, read } = createHandshakes([key])
    const text = await make(underWay)
    expect(await createHandshakes([randomBytes(32)]).read(text, 'corp')).toBeNull()
    const other = await createTokenCipher([key], 'end session').encrypt(underWay, new Date(Date.now() + 60_000))
    expect(await read(other, 'corp')).toBeNull()
    expect(await createTokenCipher([key], 'end session').decrypt(text, new Date())).toBeNull()
    for (let at = 0; at < text.length - 1; at += 7) {
      const changed = text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1)
      expect(await read(changed, 'corp')).toBeNull()
    }
    const plain = ['{"alg":"none"}', JSON.stringify({ ...underWay, aud: 'handshake', exp: 9_999_999_999 }), '']
    const unsecured = plain.map(part => Buffer.from(part).toString('base64url')).join('.')
    for (const bad of [null, '', 'x', '....', text.slice(0, 20), unsecured]) expect(await read(bad, 'corp')).toBeNull()
  })
})

test.each([
  ['/people', 'https://roster.example/people'],
  ['/people/graphiql?a=b', 'https://roster.example/people/graphiql?a=b'],
  ['/people/../x', null],
  ['/peoples', null],
  ['/', null],
  ['', null],
  ['people', null],
  ['//roster.example/people', null],
  ['/\\evil.example', null],
  ['/people\\..\\x', null],
  ['/people/\u0000', null],
  ['/people/ä', null],
])('ownAddress(%j) is %s', (path, expected) => {
  expect(ownAddress('https://roster.example/people', path)).toBe(expected)
})

describe('cookies', () => {
  test.each([
    ['a=1', '1'],
    ['b=2; a=1', '1'],
    ['aa=2', null],
    ['a=1; a=2', null],
    ['a=1=2', '1=2'],
    ['', null],
  ])('a of %j is %j', (cookie, value) => {
    expect(cookieOf({ cookie }, 'a')).toBe(value)
  })

  test.each([
    ['http://127.0.0.1:4000', '/', 'n=v; Path=/; Max-Age=9; HttpOnly; SameSite=Lax'],
    ['https://roster.example', '/login', 'n=v; Path=/login; Max-Age=9; HttpOnly; SameSite=Lax; Secure'],
    ['https://roster.example/people', '/', 'n=v; Path=/people; Max-Age=9; HttpOnly; SameSite=Lax; Secure'],
  ])('a line at %s below %s', (publicUrl, path, line) => {
    expect(cookieLine(publicUrl, { name: 'n', value: 'v', path, life: 9 })).toBe(line)
  })
})

test.each([
  [{ 'sec-fetch-site': 'same-origin' }, true],
  [{ 'sec-fetch-site': 'none' }, true],
  [{ 'sec-fetch-site': 'same-site' }, false],
  [{ 'sec-fetch-site': 'cross-site', origin: 'https://roster.example' }, false],
  [{ origin: 'https://roster.example' }, true],
  [{ origin: 'https://roster.example.evil.example' }, false],
  [{ origin: 'http://roster.example' }, false],
  [{ origin: 'null' }, false],
  [{}, false],
])('isSameOrigin(%j) is %s', (headers, expected) => {
  expect(isSameOrigin(headers, 'https://roster.example/people')).toBe(expected)
})
