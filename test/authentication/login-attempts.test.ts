// The lock-out under bursts: as many passwords are verified as may fail, on however many instances, and no answer tells the right one.
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createLoginAttempts } from '../../src/authentication/login-attempts.ts'
import { lockout, subjectsOf } from '../../src/domain/credentials/lockout.ts'
import type { Store } from '../../src/platform/database/store.ts'
import { TooManyRequests } from '../../src/platform/errors.ts'
import { bootApp, type TestApp } from '../harness/app.ts'
import { testStore } from '../harness/database.ts'

describe('on two instances', () => {
  const bob = subjectsOf('bim', 'bob', '192.0.2.1')
  let store: Store
  beforeAll(async () => {
    store = await testStore()
  })
  afterAll(() => store.close())
  const instances = [createLoginAttempts(), createLoginAttempts()]
  const unlock = async () => {
    await store.db.prisma.loginFailure.deleteMany()
    for (const instance of instances) instance.forgetLocks()
  }
  beforeEach(unlock)

  /** `count` attempts at once, alternately on both; what came of each, and how many were verified at once and in all. */
  async function burst(count: number, right: (index: number) => boolean, subjects = (_: number) => bob) {
    const seen = { verified: 0, now: 0, most: 0 }
    const verify = (index: number) => async () => {
      seen.verified++
      seen.now++
      seen.most = Math.max(seen.most, seen.now)
      await sleep(5)
      seen.now--
      return right(index) ? index : null
    }
    const answers = await Promise.allSettled(
      Array.from({ length: count }, (_, index) => instances[index % 2]!.run(store.db, subjects(index), verify(index))),
    )
    const outcome = answers.map(answer =>
      answer.status === 'fulfilled' ? (answer.value === null ? 'wrong' : 'right') : answer.reason,
    )
    return { ...seen, outcome }
  }

  /** On a busy machine a burst may outlast the first lock, of a second, and then one more attempt is right: it is tried again. */
  async function withinFirstLock<T>(attempt: () => Promise<T>): Promise<T> {
    const begun = performance.now()
    const result = await attempt()
    return performance.now() - begun < 1_000 ? result : withinFirstLock(attempt)
  }

  test('of 600 guesses five are verified, and all others are one refusal, the right one too', async () => {
    // Which five are verified is chance among those that come first; a right one among them would forget the failures before it.
    for (const at of [599, 300, 150]) {
      const { verified, most, outcome } = await withinFirstLock(async () => {
        await unlock()
        return burst(600, index => index === at)
      })
      expect(verified).toBe(5)
      expect(most).toBeLessThanOrEqual(5)
      expect(outcome.filter(each => each === 'wrong')).toHaveLength(5)
      const refused = outcome.filter(each => each instanceof TooManyRequests)
      expect(refused).toHaveLength(595)
      expect(new Set(refused.map(({ message }) => message)).size).toBe(1)
      expect(outcome[at]).toBeInstanceOf(TooManyRequests)
    }
  })

  test('a right one among the first forgets the failures before it: five more are verified, and no sixth', async () => {
    for (const at of [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]) {
      const { verified, most, outcome } = await withinFirstLock(async () => {
        await unlock()
        return burst(200, index => index === at)
      })
      expect(most).toBeLessThanOrEqual(5)
      const wrong = outcome.filter(each => each === 'wrong').length
      if (outcome[at] === 'right') expect(wrong).toBeGreaterThanOrEqual(5)
      // Four failures at most before the right one, and five after it.
      expect(wrong).toBeLessThanOrEqual(outcome[at] === 'right' ? 4 + 5 : 5)
      expect(verified).toBe(wrong + (outcome[at] === 'right' ? 1 : 0))
    }
  })

  test('forty right ones at once all succeed, five at a time', async () => {
    const { verified, most, outcome } = await burst(40, () => true)
    expect({ verified, outcome: new Set(outcome) }).toEqual({ verified: 40, outcome: new Set(['right']) })
    expect(most).toBeLessThanOrEqual(5)
  })

  test('after the lock one at a time', async () => {
    const { outcome } = await burst(5, () => false)
    expect(outcome).toEqual(Array(5).fill('wrong'))
    await sleep(1100)
    const { verified, most } = await burst(20, () => false)
    expect({ verified, most }).toEqual({ verified: 1, most: 1 })
  })

  test('of an address a hundred, whatever the accounts, and none of it when they are right', async () => {
    const somebody = (index: number) => subjectsOf('bim', `user${index}`, '192.0.2.1')
    expect(new Set((await burst(250, () => true, somebody)).outcome)).toEqual(new Set(['right']))
    const { verified, outcome } = await burst(250, () => false, somebody)
    expect(verified).toBe(100)
    expect(outcome.filter(each => each instanceof TooManyRequests)).toHaveLength(150)
  })

  test('what verifying throws counts for nothing and gives the turn back', async () => {
    const away = new Error('the directory is away')
    for (let time = 0; time < 7; time++)
      await expect(instances[0]!.run(store.db, bob, () => Promise.reject(away))).rejects.toBe(away)
    expect(await store.db.prisma.loginFailure.findUnique({ where: { subject: bob.account } })).toMatchObject({
      failures: 0,
      pending: [],
    })
  })

  test('a lock that begins meanwhile refuses the right one and the wrong one alike', async () => {
    const answers = []
    for (const found of ['right', null]) {
      await unlock()
      const lock = async () => {
        await store.db.query("UPDATE login_failures SET blocked_until = now() + interval '90 s' WHERE subject = $1", [
          bob.address,
        ])
        return found
      }
      const error = await instances[0]!.run(store.db, bob, lock).catch(({ message, retryAfter }) => ({ message, retryAfter }))
      answers.push(error)
    }
    const message = 'Too many failed log-ins: try again after the time that Retry-After gives'
    expect(answers).toEqual(Array(2).fill({ message, retryAfter: expect.closeTo(90, -0.5) }))
  })

  test('what a killed instance held is void after the lease', async () => {
    const until = new Date(Date.now() + 1500)
    await store.db.prisma.loginFailure.create({
      data: {
        subject: bob.account,
        failures: 0,
        windowStart: new Date(),
        blockedUntil: new Date(),
        pending: Array(5).fill(until),
      },
    })
    const begun = Date.now()
    expect(await instances[0]!.run(store.db, bob, async () => 'right')).toBe('right')
    expect(Date.now() - begun).toBeGreaterThan(1300)
    expect(lockout.leaseSeconds).toBe(60)
  })
})

