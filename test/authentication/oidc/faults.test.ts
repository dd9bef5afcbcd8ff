// A provider's fault is 503 and nobody's failed log-in; the log names the member that is wrong and the option that mends it, each
// cause apart, and the page has a class and no code of the system.
import type { ServerResponse } from 'node:http'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { freePort } from '../../../scripts/demo/free-port.ts'
import { bootApp, type TestApp } from '../../harness/app.ts'
import { Browser } from './browser.ts'
import { type FakeProvider, fakeProvider, type Overrides } from './fake-provider.ts'
import { auditOf, makeOpenid, personOf } from './helpers.ts'

let app: TestApp
let idp: FakeProvider
let audit: ReturnType<typeof auditOf>
const client = { clientId: 'roster', clientSecret: 'the secret of the client' }

beforeAll(async () => {
  app = await bootApp({ env: { OUTBOUND_DENY: '127.0.0.9' }, logged: true })
  idp = await fakeProvider('roster')
  await makeOpenid(app, 'corp', { ...client, discoverUrl: idp.issuer })
  audit = auditOf(app)
})
afterAll(async () => {
  await app?.close()
  await idp?.close()
})
beforeEach(async () => {
  idp.overrides = {}
  app.logged.length = 0
  await audit()
})

const failures = () => app.logged.filter(line => line.msg === 'a log-in with an OpenID provider failed').map(line => line.failure)
const json =
  (body: unknown, status = 200) =>
  (response: ServerResponse) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
const PUBLIC =
  /The identity provider cannot be used now: (Roster may not connect to it|it cannot be reached|no trusted connection to it can be made|it gives no valid answer)\. The log has the reason for an administrator\./
/** What must not be on a page for anybody. */
const CODES = /\bE[A-Z]{4,}\b|ERR_|OAUTH_|127\.0\.0\.|_uri|token_type|config\.options/

async function expectFault(page: { status: number; body: string }, kind: string, failure: string) {
  expect(page.status).toBe(503)
  expect(PUBLIC.exec(page.body)?.[1]).toBe(kind)
  expect(page.body.replaceAll(new URL(app.url).host, '')).not.toMatch(CODES)
  expect(failures()).toEqual([failure])
  expect(await audit()).toEqual([])
}

describe('the token endpoint', () => {
  const access = { access_token: 'an access token', token_type: 'Bearer' }
  const mustSend = 'RFC 6749, 5.1: the provider must send it'
  const isAddress = 'is config.options.tokenEndpoint its address'
  test.each<[string, (response: ServerResponse) => unknown, string]>([
    ['nothing', json({}), `the token endpoint: access_token is missing (${mustSend})`],
    ['no type', json({ ...access, token_type: undefined }), `the token endpoint: token_type is missing (${mustSend})`],
    ['a type that is null', json({ ...access, token_type: null }), `the token endpoint: token_type is null (${mustSend})`],
    [
      'a token that is a number',
      json({ ...access, access_token: 7 }),
      `the token endpoint: access_token is no text (${mustSend})`,
    ],
    ['no ID token', json(access), 'the token endpoint: id_token is missing (the client must be allowed the scope openid there)'],
    [
      'an ID token that is null',
      json({ ...access, id_token: null }),
      'the token endpoint: id_token is null (the client must be allowed the scope openid there)',
    ],
    ['a list', json([]), `the token endpoint: its answer is no JSON object: ${isAddress}`],
    [
      'HTML',
      response => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>'),
      `the token endpoint: its answer is no JSON: ${isAddress}`,
    ],
    ['404', json({}, 404), `the token endpoint: it answers with the status 404 and no error of RFC 6749: ${isAddress}`],
    ['500', json({}, 500), `the token endpoint: it answers with the status 500: ${isAddress}`],
    [
      'a redirect',
      response => response.writeHead(307, { location: 'https://x.example/' }).end(),
      'the token endpoint: it answers with the redirect 307, which is not followed: config.options.tokenEndpoint must be the last address',
    ],
    [
      'that the client is wrong',
      json({ error: 'invalid_client' }, 401),
      'the token endpoint answers invalid_client (config.options.clientId or clientSecret is not the one registered there, or the secret is over)',
    ],
    [
      'that the client is wrong, with a challenge',
      response =>
        response
          .writeHead(401, { 'content-type': 'application/json', 'www-authenticate': 'Basic realm="x"' })
          .end('{"error":"invalid_client"}'),
      'the token endpoint answers invalid_client (config.options.clientId or clientSecret is not the one registered there, or the secret is over)',
    ],
    [
      'a cut connection',
      response => response.destroy(),
      'the token endpoint: ECONNRESET (is config.options.tokenEndpoint the address of such an answer)',
    ],
  ])('%s', async (_, answer, failure) => {
    idp.overrides = { answers: { '/token': answer } }
    await expectFault(await new Browser().visit(`${app.url}/login/corp`), 'it gives no valid answer', failure)
  })

  test.each([
    { scope: null },
    { expires_in: null },
    { refresh_token: null },
    { scope: null, expires_in: null, refresh_token: null },
  ])('%j counts as left out', async nulls => {
    const sub = `null ${JSON.stringify(nulls)}`
    idp.overrides = { claims: claims => ({ ...claims, sub }), response: nulls }
    expect((await new Browser().visit(`${app.url}/login/corp`)).status).toBe(200)
    expect(await personOf(app, 'corp', sub)).not.toBeNull()
  })
})

