import { describe, expect, test } from 'vitest'
import {
  cookieLine,
  cookieOf,
  hasSessionCookie,
  isSameOrigin,
  isTrustedOrigin,
  sessionCookie,
} from '../../../src/platform/http/cookies.ts'

test.each([
  ['http://roster.example', 'roster_session'],
  ['https://roster.example', '__Host-roster_session'],
  ['https://roster.example/', '__Host-roster_session'],
  ['https://roster.example/id', '__Secure-roster_session'],
])('the session of %s is in %s', (publicUrl, name) => {
  expect(sessionCookie(publicUrl)).toBe(name)
})

describe('a cookie that was sent', () => {
  test.each([
    [undefined, null],
    ['', null],
    ['a=1', '1'],
    ['b=2; a=1', '1'],
    ['a=', ''],
    ['a=x=y', 'x=y'],
    ['aa=1', null],
    ['A=1', null],
    // One of the two was planted.
    ['a=1; a=2', null],
    ['a=1; a=1', null],
  ])('of %j is %j', (cookie, value) => {
    expect(cookieOf({ cookie }, 'a')).toBe(value)
  })

  test('is a session under each of its three names', () => {
    const names = ['roster_session', '__Host-roster_session', '__Secure-roster_session']
    expect(names.map(name => hasSessionCookie({ cookie: `x=1; ${name}=s` }))).toEqual([true, true, true])
    expect(hasSessionCookie({ cookie: 'session=s' })).toBe(false)
  })
})

test.each([
  ['http://roster.example', '/', 'n=v; Path=/; Max-Age=60; HttpOnly; SameSite=Lax'],
  ['https://roster.example', '/login', 'n=v; Path=/login; Max-Age=60; HttpOnly; SameSite=Lax; Secure'],
  ['https://roster.example/id/', '/login', 'n=v; Path=/id/login; Max-Age=60; HttpOnly; SameSite=Lax; Secure'],
  ['https://roster.example/id', '/', 'n=v; Path=/id; Max-Age=60; HttpOnly; SameSite=Lax; Secure'],
])('at %s the line for %s', (publicUrl, path, line) => {
  expect(cookieLine(publicUrl, { name: 'n', value: 'v', path, life: 60 })).toBe(line)
})

test.each([
  [{ 'sec-fetch-site': 'same-origin' }, true],
  [{ 'sec-fetch-site': 'none' }, true],
  [{ 'sec-fetch-site': 'same-site' }, false],
  [{ 'sec-fetch-site': 'cross-site' }, false],
  [{ 'sec-fetch-site': 'cross-site', origin: 'https://roster.example' }, false],
  [{ origin: 'https://roster.example' }, true],
  [{ origin: 'https://roster.example.evil' }, false],
  [{ origin: 'http://roster.example' }, false],
  [{ origin: 'null' }, false],
  [{}, false],
])('%j is of our own pages: %s', (headers, own) => {
  expect(isSameOrigin(headers, 'https://roster.example/id')).toBe(own)
})

test.each([
  [{ 'sec-fetch-site': 'same-site', origin: 'https://people.example' }, true],
  [{ 'sec-fetch-site': 'cross-site', origin: 'https://people.example' }, true],
  [{ origin: 'https://people.example' }, true],
  [{ 'sec-fetch-site': 'same-origin' }, true],
  [{ 'sec-fetch-site': 'same-site', origin: 'https://roster.example' }, false],
  [{ 'sec-fetch-site': 'same-site' }, false],
  [{ origin: 'https://people.example.evil' }, false],
])('%j may use the cookie where https://people.example is listed: %s', (headers, trusted) => {
  const settings = { publicUrl: 'https://roster.example', corsOrigins: ['https://people.example'] }
  expect(isTrustedOrigin(headers, settings)).toBe(trusted)
})
