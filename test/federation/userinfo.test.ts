// The external user info endpoint from end to end: a real HTTP server is asked at a log-in and at a refresh.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { bootApp, type Person, type TestApp } from '../harness/app.ts'

let app: TestApp
let ana: Person
let answer: { status: number; body: string }
const requests: { userid: string | null; authorization: string | undefined }[] = []
const endpoint = createServer((request, response) => {
  const { searchParams } = new URL(request.url!, 'http://endpoint')
  requests.push({ userid: searchParams.get('userid'), authorization: request.headers.authorization })
  response.writeHead(answer.status).end(answer.body)
})

beforeAll(async () => {
  await new Promise<void>(resolve => endpoint.listen(0, '127.0.0.1', resolve))
  app = await bootApp()
  ana = await app.as([])
})
afterEach(() => requests.splice(0))
afterAll(async () => {
  await app?.close()
  endpoint.close()
})

const provide = (body: unknown, status = 200) => {
  answer = { status, body: typeof body === 'string' ? body : JSON.stringify(body) }
}
async function configure(more: object = {}) {
  const uri = `http://127.0.0.1:${(endpoint.address() as AddressInfo).port}/who`
  const authentication = { username: 'roster', password: 'endpoint secret' }
  const { errors } = await app.graphql(
    'mutation ($config: JSON!) { updateIam(input: { iamid: "bim", config: $config }) { iam { id: iamid } } }',
    { config: { externalUserInfo: { uri, useAuth: true, authentication, timeoutMs: 2_000, ...more } } },
  )
  expect(errors).toBeUndefined()
}
const logIn = () =>
  app.graphql(
    'mutation ($u: String!, $p: String!) { logIn(input: { userid: $u, password: $p }) { token } }',
    { u: ana.userid, p: ana.password },
    null,
  )
const refresh = () =>
  app.graphql('mutation ($id: Int!) { refreshUser(input: { ref: { databaseId: $id } }) { user { id: databaseId } } }', {
    id: ana.id,
  })
async function held() {
  const { data } = await app.graphql(
    'query ($id: Int!) { user(ref: { databaseId: $id }) { iamAuthorizations bimAuthorizations memberships { nodes { group { name iamid } sources } } } }',
    { id: ana.id },
  )
  const { memberships, ...rest } = data.user
  return { ...rest, groups: memberships.nodes.map((node: any) => `${node.group.iamid}/${node.group.name}: ${node.sources}`) }
}

test('is called at a log-in, with the userid and the credentials, and owns the values that it returns', async () => {
  await configure()
  provide({ groups: [{ name: 'Accountants' }], authorizations: { EMEA: ['Sales', 'Expenses'] } })
  expect((await logIn()).data.logIn.token).toMatch(/^rt_/)
  const authorization = `Basic ${Buffer.from('roster:endpoint secret').toString('base64')}`
  expect(requests).toEqual([{ userid: ana.userid, authorization }])
  expect(await held()).toEqual({
    iamAuthorizations: { EMEA: ['Sales', 'Expenses'] },
    bimAuthorizations: null,
    groups: ['bim/Accountants: user info'],
  })
  const { data } = await app.graphql('{ auditEvents(first: 3) { nodes { event targetName after } } }')
  expect(data.auditEvents.nodes.map((node: { event: string }) => node.event)).toEqual([
    'loginSucceeded',
    'attributeUpdated',
    'groupUserAdded',
  ])
})

test.each([
  ['an error', 500, '{"groups": [], "authorizations": {}}'],
  ['something else', 200, '<html>'],
])('%s removes nothing, and the log-in succeeds', async (_, status, body) => {
  const before = await held()
  provide(body, status)
  expect((await logIn()).data.logIn.token).toMatch(/^rt_/)
  expect((await refresh()).errors).toBeUndefined()
  expect(await held()).toEqual(before)
})

test('is called at a refresh too; values that it no longer returns end, missing members change nothing', async () => {
  provide({ authorizations: { APAC: ['Sales'] } })
  expect((await refresh()).errors).toBeUndefined()
  expect(await held()).toMatchObject({ iamAuthorizations: { APAC: ['Sales'] }, groups: ['bim/Accountants: user info'] })
  provide({ groups: [] })
  await refresh()
  expect(await held()).toMatchObject({ iamAuthorizations: { APAC: ['Sales'] }, groups: [] })
})