describe('the keys', () => {
  test.each<[string, (response: ServerResponse) => unknown, string]>([
    ['none', json({ keys: [] }), 'the keys (jwks_uri): keys is no list of keys (RFC 7517, 5), or an empty one'],
    ['no list', json({ keys: {} }), 'the keys (jwks_uri): keys is no list of keys (RFC 7517, 5), or an empty one'],
    ['404', json({}, 404), 'the keys (jwks_uri): it answers with the status 404: is config.options.jwksUri its address'],
  ])('%s', async (_, answer, failure) => {
    idp.overrides = { answers: { '/jwks': answer } }
    await expectFault(await new Browser().visit(`${app.url}/login/corp`), 'it gives no valid answer', failure)
  })
})

describe('discovery', () => {
  let serial = 0
  /** A log-in of an IAM of its own at a provider of its own with these overrides. */
  async function begin(overrides: Overrides, path = '', options: object = {}) {
    const other = await fakeProvider('roster')
    other.overrides = overrides
    const id = `disc${++serial}`
    await makeOpenid(app, id, { ...client, discoverUrl: `${other.issuer}${path}`, ...options })
    app.logged.length = 0
    await audit()
    const page = await new Browser().visit(`${app.url}/login/${id}`)
    await other.close()
    return { page, issuer: other.issuer }
  }
  const wayOut =
    '(if that issuer is right, set config.options.issuer to it together with discoverUrl, or set the endpoints instead of discoverUrl)'

  test.each<[string, Overrides, string]>([
    [
      'that lists HS256 alone',
      { discovery: { id_token_signing_alg_values_supported: ['HS256'] } },
      'the discovery document: id_token_signing_alg_values_supported has no asymmetric algorithm (have the provider sign the ID tokens of this client with RS256)',
    ],
    [
      'without an issuer',
      { discovery: { issuer: undefined } },
      'the discovery document: issuer is missing (Discovery 3 requires it)',
    ],
    [
      'without a token endpoint',
      { discovery: { token_endpoint: undefined } },
      'the discovery document: token_endpoint is missing (it is needed to log in; give all endpoints instead of discoverUrl)',
    ],
    [
      'with keys that are null',
      { discovery: { jwks_uri: null } },
      'the discovery document: jwks_uri is null (it is needed to log in; give all endpoints instead of discoverUrl)',
    ],
    [
      'that is not there',
      { answers: { '/.well-known/openid-configuration': json({}, 404) } },
      'the discovery document: it answers with the status 404: is config.options.discoverUrl its address',
    ],
    [
      'that is a page',
      { answers: { '/.well-known/openid-configuration': response => response.end('<html>') } },
      'the discovery document: its answer is no JSON: is config.options.discoverUrl its address',
    ],
  ])('%s', async (_, overrides, failure) => {
    await expectFault((await begin(overrides)).page, 'it gives no valid answer', failure)
  })

  test('with members of another form that are not needed is good', async () => {
    const odd = {
      token_endpoint_auth_methods_supported: 7,
      userinfo_endpoint: 7,
      end_session_endpoint: {},
      scopes_supported: 'openid',
    }
    const { page } = await begin({ discovery: odd })
    expect([page.status, failures()]).toEqual([200, []])
  })

  test.each([
    '',
    '/',
    '//',
    '?p=b2c_1_si',
    '/.well-known/openid-configuration',
    '/.well-known/openid-configuration/',
    '/.well-known/openid-configuration?p=b2c_1_si',
    '/.well-known/openid-configuration?x=1',
  ])('of another issuer is refused however its address ends: %s', async path => {
    const elsewhere = 'https://sts.example/tenant/'
    const overrides: Overrides = { discovery: { issuer: elsewhere }, alias: '/.well-known/openid-configuration' }
    const { page, issuer } = await begin(overrides, path)
    await expectFault(
      page,
      'it gives no valid answer',
      `the discovery document: its issuer is ${elsewhere}, expected is ${issuer} ${wayOut}`,
    )
  })

  test.each(['', '/', '?x=1', '/.well-known/openid-configuration', '/.well-known/openid-configuration?p=b2c_1_si'])(
    'of its own issuer is good however its address ends: %s',
    async path => {
      const { page } = await begin({ alias: '/.well-known/openid-configuration' }, path)
      expect([page.status, failures()]).toEqual([200, []])
    },
  )

  test('of the issuer that the configuration names is good, and of its own address then is not', async () => {
    const issuer = 'https://sts.example/tenant/'
    const overrides: Overrides = { discovery: { issuer }, claims: claims => ({ ...claims, iss: issuer }) }
    expect((await begin(overrides, '', { issuer })).page.status).toBe(200)
    expect((await begin({ discovery: { issuer }, claims: same => same }, '', { issuer })).page.status).toBe(401)
    const own = await begin({}, '', { issuer })
    await expectFault(
      own.page,
      'it gives no valid answer',
      `the discovery document: its issuer is ${own.issuer}, expected is ${issuer} ${wayOut}`,
    )
  })
})

