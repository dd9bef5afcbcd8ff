// When a credential is taken from memory, and when it is not.
import { beforeEach, describe, expect, test } from 'vitest'
import { CredentialCache } from '../../src/authorization/credential-cache.ts'
import type { ChangedUsers } from '../../src/platform/database/access-changes.ts'

const SECONDS = 5
let now: number
let areKnown: boolean
let change: (users: ChangedUsers) => void
let cache: CredentialCache<string>

beforeEach(() => {
  now = 1_000_000
  areKnown = true
  cache = new CredentialCache<string>(
    {
      subscribe: subscriber => {
        change = subscriber
        return () => {}
      },
      areKnown: () => areKnown,
      areOf: origin => origin === 'here',
    },
    SECONDS,
    () => now,
  )
})

/** `meanwhile`: between the sending of the SELECT and its result. */
const read = (
  key: string,
  users: number[],
  { meanwhile = () => {}, expiresAt = null as Date | null, origin = 'here', of = cache } = {},
) =>
  of.reading(async keep => {
    await Promise.resolve()
    meanwhile()
    keep(key, { value: `of ${key}`, users, expiresAt }, origin)
  })

describe('what is kept', () => {
  test('for its lifetime', async () => {
    await read('a', [1])
    now += SECONDS * 1_000 - 1
    expect(cache.get('a')).toBe('of a')
    now += 1
    expect(cache.get('a')).toBeUndefined()
    expect(cache.get('b')).toBeUndefined()
  })

  test('until it expires', async () => {
    await read('a', [1], { expiresAt: new Date(now + 10) })
    now += 9
    expect(cache.get('a')).toBe('of a')
    now += 1
    expect(cache.get('a')).toBeUndefined()
  })

  test('not when the clock went backwards', async () => {
    await read('a', [1])
    now -= 1
    expect(cache.get('a')).toBeUndefined()
  })

  test('nothing with a lifetime of 0', async () => {
    const off = new CredentialCache<string>({ subscribe: () => () => {}, areKnown: () => true, areOf: () => true }, 0, () => now)
    await read('a', [1], { of: off })
    expect(off.get('a')).toBeUndefined()
  })

  test('not from another server than the changes', async () => {
    await read('a', [1], { origin: 'elsewhere' })
    expect(cache.get('a')).toBeUndefined()
  })

  test('at most 10,000, the oldest go first', async () => {
    for (let i = 0; i <= 10_000; i++) await read(`${i}`, [i])
    expect(cache.get('0')).toBeUndefined()
    expect(cache.get('1')).toBe('of 1')
    expect(cache.get('10000')).toBe('of 10000')
    change([1])
    expect(cache.get('1')).toBeUndefined()
  })
})

describe('a change', () => {
  test('ends what belongs to its users, as holder or as impersonator', async () => {
    await read('a', [1])
    await read('b', [2, 1])
    await read('c', [2])
    change([1])
    expect([cache.get('a'), cache.get('b'), cache.get('c')]).toEqual([undefined, undefined, 'of c'])
  })

  test('of everybody ends all, and what is read afterwards lives for a second for as long as a transaction may take', async () => {
    await read('a', [1])
    change(null)
    expect(cache.get('a')).toBeUndefined()
    await read('a', [1])
    now += 999
    expect(cache.get('a')).toBe('of a')
    now += 1
    expect(cache.get('a')).toBeUndefined()
    now += 59_000
    await read('a', [1])
    now += 4_000
    expect(cache.get('a')).toBe('of a')
  })

  test.each<[string, ChangedUsers, string | undefined]>([
    ['of its user', [1], undefined],
    ['of everybody', null, undefined],
    ['of somebody else', [2], 'of a'],
  ])('%s while it is read', async (_, users, kept) => {
    await read('a', [1], { meanwhile: () => change(users) })
    expect(cache.get('a')).toBe(kept)
  })
})

describe('while the changes of others are not known', () => {
  test('nothing is taken, and what was kept before is not taken afterwards', async () => {
    await read('a', [1])
    areKnown = false
    expect(cache.get('a')).toBeUndefined()
    areKnown = true
    expect(cache.get('a')).toBeUndefined()
  })

  test('nothing is kept, also when they are known before its result', async () => {
    areKnown = false
    await read('a', [1], {
      meanwhile: () => {
        areKnown = true
      },
    })
    expect(cache.get('a')).toBeUndefined()
  })
})
