// Every option of the OpenID Connect page that no other test of this folder meets, each with a real provider.
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { bootApp, type TestApp } from '../../harness/app.ts'
import { Browser } from './browser.ts'
import { fakeProvider } from './fake-provider.ts'
import { makeOpenid, personOf } from './helpers.ts'
import { type RealProvider, realProvider, SECRET } from './provider.ts'

let app: TestApp
let idp: RealProvider
const IDS = ['raced', 'rest', 'public', 'whole', 'heir', 'sent', 'hand', 'out', 'clear', 'algorithms', 'denied']

beforeAll(async () => {
  app = await bootApp()
  const clients = Object.fromEntries(IDS.map(id => [id, [`${app.url}/login/${id}/callback`]]))
  idp = await realProvider(clients, app.url, {
    more: { public: { token_endpoint_auth_method: 'none', client_secret: undefined } },
  })
})
afterAll(async () => {
  await app?.close()
  await idp?.close()
})

const scopes = ['openid', 'email', 'profile', 'groups']
const options = (clientId: string) => ({ clientId, clientSecret: SECRET, discoverUrl: idp.issuer, scopes })
async function logIn(iamid: string, sub: string, claims: Record<string, unknown> = {}, query = '?returnTo=/login') {
  idp.people[sub] = claims
  idp.next = sub
  const browser = new Browser()
  return { browser, page: await browser.visit(`${app.url}/login/${iamid}${query}`) }
}
const change = (id: string, given: object, config: object) =>
  app.graphql('mutation ($input: UpdateIamInput!) { updateIam(input: $input) { iam { id: iamid } } }', {
    input: { iamid: id, config: { ...config, options: { enableSSL: false, ...given } } },
  })
const held = async (iamid: string, userid: string) => {
  const { id } = (await personOf(app, iamid, userid))!
  const groups = await app.store.db.query<{ name: string; sources: string[] }>(
    `SELECT g.name, m.sources FROM memberships m JOIN groups g ON g.id = m.group_id WHERE m.user_id = $1 ORDER BY g.name`,
    [id],
  )
  const attributes = await app.store.db.query<{ key: string; value: string; source: string }>(
    `SELECT key, value, source FROM user_attributes WHERE user_id = $1 ORDER BY key, value, source`,
    [id],
  )
  return {
    groups: groups.map(({ name, sources }) => `${name} of ${sources.join('+')}`),
    attributes: attributes.map(({ key, value, source }) => `${key}=${value} of ${source}`),
  }
}

