// Roster as another system's external user info endpoint, asked by Roster itself: both ends speak the documented form.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { callUserInfo } from '../../../src/connectors/userinfo.ts'
import { bootApp, type Person, type TestApp } from '../../harness/app.ts'
import { outbound } from '../../harness/outbound.ts'

let app: TestApp
let ana: Person
let key: string
beforeAll(async () => {
  app = await bootApp()
  ana = await app.as([])
  const { data, errors } = await app.graphql(
    `mutation ($id: Int!) {
       createGroup(input: { name: "Crew" }) { group { id: databaseId } }
       a: addAttribute(input: { owner: { user: { databaseId: $id } }, key: "Country", value: "CH" }) { owner { __typename } }
       b: addAttribute(input: { owner: { user: { databaseId: $id } }, key: "Country", value: "NO" }) { owner { __typename } }
       createApiKey(input: { name: "other system", scopes: ["read"] }) { secret } }`,
    { id: ana.id },
  )
  expect(errors).toBeUndefined()
  key = data.createApiKey.secret
  await app.graphql(
    'mutation ($g: Int!, $u: Int!) { addGroupMember(input: { group: { databaseId: $g }, user: { databaseId: $u } }) { membership { id: databaseId } } }',
    {
      g: data.createGroup.group.id,
      u: ana.id,
    },
  )
})
afterAll(() => app?.close())

const basic = (password: string) => `Basic ${Buffer.from(`roster:${password}`).toString('base64')}`
const get = async (query: string, authorization?: string) => {
  const answer = await fetch(`${app.url}/user-info?${query}`, { headers: authorization ? { authorization } : {} })
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
}

test('answers what a connector of the same kind understands', async () => {
  const config = { uri: `${app.url}/user-info`, authentication: { username: 'roster' } }
  expect(await callUserInfo(outbound, { config, secrets: { password: key }, userid: ana.userid })).toEqual({
    info: { groups: ['Crew'], authorizations: { Country: ['CH', 'NO'] } },
  })
  expect(await callUserInfo(outbound, { config, secrets: { password: 'wrong' }, userid: ana.userid })).toEqual({
    failure: 'The answer has the status 401',
  })
  expect(await callUserInfo(outbound, { config, secrets: { password: key }, userid: 'nobody' })).toEqual({
    failure: 'The answer has the status 404',
  })
})

test('the documented body; a bearer key works too', async () => {
  const documented = { groups: [{ name: 'Crew' }], authorizations: { Country: ['CH', 'NO'] } }
  for (const authorization of [basic(key), `Bearer ${key}`])
    expect(await get(`userid=${ana.userid}`, authorization)).toEqual({ status: 200, body: documented })
  expect(await get(`userid=${app.admin.userid}&iamid=bim`, basic(key))).toMatchObject({
    body: { groups: [], authorizations: {} },
  })
})

test('nobody comes in without a key, and Basic opens no other path', async () => {
  for (const authorization of [
    undefined,
    'Basic',
    'Basic !!',
    basic(''),
    basic('rk_x'),
    basic(app.admin.password),
    basic(ana.token),
  ])
    expect(await get(`userid=${ana.userid}`, authorization), authorization).toMatchObject({
      status: 401,
      body: { message: expect.stringContaining('the password of Basic credentials') },
    })
  const elsewhere = await fetch(`${app.url}/bim/user`, { headers: { authorization: basic(key) } })
  expect([elsewhere.status, await elsewhere.json()]).toMatchObject([401, { message: expect.stringContaining('Bearer') }])
})

test('a client that waits to be asked for Basic credentials is asked', async () => {
  for (const authorization of [undefined, basic('rk_x')]) {
    const { status, headers } = await fetch(`${app.url}/user-info?userid=a`, { headers: authorization ? { authorization } : {} })
    expect([status, headers.get('www-authenticate')]).toEqual([401, 'Basic realm="Roster", charset="UTF-8", Bearer'])
  }
  expect((await fetch(`${app.url}/bim/user`)).headers.get('www-authenticate')).toBe('Bearer')
})

test('a caller that may not read groups is refused, and does not get an empty list', async () => {
  for (const permissions of [[], ['AUDIT'], ['USER_ADMIN']] as const) {
    const person = await app.as([...permissions])
    const { data } = await app.graphql('mutation { createApiKey(input: {}) { secret } }', {}, person.token)
    const { status, body } = await get(`userid=${ana.userid}`, basic(data.createApiKey.secret))
    const refusal = { status: 403, message: expect.stringMatching(/needs the permission/) }
    const expected = permissions[0] === 'USER_ADMIN' ? { status: 200 } : refusal
    expect({ status, message: body.message }, permissions.join()).toEqual(expected)
  }
})

test('a disabled user has no groups and no authorizations, so that the caller removes them', async () => {
  const person = await app.as([])
  const { data } = await app.graphql(
    `mutation ($id: Int!) { createGroup(input: { name: "Left" }) { group { id: databaseId } }
       addAttribute(input: { owner: { user: { databaseId: $id } }, key: "Country", value: "CH" }) { owner { __typename } } }`,
    { id: person.id },
  )
  await app.graphql(
    'mutation ($g: Int!, $u: Int!) { addGroupMember(input: { group: { databaseId: $g }, user: { databaseId: $u } }) { membership { id: databaseId } } }',
    { g: data.createGroup.group.id, u: person.id },
  )
  const ask = () =>
    callUserInfo(outbound, {
      config: { uri: `${app.url}/user-info`, authentication: { username: 'roster' } },
      secrets: { password: key },
      userid: person.userid,
    })
  const disable = (disabled: boolean) =>
    app.graphql(
      'mutation ($id: Int!, $disabled: Boolean!) { setUserDisabled(input: { ref: { databaseId: $id }, disabled: $disabled }) { user { id: databaseId } } }',
      {
        id: person.id,
        disabled,
      },
    )
  expect(await ask()).toEqual({ info: { groups: ['Left'], authorizations: { Country: ['CH'] } } })
  await disable(true)
  expect(await get(`userid=${person.userid}`, basic(key))).toEqual({ status: 200, body: { groups: [], authorizations: {} } })
  expect(await ask()).toEqual({ info: { groups: [], authorizations: {} } })
  await disable(false)
  expect(await ask()).toEqual({ info: { groups: ['Left'], authorizations: { Country: ['CH'] } } })
})

test('a question without a userid is 400', async () => {
  for (const query of ['', 'userid=a&userid=b', 'name=ana'])
    expect(await get(query, basic(key)), query).toMatchObject({
      status: 400,
      body: { message: expect.stringMatching(/^userid /) },
    })
  for (const query of ['userid=', 'userid=%00', 'userid=ana&iamid=none'])
    expect((await get(query, basic(key))).status, query).not.toBe(200)
})
