// A stranger's failures do not lock an account out where it logged in from before; refused tries cost the stranger's address.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { sessions } from '../../../src/authentication/sessions.service.ts'
import { anonymous, operator } from '../../../src/authorization/actor.ts'
import { lockout, subjectsOf } from '../../../src/domain/credentials/lockout.ts'
import { countedSubjects, purgeAddresses, recordAddress } from '../../../src/domain/credentials/login-addresses.store.ts'
import { iams } from '../../../src/domain/iams/iams.service.ts'
import { userCreation } from '../../../src/domain/users/user-creation.service.ts'
import { users } from '../../../src/domain/users/users.service.ts'
import { reconcile } from '../../../src/federation/reconcile.ts'
import { emptyAccounts } from '../../../src/federation/replace-user.store.ts'
import type { Store } from '../../../src/platform/database/store.ts'
import type { RosterError } from '../../../src/platform/errors.ts'
import { canonical } from '../../../src/platform/validation.ts'
import { testContext } from '../../harness/context.ts'
import { testStore } from '../../harness/database.ts'

const HOME = '192.0.2.1'
const OFFICE = '2001:db8::7'
const STRANGER = '198.51.100.9'
const PASSWORD = 'correct horse battery staple'

let store: Store
beforeAll(async () => {
  store = await testStore()
  await userCreation.create(testContext({ actor: operator, store }), {
    userid: 'Ana',
    password: PASSWORD,
    profile: { name: 'Ana' },
  })
})
afterAll(() => store.close())
beforeEach(async () => {
  await store.db.prisma.loginFailure.deleteMany()
  await store.db.prisma.loginAddress.deleteMany()
  testContext({ actor: anonymous, store }).app.loginAttempts.forgetLocks()
})

/** 'in', or the code of the refusal. */
const logIn = (password: string, address: string, userid = 'ana') =>
  sessions.logIn({ ...testContext({ actor: anonymous, store }), address }, { userid, password }).then(
    () => 'in',
    (error: RosterError) => error.code,
  )
const times = async (count: number, password: string, address: string) => {
  const answers = new Set<string>()
  for (let index = 0; index < count; index++) answers.add(await logIn(password, address))
  return [...answers]
}

describe('an address that logged in before', () => {
  test('is let in while a stranger locks the account, and stays out of its count', async () => {
    expect(await logIn(PASSWORD, HOME)).toBe('in')
    expect(await times(60, 'wrong', STRANGER)).toEqual(['UNAUTHENTICATED', 'TOO_MANY_REQUESTS'])
    // Longer than a slow machine needs for what follows.
    const { account } = subjectsOf('bim', 'ana', '')
    await store.db.query("UPDATE login_failures SET blocked_until = blocked_until + interval '5 min' WHERE subject = $1", [
      account,
    ])
    expect(await logIn(PASSWORD, OFFICE)).toBe('TOO_MANY_REQUESTS')
    expect(await times(5, PASSWORD, HOME)).toEqual(['in'])
    // The right password at home does not give the stranger new guesses.
    expect(await logIn('wrong', STRANGER)).toBe('TOO_MANY_REQUESTS')
    expect(await logIn(PASSWORD, HOME.replace(/^/, '::ffff:'))).toBe('in')
  })

  test('is locked by its own failures alone, as soon as any', async () => {
    expect(await logIn(PASSWORD, HOME)).toBe('in')
    expect(await times(5, 'wrong', HOME)).toEqual(['UNAUTHENTICATED'])
    const { own } = subjectsOf('bim', 'ana', HOME)
    await store.db.query("UPDATE login_failures SET blocked_until = blocked_until + interval '5 min' WHERE subject = $1", [own])
    expect(await logIn(PASSWORD, HOME)).toBe('TOO_MANY_REQUESTS')
    expect(await logIn(PASSWORD, OFFICE)).toBe('in')
  })

  test('is of that account, not of others', async () => {
    expect(await logIn(PASSWORD, HOME)).toBe('in')
    const [ana, bo] = [subjectsOf('bim', 'ana', HOME), subjectsOf('bim', 'bo', HOME)]
    expect((await countedSubjects(store.db, ana, new Date())).account).toBe(ana.own)
    expect((await countedSubjects(store.db, bo, new Date())).account).toBe(bo.account)
  })

  test('is not known by a failure, nor by a password that a lock refused', async () => {
    await times(5, 'wrong', HOME)
    await store.db.query("UPDATE login_failures SET blocked_until = blocked_until + interval '5 min'")
    expect(await logIn(PASSWORD, HOME)).toBe('TOO_MANY_REQUESTS')
    expect(await store.db.prisma.loginAddress.count()).toBe(0)
  })

  test('is kept as a hash, twenty of an account, for ninety days', async () => {
    const now = new Date()
    const later = (days: number) => new Date(now.getTime() + days * 86_400_000)
    for (let index = 0; index < 30; index++)
      await recordAddress(store.db, subjectsOf('bim', 'ana', `192.0.2.${index}`), later(index / 100))
    await recordAddress(store.db, subjectsOf('bim', 'bo', '192.0.2.1'), now)
    const rows = await store.db.prisma.loginAddress.findMany({ orderBy: { lastLogin: 'asc' } })
    expect(rows.map(({ account }) => account)).toEqual([
      subjectsOf('bim', 'bo', '').account,
      ...Array(20).fill(subjectsOf('bim', 'ana', '').account),
    ])
    for (const { subject } of rows) expect(subject).toMatch(/^[0-9a-f]{64}$/)
    const [old, last] = [subjectsOf('bim', 'ana', '192.0.2.9'), subjectsOf('bim', 'ana', '192.0.2.29')]
    expect((await countedSubjects(store.db, old, now)).account).toBe(old.account)
    expect((await countedSubjects(store.db, last, later(90))).account).toBe(last.own)
    expect((await countedSubjects(store.db, last, later(90.3))).account).toBe(last.account)
    await purgeAddresses(store.db, later(90.3))
    expect(await store.db.prisma.loginAddress.count()).toBe(0)
    expect(lockout.knownSeconds).toBe(90 * 86_400)
  })
})