test('an invalid name is left out; the rest is stored', async () => {
  provide({ groups: [{ name: 'Good' }, { name: 'bad\u0000' }], authorizations: { constructor: ['x'], Fine: ['y', ''] } })
  expect((await logIn()).data.logIn.token).toMatch(/^rt_/)
  expect(await held()).toMatchObject({ iamAuthorizations: { Fine: ['y'] }, groups: ['bim/Good: user info'] })
})

test('values that are all invalid end nothing; a key that is missing ends', async () => {
  provide({ groups: [{ name: 'Kept' }], authorizations: { Stays: ['a'], Ends: ['b'], Empty: ['c'] } })
  await logIn()
  provide({ groups: [{ name: 'bad\u0000' }], authorizations: { Stays: ['bad\u0000'], Empty: [], constructor: ['x'] } })
  expect((await logIn()).data.logIn.token).toMatch(/^rt_/)
  expect(await held()).toMatchObject({ groups: ['bim/Kept: user info'] })
  expect((await held()).iamAuthorizations).toEqual({ Stays: ['a'] })
})

test('two spellings of one name are one, with the values of both', async () => {
  provide({
    groups: [{ name: 'Twice' }, { name: 'TWICE' }],
    authorizations: { Area: ['north', 'south'], AREA: ['north', 'east'] },
  })
  expect((await logIn()).data.logIn.token).toMatch(/^rt_/)
  expect(await held()).toMatchObject({
    iamAuthorizations: { Area: ['north', 'south', 'east'] },
    groups: ['bim/Twice: user info'],
  })
})

test('a wrong password is refused without a request to the endpoint', async () => {
  const { errors } = await app.graphql(
    'mutation ($u: String!) { logIn(input: { userid: $u, password: "wrong" }) { token } }',
    { u: ana.userid },
    null,
  )
  expect(errors![0].extensions.code).toBe('UNAUTHENTICATED')
  expect(requests).toEqual([])
})

test('onError deny refuses a user without a fresh answer', async () => {
  await configure({ onError: 'deny', staleAfter: 3_600 })
  provide({ groups: [] })
  expect((await logIn()).data.logIn.token).toMatch(/^rt_/)
  provide('', 503)
  expect((await logIn()).data.logIn.token).toMatch(/^rt_/)
  await configure({ onError: 'deny' })
  const refused = await logIn()
  expect(refused.data.logIn).toBeNull()
  expect(refused.errors![0].extensions.code).toBe('UNAVAILABLE')
  expect(JSON.stringify(refused)).not.toContain('endpoint secret')
})

test('only the supported actions of the IAM are applied', async () => {
  const uri = `http://127.0.0.1:${(endpoint.address() as AddressInfo).port}/who`
  provide({ groups: [{ name: 'Taken' }], authorizations: { Left: ['x'] } })
  for (const [id, action] of [
    ['groupsonly', 'syncRestGroups'],
    ['valuesonly', 'syncRestAuthorizations'],
  ]) {
    const config = { supportedActions: [action], externalUserInfo: { uri } }
    await app.graphql('mutation ($i: CreateIamInput!) { createIam(input: $i) { iam { id: iamid } } }', {
      i: { iamid: id, displayName: id, type: 'OPENID', config },
    })
    const [user] = await app.store.db.query<{ id: number }>(
      `INSERT INTO users (iamid, userid, userid_key, name, name_key) VALUES ($1, 'p', 'p', 'P', 'p') RETURNING id`,
      [id],
    )
    const { data } = await app.graphql(
      'mutation ($id: Int!) { refreshUser(input: { ref: { databaseId: $id } }) { user { iamAuthorizations groups { nodes { name } } } } }',
      { id: user!.id },
    )
    expect(data.refreshUser.user).toEqual(
      id === 'groupsonly'
        ? { iamAuthorizations: null, groups: { nodes: [{ name: 'Taken' }] } }
        : { iamAuthorizations: { Left: ['x'] }, groups: { nodes: [] } },
    )
  }
})

test('a stored http address of another machine is not called', async () => {
  await configure()
  await app.store.db.query(
    `UPDATE iams SET config = jsonb_set(config, '{externalUserInfo,uri}', '"http://info.example.com/who"') WHERE id = 'bim'`,
  )
  const before = await held()
  expect((await logIn()).data.logIn.token).toMatch(/^rt_/)
  expect(await held()).toEqual(before)
  const [row] = await app.store.db.query<{ failure: string }>('SELECT failure FROM user_info_answers WHERE user_id = $1', [
    ana.id,
  ])
  expect(row!.failure).toBe(
    'config.externalUserInfo.uri must be https, unless its host is this machine (localhost, 127.0.0.1, [::1])',
  )
})
