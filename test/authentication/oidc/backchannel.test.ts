// A provider tells us that somebody's session is over (Back-Channel Logout 1.0): a real one, and a fake one.
import { createHmac } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { bootApp, type TestApp } from '../../harness/app.ts'
import { Browser } from './browser.ts'
import { type FakeProvider, fakeProvider, signedWith } from './fake-provider.ts'
import { auditOf, makeOpenid, viewerOf } from './helpers.ts'
import { type RealProvider, realProvider, SECRET } from './provider.ts'

const EVENT = 'http://schemas.openid.net/event/backchannel-logout'
let app: TestApp
let audit: ReturnType<typeof auditOf>
beforeAll(async () => {
  app = await bootApp()
  audit = auditOf(app)
})
afterAll(() => app?.close())

const who = (browser: Browser) => viewerOf(app.url, { cookie: browser.header(app.url), 'sec-fetch-site': 'same-origin' })
const sendLogout = (iamid: string, body: URLSearchParams | string) =>
  fetch(`${app.url}/login/${iamid}/backchannel`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: body.toString(),
  })

describe('a real provider', () => {
  let idp: RealProvider
  beforeAll(async () => {
    idp = await realProvider({ corp: [`${app.url}/login/corp/callback`] }, app.url)
    const options = { clientId: 'corp', clientSecret: SECRET, discoverUrl: idp.issuer, scopes: ['openid'] }
    await makeOpenid(app, 'corp', options)
  })
  afterAll(() => idp?.close())

  test('ends the session that was signed out there, and no other of the person', async () => {
    idp.people.ana = {}
    idp.next = 'ana'
    const [here, elsewhere] = [new Browser(), new Browser()]
    for (const browser of [here, elsewhere]) await browser.visit(`${app.url}/login/corp`)
    expect(await who(here)).toMatchObject({ userid: 'ana' })
    await audit()

    const asked = await here.visit(`${idp.issuer}/session/end`)
    const [, form] = /action="([^"]+)"/.exec(asked.body)!
    const [, xsrf] = /name="xsrf" value="([^"]+)"/.exec(asked.body)!
    const body = new URLSearchParams({ xsrf: xsrf!, logout: 'yes' }).toString()
    await here.visit(form!, { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body })
    await expect.poll(() => who(here)).toBeNull()
    expect(await who(elsewhere)).toMatchObject({ userid: 'ana' })
    const events = await audit()
    expect(
      events.map(({ event, actorName, targetType, targetName, reason }) => [event, actorName, targetType, targetName, reason]),
    ).toEqual([['tokenRevoked', 'anonymous', 'token', 'corp/ana', 'the provider of corp ended the session']])
  })
})