describe('a provider that cannot be connected to', () => {
  const begin = async (id: string, discoverUrl: string) => {
    await makeOpenid(app, id, { ...client, discoverUrl })
    app.logged.length = 0
    await audit()
    return new Browser().visit(`${app.url}/login/${id}`)
  }
  test('because nobody listens there', async () => {
    const page = await begin('away', `http://127.0.0.1:${await freePort()}`)
    await expectFault(
      page,
      'it cannot be reached',
      'the discovery document: ECONNREFUSED (is config.options.discoverUrl right, and does a network lead there from here)',
    )
  })
  test('because it has no TLS', async () => {
    const page = await begin('clear', idp.issuer.replace('http:', 'https:'))
    expect([page.status, PUBLIC.exec(page.body)?.[1]]).toEqual([503, 'no trusted connection to it can be made'])
    expect(failures()[0]).toMatch(
      /^the discovery document: (ERR_SSL_\w+|EPROTO|ECONNRESET) \(the certificate must be one that Node trusts/,
    )
  })
  test('because its name is now an address that is denied', async () => {
    // Saved before the setting was.
    await makeOpenid(app, 'denied', { ...client, discoverUrl: 'http://127.0.0.8' })
    const stored = { options: { ...client, clientSecret: undefined, discoverUrl: 'http://127.0.0.9', enableSSL: false } }
    await app.store.db.query(`UPDATE iams SET config = $1 WHERE id = 'denied'`, [JSON.stringify(stored)])
    app.logged.length = 0
    await audit()
    const page = await new Browser().visit(`${app.url}/login/denied`)
    await expectFault(
      page,
      'Roster may not connect to it',
      'the discovery document: The address is not allowed: OUTBOUND_DENY names the address (OUTBOUND_ALLOW and OUTBOUND_DENY decide where Roster may connect to)',
    )
  })
})

describe('testIam', () => {
  const QUERY = `query ($input: TestIamInput!) { testIam(input: $input) {
    provider { issuer signingAlgorithms keys client userInfo } directory { source } failures } }`
  const tested = async (iamid: string, config?: object) => {
    const { data, errors } = await app.graphql(QUERY, { input: { iamid, userid: 'ana', ...(config && { config }) } })
    expect(errors).toBeUndefined()
    return data.testIam
  }

  test('of a provider tries discovery, keys and the client', async () => {
    expect(await tested('corp')).toEqual({
      provider: { issuer: idp.issuer, signingAlgorithms: ['ES256'], keys: 1, client: 'ACCEPTED', userInfo: null },
      directory: null,
      failures: [],
    })
  })

  test('names each part that fails, and goes on with the others', async () => {
    const endpoints = {
      authorizationEndpoint: `${idp.issuer}/auth`,
      tokenEndpoint: `${idp.issuer}/token`,
      jwksUri: `${idp.issuer}/nokeys`,
      userInfoEndpoint: `${idp.issuer}/none`,
    }
    idp.overrides = { answers: { '/token': json({ error: 'invalid_client' }, 401) } }
    const { provider, failures: found } = await tested('corp', {
      options: { ...client, enableSSL: false, issuer: idp.issuer, ...endpoints },
    })
    expect(provider).toEqual({ issuer: idp.issuer, signingAlgorithms: ['RS256'], keys: null, client: 'REJECTED', userInfo: null })
    expect(found.toSorted()).toEqual([
      'The provider: the keys (jwks_uri): it answers with the status 404: is config.options.jwksUri its address',
      'The provider: the token endpoint answers invalid_client (config.options.clientId or clientSecret is not the one registered there, or the secret is over)',
      'The provider: the user info endpoint: it answers a wrong access token with the status 404 instead of 401: is config.options.userInfoEndpoint its address',
    ])
  })

  test('a user info endpoint that refuses a wrong token is there', async () => {
    idp.overrides = { discovery: { userinfo_endpoint: `${idp.issuer}/me` }, answers: { '/me': json({}, 401) } }
    const { provider } = await tested('corp', { options: { ...client, enableSSL: false, discoverUrl: `${idp.issuer}/?fresh` } })
    expect(provider.userInfo).toBe(true)
  })

  test('a provider that is away, in full for the administrator', async () => {
    const port = await freePort()
    const { provider, failures: found } = await tested('corp', {
      options: { ...client, enableSSL: false, discoverUrl: `http://127.0.0.1:${port}` },
    })
    expect(provider).toEqual({ issuer: null, signingAlgorithms: null, keys: null, client: null, userInfo: null })
    expect(found).toEqual([
      'The provider: the discovery document: ECONNREFUSED (is config.options.discoverUrl right, and does a network lead there from here)',
    ])
  })
})

describe('an IAM without a configuration', () => {
  beforeAll(async () => {
    for (const type of ['openid', 'ldap'])
      await app.graphql('mutation ($input: CreateIamInput!) { createIam(input: $input) { iam { id: iamid } } }', {
        input: { iamid: `bare${type}`, displayName: type, type: type.toUpperCase() },
      })
  })
  const needed = {
    openid: ['config.options.clientId', 'config.options.discoverUrl'],
    ldap: [
      'config.options.host',
      'config.options.userSearchBase',
      'config.options.userSearchFilter or config.options.userIdAttribute',
    ],
  }

  test('shows what it needs, in lists and in a try', async () => {
    const { data } = await app.graphql(
      '{ iams(filter: { iamids: ["bareopenid", "bareldap", "corp"] }) { nodes { id: iamid missing } } }',
    )
    expect(data.iams.nodes).toEqual([
      { id: 'bareldap', missing: needed.ldap },
      { id: 'bareopenid', missing: needed.openid },
      { id: 'corp', missing: [] },
    ])
    const QUERY = 'query ($input: TestIamInput!) { testIam(input: $input) { failures } }'
    for (const type of ['openid', 'ldap'] as const) {
      const tested = await app.graphql(QUERY, { input: { iamid: `bare${type}`, userid: 'ana' } })
      expect(tested.data.testIam.failures).toEqual(needed[type].map(what => `The IAM is not configured: it needs ${what}`))
    }
  })

  test('answers a log-in as every failed one, and the log has what is missing', async () => {
    const logIn = (iamid: string) =>
      app.graphql(
        'mutation ($input: LogInInput!) { logIn(input: $input) { token } }',
        { input: { iamid, userid: 'a', password: 'b' } },
        null,
      )
    const wrong = await logIn('bim')
    for (const type of ['openid', 'ldap'] as const) {
      app.logged.length = 0
      expect((await logIn(`bare${type}`)).errors!.map(error => [error.message, error.extensions.code])).toEqual(
        wrong.errors!.map(error => [error.message, error.extensions.code]),
      )
      const lines = app.logged.filter(line => line.msg === 'log-in at an IAM that is not configured')
      expect(lines).toMatchObject([{ iamid: `bare${type}`, missing: needed[type] }])
    }
    app.logged.length = 0
    expect((await fetch(`${app.url}/login/bareopenid`)).status).toBe(404)
    expect(app.logged.filter(line => line.msg === 'log-in at an IAM that is not configured')).toHaveLength(1)
  })
})
