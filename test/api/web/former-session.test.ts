// One browser, one session; and who may end whose.

import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { toGlobalId } from '../../../src/api/graphql/node.ids.ts'
import { bootApp, type TestApp } from '../../harness/app.ts'

let app: TestApp
let https: TestApp
beforeAll(async () => {
  app = await bootApp()
  https = await bootApp({ env: { PUBLIC_URL: 'https://roster.example.com', SECRET_KEY: randomBytes(32).toString('base64') } })
})
afterAll(() => Promise.all([app?.close(), https?.close()]))

const signIn = (at: TestApp, userid: string, password: string, cookie = '') =>
  fetch(`${at.url}/login`, {
    method: 'POST',
    body: new URLSearchParams({ iamid: 'bim', userid, password }),
    headers: { 'sec-fetch-site': 'same-origin', ...(cookie !== '' && { cookie }) },
    redirect: 'manual',
  })
const sessionOf = (response: Response) => response.headers.getSetCookie()[0]!.split(';')[0]!
const statusOf = async (at: TestApp, cookie: string) =>
  (await fetch(`${at.url}/bim/rpc/user/current`, { headers: { cookie } })).status

test('a new log-in ends the session that the browser had, and no other', async () => {
  const [ana, bo] = [await app.as([]), await app.as([])]
  const first = sessionOf(await signIn(app, ana.userid, ana.password))
  const elsewhere = sessionOf(await signIn(app, ana.userid, ana.password))
  // A wrong password leaves it.
  expect((await signIn(app, bo.userid, 'wrong', first)).status).toBe(401)
  expect(await statusOf(app, first)).toBe(200)
  const second = sessionOf(await signIn(app, bo.userid, bo.password, first))
  expect([await statusOf(app, first), await statusOf(app, elsewhere), await statusOf(app, second)]).toEqual([401, 200, 200])
})

test('on https the cookie is __Host-, and only that is read', async () => {
  const response = await signIn(https, https.admin.userid, https.admin.password)
  const line = response.headers.getSetCookie()[0]!
  expect(line).toMatch(/^__Host-roster_session=rt_\w+; Path=\/; Max-Age=43200; HttpOnly; SameSite=Lax; Secure$/)
  const cookie = line.split(';')[0]!
  expect([await statusOf(https, cookie), await statusOf(https, cookie.replace('__Host-', ''))]).toEqual([200, 401])
})

test('a USER_ADMIN ends no session of somebody with permissions they lack', async () => {
  const [helper, other] = [await app.as(['USER_ADMIN']), await app.as([])]
  const run = (query: string) => app.graphql(query, undefined, helper.token)
  const everywhere = (userid: string) =>
    run(`mutation { signOutEverywhere(input: { ref: { name: { userid: "${userid}" } } }) { revokedTokens } }`)
  const rows = await app.store.db.query<{ id: number }>('SELECT id FROM tokens WHERE user_id = $1', [app.admin.id])
  const revoke = (ids: number[]) =>
    run(`mutation { revokeTokens(input: { ids: [${ids.map(id => `"${toGlobalId('Token', id)}"`)}] }) { revokedTokens } }`)
  for (const { errors } of [await everywhere(app.admin.userid), await revoke(rows.map(({ id }) => id))])
    expect(errors?.[0]?.extensions.code).toBe('FORBIDDEN')
  expect((await app.graphql('{ viewer { user { userid } } }')).data.viewer.user.userid).toBe(app.admin.userid)
  expect((await everywhere(other.userid)).data.signOutEverywhere).toEqual({ revokedTokens: 1 })
  expect((await everywhere(helper.userid)).data.signOutEverywhere).toEqual({ revokedTokens: 1 })
})

test('a key narrowed to apikey:impersonate makes a token that is as narrow', async () => {
  const [owner, target] = [await app.as(['IMPERSONATE_USER']), await app.as([])]
  const tokenOf = async (scopes: string[]) => {
    const createKey = `mutation { createApiKey(input: { name: "k", scopes: ${JSON.stringify(scopes)} }) { secret } }`
    const { secret } = (await app.graphql(createKey, undefined, owner.token)).data.createApiKey
    const { data, errors } = await app.graphql(
      `mutation { impersonate(input: { apikey: "${secret}", iamid: "bim", userid: "${target.userid}" }) { token } }`,
      undefined,
      owner.token,
    )
    expect(errors).toBeUndefined()
    return data.impersonate.token as string
  }
  const reads = async (token: string) =>
    (await app.graphql('{ viewer { user { userid } } }', undefined, token)).data?.viewer?.user?.userid ?? null
  expect(await reads(await tokenOf(['apikey:impersonate']))).toBeNull()
  expect(await reads(await tokenOf(['apikey:impersonate', 'read']))).toBe(target.userid)
  expect(await reads(await tokenOf([]))).toBe(target.userid)
})
