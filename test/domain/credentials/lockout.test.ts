import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { LockoutSubjects } from '../../../src/authorization/ports.ts'
import { purgeFailures, reserve, settle } from '../../../src/domain/credentials/lockout.store.ts'
import { lockout, subjectsOf } from '../../../src/domain/credentials/lockout.ts'
import type { Db, Store } from '../../../src/platform/database/store.ts'
import { testStore } from '../../harness/database.ts'

const countFailure = (db: Db, subjects: LockoutSubjects, now: Date) =>
  settle(db, subjects, { outcome: 'failed', until: null, now })

/** Seconds for which an attempt is refused now; one that is not is given back. */
async function blockedFor(db: Db, subjects: LockoutSubjects, now: Date): Promise<number> {
  const found = await reserve(db, subjects, now)
  if (found.state === 'locked') return Math.max(found.seconds.account, found.seconds.address)
  if (found.state === 'reserved') await settle(db, subjects, { outcome: 'abandoned', until: found.until, now })
  return 0
}

/** After a right password: the seconds for which it is refused all the same. */
async function clearAccount(db: Db, subjects: LockoutSubjects, now: Date): Promise<number> {
  const { locked, seconds } = await settle(db, subjects, { outcome: 'passed', until: null, now })
  return locked ? Math.max(seconds.account, seconds.address) : 0
}

describe('subjectsOf', () => {
  const of = (address: string) => subjectsOf('bim', 'bob', address).address

  test('keeps nothing readable', () => {
    const subjects = subjectsOf('bim', 'bob', '192.0.2.1')
    expect(subjects.account).toMatch(/^[0-9a-f]{64}$/)
    expect(subjects.address).toMatch(/^[0-9a-f]{64}$/)
  })

  test('an account is a name in one IAM, at any address', () => {
    const { account } = subjectsOf('bim', 'bob', '192.0.2.1')
    expect(subjectsOf('bim', 'bob', '192.0.2.2').account).toBe(account)
    expect(subjectsOf('bim', 'alice', '192.0.2.1').account).not.toBe(account)
    expect(subjectsOf('okta', 'bob', '192.0.2.1').account).not.toBe(account)
    expect(subjectsOf('address', 'bob', '192.0.2.1').account).not.toBe(of('bob'))
  })

  test('IPv4 counts by its address, also within IPv6', () => {
    expect(of('::ffff:192.0.2.1')).toBe(of('192.0.2.1'))
    expect(of('192.0.2.2')).not.toBe(of('192.0.2.1'))
  })

  test('IPv6 counts by its /64, however it is written', () => {
    expect(of('2001:db8:1:2::1')).toBe(of('2001:0DB8:0001:0002:ffff:ffff:ffff:ffff'))
    expect(of('2001:db8::1')).toBe(of('2001:db8:0:0:5::'))
    expect(of('fe80::1%eth0')).toBe(of('fe80::2'))
    expect(of('::1')).toBe(of('0:0:0:0:0:0:0:1'))
    expect(of('2001:db8:1:3::1')).not.toBe(of('2001:db8:1:2::1'))
    expect(of('2001:db8:1::1')).not.toBe(of('2001:db8:1:2::1'))
  })

  test('an address that is none is still one subject', () => {
    expect(of('')).toBe(of(''))
    expect(of('unknown')).not.toBe(of(''))
  })
})

