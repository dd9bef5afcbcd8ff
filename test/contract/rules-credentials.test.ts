// Responses 5 (the form of errors), 7 (tokens) and 8 (keys).
import { afterAll, describe, expect, test } from 'vitest'
import { bootApp } from '../harness/app.ts'
import { send, sendRaw } from './client.ts'
import type { LoggedIn } from './world.ts'
import { expectNoLeak, expectRefusal, fresh, userPath, world } from './world.ts'

const app = await bootApp()
afterAll(() => app.close())
const w = world(app)

interface Facts {
  id: number
  lastUsed: string
  expiration: string
  created: string
}

const hour = 60 * 60 * 1000
const facts = (token: string, by = app.admin.token) => w.must<Facts>('POST', '/bim/token', { token }, by)

describe('Responses 5: Errors', () => {
  test('Responses 5: every refusal is {statusCode, error, message} in JSON with the matching status', async () => {
    const ana = await app.as([])
    expectRefusal(await w.anonymous('GET', '/bim/user'), 401, /A token or an API key is needed/)
    expectRefusal(await w.by(ana.token)('POST', '/bim/group', { json: { iamid: 'bim', name: 'x' } }), 403, /^group:create needs/)
    expectRefusal(await w.admin('GET', userPath('nobody')), 404, /^No user "nobody"/)
    expectRefusal(await w.admin('POST', '/bim/iam/bim/user', { json: { userid: ana.userid } }), 409, /^userid is already taken/)
    expectRefusal(await w.admin('POST', '/bim/group', { raw: 'x', type: 'text/plain' }), 415, /^Content-Type/)
    expectRefusal(await w.admin('POST', '/bim/iam/bim/user', { json: { userid: 7 } }), 400, /userid.*must/)
  })

  test('Responses 5: errors of paths, methods and broken requests have the same form', async () => {
    expectRefusal(await w.admin('GET', '/bim/nothing/here'), 404, /GET \/openapi\.json lists/)
    const patched = await w.admin('PATCH', '/bim/group')
    expectRefusal(patched, 405, /^This path does not take PATCH: use GET or HEAD or POST$/)
    expect(patched.headers.get('allow')).toBe('GET, HEAD, OPTIONS, POST')
    const cutShort = await w.admin('POST', '/bim/group', { raw: '{"iamid":', type: 'application/json' })
    expectRefusal(cutShort, 400, /^body must be valid JSON/)
    for (const target of ['/bim/user?name=%E0%A4%A', '/bim/user?name=%ff', '/bim/iam/bim/user/%']) {
      const answer = await sendRaw(app.url, 'GET', target, app.admin.token)
      expect(answer.status, target).toBeLessThan(500)
      expectNoLeak(answer.text)
    }
  })

  test('Responses 5: duplicate user and duplicate group are 409', async () => {
    const name = fresh('dup')
    await w.createUser(name)
    await w.createGroup(name)
    expectRefusal(await w.admin('POST', '/bim/iam/bim/user', { json: { userid: name } }), 409, /^userid is already taken/)
    expectRefusal(await w.admin('POST', '/bim/group', { json: { iamid: 'bim', name } }), 409, /^name is already taken/)
  })
})

