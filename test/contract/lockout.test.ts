// Lock-out: failed attempts on one account, or from one address, meet a growing delay.
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, expect, test } from 'vitest'
import { subjectsOf } from '../../src/domain/credentials/lockout.ts'
import { lookupKey } from '../../src/platform/validation.ts'
import { bootApp } from '../harness/app.ts'
import { send } from './client.ts'
import { expectRefusal, fresh, userPath, world } from './world.ts'

const app = await bootApp()
afterAll(() => app.close())
const w = world(app)

/** All tests here come from one address, whose failures are counted too, and its refused tries. */
let failures = 0

async function attempt(username: string, password: string) {
  const answer = await w.anonymous('POST', '/bim/iam/bim/user/authenticate', { json: { username, password } })
  if (answer.status === 401 || answer.status === 429) failures++
  return answer
}

const retryAfter = (answer: { headers: Headers }) => Number(answer.headers.get('retry-after'))

/** Attempts until the first 429; answers how many were answered with 401 before it. */
async function failUntilLocked(username: string, most: number) {
  for (let failed = 0; failed <= most; failed++) {
    const answer = await attempt(username, 'wrong')
    if (answer.status === 429) return { failed, answer }
    expectRefusal(answer, 401)
  }
  throw new Error(`${username} was never locked`)
}

/** The account's delay goes on for a minute more, so that a machine which stalls for a second meets it, too. */
const stretch = (userid: string) =>
  app.store.db.query("UPDATE login_failures SET blocked_until = blocked_until + interval '1 minute' WHERE subject = $1", [
    subjectsOf('bim', lookupKey(userid)!, '').account,
  ])

test('Lock-out: after 5 failures the next attempt is 429 with Retry-After, with the right password too', async () => {
  const ana = await app.as([])
  const { failed, answer } = await failUntilLocked(ana.userid, 6)
  // On a machine that stalls for a second a sixth attempt gets through, and the delay is two.
  expect(failed).toBeGreaterThanOrEqual(5)
  expectRefusal(answer, 429)
  expect(retryAfter(answer)).toBe(2 ** (failed - 5))
  await stretch(ana.userid)
  expectRefusal(await attempt(ana.userid, ana.password), 429)
})

test('Lock-out: the delay doubles with the next failure, and after it the right password works', async () => {
  const ana = await app.as([])
  const { failed, answer } = await failUntilLocked(ana.userid, 6)
  await sleep(retryAfter(answer) * 1000 + 100)
  expectRefusal(await attempt(ana.userid, 'wrong'), 401)
  const second = await attempt(ana.userid, 'wrong')
  expectRefusal(second, 429)
  expect(retryAfter(second)).toBe(2 ** (failed - 4))
  await sleep(retryAfter(second) * 1000 + 100)
  expect((await attempt(ana.userid, ana.password)).status).toBe(200)
})

test('Lock-out: other spellings of a name are the same account, and a name that nobody has is treated alike', async () => {
  const userid = fresh('Locked')
  await w.createUser(userid, { password: 'right' })
  for (const spelling of [userid, userid.toUpperCase(), userid.toLowerCase(), userid, userid]) {
    expectRefusal(await attempt(spelling, 'wrong'), 401)
  }
  await stretch(userid)
  expectRefusal(await attempt(userid.toUpperCase(), 'right'), 429)
  expect((await failUntilLocked(fresh('nobody'), 6)).failed).toBeGreaterThanOrEqual(5)
})

test('Lock-out: of one account leaves others and live tokens alone', async () => {
  const [ana, bo] = [await app.as([]), await app.as([])]
  await failUntilLocked(ana.userid, 6)
  expect((await attempt(bo.userid, bo.password)).status).toBe(200)
  expect((await w.by(ana.token)('GET', '/bim/rpc/user/current')).status).toBe(200)
})

test('Lock-out: each alias of one GraphQL request is an attempt', async () => {
  const ana = await app.as([])
  const input = `input: { userid: ${JSON.stringify(ana.userid)}, password: "wrong" }`
  const query = `mutation { ${Array.from({ length: 5 }, (_, i) => `a${i}: logIn(${input}) { token }`).join(' ')} }`
  const answer = await send(app.url, 'POST', '/graphql', { json: { query } })
  expect(answer.text).not.toContain('rt_')
  failures += 5
  await stretch(ana.userid)
  expectRefusal(await attempt(ana.userid, ana.password), 429)
})

test('Lock-out: a wrong originalPassword counts', async () => {
  const ana = await app.as([])
  const change = { json: { originalPassword: 'wrong', password: 'new' } }
  for (let i = 0; i < 5; i++) {
    expectRefusal(await w.by(ana.token)('PUT', `${userPath(ana.userid)}/password`, change), 403, /^originalPassword /)
    failures++
  }
  await stretch(ana.userid)
  expectRefusal(await attempt(ana.userid, ana.password), 429)
})

// Last, since it locks this address.
test('Lock-out: after 100 failures from one address every log-in from it is 429', async () => {
  const ana = await app.as([])
  while (failures < 100) expectRefusal(await attempt(fresh('someone'), 'wrong'), 401)
  expectRefusal(await attempt(fresh('someone'), 'wrong'), 429)
  expectRefusal(await attempt(ana.userid, ana.password), 429)
  expect((await w.by(ana.token)('GET', '/bim/rpc/user/current')).status).toBe(200)
}, 60_000)
