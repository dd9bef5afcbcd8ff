// A provider, or an attacker in its place, misbehaves at each step (the relying party's side of the OpenID conformance profile): no
// session, no user, an audit event of the refusal, and no secret in the answer.
import { createHash, randomBytes } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { startApp } from '../../../src/app.ts'
import { loadConfig } from '../../../src/platform/config/config.ts'
import { bootApp, type TestApp } from '../../harness/app.ts'
import { Browser } from './browser.ts'
import { type FakeProvider, fakeProvider, type Overrides, signedWith, withOwnKey, withSub } from './fake-provider.ts'
import { auditOf, makeOpenid, personOf } from './helpers.ts'

const SECRET = 'the secret of the client, s3cret&+'
const KEY = randomBytes(32).toString('base64')
let app: TestApp
let idp: FakeProvider
let audit: ReturnType<typeof auditOf>
let serial = 0

beforeAll(async () => {
  app = await bootApp({ env: { SECRET_KEY: KEY } })
  idp = await fakeProvider('roster')
  const client = { clientId: 'roster', clientSecret: SECRET }
  await makeOpenid(app, 'corp', { ...client, discoverUrl: `${idp.issuer}/.well-known/openid-configuration` })
  audit = auditOf(app)
})
afterAll(async () => {
  await app?.close()
  await idp?.close()
})
beforeEach(async () => {
  idp.overrides = {}
  await audit()
})

/** A log-in of somebody new under these overrides. */
async function tryWith(overrides: Overrides, { iamid = 'corp', browser = new Browser() } = {}) {
  const sub = `person ${++serial}`
  idp.overrides = { ...overrides, claims: claims => (overrides.claims ?? (same => same))({ ...claims, sub }) }
  const page = await browser.visit(`${app.url}/login/${iamid}?returnTo=/login`)
  return { sub, browser, page }
}

async function expectRefused({ sub, browser, page }: Awaited<ReturnType<typeof tryWith>>, status: number) {
  expect(page.status).toBe(status)
  expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8')
  expect(browser.cookie(app.url, 'roster_session')).toBeUndefined()
  expect(browser.cookie(`${app.url}/login/corp`, 'roster_handshake')).toBeUndefined()
  expect(await personOf(app, 'corp', sub)).toBeNull()
  expect(page.body).not.toMatch(/code-\d|token of the fake provider|s3cret|eyJ/)
}

test('an honest one is believed, and asked as it should be', async () => {
  const { sub, page, browser } = await tryWith({})
  expect([page.status, page.url]).toEqual([200, `${app.url}/login`])
  expect(page.body).toContain(`<strong>${sub}</strong>`)
  expect(browser.cookie(app.url, 'roster_session')?.value).toMatch(/^rt_/)
  const begun = idp.begun.at(-1)!
  expect(Object.fromEntries(begun)).toMatchObject({
    client_id: 'roster',
    response_type: 'code',
    code_challenge_method: 'S256',
    scope: 'openid profile email',
    redirect_uri: `${app.url}/login/corp/callback`,
  })
  for (const name of ['state', 'nonce', 'code_challenge']) expect(begun.get(name)!.length).toBeGreaterThanOrEqual(43)
  const { form, authorization } = idp.asked.at(-1)!
  expect(createHash('sha256').update(form.get('code_verifier')!).digest('base64url')).toBe(begun.get('code_challenge'))
  // RFC 6749 2.3.1: both halves form-encoded.
  const [id, secret] = Buffer.from(authorization!.slice(6), 'base64').toString().split(':')
  expect([id, new URLSearchParams(`s=${secret}`).get('s')]).toEqual(['roster', SECRET])
})

