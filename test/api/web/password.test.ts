// Signing in with a password at /login, over the whole app: the session's cookie, and what another site cannot do with it.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bootApp, type Person, type TestApp } from '../../harness/app.ts'

let app: TestApp
let ana: Person
beforeAll(async () => {
  app = await bootApp()
  ana = await app.as([], { name: 'Ana <b>Ribeiro</b>' })
})
afterAll(() => app?.close())

const HERE = { 'sec-fetch-site': 'same-origin' }
const post = (fields: Record<string, string>, headers: Record<string, string> = HERE) =>
  fetch(`${app.url}/login`, { method: 'POST', body: new URLSearchParams(fields), headers, redirect: 'manual' })
const signIn = (more: Record<string, string> = {}, headers?: Record<string, string>) =>
  post({ iamid: 'bim', userid: ana.userid, password: ana.password, ...more }, headers)
const cookieOf = (response: Response) => response.headers.getSetCookie().find(line => line.startsWith('roster_session='))

test('the right password leaves a session, which says who is signed in and reads', async () => {
  const response = await signIn()
  expect([response.status, response.headers.get('location')]).toEqual([303, '/'])
  const line = cookieOf(response)!
  expect(line).toMatch(/^roster_session=rt_\w+; Path=\/; Max-Age=43200; HttpOnly; SameSite=Lax$/)
  const cookie = line.split(';')[0]!
  const page = await (await fetch(`${app.url}/login`, { headers: { cookie } })).text()
  expect(page).toContain('<h1>You are signed in</h1>')
  expect(page).toContain('Ana &lt;b&gt;Ribeiro')
  expect(page).not.toContain('rt_')
  const current = await fetch(`${app.url}/bim/rpc/user/current`, { headers: { cookie } })
  expect(await current.json()).toMatchObject({ userid: ana.userid })
  const out = await fetch(`${app.url}/login/bim/logout`, { method: 'POST', headers: { ...HERE, cookie }, redirect: 'manual' })
  expect([out.status, out.headers.get('location')]).toEqual([303, `${app.url}/login`])
  expect((await fetch(`${app.url}/bim/rpc/user/current`, { headers: { cookie } })).status).toBe(401)
})

test.each([
  ['a wrong password', { password: 'wrong' }, 401],
  ['an unknown user', { userid: 'nobody' }, 401],
  ['an IAM that is not there', { iamid: 'nowhere' }, 401],
  ['no password', { password: '' }, 401],
])('%s gives the form back, with the name and no session', async (_, given, status) => {
  const response = await signIn(given)
  const page = await response.text()
  expect(response.status).toBe(status)
  expect(cookieOf(response)).toBeUndefined()
  expect(page).toContain('role="alert">The user name or the password is wrong, or the account cannot log in.</p>')
  expect(page).toContain(`value="${'userid' in given ? given.userid : ana.userid}"`)
  expect(page).not.toContain(ana.password)
})

test('white space around the name, as phones add it, is not part of it', async () => {
  expect((await signIn({ userid: ` ${ana.userid} ` })).status).toBe(303)
  expect((await signIn({ password: `${ana.password} ` })).status).toBe(401)
})

test.each(['', '  '])('without a name (%j) the form comes back and asks for it', async userid => {
  const response = await signIn({ userid })
  expect([response.status, cookieOf(response)]).toEqual([400, undefined])
  expect(await response.text()).toContain('role="alert">Please type your user name.</p>')
})

describe('another site', () => {
  test.each([
    ['that says so', { 'sec-fetch-site': 'cross-site' }],
    ['of the same site', { 'sec-fetch-site': 'same-site' }],
    ['by its origin', { origin: 'https://evil.example' }],
    ['that hides', { origin: 'null' }],
    ['that says nothing', {}],
  ])('%s signs nobody in', async (_, headers) => {
    const response = await signIn({}, headers as Record<string, string>)
    expect(response.status).toBe(403)
    expect(cookieOf(response)).toBeUndefined()
  })

  test('our own origin is enough where the browser says nothing else', async () => {
    expect((await signIn({}, { origin: app.url })).status).toBe(303)
  })
})

test('what is typed is never markup, and a place to choose is offered where there are several', async () => {
  const page = await (await signIn({ userid: '"><script>alert(1)</script>' })).text()
  expect(page).not.toContain('<script')
  expect(page).not.toContain('<select')
  const config = { options: { host: 'directory.example', userSearchBase: 'dc=example', userIdAttribute: 'uid' } }
  const { errors } = await app.graphql(
    'mutation ($config: JSON!) { createIam(input: { iamid: "dir", displayName: "The <i>Directory</i>", type: LDAP, config: $config }) { iam { id: iamid } } }',
    { config },
  )
  expect(errors).toBeUndefined()
  const offered = await (await fetch(`${app.url}/login`)).text()
  expect(offered).toContain('<option value="bim" selected>Local account</option>')
  expect(offered).toContain('<option value="dir">The &lt;i&gt;Directory&lt;/i&gt;</option>')
})
