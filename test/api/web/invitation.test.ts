import { afterAll, beforeAll, expect, test } from 'vitest'
import { bootApp, type TestApp } from '../../harness/app.ts'

// An invitation from its link to the first log-in, on the whole app.

let app: TestApp
beforeAll(async () => {
  app = await bootApp({ env: { PASSWORD_MIN_LENGTH: '8' } })
})
afterAll(() => app?.close())

const CREATE = 'mutation($input: CreateUserInput!) { createUser(input: $input) { user { id: databaseId } newUserLink } }'
let made = 0

/** A new user without a password, and the token of the link. */
async function invite(profile: object = {}) {
  const userid = `invited-${++made}`
  const { data } = await app.graphql(CREATE, { input: { userid, profile } })
  const { user, newUserLink } = data.createUser as { user: { id: number }; newUserLink: string }
  return { userid, id: user.id, link: newUserLink, token: new URL(newUserLink).searchParams.get('token')! }
}

const submit = (token: string, password: string) =>
  fetch(`${app.url}/login`, { method: 'POST', body: new URLSearchParams({ token, password, confirmation: password }) })

async function canLogIn(userid: string, password: string): Promise<boolean> {
  const LOG_IN = 'mutation($input: LogInInput!) { logIn(input: $input) { token } }'
  const { data } = await app.graphql(LOG_IN, { input: { userid, password } }, null)
  return typeof data?.logIn?.token === 'string'
}

/** Status and text of the page that every link shows that never was one. */
async function deadLink() {
  const response = await fetch(`${app.url}/login?token=ri_nothing`)
  return { status: 404, text: await response.text() }
}
const seen = async (response: Response | Promise<Response>) => {
  const answer = await response
  return { status: answer.status, text: await answer.text() }
}

test('the link leads to a password, once', async () => {
  const { userid, link, token } = await invite({ name: 'Ana <b>Ribeiro</b>' })
  expect(new URL(link).origin).toBe(app.url)
  const page = await seen(fetch(link.replace(/&name=.*/, '&name=Mallory')))
  expect(page.status).toBe(200)
  expect(page.text).toContain('Welcome, Ana &lt;b&gt;Ribeiro&lt;/b&gt;.')
  expect(page.text).toContain(`value="${userid}"`)
  expect(page.text).toContain('At least 8 characters')
  expect(page.text).not.toContain('Mallory')

  // Looking does not use it up, and neither does a password that the policy refuses.
  const refused = await seen(submit(token, 'too few'))
  expect(refused.status).toBe(400)
  expect(refused.text).toContain('role="alert">Your password must be 8 to 1024 characters.</p>')

  const done = await seen(submit(token, 'Brücke über 7'))
  expect(done.status).toBe(200)
  expect(done.text).toContain(`<strong>${userid}</strong>`)
  // Typed on another keyboard: the same password after NFKC.
  expect(await canLogIn(userid, 'Brücke über 7'.normalize('NFD'))).toBe(true)

  expect(await seen(fetch(link))).toEqual(await deadLink())
  expect(await seen(submit(token, 'another one'))).toEqual(await deadLink())
  expect(await canLogIn(userid, 'another one')).toBe(false)
})

test('of two forms sent at once one sets the password', async () => {
  const { userid, token } = await invite()
  const passwords = ['the first one', 'the other one']
  const pages = await Promise.all(passwords.map(password => seen(submit(token, password))))
  expect(pages.map(({ status }) => status).sort()).toEqual([200, 404])
  const winner = pages.findIndex(({ status }) => status === 200)
  expect(await canLogIn(userid, passwords[winner]!)).toBe(true)
  expect(await canLogIn(userid, passwords[1 - winner]!)).toBe(false)
})

const REF = '($ref: UserRef!)'
const endings: [string, (user: { id: number; userid: string }) => Promise<unknown>][] = [
  [
    'is invited again',
    ({ id }) => app.graphql(`mutation${REF} { inviteUser(input: { ref: $ref }) { newUserLink } }`, { ref: { databaseId: id } }),
  ],
  [
    'is disabled',
    ({ id }) =>
      app.graphql(`mutation${REF} { setUserDisabled(input: { ref: $ref, disabled: true }) { user { id } } }`, {
        ref: { databaseId: id },
      }),
  ],
  [
    'is deleted',
    ({ id }) => app.graphql(`mutation${REF} { deleteUser(input: { ref: $ref }) { deletedId } }`, { ref: { databaseId: id } }),
  ],
  [
    'is given a password',
    ({ id }) =>
      app.graphql(`mutation${REF} { setPassword(input: { ref: $ref, password: "by an admin" }) { success } }`, {
        ref: { databaseId: id },
      }),
  ],
  [
    'waits too long',
    ({ id }) =>
      app.store.db.prisma.invitation.updateMany({ where: { userId: id }, data: { expiresAt: new Date(Date.now() - 1) } }),
  ],
]

test.each(endings)('the link dies when its person %s, and does not say of what', async (_, end) => {
  const user = await invite()
  expect((await fetch(user.link)).status).toBe(200)
  const answer = (await end(user)) as { errors?: unknown }
  expect(answer.errors).toBeUndefined()
  expect(await seen(fetch(user.link))).toEqual(await deadLink())
  expect(await seen(submit(user.token, 'long enough'))).toEqual(await deadLink())
  expect(await canLogIn(user.userid, 'long enough')).toBe(false)
})

test('no other secret opens the form', async () => {
  for (const secret of [app.admin.token, await app.admin.key()]) {
    expect(await seen(fetch(`${app.url}/login?token=${secret}`))).toEqual(await deadLink())
    expect(await seen(submit(secret, 'long enough'))).toEqual(await deadLink())
  }
  expect(await canLogIn('admin', 'long enough')).toBe(false)
})

test('a credential beside the link is not looked at', async () => {
  const { token } = await invite()
  for (const authorization of [`Bearer ${app.admin.token}`, 'Bearer rt_nothing', 'Basic x']) {
    expect((await fetch(`${app.url}/login?token=${token}`, { headers: { authorization } })).status).toBe(200)
    expect((await fetch(`${app.url}/login`, { headers: { authorization } })).status).toBe(200)
  }
})

test('the audit log tells who set a password, and no secret', async () => {
  const { userid, id, token } = await invite()
  await submit(token, 'quite a secret')
  const events = await app.store.db.prisma.auditEvent.findMany({ where: { targetType: 'user', targetId: String(id) } })
  expect(events.map(({ event, actorName }) => ({ event, actorName }))).toEqual([
    { event: 'userCreated', actorName: 'bim/admin' },
    { event: 'passwordChanged', actorName: `bim/${userid}` },
  ])
  const text = JSON.stringify(events, (_, value) => (typeof value === 'bigint' ? String(value) : value))
  expect(text).not.toMatch(new RegExp(`quite a secret|${token}`))
})

test('SCIM keeps its place on the whole app', async () => {
  for (const path of ['/scim/v2/Users', '/scim/v2/%55sers', '/scim/v2', '/scim/v2/ServiceProviderConfig']) {
    const response = await fetch(app.url + path, { headers: { authorization: `Bearer ${app.admin.token}` } })
    expect(response.status).toBe(401)
    expect(await response.json()).toMatchObject({ status: '401', schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'] })
  }
})
