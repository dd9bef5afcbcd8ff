// The session that a log-in leaves in the browser: its cookies, what they open and what not, and how it ends.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { routes } from '../../../src/api/rest/routes.ts'
import { policy } from '../../../src/authorization/policy.ts'
import { bootApp, type TestApp } from '../../harness/app.ts'
import { Browser } from './browser.ts'
import { type FakeProvider, fakeProvider } from './fake-provider.ts'
import { auditOf, makeOpenid, viewerOf } from './helpers.ts'
import { type RealProvider, realProvider, SECRET } from './provider.ts'

let app: TestApp
let idp: RealProvider
beforeAll(async () => {
  app = await bootApp()
  idp = await realProvider({ corp: [`${app.url}/login/corp/callback`] }, app.url)
  await makeOpenid(app, 'corp', {
    clientId: 'corp',
    clientSecret: SECRET,
    discoverUrl: idp.issuer,
    scopes: ['openid', 'profile'],
  })
})
afterAll(async () => {
  await app?.close()
  await idp?.close()
})

async function signedIn(sub = 'ana') {
  idp.people[sub] = { name: sub }
  idp.next = sub
  const browser = new Browser()
  const page = await browser.visit(`${app.url}/login/corp?returnTo=/login`)
  expect(page.status).toBe(200)
  return { browser, page, token: browser.cookie(app.url, 'roster_session')!.value }
}

describe('its cookies', () => {
  test('are for no script, for no other site and for their own time and paths', async () => {
    const { page, browser, token } = await signedIn()
    const lines = page.steps.flatMap(step => (step.url.startsWith(app.url) ? step.headers.getSetCookie() : []))
    const attributes = (start: string) => lines.find(line => line.startsWith(start))!.replace(/^[^;]*; /, '')
    expect(attributes('roster_handshake=')).toBe('Path=/login/corp; Max-Age=600; HttpOnly; SameSite=Lax')
    expect(lines.filter(line => line.startsWith('roster_handshake=;'))).toEqual([
      'roster_handshake=; Path=/login/corp; Max-Age=0; HttpOnly; SameSite=Lax',
    ])
    expect(attributes(`roster_session=${token}`)).toBe('Path=/; Max-Age=43200; HttpOnly; SameSite=Lax')
    expect(attributes('roster_end_session=')).toBe('Path=/login; Max-Age=43200; HttpOnly; SameSite=Lax')
    expect(browser.cookie(`${app.url}/login/corp`, 'roster_handshake')).toBeUndefined()
    // The token is in that line and nowhere else.
    expect(page.steps.map(step => step.url).join()).not.toContain(token)
    expect(page.body).not.toContain(token)
  })

  test('on https they are Secure, and below the path of PUBLIC_URL', async () => {
    const away: FakeProvider = await fakeProvider('roster')
    const instance = await bootApp({ env: { PUBLIC_URL: 'https://roster.example/people' } })
    await makeOpenid(instance, 'corp', { clientId: 'roster', discoverUrl: away.issuer })
    const begun = await fetch(`${instance.url}/login/corp`, { redirect: 'manual' })
    const [line] = begun.headers.getSetCookie()
    expect(line).toMatch(/; Path=\/people\/login\/corp; Max-Age=600; HttpOnly; SameSite=Lax; Secure$/)
    const at = new URL(begun.headers.get('location')!)
    expect(at.searchParams.get('redirect_uri')).toBe('https://roster.example/people/login/corp/callback')
    const sent = await fetch(at, { redirect: 'manual' })
    const query = new URL(sent.headers.get('location')!).search
    const back = await fetch(`${instance.url}/login/corp/callback${query}`, {
      headers: { cookie: line!.split(';')[0]! },
      redirect: 'manual',
    })
    expect([back.status, back.headers.get('location')]).toEqual([303, 'https://roster.example/people/'])
    const session = back.headers.getSetCookie().find(entry => entry.startsWith('__Secure-roster_session='))
    expect(session).toMatch(/; Path=\/people; Max-Age=43200; HttpOnly; SameSite=Lax; Secure$/)
    await instance.close()
    await away.close()
  })
})

