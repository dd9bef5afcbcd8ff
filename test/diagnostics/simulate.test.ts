// simulateIdentity over GraphQL: the same plan as a write, for who may know what is held, and nothing is written.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bootApp, type TestApp } from '../harness/app.ts'
import { CORE, type Provider, provider } from '../scim/provider.ts'

const QUERY = `query ($input: SimulateIdentityInput!) { simulateIdentity(input: $input) {
  user { userid } source before after groupsAdded groupsRemoved attributesAdded attributesRemoved rejected } }`
let app: TestApp
let userid: string
beforeAll(async () => {
  app = await bootApp()
  userid = (await app.as([], { name: 'Ana' })).userid
  const config = { schema: { profile: { name: 'cn', phone: 'tel' }, authorizations: { Country: 'c' } }, options: LDAP }
  const { errors } = await app.graphql(
    'mutation ($config: JSON!) { createIam(input: { iamid: "dir", displayName: "Dir", type: LDAP, config: $config }) { iam { id: iamid } } }',
    { config },
  )
  expect(errors).toBeUndefined()
})
afterAll(() => app?.close())
const LDAP = { host: 'directory.example', userSearchBase: 'dc=example', userIdAttribute: 'uid' }
const SCIM_NEW = { schemas: [CORE], userName: 'new' }
const ask = (input: object, token?: string) => app.graphql(QUERY, { input }, token)

test('somebody new, by a directory entry whose names come in any case', async () => {
  const input = {
    iamid: 'dir',
    userid: 'new',
    data: { ldap: { entry: { CN: ['New One'], Tel: '7', c: ['CH', 'bad\u0007'] }, groups: ['Crew'] } },
  }
  const { data, errors } = await ask(input)
  expect(errors).toBeUndefined()
  expect(data.simulateIdentity).toEqual({
    user: null,
    source: 'dir',
    before: { name: null, phone: null },
    after: { name: 'New One', phone: '7' },
    groupsAdded: ['Crew'],
    groupsRemoved: [],
    attributesAdded: { Country: ['CH'] },
    attributesRemoved: {},
    rejected: [expect.stringContaining('control')],
  })
  expect(
    (
      await app.graphql(
        '{ users(filter: { iamids: ["dir"] }) { totalCount } groups(filter: { iamids: ["dir"] }) { totalCount } }',
      )
    ).data,
  ).toEqual({
    users: { totalCount: 0 },
    groups: { totalCount: 0 },
  })
})

test('claims go the road of a log-in: exact names, names within names, the claim that names the person and that of the groups', async () => {
  const config = {
    options: { discoverUrl: 'https://idp.example', clientId: 'roster', clientSecret: 'c', userIdClaim: 'upn' },
    schema: { profile: { name: 'name', location: 'address.locality' }, authorizations: { Level: 'level' } },
  }
  const made = await app.graphql(
    'mutation ($config: JSON!) { createIam(input: { iamid: "corp", displayName: "Corp", type: OPENID, config: $config }) { iam { id: iamid } } }',
    { config },
  )
  expect(made.errors).toBeUndefined()
  const claims = { NAME: 'no', name: 'yes', address: { locality: 'Bern' }, level: [1, true], groups: ['Crew'] }
  expect((await ask({ iamid: 'corp', userid: 'new', data: { claims } })).data.simulateIdentity).toMatchObject({
    after: { name: 'yes', location: 'Bern' },
    attributesAdded: { Level: ['1', 'true'] },
    groupsAdded: ['Crew'],
    rejected: [],
  })
  const silent = await ask({ iamid: 'corp', userid: 'new', data: { claims: { upn: 'other' } } })
  expect(silent.data.simulateIdentity).toMatchObject({
    groupsAdded: [],
    rejected: [expect.stringContaining('the claim groups is missing')],
  })
})

test('an address that is not verified names nobody, however the flag is written', async () => {
  const options = { discoverUrl: 'https://idp.example', clientId: 'roster', userIdClaim: 'email' }
  const make =
    'mutation ($config: JSON!) { createIam(input: { iamid: "mail", displayName: "Mail", type: OPENID, config: $config }) { iam { id: iamid } } }'
  expect((await app.graphql(make, { config: { options } })).errors).toBeUndefined()
  const input = (flag: unknown) => ({
    iamid: 'mail',
    userid: 'a@x.org',
    data: { claims: { email: 'a@x.org', email_verified: flag, groups: [] } },
  })
  for (const flag of ['false', 'False', 0, null]) {
    const { errors } = await ask(input(flag))
    expect(errors![0].message).toBe(
      'data.claims would be rejected at log-in: The identity provider has not verified the e-mail address (claim email_verified)',
    )
  }
  expect((await ask(input('True'))).data.simulateIdentity).toMatchObject({ rejected: [] })
})