describe('an ID token', () => {
  const soon = () => Math.floor(Date.now() / 1000)
  const overrides: [string, Overrides][] = [
    ['of another issuer', { claims: claims => ({ ...claims, iss: 'https://evil.example' }) }],
    ['without an issuer', { claims: ({ iss, ...claims }) => claims }],
    ['for another client', { claims: claims => ({ ...claims, aud: 'another' }) }],
    ['without an audience', { claims: ({ aud, ...claims }) => claims }],
    ['for several, without azp', { claims: claims => ({ ...claims, aud: ['roster', 'another'] }) }],
    ['for several, azp another', { claims: claims => ({ ...claims, aud: ['roster', 'another'], azp: 'another' }) }],
    ['for us alone, azp another', { claims: claims => ({ ...claims, azp: 'another' }) }],
    ['that is over', { claims: claims => ({ ...claims, exp: soon() - 600 }) }],
    ['without an end', { claims: ({ exp, ...claims }) => claims }],
    ['without iat', { claims: ({ iat, ...claims }) => claims }],
    ['of the future', { claims: claims => ({ ...claims, iat: soon() + 3600, exp: soon() + 7200 }) }],
    ['that is not valid yet', { claims: claims => ({ ...claims, nbf: soon() + 3600 }) }],
    ['with another nonce', { claims: claims => ({ ...claims, nonce: 'another' }) }],
    ['without a nonce', { claims: ({ nonce, ...claims }) => claims }],
    ['without sub', { claims: ({ sub, ...claims }) => claims }],
    ['with a sub that is no text', { claims: claims => ({ ...claims, sub: 7 }) }],
    ['with an empty sub', { claims: claims => ({ ...claims, sub: '' }) }],
    ['with a sub that no userid can be', { claims: claims => ({ ...claims, sub: 'a\u0000b' }) }],
    ['with the hash of another access token', { claims: claims => ({ ...claims, at_hash: 'AAAAAAAAAAAAAAAAAAAAAA' }) }],
    ['with a hash that is none', { claims: claims => ({ ...claims, at_hash: 7 }) }],
    ['of a key that is not there', { header: { kid: 'unknown' } }],
    [
      'with a forged signature',
      { token: token => token.slice(0, token.lastIndexOf('.') + 1) + Buffer.alloc(64, 7).toString('base64url') },
    ],
    ['without its signature', { token: token => token.slice(0, token.lastIndexOf('.') + 1) }],
    ['with other claims than those signed', { token: withSub('the administrator') }],
    ['signed by nobody', { token: signedWith('none', '') }],
    ["signed with the client's secret", { token: signedWith('HS256', SECRET) }],
    ['that brings its own key', { token: withOwnKey('jwk') }],
    ['that says where its own key is', { token: withOwnKey('jku') }],
    ['with a critical header that nobody knows', { header: { crit: ['b64'], b64: false } }],
    ['with an end that is no number', { claims: claims => ({ ...claims, exp: 'tomorrow' }) }],
    ['with a time that is no number', { claims: claims => ({ ...claims, iat: '0' }) }],
    ['for a list with what is no text', { claims: claims => ({ ...claims, aud: ['roster', 7] }) }],
    ['that is encrypted, as it says', { header: { alg: 'RSA-OAEP', enc: 'A256GCM' } }],
    ['that is no JWT', { token: () => 'no token' }],
  ]
  test.each(overrides)('%s', async (_, override) => {
    await expectRefused(await tryWith(override), 401)
    const events = await audit()
    expect(events.map(event => [event.event, event.outcome, event.targetName])).toEqual([['loginFailed', 'denied', 'corp/…']])
    expect(events[0]!.reason).toMatch(/identity provider/)
    expect(JSON.stringify(events, (_, value) => (typeof value === 'bigint' ? Number(value) : value))).not.toMatch(
      /code-|s3cret|eyJ/,
    )
  })

  test('signed with HS256 and the public key', async () => {
    await expectRefused(await tryWith({ token: signedWith('HS256', idp.publicKey()) }), 401)
  })

  test('signed with an algorithm that the IAM does not allow', async () => {
    const endpoints = {
      authorizationEndpoint: `${idp.issuer}/auth`,
      tokenEndpoint: `${idp.issuer}/token`,
      jwksUri: `${idp.issuer}/jwks`,
    }
    const options = { clientId: 'roster', clientSecret: SECRET, issuer: idp.issuer, ...endpoints }
    await makeOpenid(app, 'rsa', { ...options, supportedIdTokenSigningAlgorithms: ['RS256', 'PS256'] })
    await makeOpenid(app, 'ec', { ...options, supportedIdTokenSigningAlgorithms: ['RS256', 'ES256'] })
    await expectRefused(await tryWith({}, { iamid: 'rsa' }), 401)
    expect((await tryWith({}, { iamid: 'ec' })).page.status).toBe(200)
  })

  test('several audiences with azp us, and no at_hash, are good', async () => {
    const override: Overrides = { claims: ({ at_hash, ...claims }) => ({ ...claims, aud: ['roster', 'another'], azp: 'roster' }) }
    expect((await tryWith(override)).page.status).toBe(200)
  })

  test('of a key that came just now is good, and one of the old key is not', async () => {
    expect((await tryWith({})).page.status).toBe(200)
    idp.rotate()
    expect((await tryWith({})).page.status).toBe(200)
    await expectRefused(await tryWith({ old: true }), 401)
    await expectRefused(await tryWith({ old: true, header: { kid: 'key 1' } }), 401)
  })

  test('without a key id is good where there is one key, and refused where there are several', async () => {
    expect((await tryWith({ header: { kid: undefined } })).page.status).toBe(200)
    idp.nameless()
    await expectRefused(await tryWith({ header: { kid: undefined } }), 401)
    idp.rotate()
  })
})

