// Requests 1 and 2, which hold on every path: credentials and bodies.
import { afterAll, describe, expect, test } from 'vitest'
import { bootApp } from '../harness/app.ts'
import { segment, send } from './client.ts'
import { calls } from './examples.ts'
import type { GroupView, LoggedIn, NewUser, UserView } from './world.ts'
import { expectGraphqlRefusal, expectRefusal, fresh, userPath, world } from './world.ts'

const app = await bootApp()
afterAll(() => app.close())
const w = world(app)

const openToAll = ['user/authenticate', 'apikey/authenticate', 'apikey/impersonate']
const closed = calls.filter(call => !openToAll.some(path => call.endsWith(path)))
/** The call with something in place of each `{parameter}`. */
const anyPath = (call: string) => call.split(' ')[1]!.replaceAll(/\{\w+\}/g, 'x')
const methodOf = (call: string) => call.split(' ')[0]!

describe('Requests 1: Credentials', () => {
  test('Requests 1: a token and an API key both work, with and without the word Bearer, on REST and on GraphQL', async () => {
    const ana = await app.as([])
    for (const secret of [ana.token, await ana.key()]) {
      for (const authorization of [secret, `Bearer ${secret}`]) {
        const headers = { authorization }
        const current = await send<UserView>(app.url, 'GET', '/bim/rpc/user/current', { headers })
        expect([current.status, current.body.userid]).toEqual([200, ana.userid])
        expect((await send(app.url, 'GET', '/bim/user', { headers })).status).toBe(200)
        const json = { query: '{ viewer { user { userid } } }' }
        const viewer = await send(app.url, 'POST', '/graphql', { headers, json })
        expect(viewer.body).toMatchObject({ data: { viewer: { user: { userid: ana.userid } } } })
      }
    }
  })

  test.each(closed)(
    'Requests 1: %s without a credential, or with a bad one, is 401 before the payload is looked at',
    async call => {
      const bad = [
        '',
        'Bearer ',
        'Bearer nonsense',
        'nonsense',
        'Basic YW5hOmFuYQ==',
        `Bearer rt_${'a'.repeat(40)}`,
        `rk_${'a'.repeat(40)}`,
      ]
      for (const authorization of [undefined, ...bad]) {
        const headers: Record<string, string> = authorization === undefined ? {} : { authorization }
        const broken = methodOf(call) === 'GET' ? {} : { raw: '{"broken', type: 'application/json' }
        const answer = await send(app.url, methodOf(call), anyPath(call), { headers, ...broken })
        expectRefusal(answer, 401)
        expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/)
      }
    },
  )

  test('Requests 1: a token that was revoked is 401', async () => {
    const bo = await app.as([])
    await w.must('PUT', `${userPath(bo.userid)}/disable/true`)
    await w.must('PUT', `${userPath(bo.userid)}/disable/false`)
    expectRefusal(await w.by(bo.token)('GET', '/bim/rpc/user/current'), 401)
  })

  test('Requests 1: 403 comes before 400 and 404: who may not do it at all learns nothing about the payload or the target', async () => {
    const plain = w.by((await app.as([])).token)
    expectRefusal(await plain('POST', '/bim/iam/bim/user', { json: { userid: 7 } }), 403, /^user:create needs/)
    expectRefusal(await plain('PUT', `${userPath('nobody')}/permissions`, { json: 'x' }), 403, /^user:setPermissions needs/)
    expectRefusal(await plain('POST', '/bim/user/search', { json: { size: -1 } }), 403, /^user:search needs/)
    expectRefusal(await plain('DELETE', '/bim/group/2147483647'), 403, /^group:delete needs/)
    expectRefusal(await plain('GET', '/bim/group/2147483647'), 403, /^group:read needs/)
  })

  test('Requests 1: 400 comes before 404: a bad payload for a target that is not there', async () => {
    expectRefusal(await w.admin('PUT', `${userPath('nobody')}/permissions`, { json: [7] }), 400, /^permissions /)
    expectRefusal(await w.admin('PUT', '/bim/group/2147483647', { json: { name: 7 } }), 400, /^name /)
    expectRefusal(await w.admin('PUT', `${userPath('nobody')}/disable/maybe`), 400, /^disable /)
  })

  test('Requests 1: 400 comes before 409, and 404 before 409', async () => {
    const taken = fresh('taken')
    await w.createUser(taken)
    expectRefusal(await w.admin('POST', '/bim/iam/bim/user', { json: { userid: taken, permissions: [7] } }), 400, /^permissions /)
    const group = await w.createGroup(fresh('crew'))
    expectRefusal(await w.admin('PUT', '/bim/group/2147483647', { json: { name: group.name } }), 404, /^No group/)
  })

  const logIn = (userid: string, password: string) =>
    `logIn(input: { userid: ${JSON.stringify(userid)}, password: ${JSON.stringify(password)} }) { token }`

  test('Requests 1: anonymous /graphql runs log-in mutations', async () => {
    const ana = await app.as([])
    const json = { query: `mutation { a: ${logIn(ana.userid, ana.password)} b: ${logIn(ana.userid, ana.password)} }` }
    const answer = await send(app.url, 'POST', '/graphql', { json })
    expect(answer.body).toMatchObject({ data: { a: { token: expect.any(String) }, b: { token: expect.any(String) } } })
  })

  test.each([
    ['a query', '{ viewer { can } }'],
    ['__typename', '{ __typename }'],
    ['introspection', '{ __schema { types { name } } }'],
    ['a syntax error', '{'],
    ['an unknown field', '{ nonsense }'],
    ['another mutation', 'mutation { logOut { revokedTokens } }'],
    ['a log-in beside another mutation', `mutation { ${logIn('x', 'y')} logOut { revokedTokens } }`],
    ['a log-in beside a query in one document', `mutation A { ${logIn('x', 'y')} } query B { __typename }`],
    ['a log-in and __typename', `mutation { __typename ${logIn('x', 'y')} }`],
    [
      'a log-in hidden beside another mutation in a fragment',
      `mutation { ...F } fragment F on Mutation { ${logIn('x', 'y')} logOut { revokedTokens } }`,
    ],
  ])('Requests 1: anonymous /graphql with %s is HTTP 401', async (_what, query) => {
    expectGraphqlRefusal(await send(app.url, 'POST', '/graphql', { json: { query } }), 401, { code: 'UNAUTHENTICATED' })
  })

  test('Requests 1: anonymous /graphql without a usable body, or by GET, is HTTP 401', async () => {
    const type = 'application/json'
    for (const sent of [{ type }, { raw: '{"query', type }, { json: [] }, { json: { query: 7 } }])
      expectGraphqlRefusal(await send(app.url, 'POST', '/graphql', sent), 401, { code: 'UNAUTHENTICATED' })
    const got = await send(app.url, 'GET', `/graphql?query=${segment('{ __typename }')}`)
    expectGraphqlRefusal(got, 401, { code: 'UNAUTHENTICATED' })
  })
})