describe('what it opens', () => {
  const same = { 'sec-fetch-site': 'same-origin' }
  const put = (cookie: string, headers: Record<string, string>) =>
    fetch(`${app.url}/bim/iam/corp/user/ana/profile`, {
      method: 'PUT',
      headers: { cookie, 'content-type': 'application/json', ...headers },
      body: '{"about":"by cookie"}',
    })

  test('reads, and writes from a page of ours', async () => {
    const { browser } = await signedIn()
    const cookie = browser.header(app.url)
    expect((await fetch(`${app.url}/bim/iam`, { headers: { cookie } })).status).toBe(200)
    expect(await viewerOf(app.url, { cookie, ...same })).toMatchObject({ userid: 'ana', iamid: 'corp' })
    expect((await put(cookie, same)).status).toBe(200)
    expect((await put(cookie, { origin: app.url })).status).toBe(200)
  })

  test.each([
    ['another site', { 'sec-fetch-site': 'cross-site' }],
    ['a neighbour', { 'sec-fetch-site': 'same-site' }],
    ['another site that says our origin', { 'sec-fetch-site': 'cross-site', origin: 'ours' }],
    ['another origin', { origin: 'https://evil.example' }],
    ['an origin that only begins like ours', { origin: 'ours.evil.example' }],
    ['no origin', { origin: 'null' }],
    ['nobody knows', {}],
  ])('no write from where %s', async (_, given: Record<string, string>) => {
    const { browser } = await signedIn()
    const headers = { ...given, ...(given.origin && { origin: given.origin.replace('ours', app.url) }) }
    expect((await put(browser.header(app.url), headers)).status).toBe(403)
    const body = JSON.stringify({ query: 'mutation { logOut { revokedTokens } }' })
    const json = { 'content-type': 'application/json', cookie: browser.header(app.url), ...headers }
    expect((await fetch(`${app.url}/graphql`, { method: 'POST', body, headers: json })).status).toBe(403)
    const out = await fetch(`${app.url}/login/corp/logout`, { method: 'POST', headers: json, redirect: 'manual' })
    expect(out.status).toBe(403)
    expect(await viewerOf(app.url, { cookie: browser.header(app.url), ...same })).not.toBeNull()
  })

  test('no write is a GET, which needs no such proof', () => {
    const writes = routes.filter(row => row.methods.includes('GET') && policy[row.action].kind === 'write')
    expect(writes.map(row => row.path)).toEqual([])
    expect(routes.length).toBeGreaterThan(20)
  })

  test('a header counts more than the cookie, also a bad one', async () => {
    const { browser } = await signedIn()
    const cookie = browser.header(app.url)
    const headers = { cookie, ...same, authorization: `Bearer ${app.admin.token}` }
    expect(await viewerOf(app.url, headers)).toMatchObject({ userid: 'admin' })
    expect((await fetch(`${app.url}/bim/iam`, { headers: { cookie, authorization: 'Bearer nonsense' } })).status).toBe(401)
  })

  test('two of the name, or another kind of secret in it, open nothing', async () => {
    const { token } = await signedIn()
    const key = await app.admin.key()
    for (const cookie of [`roster_session=${token}; roster_session=${token}`, `roster_session=${key}`, 'roster_session='])
      expect([cookie.slice(0, 20), (await fetch(`${app.url}/bim/iam`, { headers: { cookie } })).status]).toEqual([
        cookie.slice(0, 20),
        401,
      ])
  })

  test('one that is over is as none: nobody is kept from logging in by it', async () => {
    const { browser, token } = await signedIn()
    await fetch(`${app.url}/bim/apikey`, { headers: { cookie: browser.header(app.url) } })
    await app.store.db.prisma.token.deleteMany({ where: { prefix: token.slice(0, 9) } })
    const headers = { 'content-type': 'application/json', cookie: `roster_session=${token}`, ...same }
    const body = JSON.stringify({
      query: 'mutation ($input: LogInInput!) { logIn(input: $input) { token } }',
      variables: { input: { userid: 'admin', password: app.admin.password } },
    })
    const answer = await fetch(`${app.url}/graphql`, { method: 'POST', body, headers })
    expect(((await answer.json()) as { data: { logIn: { token: string } } }).data.logIn.token).toMatch(/^rt_/)
    expect((await fetch(`${app.url}/bim/iam`, { headers })).status).toBe(401)
    expect(await (await fetch(`${app.url}/login`, { headers })).text()).toContain('<h1>Sign in</h1>')
  })
})