test('refused tries count against their address: it is locked for other accounts, too', async () => {
  const others = Array.from({ length: 94 }, (_, index) => logIn('wrong', STRANGER, `nobody${index}`))
  expect(new Set(await Promise.all(others))).toEqual(new Set(['UNAUTHENTICATED']))
  expect(await times(5, 'wrong', STRANGER)).toEqual(['UNAUTHENTICATED'])
  const { account } = subjectsOf('bim', 'ana', '')
  await store.db.query("UPDATE login_failures SET blocked_until = blocked_until + interval '5 min' WHERE subject = $1", [account])
  // The hundredth failure is a refused one.
  expect(await logIn('wrong', STRANGER)).toBe('TOO_MANY_REQUESTS')
  expect(await logIn('wrong', STRANGER, 'somebody else')).toBe('TOO_MANY_REQUESTS')
  const row = await store.db.prisma.loginFailure.findUnique({ where: { subject: subjectsOf('bim', 'ana', STRANGER).address } })
  expect(row!.failures).toBe(101)
})

describe('an account that goes, or gets another userid', () => {
  const LEAVER = 'Leaver'
  const admin = () => testContext({ actor: operator, store })
  beforeAll(async () => {
    // A deletion must leave an administrator.
    await store.db.query(
      "INSERT INTO user_permissions (user_id, permission) SELECT id, 'USER_ADMIN' FROM users WHERE userid = 'Ana'",
    )
  })
  const make = async (iamid: string) => {
    const { user } = await userCreation.create(admin(), { userid: LEAVER, password: PASSWORD, profile: { name: LEAVER } })
    if (iamid !== 'bim') {
      await store.db.query("INSERT INTO iams (id, display_name, type) VALUES ($1, $1, 'ldap') ON CONFLICT DO NOTHING", [iamid])
      await store.db.query('UPDATE users SET iamid = $2 WHERE id = $1', [user.id, iamid])
    }
    for (const userid of [LEAVER, 'Ana']) await recordAddress(store.db, subjectsOf(iamid, canonical(userid), HOME), new Date())
    return user
  }
  const knows = async (iamid: string, userid: string) => {
    const subjects = subjectsOf(iamid, canonical(userid), HOME)
    return (await countedSubjects(store.db, subjects, new Date())).account === subjects.own
  }
  const renamed = (userid: string) => async (id: number) => {
    await store.db.query("UPDATE users SET directory_id = 'entry-7' WHERE id = $1", [id])
    const written = await store.transaction(db =>
      reconcile({ ...admin(), db, now: new Date() } as never, { iamid: 'stock', source: 'stock' }, {
        ...{ userid, sourceId: { kind: 'directoryId', id: 'entry-7' }, profile: {} },
      } as never),
    )
    expect(written).toMatchObject({ user: { id, userid } })
  }

  test.each<[string, string, (id: number) => Promise<unknown>]>([
    ['emptied for another person', 'bim', id => emptyAccounts(store.db, [id], new Date())],
    ['deleted', 'bim', id => users.delete(admin(), { ref: { id } })],
    ['deleted with its IAM', 'stock', () => iams.remove(admin(), { id: 'stock', users: 'DELETE' })],
    ['moved to bim', 'stock', () => iams.remove(admin(), { id: 'stock', users: 'MOVE_TO_BIM' })],
    ['renamed by its directory', 'stock', renamed('somebody')],
  ])('%s', async (_, iamid, change) => {
    const { id } = await make(iamid)
    expect([await knows(iamid, LEAVER), await knows(iamid, 'Ana')]).toEqual([true, true])
    await change(id)
    expect([await knows(iamid, LEAVER), await knows(iamid, 'Ana')]).toEqual([false, true])
    await store.db.query('DELETE FROM users WHERE id = $1', [id])
  })
})
