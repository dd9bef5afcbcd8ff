// A log-in with a real OpenID provider, from /login to the page that says who is signed in.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { bootApp, type TestApp } from '../../harness/app.ts'
import { Browser } from './browser.ts'
import { auditOf, makeOpenid, personOf, viewerOf } from './helpers.ts'
import { type RealProvider, realProvider, SECRET } from './provider.ts'

let app: TestApp
let idp: RealProvider
let audit: ReturnType<typeof auditOf>
const IAMS = ['corp', 'byname', 'plain', 'manual', 'moved']

beforeAll(async () => {
  app = await bootApp()
  const clients = Object.fromEntries(IAMS.map(id => [id, [`${app.url}/login/${id}/callback`]]))
  idp = await realProvider(clients, app.url)
  const scopes = ['openid', 'email', 'profile', 'groups']
  const options = (clientId: string) => ({ clientId, clientSecret: SECRET, discoverUrl: idp.issuer, scopes })
  const schema = { profile: { name: 'name', email: 'email', phone: 'phone' }, authorizations: { Team: 'team' } }
  const groupPermissions = { Auditors: ['AUDIT'] }
  await makeOpenid(app, 'corp', options('corp'), { config: { schema }, groupPermissions, defaultPermissions: ['CREATE_FILTER'] })
  await makeOpenid(app, 'byname', { ...options('byname'), userIdClaim: 'email' })
  await makeOpenid(app, 'plain', { ...options('plain'), scopes: ['openid'] }, { config: { authenticationOnly: true } })
  const { discoverUrl: _, ...manual } = options('manual')
  const endpoints = {
    issuer: idp.issuer,
    authorizationEndpoint: `${idp.issuer}/auth`,
    tokenEndpoint: `${idp.issuer}/token`,
    jwksUri: `${idp.issuer}/jwks`,
    userInfoEndpoint: `${idp.issuer}/me`,
    endSessionEndpoint: `${idp.issuer}/session/end`,
    supportedIdTokenSigningAlgorithms: ['RS256'],
  }
  await makeOpenid(app, 'manual', { ...manual, ...endpoints }, { config: { schema } })
  await makeOpenid(app, 'moved', options('moved'), { config: { schema, migrateFrom: 'bim' } })
  audit = auditOf(app)
})
afterAll(async () => {
  await app?.close()
  await idp?.close()
})
beforeEach(() => void audit())

const logIn = async (
  sub: string,
  claims: Record<string, unknown>,
  iamid = 'corp',
  browser = new Browser(),
  query = '?returnTo=/login',
) => {
  idp.people[sub] = claims
  idp.next = sub
  const page = await browser.visit(`${app.url}/login/${iamid}${query}`)
  return { browser, page }
}
const groupsOf = (userId: number) =>
  app.store.db.query<{ name: string; sources: string[] }>(
    `SELECT g.name, m.sources FROM memberships m JOIN groups g ON g.id = m.group_id WHERE m.user_id = $1 ORDER BY g.name`,
    [userId],
  )