describe('its end', () => {
  const same = { 'sec-fetch-site': 'same-origin' }

  test('signing out ends the token, takes the cookies and goes on to the provider', async () => {
    const { browser, page, token } = await signedIn()
    const action = /<form method="post" action="([^"]+)">/.exec(page.body)![1]!
    expect(action).toBe('/login/corp/logout')
    expect(page.headers.get('content-security-policy')).toContain(`form-action 'self' ${idp.issuer};`)
    const audit = auditOf(app)
    await audit()
    const out = await browser.visit(app.url + action, { method: 'POST', headers: same }, url => url.startsWith(idp.issuer))
    const url = new URL(out.url)
    expect(url.pathname).toBe('/session/end')
    expect(url.searchParams.get('id_token_hint')).toMatch(/^eyJ/)
    expect(url.searchParams.get('client_id')).toBe('corp')
    expect(url.searchParams.get('post_logout_redirect_uri')).toBe(`${app.url}/login`)
    expect(browser.header(`${app.url}/login`)).toBe('')
    expect(await viewerOf(app.url, { authorization: `Bearer ${token}` })).toBeNull()
    expect((await audit()).map(event => event.event)).toEqual(['tokenRevoked'])

    // The provider takes it, asks, and sends the person back.
    const asked = await browser.visit(out.url)
    const [, form] = /action="([^"]+)"/.exec(asked.body)!
    const [, xsrf] = /name="xsrf" value="([^"]+)"/.exec(asked.body)!
    const body = new URLSearchParams({ xsrf: xsrf!, logout: 'yes' }).toString()
    const ended = await browser.visit(form!, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body,
    })
    expect(ended.url).toMatch(`${app.url}/login`)
    expect(ended.body).toContain('<h1>Sign in</h1>')
  })

  test('the hint of an ID token with 50 groups goes along, and is kept in no cookie and never in clear', async () => {
    const away = await fakeProvider('roster')
    await makeOpenid(app, 'long', { clientId: 'roster', discoverUrl: away.issuer })
    const groups = (many: number) =>
      Array.from({ length: many }, (_, index) => `7d3f2c9e-0000-4000-8000-${String(index).padStart(12, '0')}`)
    for (const [many, isSent] of [
      [5, true],
      [50, true],
      [400, false],
    ] as const) {
      let idToken = ''
      away.overrides = {
        discovery: { end_session_endpoint: `${away.issuer}/bye` },
        claims: claims => ({ ...claims, groups: groups(many) }),
        token: token => (idToken = token),
      }
      const browser = new Browser()
      expect((await browser.visit(`${app.url}/login/long`)).status).toBe(200)
      expect(browser.header(`${app.url}/login`).length).toBeLessThan(1_000)
      const rows = await app.store.db.query<{ id_token: string | null }>(
        `SELECT id_token FROM provider_sessions WHERE iamid = 'long' ORDER BY token_id DESC LIMIT 1`,
      )
      expect(rows[0]!.id_token === null).toBe(!isSent)
      for (const part of idToken.split('.')) expect(rows[0]!.id_token ?? '').not.toContain(part)
      const out = await browser.visit(`${app.url}/login/long/logout`, { method: 'POST', headers: same }, url =>
        url.startsWith(away.issuer),
      )
      const { pathname, searchParams } = new URL(out.url)
      expect([pathname, searchParams.get('client_id'), searchParams.get('id_token_hint')]).toEqual([
        '/bye',
        'roster',
        isSent ? idToken : null,
      ])
    }
    await away.close()
  })

  test('a session that was over already ends too, here', async () => {
    const { browser, token } = await signedIn()
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
    await fetch(`${app.url}/graphql`, { method: 'POST', headers, body: '{"query":"mutation { logOut { revokedTokens } }"}' })
    const out = await browser.visit(`${app.url}/login/corp/logout`, { method: 'POST', headers: same })
    expect([out.status, out.url, browser.header(`${app.url}/login`)]).toEqual([200, `${app.url}/login`, ''])
  })

  test('a cookie made elsewhere names no place to go on to', async () => {
    const { browser } = await signedIn()
    const { value } = browser.cookie(`${app.url}/login`, 'roster_session')!
    const cookie = `roster_session=${value}; roster_end_session=${Buffer.from('"https://evil.example/"').toString('base64url')}`
    const out = await fetch(`${app.url}/login/corp/logout`, { method: 'POST', headers: { cookie, ...same }, redirect: 'manual' })
    expect([out.status, out.headers.get('location')]).toEqual([303, `${app.url}/login`])
  })
})

test('a log-in that the provider begins: only where it is switched on, and only by that provider', async () => {
  const away = await fakeProvider('roster')
  const options = { clientId: 'roster', discoverUrl: away.issuer }
  await makeOpenid(app, 'sent', { ...options, allowIdPInitiatedSSO: true })
  await makeOpenid(app, 'unsent', options)
  const begin = (iamid: string, issuer: string) =>
    fetch(`${app.url}/login/${iamid}?iss=${encodeURIComponent(issuer)}&login_hint=ana`, { redirect: 'manual' })
  const good = await begin('sent', away.issuer)
  expect(good.status).toBe(303)
  expect(new URL(good.headers.get('location')!).searchParams.get('login_hint')).toBe('ana')
  const form = new URLSearchParams({ iss: away.issuer, target_link_uri: 'https://evil.example/' })
  const posted = await fetch(`${app.url}/login/sent`, { method: 'POST', body: form, redirect: 'manual' })
  expect([posted.status, new URL(posted.headers.get('location')!).origin]).toEqual([303, away.issuer])
  for (const [iamid, issuer] of [
    ['unsent', away.issuer],
    ['sent', 'https://evil.example'],
  ] as const) {
    const bad = await begin(iamid, issuer)
    expect([bad.status, bad.headers.get('location'), bad.headers.get('set-cookie')]).toEqual([422, null, null])
  }
  await away.close()
})