describe('the way back', () => {
  const callback = `/login/corp/callback`
  /** The address that the provider sends the browser to, not yet visited. */
  async function back(browser: Browser) {
    const page = await browser.visit(`${app.url}/login/corp`, {}, url => url.startsWith(app.url + callback))
    return new URL(page.url)
  }

  test.each([
    ['another state', (url: URL) => url.searchParams.set('state', 'another')],
    ['no state', (url: URL) => url.searchParams.delete('state')],
    ['two states', (url: URL) => url.searchParams.append('state', url.searchParams.get('state')!)],
    ['no code', (url: URL) => url.searchParams.delete('code')],
    ['another code', (url: URL) => url.searchParams.set('code', 'code-0')],
    ['another issuer (RFC 9207)', (url: URL) => url.searchParams.set('iss', 'https://evil.example')],
    ['an error', (url: URL) => url.searchParams.set('error', 'access_denied')],
    ['an error with markup', (url: URL) => url.searchParams.set('error', '<script>alert(1)</script>')],
    ['an ID token in the query', (url: URL) => url.searchParams.set('id_token', 'eyJ')],
  ])('with %s', async (_, tamper) => {
    const browser = new Browser()
    const url = await back(browser)
    tamper(url)
    const page = await browser.visit(url.href)
    expect(page.status).toBe(401)
    expect(page.body).not.toMatch(/<script|code-\d/)
    expect(browser.cookie(app.url, 'roster_session')).toBeUndefined()
    expect((await audit()).map(event => event.event)).toEqual(['loginFailed'])
  })

  test('in another browser, or with its cookie changed, leads nowhere', async () => {
    const [mine, other] = [new Browser(), new Browser()]
    const url = await back(mine)
    expect((await other.visit(url.href)).status).toBe(400)
    // The other one has a handshake of its own: the state is not its state.
    await back(other)
    expect((await other.visit(url.href)).status).toBe(401)
    const { value } = mine.cookie(url.href, 'roster_handshake')!
    const changed = new Browser()
    changed.plant(
      url.href,
      'roster_handshake',
      `${value.slice(0, 20)}${value[20] === 'A' ? 'B' : 'A'}${value.slice(21)}`,
      callback,
    )
    expect((await changed.visit(url.href)).status).toBe(400)
    for (const browser of [other, changed]) expect(browser.cookie(app.url, 'roster_session')).toBeUndefined()
    expect((await mine.visit(url.href)).status).toBe(200)
  })

  test('of a tab that another one overtook ends nothing for that one', async () => {
    const browser = new Browser()
    const first = await back(browser)
    const second = await back(browser)
    const page = await browser.visit(first.href)
    expect(page.status).toBe(401)
    expect(page.body).toContain('it belongs to another sign-in, perhaps in another tab of this browser')
    expect((await audit()).map(event => event.event)).toEqual(['loginFailed'])
    expect((await browser.visit(second.href)).status).toBe(200)
    expect(browser.cookie(app.url, 'roster_session')).toBeDefined()
  })

  test('is taken once, also with the cookie put back', async () => {
    const browser = new Browser()
    const url = await back(browser)
    const { value, path } = browser.cookie(url.href, 'roster_handshake')!
    expect((await browser.visit(url.href)).status).toBe(200)
    expect((await browser.visit(url.href)).status).toBe(400)
    browser.plant(url.href, 'roster_handshake', value, path)
    const asked = idp.asked.length
    expect((await browser.visit(url.href)).status).toBe(409)
    expect(idp.asked).toHaveLength(asked)
  })

  test('is taken once by all instances together, also of two who come at once', async () => {
    // Another process of the same instance: the same store, key and PUBLIC_URL, another port.
    const env = { PORT: '0', SECRET_KEY: KEY, PUBLIC_URL: app.url, DATA_DIR: 'memory://', LOG_LEVEL: 'silent' }
    const second = await startApp(loadConfig(env), { store: { ...app.store, close: async () => {} } })
    const browser = new Browser()
    const used = () => app.store.db.prisma.usedOnce.count()
    const before = await used()
    const url = await back(browser)
    // A log-in that is begun and abandoned leaves no row.
    expect(await used()).toBe(before)
    const cookie = `roster_handshake=${browser.cookie(url.href, 'roster_handshake')!.value}`
    const there = (port: string | number) =>
      fetch(`http://127.0.0.1:${port}${url.pathname}${url.search}`, { headers: { cookie }, redirect: 'manual' })
    const asked = idp.asked.length
    const answers = await Promise.all([url.port, second.port, url.port, second.port].map(there))
    expect(answers.map(({ status }) => status).toSorted()).toEqual([303, 409, 409, 409])
    expect([idp.asked.length, await used()]).toEqual([asked + 1, before + 1])
    expect(
      answers.flatMap(({ headers }) => headers.getSetCookie()).filter(line => /^roster_session=rt_/.test(line)),
    ).toHaveLength(1)
    await second.stop()
  })

  test('of one IAM is not taken for another', async () => {
    const options = { clientId: 'roster', clientSecret: SECRET, discoverUrl: idp.issuer }
    await makeOpenid(app, 'twin', options)
    const browser = new Browser()
    const url = await back(browser)
    const { value } = browser.cookie(url.href, 'roster_handshake')!
    browser.plant(app.url, 'roster_handshake', value, '/login/twin')
    expect((await browser.visit(url.href.replace('/corp/', '/twin/'))).status).toBe(400)
  })

  test('with two cookies of the name is not taken: one was planted', async () => {
    const browser = new Browser()
    const url = await back(browser)
    browser.plant(url.href, 'roster_handshake', 'planted', '/')
    expect((await browser.visit(url.href)).status).toBe(400)
  })

  test('with a verifier that is not the one of the challenge the provider refuses', async () => {
    const browser = new Browser()
    const url = await back(browser)
    const [mine, theirs] = [url.searchParams.get('code')!, (await back(new Browser())).searchParams.get('code')!]
    expect(mine).not.toBe(theirs)
    url.searchParams.set('code', theirs)
    expect((await browser.visit(url.href)).status).toBe(401)
  })
})