describe('by HTTP', () => {
  let app: TestApp
  beforeAll(async () => {
    app = await bootApp()
  })
  afterAll(() => app.close())
  beforeEach(async () => {
    await app.store.db.prisma.loginFailure.deleteMany()
    // Longer than the process remembers a lock.
    await sleep(300)
  })

  const attempt = async (username: string, password: string) => {
    const response = await fetch(`${app.url}/bim/iam/bim/user/authenticate`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username, password }),
    })
    return { status: response.status, body: await response.text(), retryAfter: Number(response.headers.get('retry-after')) }
  }

  test('600 guesses at once, one of them right: five are answered 401, the rest with one and the same 429', async () => {
    const ana = await app.as([])
    const guesses = Array.from({ length: 600 }, (_, index) => (index === 598 ? ana.password : `guess${index}`))
    const begun = Date.now()
    const answers = await Promise.all(guesses.map(guess => attempt(ana.userid, guess)))
    // On a machine that takes seconds to send them one more is verified after a lock of 1 s, of 2 s, and so on.
    const locksOver = Math.floor(Math.log2((Date.now() - begun) / 1000 + 1))
    const wrong = answers.filter(({ status }) => status === 401)
    expect(wrong.length).toBeGreaterThanOrEqual(5)
    expect(wrong.length).toBeLessThanOrEqual(5 + locksOver)
    const refused = answers.filter(({ status }) => status === 429)
    expect(refused).toHaveLength(600 - wrong.length)
    expect(new Set(refused.map(({ body }) => body)).size).toBe(1)
    expect(answers[598]!.status).toBe(429)
    for (const { retryAfter } of refused) expect(retryAfter).toBeGreaterThanOrEqual(1)
  }, 60_000)

  test('twenty right log-ins of one person at once all succeed', async () => {
    const bo = await app.as([])
    const answers = await Promise.all(Array.from({ length: 20 }, () => attempt(bo.userid, bo.password)))
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200))
  })

  test('a right originalPassword under a lock is the 429 of a wrong one', async () => {
    const cy = await app.as([])
    const change = async (originalPassword: string) => {
      const response = await fetch(`${app.url}/bim/iam/bim/user/${encodeURIComponent(cy.userid)}/password`, {
        method: 'PUT',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${cy.token}` },
        body: JSON.stringify({ originalPassword, password: 'another password' }),
      })
      return { status: response.status, body: await response.text() }
    }
    const burst = await Promise.all(
      Array.from({ length: 30 }, (_, index) => change(index === 29 ? cy.password : `guess${index}`)),
    )
    expect(burst.filter(({ status }) => status === 403)).toHaveLength(5)
    const refused = burst.filter(({ status }) => status === 429)
    expect(refused).toHaveLength(25)
    expect(new Set(refused.map(({ body }) => body)).size).toBe(1)
    expect(burst[29]!.status).toBe(429)
  })
})
