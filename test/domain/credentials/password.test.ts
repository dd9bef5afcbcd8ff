import * as argon2 from '@node-rs/argon2'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { createPasswordHasher } from '../../../src/domain/credentials/password.ts'
import { TooManyRequests } from '../../../src/platform/errors.ts'

// The real argon2, watched: how many run at one time, and with what.
const watch = vi.hoisted(() => ({ running: 0, most: 0, verified: [] as string[], order: [] as string[] }))
vi.mock('@node-rs/argon2', async importOriginal => {
  const real = await importOriginal<typeof argon2>()
  async function watched<T>(password: unknown, work: () => Promise<T>): Promise<T> {
    watch.order.push(String(password))
    watch.most = Math.max(watch.most, ++watch.running)
    try {
      return await work()
    } finally {
      watch.running--
    }
  }
  return {
    ...real,
    hash: (...args: Parameters<typeof real.hash>) => watched(args[0], () => real.hash(...args)),
    verify: (...args: Parameters<typeof real.verify>) => {
      watch.verified.push(String(args[0]))
      return watched(args[1], () => real.verify(...args))
    },
  }
})

const passwords = createPasswordHasher({ inFlight: 2, minLength: 1, maxLength: 1024 })

beforeEach(() => {
  Object.assign(watch, { running: 0, most: 0, verified: [], order: [] })
})

describe('hash and verify', () => {
  test('the stored form is argon2id at 19 MiB and two passes, salted, and fits its password only', async () => {
    const [one, two] = await Promise.all([passwords.hash('correct horse'), passwords.hash('correct horse')])
    expect(one).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
    expect(one).not.toBe(two)
    expect(await passwords.verify(one, 'correct horse')).toBe(true)
    expect(await passwords.verify(two, 'correct horse')).toBe(true)
    expect(await passwords.verify(one, 'Correct horse')).toBe(false)
    expect(await passwords.verify(one, '')).toBe(false)
  })

  test('compared after NFKC', async () => {
    const stored = await passwords.hash('pass\u00e9ﬁ')
    expect(await passwords.verify(stored, 'passe\u0301fi')).toBe(true)
    expect(await passwords.verify(stored, 'passefi')).toBe(false)
  })

  test('1,024 characters count to the last, and beyond them it is false', async () => {
    const longest = '😀'.repeat(1024)
    const stored = await passwords.hash(longest)
    expect(await passwords.verify(stored, longest)).toBe(true)
    expect(await passwords.verify(stored, `${'😀'.repeat(1023)}😁`)).toBe(false)
    const beyond = await passwords.hash('x'.repeat(1025))
    expect(await passwords.verify(beyond, 'x'.repeat(1025))).toBe(false)
  })

  test('a policy that was made stricter later does not lock out whom it would refuse today', async () => {
    const stored = await passwords.hash('long and old')
    expect(await createPasswordHasher({ inFlight: 1, minLength: 1, maxLength: 5 }).verify(stored, 'long and old')).toBe(true)
  })

  test('lone surrogates do not pass for one another, and NUL ends nothing', async () => {
    const stored = await argon2.hash('\ufffd')
    expect(await passwords.verify(stored, '\ud800')).toBe(false)
    expect(await passwords.verify(await passwords.hash('abc'), 'abc\0def')).toBe(false)
  })
})