describe('trouble at the provider is a page that says so, and blames nobody', () => {
  const html = (response: import('node:http').ServerResponse) =>
    response.writeHead(200, { 'content-type': 'text/html' }).end('<html>')
  const troubles: [string, Overrides][] = [
    ['an error of its own', { answers: { '/token': response => response.writeHead(500).end('oops') } }],
    ['HTML', { answers: { '/token': html } }],
    [
      'that our secret is wrong',
      {
        answers: {
          '/token': response => response.writeHead(401, { 'content-type': 'application/json' }).end('{"error":"invalid_client"}'),
        },
      },
    ],
    [
      'a redirect, which is not followed',
      { answers: { '/token': response => response.writeHead(307, { location: 'https://evil.example/' }).end() } },
    ],
    [
      'an endless answer',
      {
        answers: {
          '/token': response => {
            response.writeHead(200, { 'content-type': 'application/json' })
            response.on('error', () => {})
            const more = () => {
              while (!response.destroyed && response.write(' '.repeat(65_536)));
              if (!response.destroyed) response.once('drain', more)
            }
            more()
          },
        },
      },
    ],
    ['a cut connection', { answers: { '/token': response => response.destroy() } }],
    ['no keys', { answers: { '/jwks': response => response.writeHead(500).end() } }],
  ]
  test.each(troubles)('%s', async (_, override) => {
    await expectRefused(await tryWith(override), 503)
    expect(await audit()).toEqual([])
  })

  test('no answer at all', async () => {
    const hanging: Overrides = { answers: { '/token': () => {} } }
    const waiting = tryWith(hanging)
    // Others do not wait for it.
    expect((await fetch(`${app.url}/login`)).status).toBe(200)
    await expectRefused(await waiting, 503)
  }, 20_000)
})

