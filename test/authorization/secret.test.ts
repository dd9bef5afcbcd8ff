import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { SecretKind } from '../../src/authorization/secret.ts'
import { fromHeader, generateSecret, hashSecret, parse, sameHash } from '../../src/authorization/secret.ts'

const kinds: SecretKind[] = ['rk', 'rt', 'ri', 'rs']

describe('generate and parse', () => {
  test.each(kinds)('%s: a generated secret is parsed; its hash and its first characters are returned beside it', kind => {
    const { secret, hash, prefix } = generateSecret(kind)
    expect(secret).toMatch(new RegExp(`^${kind}_[0-9A-Za-z]{46}$`))
    expect(hash).toEqual(createHash('sha256').update(secret).digest())
    expect(prefix).toBe(secret.slice(0, 9))
    expect(parse(secret)).toEqual({ kind, hash })
  })

  test('the random part uses the whole alphabet evenly, at least 192 bits of it', () => {
    const counts = new Map<string, number>()
    const rounds = 2000
    for (let round = 0; round < rounds; round++)
      for (const character of generateSecret('rk').secret.slice(3, -6)) counts.set(character, (counts.get(character) ?? 0) + 1)
    const total = [...counts.values()].reduce((sum, count) => sum + count, 0)
    const bits =
      [...counts.values()].reduce((sum, count) => sum - (count / total) * Math.log2(count / total), 0) * (total / rounds)
    expect(counts.size).toBe(62)
    expect(bits).toBeGreaterThan(192)
  })

  test('no two are alike', () => {
    expect(new Set(Array.from({ length: 1000 }, () => generateSecret('rt').secret)).size).toBe(1000)
  })

  test('every single mistyped character, swap and other kind is refused without a look-up', () => {
    const { secret } = generateSecret('rk')
    for (let at = 0; at < secret.length; at++)
      for (const wrong of 'aZ0_-') {
        const typed = secret.slice(0, at) + wrong + secret.slice(at + 1)
        if (typed !== secret) expect(parse(typed), typed).toBeNull()
      }
    for (let at = 0; at + 1 < secret.length; at++) {
      const typed = secret.slice(0, at) + secret[at + 1] + secret[at] + secret.slice(at + 2)
      if (typed !== secret) expect(parse(typed), typed).toBeNull()
    }
    for (const kind of ['rt', 'ri', 'rs', 'rx', 'RK']) expect(parse(kind + secret.slice(2))).toBeNull()
  })

  test('nothing around a secret, nothing of it missing', () => {
    const { secret } = generateSecret('rt')
    for (const text of [
      '',
      ' ',
      `${secret}\n`,
      ` ${secret}`,
      secret.slice(0, -1),
      `${secret}a`,
      secret.repeat(2),
      'rt_',
      'rt_\0',
      'x'.repeat(1_000_000),
    ])
      expect(parse(text)).toBeNull()
  })
})

test('sameHash compares whole hashes', () => {
  const hash = hashSecret('one')
  expect(sameHash(hash, new Uint8Array(hashSecret('one')))).toBe(true)
  expect(sameHash(hash, hashSecret('two'))).toBe(false)
  expect(sameHash(hash, hash.subarray(0, 31))).toBe(false)
  expect(sameHash(hash, new Uint8Array())).toBe(false)
})

describe('fromHeader', () => {
  test.each(['rk_x', 'Bearer rk_x', 'bearer rk_x', 'BEARER rk_x', '  rk_x ', ' bEaReR \t  rk_x\t'])('%j holds rk_x', header => {
    expect(fromHeader(header)).toBe('rk_x')
  })

  test.each([undefined, '', '   ', 'Bearer', 'bearer ', 'Basic cm9zdGVy', 'Bearer a b', 'a b', 'Bearer Basic x'])(
    '%j holds none',
    header => {
      expect(fromHeader(header)).toBeNull()
    },
  )

  test('Bearer twice is one credential too many', () => {
    expect(fromHeader('Bearer Bearer rk_x')).toBeNull()
  })

  test('a long run of blanks is nothing special', () => {
    expect(fromHeader(`Bearer${' '.repeat(1_000_000)}`)).toBeNull()
    expect(fromHeader(`Bearer${' '.repeat(1_000_000)}rk_x`)).toBe('rk_x')
  })
})