describe('the external groups and attributes endpoint', () => {
  let server: Server
  let uri: string
  let answer: { status: number; body: unknown }
  const asked: { authorization: string | undefined; userid: string | null }[] = []
  beforeAll(async () => {
    server = createServer((request, response) => {
      const url = new URL(request.url!, 'http://x')
      asked.push({ authorization: request.headers.authorization, userid: url.searchParams.get('userid') })
      response.writeHead(answer.status, { 'content-type': 'application/json' }).end(JSON.stringify(answer.body))
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    uri = `http://127.0.0.1:${(server.address() as { port: number }).port}/who`
    await makeOpenid(app, 'rest', options('rest'), { groupPermissions: { Readers: ['AUDIT'] } })
  })
  afterAll(() => void server.close())
  beforeEach(() => {
    asked.length = 0
    answer = { status: 200, body: { groups: [{ name: 'Readers' }], authorizations: { Team: ['of the endpoint'] } } }
  })

  const configure = async (supportedActions: string[] | undefined, more: object = {}) => {
    const config = {
      schema: { authorizations: { Desk: 'team' } },
      ...(supportedActions && { supportedActions }),
      externalUserInfo: { uri, ...more },
    }
    expect((await change('rest', options('rest'), config)).errors).toBeUndefined()
  }
  const claims = { groups: ['Crew'], team: 'red' }

  test.each([
    [
      'without a list, everything',
      undefined,
      ['Crew of rest', 'Readers of user info'],
      ['Desk=red of rest', 'Team=of the endpoint of user info'],
    ],
    ['syncRestGroups', ['syncRestGroups'], ['Readers of user info'], []],
    ['syncRestAuthorizations', ['syncRestAuthorizations'], [], ['Team=of the endpoint of user info']],
    [
      'syncGroups and syncAuthorizations: the claims alone',
      ['syncGroups', 'syncAuthorizations'],
      ['Crew of rest'],
      ['Desk=red of rest'],
    ],
    ['nothing', [], [], []],
  ])('%s', async (what, supportedActions, groups, attributes) => {
    await configure(supportedActions)
    const sub = `rest ${what}`
    expect((await logIn('rest', sub, claims)).page.status).toBe(200)
    expect(await held('rest', sub)).toEqual({ groups, attributes })
    expect(asked).toEqual([{ authorization: undefined, userid: sub }])
  })

  test('its groups carry group permissions', async () => {
    await configure(undefined)
    await logIn('rest', 'reader', claims)
    const { id } = (await personOf(app, 'rest', 'reader'))!
    const grants = await app.store.db.query(`SELECT permission, source FROM effective_permissions WHERE user_id = $1`, [id])
    expect(grants).toEqual([{ permission: 'AUDIT', source: 'group' }])
  })

  test('values that it omits end, values of the claims stay; without an answer, or switched off, nothing changes', async () => {
    await configure(undefined)
    await logIn('rest', 'ana', claims)
    const before = await held('rest', 'ana')
    answer = { status: 500, body: {} }
    expect((await logIn('rest', 'ana', claims)).page.status).toBe(200)
    expect(await held('rest', 'ana')).toEqual(before)
    answer = { status: 200, body: { groups: [], authorizations: {} } }
    await configure(['syncGroups', 'syncAuthorizations'])
    await logIn('rest', 'ana', claims)
    expect(await held('rest', 'ana')).toEqual(before)
    await configure(undefined)
    await logIn('rest', 'ana', claims)
    expect(await held('rest', 'ana')).toEqual({ groups: ['Crew of rest'], attributes: ['Desk=red of rest'] })
  })

  test('use authentication: with the credentials, or without', async () => {
    const authentication = { username: 'roster', password: 'p: ä' }
    await configure(undefined, { useAuth: true, authentication })
    await logIn('rest', 'ben', claims)
    await configure(undefined, { useAuth: false, authentication: { username: 'roster' } })
    await logIn('rest', 'ben', claims)
    const basic = `Basic ${Buffer.from('roster:p: ä').toString('base64')}`
    expect(asked.map(({ authorization }) => authorization)).toEqual([basic, undefined])
  })

  test('onError deny: nobody new comes in without its answer', async () => {
    await configure(undefined, { onError: 'deny' })
    answer = { status: 404, body: {} }
    const { page, browser } = await logIn('rest', 'cem', claims)
    expect([page.status, browser.cookie(app.url, 'roster_session')]).toEqual([503, undefined])
    expect(await personOf(app, 'rest', 'cem')).toBeNull()
  })
})

describe('how we prove to the provider who we are', () => {
  test('in the form, where it lists only that', async () => {
    const other = await fakeProvider('roster')
    other.overrides = { discovery: { token_endpoint_auth_methods_supported: ['client_secret_post'] } }
    await makeOpenid(app, 'posting', { clientId: 'roster', clientSecret: SECRET, discoverUrl: other.issuer })
    expect((await new Browser().visit(`${app.url}/login/posting`)).status).toBe(200)
    const { form, authorization } = other.asked[0]!
    expect([form.get('client_id'), form.get('client_secret'), authorization]).toEqual(['roster', SECRET, undefined])
    await other.close()
  })

  test('not at all, as a public client', async () => {
    const { clientSecret: _, ...bare } = options('public')
    await makeOpenid(app, 'public', bare)
    expect((await logIn('public', 'eva')).page.status).toBe(200)
  })
})

test('every field of the profile schema, names in other systems, and groups of another claim', async () => {
  const profile = {
    name: 'name',
    email: 'email',
    phone: 'phone',
    about: 'about',
    location: 'address.locality',
    organization: 'org',
    position: 'job',
    sqlUser: 'sql',
  }
  const schema = { profile, externalUserIds: { prestoUser: 'presto' }, authorizations: { Team: 'team' }, group: { name: 'team' } }
  await makeOpenid(app, 'whole', { ...options('whole'), userIdClaim: 'login' }, { config: { schema } })
  const claims = {
    ...{
      login: 'fay.f',
      name: 'Fay F.',
      email: 'fay@corp.example',
      phone: '+32 9',
      about: 'climbs',
      address: { locality: 'Basel' },
    },
    ...{ org: 'Corp', job: 'chemist', sql: 'FAY', presto: 'fay_p', team: ['red', 'blue'] },
  }
  const { page } = await logIn('whole', '00u1', claims)
  expect(page.body).toContain('User name: <strong>fay.f</strong>, of whole')
  expect(await personOf(app, 'whole', 'fay.f')).toMatchObject({
    name: 'Fay F.',
    email: 'fay@corp.example',
    phone: '+32 9',
    about: 'climbs',
    location: 'Basel',
    organization: 'Corp',
    position: 'chemist',
    sqlUser: 'FAY',
    externalUserIds: { prestoUser: 'fay_p' },
  })
  expect(await held('whole', 'fay.f')).toEqual({
    groups: ['blue of whole', 'red of whole'],
    attributes: ['Team=blue of whole', 'Team=red of whole'],
  })
})

test('migrateFrom: a log-in refused because the user info endpoint gives no answer moves nothing', async () => {
  const externalUserInfo = { uri: 'http://127.0.0.1:9/', onError: 'deny' }
  await makeOpenid(app, 'denied', options('denied'), { config: { migrateFrom: 'bim', externalUserInfo } })
  const { id } = await app.as([], { userid: 'uma' })
  expect((await logIn('denied', 'uma')).page.status).toBe(503)
  expect(await app.store.db.prisma.user.findMany({ where: { userid: 'uma' }, select: { id: true, iamid: true } })).toEqual([
    { id, iamid: 'bim' },
  ])
  expect(await app.store.db.prisma.auditEvent.count({ where: { event: 'userMigrated', targetId: String(id) } })).toBe(0)
})

test('migrate users, of an IAM that was removed and kept its users', async () => {
  await app.graphql(
    'mutation { createIam(input: { iamid: "ancestor", displayName: "Ancestor", type: LDAP }) { iam { id: iamid } } }',
  )
  const made = await app.graphql(
    'mutation { createUser(input: { iamid: "ancestor", userid: "gil" }) { user { id: databaseId } } }',
  )
  const removed = await app.graphql('mutation { deleteIam(input: { iamid: "ancestor", users: KEEP }) { deletedId } }')
  expect(removed.errors).toBeUndefined()
  await makeOpenid(app, 'heir', options('heir'), { config: { migrateFrom: 'ancestor' } })
  expect((await logIn('heir', 'gil')).page.body).toContain('<strong>gil</strong>, of heir')
  expect((await personOf(app, 'heir', 'gil'))!.id).toBe(made.data.createUser.user.id)
})

test('people who come while their IAM is removed: nobody is left without one', async () => {
  for (const users of ['DELETE', 'MOVE_TO_BIM']) {
    await makeOpenid(app, 'raced', options('raced'))
    idp.people.raced = {}
    idp.next = 'raced'
    const browsers = Array.from({ length: 6 }, () => new Browser())
    const pages = browsers.map(browser => browser.visit(`${app.url}/login/raced`))
    await Promise.race(pages)
    const removed = await app.graphql(`mutation { deleteIam(input: { iamid: "raced", users: ${users} }) { deletedId } }`)
    expect(removed.errors).toBeUndefined()
    for (const { status } of await Promise.all(pages)) expect([200, 401, 404]).toContain(status)
    expect(await app.store.db.prisma.user.count({ where: { iamid: 'raced' } })).toBe(0)
    const tokens = await app.store.db.query(`SELECT 1 FROM tokens t JOIN users u ON u.id = t.user_id WHERE u.userid = 'raced'`)
    expect(tokens).toEqual([])
    await app.store.db.prisma.user.deleteMany({ where: { userid: 'raced' } })
  }
})

test('identity-provider-initiated single sign-on: the provider sends somebody here, on to where it says', async () => {
  await makeOpenid(app, 'sent', { ...options('sent'), allowIdPInitiatedSSO: true })
  const target = `${app.url}/login?from=provider`
  const query = `?iss=${encodeURIComponent(idp.issuer)}&target_link_uri=${encodeURIComponent(target)}`
  const { page } = await logIn('sent', 'hal', {}, query)
  expect([page.url, page.status]).toEqual([target, 200])
  expect(page.body).toContain('<strong>hal</strong>, of sent')
})

test('the end session endpoint that is given counts more than the discovered one', async () => {
  await makeOpenid(app, 'out', { ...options('out'), endSessionEndpoint: 'http://127.0.0.1:9/bye?a=b' })
  const { browser } = await logIn('out', 'ida')
  const init = { method: 'POST', headers: { 'sec-fetch-site': 'same-origin' } }
  const out = await browser.visit(`${app.url}/login/out/logout`, init, url => url.startsWith('http://127.0.0.1:9/'))
  const url = new URL(out.url)
  expect([url.pathname, url.searchParams.get('a'), url.searchParams.get('client_id')]).toEqual(['/bye', 'b', 'out'])
})

test('enable SSL: http is refused for configured endpoints too, unless it is off', async () => {
  const { discoverUrl: _, ...given } = options('clear')
  const places = {
    authorizationEndpoint: `${idp.issuer}/auth`,
    tokenEndpoint: `${idp.issuer}/token`,
    jwksUri: `${idp.issuer}/jwks`,
  }
  await makeOpenid(app, 'clear', { ...given, ...places, issuer: idp.issuer })
  for (const [enableSSL, status] of [
    [undefined, 503],
    [true, 503],
    [false, 303],
  ] as const) {
    const changed = await change('clear', { ...given, ...places, issuer: idp.issuer, enableSSL }, {})
    const refusal = Object.keys(places)
      .sort()
      .map(name => `config.options.${name} must be https, unless config.options.enableSSL is false`)
    expect(changed.errors?.[0].message.split('; ').sort()).toEqual(enableSSL === false ? undefined : refusal)
    // One that was saved before this was refused is not used.
    const stored = { options: { ...given, ...places, issuer: idp.issuer, ...(enableSSL !== undefined && { enableSSL }) } }
    await app.store.db.query(`UPDATE iams SET config = $1 WHERE id = 'clear'`, [JSON.stringify(stored)])
    expect((await fetch(`${app.url}/login/clear`, { redirect: 'manual' })).status).toBe(status)
  }
})

test('supported ID token signing algorithms: an empty list says no more than none', async () => {
  const { discoverUrl: _, ...given } = options('algorithms')
  const places = {
    issuer: idp.issuer,
    authorizationEndpoint: `${idp.issuer}/auth`,
    tokenEndpoint: `${idp.issuer}/token`,
    jwksUri: `${idp.issuer}/jwks`,
  }
  await makeOpenid(app, 'algorithms', { ...given, ...places, supportedIdTokenSigningAlgorithms: [] })
  expect((await logIn('algorithms', 'kim')).page.status).toBe(200)
  await change('algorithms', { ...given, ...places, supportedIdTokenSigningAlgorithms: ['ES256'] }, {})
  expect((await logIn('algorithms', 'kim')).page.status).toBe(401)
})

describe('local attributes and groups of its users', () => {
  const tag = () =>
    app.graphql(
      'mutation { addAttribute(input: { owner: { user: { name: { iamid: "hand", userid: "jan" } } }, key: "Clearance", value: "low" }) { owner { __typename } } }',
    )
  const untag = () =>
    app.graphql(
      'mutation { removeAttribute(input: { owner: { user: { name: { iamid: "hand", userid: "jan" } } }, key: "Clearance" }) { owner { __typename } } }',
    )
  let group: number
  const join = () =>
    app.graphql(
      'mutation ($id: Int!) { changeGroupMembers(input: { group: { databaseId: $id }, add: [{ name: { iamid: "hand", userid: "jan" } }] }) { added } }',
      { id: group },
    )

  beforeAll(async () => {
    await makeOpenid(app, 'hand', options('hand'))
    await logIn('hand', 'jan')
    const made = await app.graphql('mutation { createGroup(input: { name: "local" }) { group { id: databaseId } } }')
    group = made.data.createGroup.group.id
  })

  test('without a list every action is allowed', async () => {
    expect((await tag()).errors).toBeUndefined()
    expect((await untag()).errors).toBeUndefined()
  })

  test('a list without allowBIMAuthorizations refuses attributes and names the remedy; removal stays allowed', async () => {
    await tag()
    await change('hand', options('hand'), { supportedActions: ['syncGroups', 'allowBIMGroups'] })
    const [refusal] = (await tag()).errors!
    expect(refusal.extensions.code).toBe('CONFLICT')
    expect(refusal.message).toBe(
      'The IAM hand allows no local attributes: add allowBIMAuthorizations to its supportedActions, or set them at its source',
    )
    expect((await untag()).errors).toBeUndefined()
    expect((await join()).errors).toBeUndefined()
    await change('hand', options('hand'), { supportedActions: ['allowBIMAuthorizations'] })
    expect((await tag()).errors).toBeUndefined()
    expect((await held('hand', 'jan')).attributes).toEqual(['Clearance=low of bim'])
  })

  test('a list without allowBIMGroups keeps them out of groups', async () => {
    await change('hand', options('hand'), { supportedActions: ['allowBIMAuthorizations'] })
    const [refusal] = (await join()).errors!
    expect(refusal.message).toMatch(
      /^The IAM hand allows no local group memberships of its users: add allowBIMGroups to its supportedActions/,
    )
    expect(refusal.extensions.code).toBe('CONFLICT')
  })
})