describe('the user info endpoint', () => {
  const answering = (body: object): Overrides => ({
    answers: { '/me': response => response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body)) },
  })
  beforeAll(async () => {
    const endpoints = {
      authorizationEndpoint: `${idp.issuer}/auth`,
      tokenEndpoint: `${idp.issuer}/token`,
      jwksUri: `${idp.issuer}/jwks`,
      userInfoEndpoint: `${idp.issuer}/me`,
    }
    const options = { clientId: 'roster', clientSecret: SECRET, issuer: idp.issuer, ...endpoints }
    const config = { schema: { profile: { phone: 'phone' } } }
    await makeOpenid(app, 'info', { ...options, supportedIdTokenSigningAlgorithms: ['ES256'] }, { config })
  })

  test('adds to the ID token, and does not outdo it', async () => {
    const sub = `person ${serial + 1}`
    const answers = answering({ sub, phone: 'of the endpoint', groups: ['Crew'] })
    const { page } = await tryWith({ ...answers, claims: claims => ({ ...claims, phone: 'of the token' }) }, { iamid: 'info' })
    expect(page.status).toBe(200)
    expect((await personOf(app, 'info', sub))!.phone).toBe('of the token')
    expect((await audit()).map(event => event.event)).toContain('groupUserAdded')
  })

  test('of another user ends the log-in', async () => {
    const { page } = await tryWith(answering({ sub: 'another' }), { iamid: 'info' })
    expect(page.status).toBe(401)
  })

  test('without a sub is ignored', async () => {
    const { sub, page } = await tryWith(answering({ phone: 'of nobody', groups: ['Crew'] }), { iamid: 'info' })
    expect(page.status).toBe(200)
    expect((await personOf(app, 'info', sub))!.phone).toBeNull()
    expect((await audit()).map(event => event.event)).not.toContain('groupUserAdded')
  })

  test('that is HTML, a redirect or an unsigned token is ignored', async () => {
    const unsigned = signedWith('none', '')(idp.signed({ iss: idp.issuer, aud: 'roster', sub: 'x', groups: ['Crew'] }))
    for (const answer of [
      (response: import('node:http').ServerResponse) => response.writeHead(200, { 'content-type': 'text/html' }).end('{}'),
      (response: import('node:http').ServerResponse) => response.writeHead(302, { location: 'https://evil.example/' }).end(),
      (response: import('node:http').ServerResponse) =>
        response.writeHead(200, { 'content-type': 'application/jwt' }).end(unsigned),
    ]) {
      expect((await tryWith({ answers: { '/me': answer } }, { iamid: 'info' })).page.status).toBe(200)
      const events = await audit()
      expect(events.map(event => event.event)).not.toContain('groupUserAdded')
      expect(JSON.stringify(events.at(-1)!.after)).toMatch(/user info endpoint gave no answer/)
    }
  })

  test('that fails changes nothing but what is reported', async () => {
    const { page } = await tryWith({ answers: { '/me': response => response.writeHead(500).end() } }, { iamid: 'info' })
    expect(page.status).toBe(200)
    const { after } = (await audit()).at(-1)!
    expect(JSON.stringify(after)).toMatch(/user info endpoint gave no answer/)
  })
})
