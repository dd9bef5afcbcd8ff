// What a directory and a user info endpoint answered is kept, with what it changed, and simulated again by the present configuration.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { addGroups, groups, ldif, people } from '../connectors/directory.ts'
import { bootApp, type Person, type TestApp } from '../harness/app.ts'
import { account, type Slapd, sayWhenSkipped, slapdFolder, startSlapd } from '../harness/slapd.ts'
import { exchangesOf, replay, stock } from './harness.ts'

sayWhenSkipped('exchanges with a directory')

let app: TestApp
beforeAll(async () => {
  app = await bootApp()
})
afterAll(() => app?.close())

const configure = async (id: string, config: object) => {
  const { errors } = await app.graphql(
    'mutation ($id: String!, $config: JSON!) { updateIam(input: { iamid: $id, config: $config }) { iam { id: iamid } } }',
    { id, config },
  )
  expect(errors).toBeUndefined()
}
const logIn = (iamid: string, userid: string, password: string) =>
  app.graphql('mutation ($i: LogInInput!) { logIn(input: $i) { token } }', { i: { iamid, userid, password } }, null)

describe('user info', () => {
  let ana: Person
  let answer = { status: 200, body: '' }
  const endpoint = createServer((_, response) => void response.writeHead(answer.status).end(answer.body))
  const tell = (body: unknown, status = 200) => {
    answer = { status, body: JSON.stringify(body) }
  }
  beforeAll(async () => {
    await new Promise<void>(resolve => endpoint.listen(0, '127.0.0.1', resolve))
    ana = await app.as([])
    const uri = `http://127.0.0.1:${(endpoint.address() as AddressInfo).port}/who`
    const authentication = { username: 'roster', password: 'endpoint secret' }
    await configure('bim', { externalUserInfo: { uri, useAuth: true, authentication } })
  })
  afterAll(() => endpoint.close())

  test('an answer, with what it changed and nothing else', async () => {
    tell({ groups: [{ name: 'Crew' }], authorizations: { Level: ['1'] } })
    expect((await logIn('bim', ana.userid, ana.password)).data.logIn.token).toMatch(/^rt_/)
    const [kept] = await exchangesOf(app, 'bim')
    expect(kept).toMatchObject({
      kind: 'USER_INFO',
      operation: 'ask',
      userid: ana.userid,
      response: { groups: [{ name: 'Crew' }], authorizations: { Level: ['1'] } },
      failure: null,
    })
    expect(kept.changes.map(({ event }: any) => event)).toEqual(['groupUserAdded', 'attributeUpdated'])
    expect(JSON.stringify(kept)).not.toMatch(/endpoint secret|password of/)
  })

  test('is simulated again by what is held now', async () => {
    const [kept] = await exchangesOf(app, 'bim')
    const before = await stock(app)
    expect((await replay(app, kept.id)).data.replayExchange).toMatchObject({
      status: null,
      changes: null,
      identity: { user: { userid: ana.userid }, source: 'user info', groupsAdded: [], attributesAdded: {} },
    })
    expect(await stock(app)).toEqual(before)
    tell({ groups: [] })
    await logIn('bim', ana.userid, ana.password)
    expect((await replay(app, kept.id)).data.replayExchange.identity).toMatchObject({ groupsAdded: ['Crew'] })
  })

  test('no answer is kept with its reason, and cannot be run again', async () => {
    tell('<html>', 502)
    await logIn('bim', ana.userid, ana.password)
    const [kept] = await exchangesOf(app, 'bim', { failed: true })
    expect(kept).toMatchObject({ userid: ana.userid, response: null, failure: expect.stringContaining('502'), changes: [] })
    expect((await replay(app, kept.id)).errors![0].extensions.code).toBe('REFUSED')
  })
})

describe.skipIf(slapdFolder === null)('a directory', () => {
  let slapd: Slapd
  const config = () => ({
    options: {
      host: '127.0.0.1',
      port: slapd.port,
      userSearchBase: people,
      userSearchFilter: 'uid=%s',
      groupSearchBase: groups,
      userGroupSearchFilter: '(member=<dn>)',
      connectTimeout: 2_000,
    },
    credentials: { bind_dn: account.dn, bind_pw: account.password },
    schema: { profile: { name: 'cn', email: 'mail', position: 'title' } },
  })
  beforeAll(async () => {
    slapd = await startSlapd({ ldif })
    await addGroups(slapd, [{ name: 'Sales', members: [`uid=Ana,${people}`] }])
    const { errors } = await app.graphql(
      'mutation ($config: JSON!) { createIam(input: { iamid: "north", displayName: "North", type: LDAP, config: $config }) { iam { id: iamid } } }',
      { config: config() },
    )
    expect(errors).toBeUndefined()
  }, 60_000)
  afterAll(() => slapd?.close())

  test('an entry at a log-in, with what it changed; the password is nowhere', async () => {
    expect((await logIn('north', 'ana', 'pw-Ana')).data.logIn.token).toMatch(/^rt_/)
    const [kept, ...others] = await exchangesOf(app, 'north')
    expect(others).toEqual([])
    expect(kept).toMatchObject({
      kind: 'LDAP',
      operation: 'log in',
      userid: 'Ana',
      resource: `uid=Ana,${people}`,
      response: { attributes: { cn: ['Ana'] }, groups: [{ name: 'Sales' }] },
      responseComplete: true,
      changes: [{ event: 'userCreated' }, { event: 'groupUserAdded' }],
    })
    expect(JSON.stringify(kept)).not.toContain('pw-Ana')
  })

  test('is simulated by the present configuration', async () => {
    const [kept] = await exchangesOf(app, 'north')
    const before = await stock(app)
    const { data } = await replay(app, kept.id)
    expect(data.replayExchange.identity).toMatchObject({
      source: 'north',
      before: {},
      after: {},
      groupsAdded: [],
      groupsRemoved: [],
    })
    expect(await stock(app)).toEqual(before)
    await configure('north', { ...config(), schema: { profile: { name: 'uid' }, authorizations: { Title: 'title' } } })
    const changed = await replay(app, kept.id)
    expect(changed.data.replayExchange.identity.attributesAdded).toHaveProperty('Title')
  })

  test('wrong passwords push nothing out, a directory that is down is kept', async () => {
    await logIn('north', 'ana', 'wrong')
    expect(await exchangesOf(app, 'north')).toHaveLength(1)
    await slapd.stop()
    await logIn('north', 'ana', 'pw-Ana')
    const [kept] = await exchangesOf(app, 'north', { failed: true })
    expect(kept).toMatchObject({ kind: 'LDAP', operation: 'log in', userid: 'ana', response: null, failure: expect.any(String) })
    expect(JSON.stringify(kept)).not.toContain('pw-Ana')
    await slapd.start()
  })
})