describe('counting', () => {
  const start = Date.parse('2030-01-01T00:00:00Z')
  /** `seconds` after the start. */
  const at = (seconds: number) => new Date(start + seconds * 1000)
  const bob = subjectsOf('bim', 'bob', '192.0.2.1')
  let store: Store

  beforeAll(async () => {
    store = await testStore()
  })
  afterAll(() => store.close())
  beforeEach(() => store.db.prisma.loginFailure.deleteMany())

  const fail = async (subjects: LockoutSubjects, times: number, now: Date) => {
    for (let time = 0; time < times; time++) await countFailure(store.db, subjects, now)
  }
  const failuresOf = async (subject: string) => (await store.db.prisma.loginFailure.findUnique({ where: { subject } }))?.failures

  test('nothing counted, nothing blocked', async () => {
    expect(await blockedFor(store.db, bob, at(0))).toBe(0)
  })

  test('the fifth failure of an account blocks for 1 s, and each further one twice as long, up to five minutes', async () => {
    const delays = []
    for (let failure = 1; failure <= 16; failure++) {
      await countFailure(store.db, bob, at(0))
      delays.push(await blockedFor(store.db, bob, at(0)))
    }
    expect(delays).toEqual([0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300])
  })

  test('the block ends by itself, and rounds up to whole seconds on the way', async () => {
    await fail(bob, 7, at(0))
    expect(await blockedFor(store.db, bob, at(0.1))).toBe(4)
    expect(await blockedFor(store.db, bob, at(3.9))).toBe(1)
    expect(await blockedFor(store.db, bob, at(4))).toBe(0)
  })

  test('an address is blocked from its hundredth failure on, whatever the accounts', async () => {
    const someone = (index: number) => subjectsOf('bim', `user${index}`, '192.0.2.1')
    for (let index = 1; index <= 99; index++) await countFailure(store.db, someone(index), at(0))
    expect(await blockedFor(store.db, someone(0), at(0))).toBe(0)
    await countFailure(store.db, someone(100), at(0))
    expect(await blockedFor(store.db, someone(0), at(0))).toBe(1)
    await countFailure(store.db, someone(101), at(0))
    expect(await blockedFor(store.db, someone(0), at(0))).toBe(2)
    expect(await blockedFor(store.db, subjectsOf('bim', 'user1', '192.0.2.9'), at(0))).toBe(0)
  })

  test('an account is blocked at every address, and only that account', async () => {
    for (let index = 0; index < 5; index++) await countFailure(store.db, subjectsOf('bim', 'bob', `192.0.2.${index}`), at(0))
    expect(await blockedFor(store.db, subjectsOf('bim', 'bob', '198.51.100.1'), at(0))).toBe(1)
    expect(await blockedFor(store.db, subjectsOf('bim', 'alice', '192.0.2.1'), at(0))).toBe(0)
  })

  test('failures count together for ten minutes', async () => {
    await fail(bob, 4, at(0))
    await countFailure(store.db, bob, at(599))
    expect(await blockedFor(store.db, bob, at(599))).toBe(1)
  })

  test('after ten minutes the count starts at zero', async () => {
    await fail(bob, 4, at(0))
    await fail(bob, 4, at(600))
    expect(await blockedFor(store.db, bob, at(600))).toBe(0)
    expect(await failuresOf(bob.account)).toBe(4)
    await countFailure(store.db, bob, at(601))
    expect(await blockedFor(store.db, bob, at(601))).toBe(1)
  })

  test('the ten minutes start with the first failure, not with the last', async () => {
    await fail(bob, 1, at(0))
    await fail(bob, 3, at(300))
    await fail(bob, 1, at(600))
    expect(await failuresOf(bob.account)).toBe(1)
  })

  test('the count does not start at zero during a block', async () => {
    await fail(bob, 1, at(0))
    await fail(bob, 13, at(599))
    await fail(bob, 1, at(800))
    expect(await failuresOf(bob.account)).toBe(15)
    expect(await blockedFor(store.db, bob, at(800))).toBe(300)
    await fail(bob, 1, at(1100))
    expect(await failuresOf(bob.account)).toBe(1)
  })

  test('a late failure never shortens a block', async () => {
    await fail(bob, 9, at(10))
    await countFailure(store.db, bob, at(0))
    expect(await blockedFor(store.db, bob, at(10))).toBe(22)
    await countFailure(store.db, bob, at(-60))
    expect(await blockedFor(store.db, bob, at(10))).toBe(22)
  })

  test('fifty failures at once are fifty failures', async () => {
    await Promise.all(Array.from({ length: 50 }, () => countFailure(store.db, bob, at(0))))
    expect(await failuresOf(bob.account)).toBe(50)
    expect(await failuresOf(bob.address)).toBe(50)
    expect(await blockedFor(store.db, bob, at(0))).toBe(300)
  })

  test('crossing failures of two accounts at two addresses neither hang nor get lost', async () => {
    const pairs = ['192.0.2.1', '192.0.2.2'].flatMap(address => ['bob', 'alice'].map(name => subjectsOf('bim', name, address)))
    for (let round = 0; round < 20; round++) {
      await store.db.prisma.loginFailure.deleteMany()
      await Promise.all(Array.from({ length: 80 }, (_, index) => countFailure(store.db, pairs[index % 4]!, at(0))))
      const rows = await store.db.prisma.loginFailure.findMany()
      expect(rows.map(row => row.failures)).toEqual([40, 40, 40, 40])
    }
  })

  test('the count never overflows', async () => {
    await countFailure(store.db, bob, at(0))
    await store.db.prisma.loginFailure.updateMany({ data: { failures: 2_000_000_000 } })
    await countFailure(store.db, bob, at(0))
    expect(await blockedFor(store.db, bob, at(0))).toBe(300)
  })

  test('a right password clears the account, not the address', async () => {
    await fail(bob, 4, at(0))
    expect(await clearAccount(store.db, bob, at(1))).toBe(0)
    expect(await failuresOf(bob.account)).toBe(0)
    expect(await failuresOf(bob.address)).toBe(4)
    await fail(bob, 4, at(2))
    expect(await blockedFor(store.db, bob, at(2))).toBe(0)
  })

  test('a right password under a lock clears nothing and counts as a wrong one, so that nothing differs by it', async () => {
    await fail(bob, 6, at(0))
    expect(await clearAccount(store.db, bob, at(0))).toBe(4)
    expect(await failuresOf(bob.account)).toBe(7)
    expect(await clearAccount(store.db, bob, at(4))).toBe(0)
    expect(await failuresOf(bob.account)).toBe(0)
  })

  test('nor does one from an address that guesses at others', async () => {
    for (let index = 0; index < 101; index++) await countFailure(store.db, subjectsOf('bim', `user${index}`, '192.0.2.1'), at(0))
    await fail(subjectsOf('bim', 'bob', '198.51.100.1'), 1, at(0))
    expect(await clearAccount(store.db, bob, at(0))).toBe(4)
    expect(await failuresOf(bob.account)).toBe(2)
  })

  test('each is one statement', async () => {
    const statements: string[] = []
    const stop = store.onStatement(text => statements.push(text))
    await reserve(store.db, bob, at(0))
    await countFailure(store.db, bob, at(0))
    await clearAccount(store.db, bob, at(0))
    await purgeFailures(store.db, at(0))
    stop()
    expect(statements).toHaveLength(4)
  })

  test('no more are verified at once than may still fail, of an account and of an address', async () => {
    const states = async (subjects: LockoutSubjects[], now = at(0)) =>
      (await Promise.all(subjects.map(each => reserve(store.db, each, now)))).map(({ state }) => state).toSorted()
    const times = (count: number, state: string) => Array<string>(count).fill(state)
    expect(await states(Array(12).fill(bob))).toEqual([...times(7, 'full'), ...times(5, 'reserved')])
    // What is not given back is void after the lease.
    expect(await states([bob], at(lockout.leaseSeconds - 1))).toEqual(['full'])
    expect(await states([bob], at(lockout.leaseSeconds + 1))).toEqual(['reserved'])
    const crowd = Array.from({ length: 130 }, (_, index) => subjectsOf('bim', `user${index}`, '192.0.2.7'))
    expect(await states(crowd)).toEqual([...times(30, 'full'), ...times(100, 'reserved')])
    // Who found the address full holds nothing of the account.
    const rows = await store.db.prisma.loginFailure.findMany({ where: { subject: { in: crowd.map(({ account }) => account) } } })
    expect(rows.filter(({ pending }) => pending.length > 0)).toHaveLength(100)
  })

  test('each failure leaves one fewer that may be under way, and one after the lock', async () => {
    await fail(bob, 3, at(0))
    const [one, two, three] = [
      await reserve(store.db, bob, at(0)),
      await reserve(store.db, bob, at(0)),
      await reserve(store.db, bob, at(0)),
    ]
    expect([one, two, three]).toEqual([
      { state: 'reserved', until: at(lockout.leaseSeconds) },
      { state: 'reserved', until: at(lockout.leaseSeconds) },
      { state: 'full', subject: 'account' },
    ])
    const until = at(lockout.leaseSeconds)
    expect(await settle(store.db, bob, { outcome: 'failed', until, now: at(0) })).toEqual({
      locked: false,
      seconds: { account: 0, address: 0 },
    })
    expect((await reserve(store.db, bob, at(0))).state).toBe('full')
    expect(await settle(store.db, bob, { outcome: 'failed', until, now: at(0) })).toEqual({
      locked: false,
      seconds: { account: 1, address: 0 },
    })
    expect(await reserve(store.db, bob, at(0))).toEqual({ state: 'locked', seconds: { account: 1, address: 0 } })
    expect((await reserve(store.db, bob, at(1))).state).toBe('reserved')
    expect((await reserve(store.db, bob, at(1))).state).toBe('full')
  })

  test('a lock that begins while a password is verified refuses it, right or wrong', async () => {
    for (const outcome of ['passed', 'failed'] as const) {
      await store.db.prisma.loginFailure.deleteMany()
      const reserved = await reserve(store.db, bob, at(0))
      for (let index = 0; index < 100; index++)
        await countFailure(store.db, subjectsOf('bim', `user${index}`, '192.0.2.1'), at(0))
      const until = reserved.state === 'reserved' ? reserved.until : null
      expect(await settle(store.db, bob, { outcome, until, now: at(0) }), outcome).toMatchObject({ locked: true })
    }
  })

  test('purging takes what says nothing any more', async () => {
    await fail(subjectsOf('bim', 'old', '192.0.2.1'), 1, at(0))
    await fail(subjectsOf('bim', 'blocked', '192.0.2.2'), 14, at(599))
    await fail(subjectsOf('bim', 'blocked', '192.0.2.2'), 1, at(599))
    await store.db.prisma.loginFailure.updateMany({ data: { windowStart: at(0) } })
    await fail(subjectsOf('bim', 'new', '192.0.2.3'), 1, at(500))
    // What is left: the blocked account, and the new account with its address.
    expect(await purgeFailures(store.db, at(600))).toBe(3)
    expect(await failuresOf(subjectsOf('bim', 'blocked', '').account)).toBe(15)
    expect(await store.db.prisma.loginFailure.count()).toBe(3)
    expect(await purgeFailures(store.db, at(1100))).toBe(3)
    expect(await store.db.prisma.loginFailure.count()).toBe(0)
  })

  test('the numbers are those of the rule', () => {
    expect(lockout.firstDelayed).toEqual({ account: 5, address: 100 })
    expect([lockout.delays[0], lockout.delays.at(-1), lockout.windowSeconds]).toEqual([1, 300, 600])
  })
})