test('an entry goes the road of a log-in: what it lacks has no values', async () => {
  await app.store.db.query(
    `INSERT INTO users (iamid, userid, userid_key, name, name_key, phone) VALUES ('dir', 'old', 'old', 'Old', 'old', '7')`,
  )
  const { data } = await ask({ iamid: 'dir', userid: 'old', data: { ldap: { entry: { cn: 'Old' } } } })
  expect(data.simulateIdentity).toMatchObject({ user: { userid: 'old' }, before: { phone: '7' }, after: { phone: null } })
})

test('a user info answer owns its own', async () => {
  const info = await ask({ iamid: 'bim', userid, data: { userInfo: { groups: [{ name: 'G' }], authorizations: { A: ['1'] } } } })
  expect(info.data.simulateIdentity).toMatchObject({
    user: { userid },
    source: 'user info',
    groupsAdded: ['G'],
    attributesAdded: { A: ['1'] },
  })
})

describe('a SCIM body', () => {
  const acme = 'urn:acme:User'
  let idp: Provider
  let strict: Provider
  beforeAll(async () => {
    const schema = { attributeSchema: [{ scimSchema: acme, prefix: 'Acme' }], profile: { position: 'nickName' } }
    idp = await provider(app, 'idp', { config: { schema } })
    strict = await provider(app, 'strict', { config: { schema, strictScimSchema: true } })
  })
  /** What the simulation says, and then what the very request does. */
  const record = async (userid: string, iamid = 'idp') => {
    const [user] = await app.store.db.query<Record<string, unknown>>(
      `SELECT u.name, u.email, u.phone, u.position, u.organization, u.disabled,
         (SELECT json_object_agg(key, values) FROM (SELECT key, json_agg(value ORDER BY value) AS values FROM user_attributes a
           WHERE a.user_id = u.id GROUP BY key) held) AS attributes FROM users u WHERE u.iamid = $1 AND u.userid = $2`,
      [iamid, userid],
    )
    return user
  }
  const body = {
    schemas: [CORE],
    userName: 'Kim',
    displayName: 'Kim K',
    nickName: 'Boss',
    emails: [{ value: 'kim@example.com', primary: true }],
    [acme]: { Team: ['red', 'blue'], level: 3 },
  }

  test('somebody new: what POST then does', async () => {
    const { data, errors } = await ask({ iamid: 'idp', userid: 'kim', data: { scim: body } })
    expect(errors).toBeUndefined()
    expect(await record('Kim')).toBeUndefined()
    const { after, attributesAdded, ...rest } = data.simulateIdentity
    expect(rest).toMatchObject({
      user: null,
      source: 'idp',
      groupsAdded: [],
      groupsRemoved: [],
      attributesRemoved: {},
      rejected: [],
    })
    expect((await idp.send('POST', '/Users', body)).status).toBe(201)
    expect(await record('Kim')).toMatchObject(after)
    expect(after).toEqual({ name: 'Kim K', email: 'kim@example.com', position: 'Boss', disabled: false })
    expect((await record('Kim'))!.attributes).toEqual({ 'Acme.Team': ['blue', 'red'], 'Acme.level': ['3'] })
    expect(attributesAdded).toEqual({ 'Acme.Team': ['red', 'blue'], 'Acme.level': ['3'] })
  })

  test('somebody provisioned: what PUT then does, and nothing before', async () => {
    const next = { ...body, emails: [], active: false, [acme]: { Team: 'red' } }
    const before = await record('Kim')
    const { data } = await ask({ iamid: 'idp', userid: 'KIM', data: { scim: next } })
    expect(data.simulateIdentity).toMatchObject({
      user: { userid: 'Kim' },
      before: { email: 'kim@example.com', disabled: false },
      after: { email: null, disabled: true },
      attributesRemoved: { 'Acme.Team': ['blue'], 'Acme.level': ['3'] },
    })
    expect(data.simulateIdentity.attributesAdded).toEqual({})
    expect(data.simulateIdentity.attributesRemoved).toEqual({ 'Acme.Team': ['blue'], 'Acme.level': ['3'] })
    expect(await record('Kim')).toEqual(before)
    const { body: found } = await idp.get(`/Users?filter=${encodeURIComponent('userName eq "kim"')}`)
    expect((await idp.send('PUT', `/Users/${found.Resources[0].id}`, next)).status).toBe(200)
    expect(await record('Kim')).toMatchObject(data.simulateIdentity.after)
    const same = await ask({ iamid: 'idp', userid: 'kim', data: { scim: { ...next, active: undefined } } })
    const { before: b, after: a, attributesAdded: added, attributesRemoved: removed } = same.data.simulateIdentity
    expect([b, a, added, removed]).toEqual([{}, {}, {}, {}])
  })

  test('somebody deleted at the provider is taken up again', async () => {
    const { id } = await idp.user('Lou', { title: 'T' })
    await idp.send('DELETE', `/Users/${id}`)
    const { data } = await ask({ iamid: 'idp', userid: 'lou', data: { scim: { schemas: [CORE], userName: 'lou' } } })
    expect(data.simulateIdentity).toMatchObject({
      user: { userid: 'Lou' },
      before: { disabled: true },
      after: { disabled: false },
    })
  })

  test('whom an administrator disabled stays so', async () => {
    await idp.user('Max')
    await app.graphql(
      'mutation { setUserDisabled(input: { ref: { name: { iamid: "idp", userid: "Max" } }, disabled: true }) { user { id: databaseId } } }',
    )
    const { data } = await ask({
      iamid: 'idp',
      userid: 'max',
      data: { scim: { schemas: [CORE], userName: 'Max', active: true } },
    })
    expect(data.simulateIdentity.after).toEqual({})
  })

  test('strictScimSchema is asked as by the API', async () => {
    const unknown = { schemas: [CORE], userName: 'Ned', shoeSize: 5 }
    expect((await ask({ iamid: 'idp', userid: 'ned', data: { scim: unknown } })).errors).toBeUndefined()
    const { errors } = await ask({ iamid: 'strict', userid: 'ned', data: { scim: unknown } })
    expect(errors![0].extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: 'data.scim' })
    expect((await strict.send('POST', '/Users', unknown)).status).toBe(400)
  })

  test('the difference is for who may read a user', async () => {
    const configurer = await app.as(['APPLICATION_ADMIN'])
    const scimBody = { schemas: [CORE], userName: 'Kim' }
    expect(
      (await ask({ iamid: 'idp', userid: 'Kim', data: { scim: scimBody } }, configurer.token)).errors![0].extensions.code,
    ).toBe('FORBIDDEN')
  })
})