describe('Requests 2: Bodies', () => {
  test('Requests 2: a form does what JSON does', async () => {
    const userid = fresh('form')
    const form = { userid, password: 'a form of words', permissions: ['CREATE_FILTER', 'AUDIT'] }
    const created = await w.admin<NewUser>('POST', '/bim/iam/bim/user', { form })
    expect(created.body.newUser).toMatchObject({ userid, permissions: expect.arrayContaining(['CREATE_FILTER', 'AUDIT']) })
    const credentials = { username: userid, password: 'a form of words' }
    const login = await w.anonymous<LoggedIn>('POST', '/bim/iam/bim/user/authenticate', { form: credentials })
    expect(login.body.authenticated).toBe(true)
    const { apikey } = await w.createKey(login.body.token)
    expect((await w.anonymous('POST', '/bim/apikey/authenticate', { form: { apikey } })).status).toBe(200)
    expect((await w.admin('POST', '/bim/token', { form: { token: login.body.token } })).body).toMatchObject({ userid })
    const group = await w.admin<GroupView>('POST', '/bim/group', { form: { iamid: 'bim', name: fresh('form crew') } })
    expect(group.status).toBe(200)
    const member = await w.admin('POST', `/bim/group/${group.body.id}/user`, { form: { userid, iamid: 'bim' } })
    expect(member.body).toMatchObject({ group: group.body.id })
  })

  test('Requests 2: an empty body with a JSON content type is no body, on every method', async () => {
    const type = 'application/json'
    const userid = fresh('empty')
    await w.createUser(userid)
    const { id } = await w.createGroup(fresh('empty crew'))
    const membership = await w.addMember(id, userid)
    expect((await w.admin('GET', '/bim/rpc/user/current', { type })).status).toBe(200)
    expect((await w.admin('PUT', `${userPath(userid)}/authorizations/a/b`, { type })).status).toBe(200)
    expect((await w.admin('POST', `${userPath(userid)}/authorizations/a/c`, { type })).status).toBe(200)
    expect((await w.admin('DELETE', `${userPath(userid)}/authorizations/a/b`, { type })).status).toBe(200)
    expect((await w.admin('DELETE', `/bim/group/${id}/user/${membership.id}`, { type })).status).toBe(200)
    expect((await w.admin('POST', '/bim/user/search', { type })).status).toBe(200)
    expectRefusal(await w.admin('POST', '/bim/group', { type }), 400, /name|body/)
  })

  test('Requests 2: {} on a path that needs no body is fine', async () => {
    const userid = fresh('braces')
    await w.createUser(userid)
    expect((await w.admin('PUT', `${userPath(userid)}/authorizations/a/b`, { json: {} })).status).toBe(200)
    expect((await w.admin('PUT', `${userPath(userid)}/disable/true`, { json: {} })).status).toBe(200)
    expect((await w.admin('DELETE', `${userPath(userid)}/authorizations/a/b`, { json: {} })).status).toBe(200)
    expect((await w.admin('DELETE', userPath(userid), { json: {} })).status).toBe(200)
  })

  test('Requests 2: a body in any charset but UTF-8 is 415', async () => {
    const raw = JSON.stringify({ iamid: 'bim', name: fresh('charset') })
    for (const charset of ['iso-8859-1', 'utf-16', 'latin1']) {
      expectRefusal(await w.admin('POST', '/bim/group', { raw, type: `application/json; charset=${charset}` }), 415, /charset/)
    }
    const form = 'application/x-www-form-urlencoded; charset=iso-8859-1'
    expectRefusal(await w.admin('POST', '/bim/group', { raw: 'iamid=bim&name=x', type: form }), 415, /charset/)
    for (const charset of ['utf-8', 'UTF-8', '"utf-8"']) {
      const json = JSON.stringify({ iamid: 'bim', name: fresh('charset') })
      expect((await w.admin('POST', '/bim/group', { raw: json, type: `application/json; charset=${charset}` })).status).toBe(200)
    }
  })

  test('Requests 2: other media types are 415', async () => {
    const raw = JSON.stringify({ iamid: 'bim', name: 'x' })
    for (const type of ['text/plain', 'application/xml', 'multipart/form-data; boundary=x']) {
      expectRefusal(await w.admin('POST', '/bim/group', { raw, type }), 415, /^Content-Type/)
    }
  })

  test('Requests 2: /graphql takes JSON only', async () => {
    const answer = await w.admin('POST', '/graphql', { form: { query: '{ viewer { can } }' } })
    expectGraphqlRefusal(answer, 415, { code: 'UNSUPPORTED_MEDIA_TYPE' })
  })
})