describe('a logout token', () => {
  let idp: FakeProvider
  let serial = 0
  beforeAll(async () => {
    idp = await fakeProvider('roster')
    for (const id of ['fake', 'twin'])
      await makeOpenid(app, id, { clientId: 'roster', clientSecret: SECRET, discoverUrl: idp.issuer })
    await makeOpenid(app, 'stranger', { clientId: 'another', discoverUrl: idp.issuer })
  })
  afterAll(() => idp?.close())
  beforeEach(async () => {
    idp.overrides = {}
    await audit()
  })

  async function signedIn(sub: string, sid?: string, iamid = 'fake') {
    idp.overrides = { claims: claims => ({ ...claims, sub, ...(sid !== undefined && { sid }) }) }
    const browser = new Browser()
    expect((await browser.visit(`${app.url}/login/${iamid}`)).status).toBe(200)
    return browser
  }
  const now = () => Math.floor(Date.now() / 1000)
  const claimsOf = (more: object) => {
    const honest = {
      iss: idp.issuer,
      aud: 'roster',
      iat: now(),
      exp: now() + 120,
      jti: `jti ${++serial}`,
      events: { [EVENT]: {} },
    }
    return Object.fromEntries(Object.entries({ ...honest, ...more }).filter(([, value]) => value !== undefined))
  }
  const form = (more: object, header: object = { typ: 'logout+jwt' }) =>
    new URLSearchParams({ logout_token: idp.signed(claimsOf(more), header) })

  test('with a sid ends that session; with a sub all of the person through this IAM; nothing else', async () => {
    const [one, two, three] = [await signedIn('ben', 'S1'), await signedIn('ben', 'S2'), await signedIn('ben')]
    const [other, twin] = [await signedIn('cem', 'S3'), await signedIn('ben', 'S1', 'twin')]
    const answer = await sendLogout('fake', form({ sid: 'S1' }))
    expect([answer.status, answer.headers.get('cache-control'), await answer.text()]).toEqual([200, 'no-store', ''])
    expect([await who(one), (await who(two))?.userid, (await who(twin))?.iamid]).toEqual([null, 'ben', 'twin'])

    // Of both the session must be the person's.
    expect((await sendLogout('fake', form({ sub: 'cem', sid: 'S2' }))).status).toBe(200)
    expect([(await who(two))?.userid, (await who(other))?.userid]).toEqual(['ben', 'cem'])

    expect((await sendLogout('fake', form({ sub: 'ben' }))).status).toBe(200)
    expect([await who(two), await who(three)]).toEqual([null, null])
    expect([(await who(other))?.userid, (await who(twin))?.iamid]).toEqual(['cem', 'twin'])
    // Nobody left to end: there is nothing wrong with that.
    expect((await sendLogout('fake', form({ sub: 'ben' }))).status).toBe(200)
    expect((await sendLogout('fake', form({ sub: 'nobody', sid: 'none' }))).status).toBe(200)
  })

  test('ends what the provider began, not what the person has of us', async () => {
    const browser = await signedIn('dora')
    const cookie = browser.header(app.url)
    const made = await fetch(`${app.url}/graphql`, {
      method: 'POST',
      headers: { cookie, 'sec-fetch-site': 'same-origin', 'content-type': 'application/json' },
      body: JSON.stringify({ query: 'mutation { createApiKey(input: { name: "mine" }) { secret } }' }),
    })
    const { data } = (await made.json()) as { data: { createApiKey: { secret: string } } }
    await sendLogout('fake', form({ sub: 'dora' }))
    expect(await who(browser)).toBeNull()
    expect(await viewerOf(app.url, { authorization: `Bearer ${data.createApiKey.secret}` })).toMatchObject({ userid: 'dora' })
  })

  test('is accepted once, also when several arrive at once', async () => {
    const [first, again] = [await signedIn('eva', 'E1'), form({ sub: 'eva' })]
    const answers = await Promise.all([1, 2, 3].map(() => sendLogout('fake', again)))
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 400, 400])
    expect(await who(first)).toBeNull()
    const later = await signedIn('eva', 'E2')
    expect((await sendLogout('fake', again)).status).toBe(400)
    expect(await who(later)).toMatchObject({ userid: 'eva' })
  })

  test('without typ, with an aud among several, with further events, and a moment early or late, is good', async () => {
    for (const [more, header] of [
      [{}, {}],
      [{}, { typ: 'JWT' }],
      [{ aud: ['another', 'roster'] }, {}],
      [{ events: { [EVENT]: {}, 'urn:x': {} } }, {}],
      [{ iat: now() + 30 }, {}],
      [{ iat: now() - 200, exp: undefined }, {}],
    ] as const)
      expect([more, (await sendLogout('fake', form({ sub: 'nobody', ...more }, header))).status]).toEqual([more, 200])
  })

  const overrides: [string, (browser: Browser) => URLSearchParams | string][] = [
    ['of another issuer', () => form({ sub: 'fay', iss: 'https://evil.example' })],
    ['without an issuer', () => form({ sub: 'fay', iss: undefined })],
    ['for another client', () => form({ sub: 'fay', aud: 'another' })],
    ['without an audience', () => form({ sub: 'fay', aud: undefined })],
    ['without iat', () => form({ sub: 'fay', iat: undefined })],
    ['that is old', () => form({ sub: 'fay', iat: now() - 600 })],
    ['of the future', () => form({ sub: 'fay', iat: now() + 600, exp: now() + 900 })],
    ['that is over', () => form({ sub: 'fay', iat: now() - 250, exp: now() - 120 })],
    ['without jti', () => form({ sub: 'fay', jti: undefined })],
    ['with an empty jti', () => form({ sub: 'fay', jti: '' })],
    ['with a jti that is no text', () => form({ sub: 'fay', jti: 7 })],
    ['without events', () => form({ sub: 'fay', events: undefined })],
    ['with another event', () => form({ sub: 'fay', events: { 'urn:x': {} } })],
    ['with an event that is none', () => form({ sub: 'fay', events: { [EVENT]: 'yes' } })],
    ['with what every object has for its event', () => form({ sub: 'fay', events: [] })],
    ['with a nonce', () => form({ sub: 'fay', nonce: 'n' })],
    ['with a nonce that is null', () => form({ sub: 'fay', nonce: null })],
    ['about nobody', () => form({})],
    ['with a sub that is no text', () => form({ sub: 7 })],
    ['with an empty sub', () => form({ sub: '' })],
    ['with a sid that is no text', () => form({ sub: 'fay', sid: ['x'] })],
    ['of another type', () => form({ sub: 'fay' }, { typ: 'at+jwt' })],
    ['of a key that is not there', () => form({ sub: 'fay' }, { kid: 'unknown' })],
    ['with a critical header', () => form({ sub: 'fay' }, { crit: ['x'], x: 1 })],
    [
      'signed by nobody',
      () => new URLSearchParams({ logout_token: signedWith('none', '')(idp.signed(claimsOf({ sub: 'fay' }))) }),
    ],
    [
      'signed with HS256 and the public key',
      () => new URLSearchParams({ logout_token: signedWith('HS256', idp.publicKey())(idp.signed(claimsOf({ sub: 'fay' }))) }),
    ],
    [
      "signed with the client's secret",
      () => new URLSearchParams({ logout_token: signedWith('HS256', SECRET)(idp.signed(claimsOf({ sub: 'fay' }))) }),
    ],
    [
      'with another signature',
      () => {
        const token = idp.signed(claimsOf({ sub: 'fay' }))
        const start = token.slice(0, token.lastIndexOf('.') + 1)
        return new URLSearchParams({ logout_token: start + createHmac('sha512', 'x').update(start).digest('base64url') })
      },
    ],
    [
      'that is an ID token',
      () => new URLSearchParams({ logout_token: idp.signed(claimsOf({ sub: 'fay', nonce: 'n', events: undefined })) }),
    ],
    ['that is no JWT', () => 'logout_token=x.y.z'],
    ['that is missing', () => ''],
    ['twice', () => `${form({ sub: 'fay' })}&${form({ sub: 'fay' })}`],
  ]
  test.each(overrides)('%s ends nothing', async (_, override) => {
    const browser = await signedIn('fay')
    await audit()
    const answer = await sendLogout('fake', override(browser))
    expect([answer.status, await answer.json()]).toEqual([400, { error: 'invalid_request' }])
    expect(answer.headers.get('set-cookie')).toBeNull()
    expect(await who(browser)).toMatchObject({ userid: 'fay' })
    expect(await audit()).toEqual([])
  })

  test.each(['nobody', 'bim', 'stranger', '__proto__'])(
    'of %s: the same answer as any other that is not believed',
    async iamid => {
      const browser = await signedIn('gil')
      const answer = await sendLogout(iamid, form({ sub: 'gil' }))
      expect([answer.status, await answer.text()]).toEqual([400, '{"error":"invalid_request"}'])
      expect(await who(browser)).toMatchObject({ userid: 'gil' })
    },
  )

  test('of a key that came just now is good, and many bad ones ask the provider for its keys only now and then', async () => {
    let asked = 0
    const browser = await signedIn('hal')
    idp.rotate()
    idp.overrides = { ...idp.overrides, counts: { '/jwks': () => asked++ } }
    const unknown = () => sendLogout('fake', form({ sub: 'hal' }, { kid: 'unknown' }))
    const bad = await Promise.all(Array.from({ length: 30 }, unknown))
    expect(bad.every(({ status }) => status === 400)).toBe(true)
    // Once for what was kept, and as often as may be asked again at once.
    expect(asked).toBeLessThanOrEqual(6)
    idp.rotate()
    // The bad tokens of the tests before this one have used up what may be asked for now.
    await expect
      .poll(async () => (await sendLogout('fake', form({ sub: 'hal' }))).status, { timeout: 20_000, interval: 500 })
      .toBe(200)
    expect(await who(browser)).toBeNull()
    asked = 0
    for (let turn = 0; turn < 30; turn++) expect((await unknown()).status).toBe(400)
    expect(asked).toBeLessThan(8)
  }, 30_000)

  test('of a new key of the same id is good at once', async () => {
    const away = await fakeProvider('roster')
    await makeOpenid(app, 'same', { clientId: 'roster', discoverUrl: away.issuer })
    const token = (sub: string) =>
      new URLSearchParams({
        logout_token: away.signed(
          { iss: away.issuer, aud: 'roster', iat: now(), exp: now() + 60, jti: sub, sub, events: { [EVENT]: {} } },
          { kid: undefined },
        ),
      })
    expect((await sendLogout('same', token('a'))).status).toBe(200)
    away.rotate()
    expect((await sendLogout('same', token('b'))).status).toBe(200)
    await away.close()
  })
})
