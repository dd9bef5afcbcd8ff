import { describe, expect, test } from 'vitest'
import {
  address,
  hostOf,
  integer,
  keyOf,
  mailFromOf,
  mask,
  oneOf,
  passwordOf,
  publicUrlOf,
  reachable,
  trustedProxiesOf,
} from '../../../src/platform/config/parse.ts'

const fault = (work: () => unknown): string | undefined => {
  try {
    work()
  } catch (error) {
    return (error as Error).message
  }
}

describe('a whole number', () => {
  const parse = integer(1, 100)
  test.each(['1', '100', '007'])('%s is one', text => {
    expect(parse(text, 'N')).toBe(Number(text))
  })
  test.each(['0', '101', '-1', '1.5', '1e1', ' 1', '', '0x1', '99999999999', '١'])('%j is none', text => {
    expect(fault(() => parse(text, 'N'))).toBe('N must be a whole number from 1 to 100')
  })
})

test('a word is one of the known ones, by its case', () => {
  expect(oneOf(['info', 'warn'])('warn', 'N')).toBe('warn')
  for (const text of ['WARN', '', 'warn '])
    expect(fault(() => oneOf(['info', 'warn'])(text, 'N'))).toBe('N must be one of info, warn')
})

describe('an address of a server', () => {
  test.each([
    ['postgres://user:p%25w@host/db', ['postgres:', 'postgresql:'], undefined],
    ['postgresql:///db?host=/run', ['postgres:', 'postgresql:'], undefined],
    ['smtp://mail.example:25', ['smtp:', 'smtps:'], undefined],
    ['smtp://', ['smtp:'], 'N must be a URL that begins with smtp://'],
    ['mysql://host', ['postgres:', 'postgresql:'], 'N must be a URL that begins with postgres:// or postgresql://'],
    ['postgres://user:100%@host/db', ['postgres:'], 'N must have each % of its user, password and path written as %25'],
  ])('%s', (text, protocols, message) => {
    expect(fault(() => address(protocols)(text, 'N'))).toBe(message)
  })
})

test.each([
  ['roster.example', true],
  ['10.0.0.1', true],
  ['::1', true],
  ['a', true],
  ['roster.example:80', false],
  ['-a', false],
  ['a.', false],
  ['http://a', false],
  ['', false],
  ['256.256.256.256', false],
  ['a'.repeat(254), true],
  ['a'.repeat(255), false],
])('a host: %s is %s', (text, good) => {
  expect(fault(() => hostOf(text, 'N'))).toBe(good ? undefined : 'N must be an IP address or a host name, without a port')
})

test.each([
  ['https://roster.example', 'https://roster.example'],
  ['https://roster.example///', 'https://roster.example'],
  ['HTTPS://Roster.example:443/id/', 'https://roster.example/id'],
])('a public address: %s is %s', (text, url) => {
  expect(publicUrlOf(text, 'N')).toBe(url)
})

test.each(['ftp://a', 'roster.example', '', 'https://u:p@a', 'https://a?', 'https://a#x'])(
  'a public address: %s is none',
  text => {
    expect(fault(() => publicUrlOf(text, 'N'))).toMatch(/^N must /)
  },
)

test('a password has at most so many characters, an emoji being one', () => {
  expect(passwordOf(3)('a😀b', 'N')).toBe('a😀b')
  expect(fault(() => passwordOf(3)('a😀bc', 'N'))).toBe('N must have at most 3 characters')
})

test('a key is 32 bytes, no more and no less, and nothing but base64', () => {
  const of = (bytes: number) => Buffer.alloc(bytes, 7).toString('base64')
  expect(keyOf(of(32), 'N')).toEqual(Buffer.alloc(32, 7))
  for (const text of [of(31), of(33), `${of(32)}\n`, of(32).replace('=', ''), of(32).replace('B', '-'), ''])
    expect(fault(() => keyOf(text, 'N'))).toBe('N must be 32 bytes in base64 (44 characters)')
})

test.each([
  ['roster@roster.example', true],
  ['Roster <roster@roster.example>', true],
  ['"Roster, Inc." <roster@roster.example>', true],
  ['Roster, Inc. <roster@roster.example>', false],
  ['a@roster.example, b@roster.example', false],
  ['Roster <roster@roster.example> x', false],
  ['Roster\r\nBcc: x <roster@roster.example>', false],
  ['roster', false],
])('a sender: %j is %s', (text, good) => {
  expect(fault(() => mailFromOf(text, 'N')) === undefined).toBe(good)
})

test.each([
  ['0.0.0.0', '127.0.0.1'],
  ['::', '127.0.0.1'],
  ['::1', '[::1]'],
  ['roster.example', 'roster.example'],
])('a browser reaches %s at %s', (host, shown) => {
  expect(reachable(host)).toBe(shown)
})

describe('a secret that is shown', () => {
  test.each([
    ['anything', 'whole', '****'],
    ['postgres://user:pw@host:5/db?password=x', 'url', 'postgres://****@host:5/db?****'],
    ['postgres://host:5/db', 'url', 'postgres://host:5/db'],
    ['postgres://user:pw@host:5/db', 'url', 'postgres://****@host:5/db'],
    ['postgres://host/db?password=x', 'url', 'postgres://host/db?****'],
    ['postgres://user:p/w@host/db', 'url', '****'],
    ['no url', 'url', '****'],
    ['smtp://user:p@w@host', 'credentials', 'smtp://****@host'],
    ['user:pw@host', 'credentials', '****@host'],
    ['host\n', 'credentials', 'host\uFFFD'],
  ] as const)('%j as %s is %j', (text, kind, shown) => {
    expect(mask(text, kind)).toBe(shown)
  })
})

describe('trusted proxies', () => {
  test.each(['1', '10'])('%s of them', text => {
    expect(trustedProxiesOf(text, 'N')).toEqual({ hops: Number(text) })
  })
  test('by network', () => {
    const { networks } = trustedProxiesOf('10.0.0.0/8, ::1', 'N') as {
      networks: { check(address: string, family?: string): boolean }
    }
    expect([networks.check('10.9.9.9'), networks.check('11.0.0.1'), networks.check('::1', 'ipv6')]).toEqual([true, false, true])
  })
  test.each(['0', '11', '', 'proxy', '10.0.0.0/33', '10.0.0.0/8/8', '::/129', '10.0.0.1,', '10.0.0.0/x'])('%j are none', text => {
    expect(fault(() => trustedProxiesOf(text, 'N'))).toMatch(/^N must be /)
  })
})