test('who may not read a user does not learn the difference', async () => {
  const configurer = await app.as(['APPLICATION_ADMIN'])
  const userInfo = { groups: [] }
  expect((await ask({ iamid: 'bim', userid: 'nobody here', data: { userInfo } }, configurer.token)).errors).toBeUndefined()
  expect((await ask({ iamid: 'bim', userid, data: { userInfo } }, configurer.token)).errors![0].extensions.code).toBe('FORBIDDEN')
  const auditor = await app.as(['APPLICATION_ADMIN', 'AUDIT'])
  expect((await ask({ iamid: 'bim', userid, data: { userInfo } }, auditor.token)).errors).toBeUndefined()
})

test.each([
  [{}, 'input'],
  [{ data: {} }, 'input.data'],
  [{ data: { scim: {}, userInfo: {} } }, 'input.data'],
  [{ data: { claims: {}, userInfo: {} } }, 'input.data'],
  [{ data: { scim: SCIM_NEW }, groups: [] }, 'input'],
  [{ data: { scim: {} } }, 'data.scim'],
  [{ data: { scim: 'x' } }, 'data.scim'],
  [{ data: { scim: { ...SCIM_NEW, userName: 'other' } } }, 'userid'],
  [{ data: { scim: { ...SCIM_NEW, emails: 5 } } }, 'data.scim'],
  [{ data: { scim: SCIM_NEW }, iamid: 'bim' }, 'data.scim'],
  [{ data: { claims: {} } }, 'data.claims'],
  [{ iamid: 'corp', data: { claims: [] } }, 'data.claims'],
  [{ iamid: 'corp', data: { claims: { upn: '' } } }, 'data.claims'],
  [{ iamid: 'corp', data: { ldap: { entry: {} } } }, 'data.ldap'],
  [{ data: { ldap: { entry: 'x' } } }, 'data.ldap.entry'],
  [{ data: { userInfo: { groups: 'x' } } }, 'data.userInfo'],
  [{ data: { ldap: { entry: {}, groups: Array(1_001).fill('g') } } }, 'data.ldap.groups'],
  [{ data: { ldap: { entry: {} } }, userid: ' bad' }, 'userid'],
])('%j is refused by its name', async (given, field) => {
  const { errors } = await ask({ iamid: 'dir', userid: 'new', ...given })
  expect(errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field })
})