describe('equal work', () => {
  const work = () => watch.verified.map(phc => argon2.parseOptions(phc))

  test('for a known account, none, a malformed hash and an impossible password, one full hash each', async () => {
    const stored = await passwords.hash('secret')
    const attempts: [string | null, string][] = [
      [stored, 'secret'],
      [null, 'secret'],
      [null, ''],
      [stored, 'x'.repeat(1025)],
      [stored, 'x'.repeat(1_000_000)],
      [null, `a${'\u0315\u0300'.repeat(500_000)}`],
      [stored, '\ud800'],
      ['', 'secret'],
      ['plain', 'secret'],
      ['$argon2id$v=19$m=19456,t=2,p=1$', 'secret'],
      ['$2b$10$abcdefghijklmnopqrstuuABCDEFGHIJKLMNOPQRSTUVWXYZ01234', 'secret'],
      [stored.slice(0, -50), 'secret'],
    ]
    const answers = []
    for (const [phc, password] of attempts) answers.push(await passwords.verify(phc, password))
    expect(answers).toEqual(attempts.map((_, index) => index === 0))
    const expected = argon2.parseOptions(stored)
    expect(expected).toMatchObject({ memoryCost: 19_456, timeCost: 2, parallelism: 1 })
    expect(work()).toEqual(attempts.map(() => expected))
  })

  test('a hash cut short or altered is false, not an error', async () => {
    const stored = await passwords.hash('secret')
    for (const phc of [
      stored.slice(0, -1),
      `${stored}!`,
      stored.replace('argon2id', 'argon2x'),
      stored.replace('m=19456', 'm=0'),
      stored.replace('v=19', 'v=99'),
    ])
      expect(await passwords.verify(phc, 'secret'), phc).toBe(false)
  })
})

describe('the queue', () => {
  test('no more hashes run at one time than allowed, for hashing and verifying together', async () => {
    const stored = await argon2.hash('p', { memoryCost: 64, timeCost: 1 })
    watch.most = 0
    const work = Array.from({ length: 30 }, (_, index) =>
      index % 3 ? passwords.verify(index % 2 ? stored : null, 'p') : passwords.hash('p'),
    )
    await Promise.all(work)
    expect(watch.most).toBe(2)
    expect(watch.running).toBe(0)
  })

  test('first come, first served', async () => {
    const one = createPasswordHasher({ inFlight: 1, minLength: 1, maxLength: 1024 })
    const names = Array.from({ length: 12 }, (_, index) => `p${index}`)
    await Promise.all(names.map(name => one.verify(null, name)))
    expect(watch.order).toEqual(names)
  })

  test('thousands wait, the next gets Retry-After, and later ones succeed', async () => {
    const one = createPasswordHasher({ inFlight: 1, minLength: 1, maxLength: 1024 })
    const stored = await argon2.hash('p', { memoryCost: 8, timeCost: 1 })
    const waiting = Array.from({ length: 4001 }, () => one.verify(stored, 'p'))
    await expect(one.verify(stored, 'p')).rejects.toThrow(TooManyRequests)
    await expect(one.hash('p')).rejects.toMatchObject({ retryAfter: 30 })
    expect(new Set(await Promise.all(waiting))).toEqual(new Set([true]))
    expect(watch.most).toBe(1)
    expect(await one.verify(stored, 'p')).toBe(true)
  })

  test('the main thread goes on while hashes run', async () => {
    let turns = 0
    const timer = setInterval(() => turns++, 1)
    await Promise.all(Array.from({ length: 8 }, () => passwords.hash('p')))
    clearInterval(timer)
    expect(turns).toBeGreaterThan(0)
  })
})

describe('check', () => {
  const policy = createPasswordHasher({ inFlight: 1, minLength: 8, maxLength: 64 })

  test('takes what the policy allows, counted in characters', () => {
    policy.check('password', '😀'.repeat(8))
    policy.check('password', 'a b\tc d e')
    passwords.check('password', 'x')
    passwords.check('password', 'x'.repeat(1024))
  })

  test.each([
    ['short'],
    ['😀'.repeat(7)],
    ['x'.repeat(65)],
    [''],
    ['longer than\0eight'],
    ['longer than\ud800eight'],
    [12345678],
    [null],
    [['longer than eight']],
  ])('refuses %j and does not repeat it', password => {
    expect(() => policy.check('newPassword', password)).toThrow(expect.objectContaining({ field: 'newPassword' }))
    try {
      policy.check('newPassword', password)
    } catch (error) {
      if (password !== '') expect((error as Error).message).not.toContain(String(password))
    }
  })
})