describe('a person of a provider', () => {
  test('new: is made with profile, groups, attributes and permissions, and signed in', async () => {
    const ana = { name: 'Ana Ribeiro', email: 'ana@corp.example', team: ['red', 'blue'], groups: ['Crew', 'Auditors'] }
    const { browser, page } = await logIn('ana', ana)
    expect([page.status, page.url]).toEqual([200, `${app.url}/login`])
    expect(page.body).toContain('<p>You are <strong>Ana Ribeiro</strong>.</p>\n<p>User name: <strong>ana</strong>, of corp.</p>')
    const held = (await personOf(app, 'corp', 'ana'))!
    expect(held).toMatchObject({ name: 'Ana Ribeiro', email: 'ana@corp.example', disabled: false })
    expect(held.lastLogin).not.toBeNull()
    expect(await groupsOf(held.id)).toEqual([
      { name: 'Auditors', sources: ['corp'] },
      { name: 'Crew', sources: ['corp'] },
    ])
    expect(
      await app.store.db.query(`SELECT key, value, source FROM user_attributes WHERE user_id = $1 ORDER BY value`, [held.id]),
    ).toEqual([
      { key: 'Team', value: 'blue', source: 'corp' },
      { key: 'Team', value: 'red', source: 'corp' },
    ])
    const grants = await app.store.db.query<{ permission: string; source: string }>(
      `SELECT permission, source FROM effective_permissions WHERE user_id = $1 ORDER BY permission`,
      [held.id],
    )
    expect(grants.map(grant => grant.permission)).toEqual(['AUDIT', 'CREATE_FILTER'])
    expect((await audit()).map(event => event.event)).toEqual([
      'userCreated',
      'groupUserAdded',
      'attributeUpdated',
      'loginSucceeded',
    ])
    const viewer = await viewerOf(app.url, { cookie: browser.header(app.url), 'sec-fetch-site': 'same-origin' })
    expect(viewer).toMatchObject({ id: held.id, userid: 'ana' })
  })

  test('returning: is the same user, refreshed; a group that is gone is left', async () => {
    await logIn('ben', { name: 'Ben', email: 'ben@corp.example', groups: ['Crew', 'Auditors'] })
    const before = (await personOf(app, 'corp', 'ben'))!
    await audit()
    await logIn('ben', { name: 'Ben B.', email: 'other@corp.example', groups: ['Crew'] })
    const after = (await personOf(app, 'corp', 'ben'))!
    expect(after).toMatchObject({ id: before.id, name: 'Ben B.', email: 'other@corp.example' })
    expect((await groupsOf(after.id)).map(group => group.name)).toEqual(['Crew'])
    expect((await audit()).map(event => event.event)).toEqual(['userUpdated', 'groupUserDeleted', 'loginSucceeded'])
  })

  test('a missing groups claim changes no group and is reported; an empty one takes them', async () => {
    await logIn('cem', { groups: ['Crew'] })
    const { id } = (await personOf(app, 'corp', 'cem'))!
    await audit()
    await logIn('cem', {})
    expect((await groupsOf(id)).map(group => group.name)).toEqual(['Crew'])
    const [event] = await audit()
    expect(event).toMatchObject({
      event: 'loginSucceeded',
      after: { notTaken: ['the claim groups is missing: no group was changed'] },
    })
    await logIn('cem', { groups: [] })
    expect(await groupsOf(id)).toEqual([])
  })

  test('is found by the user ID claim within the IAM alone, never by an e-mail address', async () => {
    const { userid, id } = await app.as([], { userid: 'dora@corp.example', name: 'Dora of bim' })
    const { page } = await logIn('dora', { email: userid, name: 'Another Dora', groups: [] })
    expect(page.body).toContain('User name: <strong>dora</strong>, of corp')
    expect((await personOf(app, 'corp', 'dora'))!.id).not.toBe(id)
    const { page: other } = await logIn('dora2', { email: userid, email_verified: true }, 'byname')
    expect(other.body).toContain(`User name: <strong>${userid}</strong>, of byname`)
    expect((await personOf(app, 'byname', userid))!.id).not.toBe(id)
  })

  test('who comes many times at once is made once', async () => {
    idp.people.many = { groups: ['Crew'] }
    idp.next = 'many'
    const pages = await Promise.all(Array.from({ length: 6 }, () => new Browser().visit(`${app.url}/login/corp`)))
    expect(pages.map(page => page.status)).toEqual(Array(6).fill(200))
    expect(await app.store.db.prisma.user.count({ where: { userid: 'many' } })).toBe(1)
    expect((await audit()).filter(event => event.event === 'userCreated')).toHaveLength(1)
  })

  test('without the user ID claim, or with an address nobody verified, is refused', async () => {
    for (const claims of [{}, { email: 'eve@corp.example', email_verified: false }]) {
      const { browser, page } = await logIn('eve', claims, 'byname')
      expect(page.status).toBe(401)
      expect(browser.cookie(app.url, 'roster_session')).toBeUndefined()
    }
    expect(await personOf(app, 'byname', 'eve@corp.example')).toBeNull()
    expect((await audit()).filter(event => event.event === 'loginFailed')).toHaveLength(2)
  })

  test('whose sub differs only in case is somebody else, and does not become the one who is known', async () => {
    await logIn('Fay', { groups: [] })
    const { browser, page } = await logIn('fay', { groups: [] })
    expect(page.status).toBe(401)
    expect(page.body).toContain('differs in spelling')
    expect(browser.cookie(app.url, 'roster_session')).toBeUndefined()
  })

  test('whom an administrator disabled is refused, and gets no token', async () => {
    await logIn('gil', { groups: [] })
    const { id } = (await personOf(app, 'corp', 'gil'))!
    const disabling = await fetch(`${app.url}/bim/iam/corp/user/gil/disable/true`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${app.admin.token}` },
    })
    expect(disabling.status).toBe(200)
    await audit()
    const { browser, page } = await logIn('gil', { groups: [] })
    expect(page.status).toBe(401)
    expect(page.body).toContain('This account is disabled')
    expect(browser.cookie(app.url, 'roster_session')).toBeUndefined()
    expect(await app.store.db.prisma.token.count({ where: { userId: id } })).toBe(0)
    expect((await audit()).map(event => [event.event, event.targetName])).toEqual([['loginFailed', 'corp/gil']])
  })
})

describe('configurations', () => {
  test('endpoints that the configuration names', async () => {
    const { page } = await logIn('hal', { name: 'Hal', groups: ['Crew'] }, 'manual')
    expect(page.body).toContain('<strong>Hal</strong>')
  })

  test('authenticationOnly: nothing but who it is', async () => {
    await logIn('ida', { name: 'Ida', groups: ['Crew'] }, 'plain')
    const held = (await personOf(app, 'plain', 'ida'))!
    expect([held.name, await groupsOf(held.id)]).toEqual(['ida', []])
  })

  test('migrateFrom: takes an account over, but never an administrator’s and never a disabled one', async () => {
    const { id, userid } = await app.as([], { userid: 'jan' })
    await audit()
    const { page } = await logIn('jan', { name: 'Jan' }, 'moved')
    expect(page.body).toContain(', of moved')
    expect((await personOf(app, 'moved', userid))!.id).toBe(id)
    const events = await audit()
    expect(events.map(event => event.event)).toContain('userMigrated')
    expect(events.find(event => event.event === 'userMigrated')).toMatchObject({
      before: { iamid: 'bim' },
      after: { iamid: 'moved' },
      targetId: String(id),
    })

    const chief = await app.as(['USER_ADMIN'], { userid: 'kim' })
    expect((await logIn('kim', {}, 'moved')).page.status).toBe(401)
    expect((await personOf(app, 'bim', 'kim'))!.id).toBe(chief.id)
    expect(await personOf(app, 'moved', 'kim')).toBeNull()

    const lea = await app.as([], { userid: 'lea' })
    await app.store.db.prisma.user.update({ where: { id: lea.id }, data: { disabled: true } })
    expect((await logIn('lea', {}, 'moved')).page.status).toBe(401)
    expect((await audit()).filter(event => event.event === 'loginFailed').at(-1)!.reason).toBe(
      'The account of the IAM bim is disabled and is not moved: an administrator has to enable it first',
    )
    expect(await app.store.db.prisma.user.findMany({ where: { userid: 'lea' }, select: { id: true, iamid: true } })).toEqual([
      { id: lea.id, iamid: 'bim' },
    ])
  })

  test('/login offers each provider, and the documented path begins there too', async () => {
    const page = await (await fetch(`${app.url}/login`)).text()
    for (const id of IAMS) expect(page).toContain(`<a class="button other" href="/login/${id}">Sign in with ${id}</a>`)
    const begun = await fetch(`${app.url}/bim/iam/corp/user/authenticate`, { redirect: 'manual' })
    expect([begun.status, begun.headers.get('location')]).toEqual([302, `${app.url}/login/corp`])
  })

  test('providers stand in the order of their names, whatever the case', async () => {
    await makeOpenid(app, 'capital', { clientId: 'capital', discoverUrl: idp.issuer }, { displayName: 'Manual, capital' })
    const page = await (await fetch(`${app.url}/login`)).text()
    const names = [...page.matchAll(/">Sign in with ([^<]+)<\/a>/g)].map(([, name]) => name)
    expect(names).toEqual(['byname', 'corp', 'manual', 'Manual, capital', 'moved', 'plain'])
  })

  test.each(['nobody', 'bim', '%00', 'corp%2F..', '__proto__'])('no provider stands behind %s', async iamid => {
    const answer = await fetch(`${app.url}/login/${iamid}`, { redirect: 'manual' })
    expect([400, 404]).toContain(answer.status)
    expect(answer.headers.get('location')).toBeNull()
  })
})

describe('where it leads', () => {
  test('a path of ours is gone back to', async () => {
    idp.people.max = {}
    idp.next = 'max'
    const browser = new Browser()
    const back = `${app.url}/graphiql?x=1`
    const page = await browser.visit(
      `${app.url}/login/corp?returnTo=${encodeURIComponent('/graphiql?x=1')}`,
      {},
      url => url === back,
    )
    expect(page.url).toBe(back)
  })

  const elsewhere = [
    'https://evil.example/',
    '//evil.example',
    '/\\evil.example',
    '/\tevil.example',
    '/%0d%0aSet-Cookie:x=y\r\n',
    'javascript:alert(1)',
    '\\\\evil.example',
    '/ /evil.example',
    `/${'x'.repeat(2000)}`,
  ]
  test.each(elsewhere.map(wish => [JSON.stringify(wish).slice(0, 40), wish]))('%s is not', async (_, wish) => {
    idp.people.max = {}
    idp.next = 'max'
    for (const name of ['returnTo', 'target_link_uri']) {
      const page = await new Browser().visit(`${app.url}/login/corp?${name}=${encodeURIComponent(wish)}`)
      expect(page.steps.map(step => new URL(step.url).host)).not.toContain('evil.example')
      expect([page.status, page.url]).toEqual([200, `${app.url}/`])
    }
  })

  test('no Host header is believed', async () => {
    const headers = { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https', forwarded: 'host=evil.example' }
    const begun = await fetch(`${app.url}/login/corp`, { headers, redirect: 'manual' })
    const at = new URL(begun.headers.get('location')!)
    expect(at.searchParams.get('redirect_uri')).toBe(`${app.url}/login/corp/callback`)
    const { request } = await import('node:http')
    const location = await new Promise<string>(resolve => {
      const asked = request(`${app.url}/login/corp`, { headers: { host: 'evil.example' } }, answer => {
        answer.resume()
        resolve(answer.headers.location!)
      })
      asked.end()
    })
    expect(new URL(location).searchParams.get('redirect_uri')).toBe(`${app.url}/login/corp/callback`)
  })
})

describe('a provider that is down', () => {
  test('is a 503 page for its own IAM only', async () => {
    const other = await realProvider({}, app.url)
    await makeOpenid(app, 'down', { clientId: 'down', clientSecret: SECRET, discoverUrl: other.issuer })
    await other.close()
    const answer = await fetch(`${app.url}/login/down`, { redirect: 'manual' })
    expect([answer.status, answer.headers.get('content-type')]).toEqual([503, 'text/html; charset=utf-8'])
    expect(answer.headers.get('retry-after')).not.toBeNull()
    const page = await answer.text()
    expect(page).not.toContain(SECRET)
    expect(page.match(/The identity provider cannot be used now/g)).toHaveLength(1)
    expect((await logIn('nia', { name: 'Nia' })).page.body).toContain('<strong>Nia</strong>')
    expect((await app.as([])).token).toMatch(/^rt_/)
  })
})