describe('Responses 7: Tokens', () => {
  test('Responses 7: a token lives one hour from its last use', async () => {
    const ana = await app.as([])
    const seen = await facts(ana.token)
    expect(Date.parse(seen.expiration) - Date.parse(seen.lastUsed)).toBe(hour)
    const login = await w.must<LoggedIn>('POST', '/bim/iam/bim/user/authenticate', {
      username: ana.userid,
      password: ana.password,
    })
    const issued = await facts(login.token)
    expect(Date.parse(issued.expiration) - Date.parse(issued.lastUsed)).toBe(hour)
    expect(Math.abs(Date.parse(login.tokenExpiration) - Date.parse(issued.expiration))).toBeLessThan(2000)
  })

  test('Responses 7: looking at a token does not extend it', async () => {
    const ana = await app.as([])
    // Never used since it was issued: a use is written a moment later, and would look like an extension.
    const { token } = await w.must<LoggedIn>('POST', '/bim/iam/bim/user/authenticate', {
      username: ana.userid,
      password: ana.password,
    })
    const { lastUsed, expiration } = await facts(token)
    for (let i = 0; i < 3; i++) expect(await facts(token)).toMatchObject({ lastUsed, expiration })
  })

  test('Responses 7: a token is shown to its owner or a USER_ADMIN; to anyone else it is as unknown', async () => {
    const [ana, bo, chief] = [await app.as([]), await app.as([]), await app.as(['USER_ADMIN'])]
    const look = (token: string, by: string) => w.by(by)('POST', '/bim/token', { json: { token } })
    expect((await look(ana.token, ana.token)).body).toMatchObject({ userid: ana.userid, token: ana.token })
    expect((await look(ana.token, chief.token)).body).toMatchObject({ userid: ana.userid })
    const [others, unknown] = [await look(ana.token, bo.token), await look(`rt_${'b'.repeat(40)}`, bo.token)]
    expectRefusal(others, 404, /^No such token/)
    expect(others.body).toEqual(unknown.body)
    const auditor = await app.as(['AUDIT', 'GOVERNANCE', 'APPLICATION_ADMIN', 'IMPERSONATE_USER'])
    expectRefusal(await look(ana.token, auditor.token), 404, /^No such token/)
    expectRefusal(await w.by(ana.token)('POST', '/bim/token', { json: { token: 7 } }), 400, /token/)
    expectRefusal(await w.by(ana.token)('POST', '/bim/token'), 400, /token|body/)
  })

  test('Responses 7: a token made with a key bound to a project says so', async () => {
    const ana = await app.as([])
    const projectId = await w.createProject(fresh('project'), ana.token)
    const { apikey } = await w.createKey(ana.token, { projectId })
    expect(await facts(await w.keyToken(apikey))).toMatchObject({ project: projectId, context: null })
    expect(await w.createKey(ana.token)).toMatchObject({ project: null, context: null })
  })

  test('Responses 7: what expires is 401 from then on, a key and the tokens issued with it', async () => {
    const ana = await app.as([])
    const mutation = 'mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { secret } }'
    const input = { name: 'brief', expiresAt: new Date(Date.now() + 2000).toISOString() }
    const { secret } = (await w.graphql<{ createApiKey: { secret: string } }>(mutation, { input }, ana.token)).createApiKey
    expect((await w.by(secret)('GET', '/bim/rpc/user/current')).status).toBe(200)
    const token = await w.keyToken(secret)
    const status = async (credential: string) => (await w.by(credential)('GET', '/bim/rpc/user/current')).status
    await expect.poll(() => status(secret), { timeout: 15_000 }).toBe(401)
    await expect.poll(() => status(token), { timeout: 15_000 }).toBe(401)
    expectRefusal(await w.anonymous('POST', '/bim/apikey/authenticate', { json: { apikey: secret } }), 401, /API key is unknown/)
  }, 40_000)
})

describe('Responses 8: Keys', () => {
  test('Responses 8: deleting a key revokes every token issued with it and reports how many', async () => {
    const ana = await app.as([])
    const [key, other] = [await w.createKey(ana.token), await w.createKey(ana.token)]
    const tokens = [await w.keyToken(key.apikey), await w.keyToken(key.apikey)]
    const unrelated = await w.keyToken(other.apikey)
    expect(await w.must('DELETE', `/bim/apikey/${key.keyid}`, undefined, ana.token)).toEqual({ revokedTokens: 2 })
    for (const dead of [...tokens, key.apikey]) expectRefusal(await w.by(dead)('GET', '/bim/rpc/user/current'), 401)
    expect((await w.by(unrelated)('GET', '/bim/rpc/user/current')).status).toBe(200)
    expectRefusal(await w.by(ana.token)('DELETE', `/bim/apikey/${key.keyid}`), 404, /^You have no API key/)
    expect(await w.must('DELETE', `/bim/apikey/${other.keyid}`, undefined, ana.token)).toEqual({ revokedTokens: 1 })
  })

  test('Responses 8: no new key is made: the list has one fewer', async () => {
    const ana = await app.as([])
    const { keyid } = await w.createKey(ana.token)
    await w.createKey(ana.token, { name: 'stays' })
    await w.must('DELETE', `/bim/apikey/${keyid}`, undefined, ana.token)
    expect(await w.must('GET', `${userPath(ana.userid)}/apikeys`)).toMatchObject([{ name: 'stays', context: null }])
  })

  test('Responses 8: the list never shows a key, and its uses show as lastUsed', async () => {
    const ana = await app.as([])
    const { apikey, keyid } = await w.createKey(ana.token, { name: 'listed' })
    await w.keyToken(apikey)
    const listed = await send<{ keyid: number; lastUsed: string }[]>(app.url, 'GET', `${userPath(ana.userid)}/apikeys`, {
      token: ana.token,
    })
    expect(listed.text).not.toContain(apikey)
    expect(listed.body).toMatchObject([{ keyid, name: 'listed', lastUsed: expect.any(String) }])
  })
})
