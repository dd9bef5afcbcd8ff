// Users over SCIM: what comes back, what it does to the account behind, what is refused.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { TestApp } from '../harness/app.ts'
import { eventsBy } from '../harness/context.ts'
import { boot, CORE, ENTERPRISE, expectRefused, type Provider, provider } from './provider.ts'

let app: TestApp
let okta: Provider
let other: Provider
const EXTENSION = 'urn:ietf:params:scim:schemas:extension:acme:2.0:User'
beforeAll(async () => {
  app = await boot()
  const attributeSchema = [
    { scimSchema: EXTENSION, prefix: 'Acme' },
    { scimSchema: ENTERPRISE, prefix: 'Work' },
  ]
  okta = await provider(app, 'okta', { config: { schema: { attributeSchema } } })
  other = await provider(app, 'other', { config: { strictScimSchema: true } })
})
afterAll(() => app.close())

const row = async (userid: string) => {
  const [user] = await app.store.db.query<any>(
    `SELECT id, name, email, phone, position, organization, location, disabled, scim_id AS "scimId" FROM users WHERE iamid = 'okta' AND userid_key = lower($1)`,
    [userid],
  )
  return user
}
const attributes = (id: number) =>
  app.store.db.query(`SELECT key, value, source FROM user_attributes WHERE user_id = $1 ORDER BY key, value`, [id])

const full = {
  externalId: '0012345',
  name: { givenName: 'Ann', familyName: 'Lee', formatted: 'Ann Lee' },
  displayName: 'Ann L.',
  title: 'Engineer',
  emails: [
    { value: 'home@x.org', type: 'home' },
    { value: 'ann@x.org', type: 'work', primary: true },
  ],
  phoneNumbers: [{ value: '+41 1', type: 'work' }],
  addresses: [{ locality: 'Bern', type: 'work' }],
  [ENTERPRISE]: { organization: 'ACME', department: 'R&D', manager: { value: '26' } },
  [EXTENSION]: { role: ['dev', 'lead'], level: 3, badge: { value: 'blue' } },
}

describe('a resource', () => {
  test('comes back as it was sent, with what only we say', async () => {
    const answer = await okta.send('POST', '/Users', {
      schemas: [CORE, ENTERPRISE, EXTENSION],
      userName: 'Ann',
      active: true,
      ...full,
    })
    expect(answer.status).toBe(201)
    expect(answer.headers.get('content-type')).toBe('application/scim+json')
    expect(answer.headers.get('location')).toBe(`${okta.url}/Users/${answer.body.id}`)
    expect(answer.body).toEqual({
      schemas: [
        CORE,
        ...[ENTERPRISE, EXTENSION].toSorted((a, b) => answer.body.schemas.indexOf(a) - answer.body.schemas.indexOf(b)),
      ],
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      userName: 'Ann',
      active: true,
      ...full,
      meta: {
        resourceType: 'User',
        created: expect.any(String),
        lastModified: expect.any(String),
        location: `${okta.url}/Users/${answer.body.id}`,
        version: answer.headers.get('etag'),
      },
    })
    expect((await okta.get(`/Users/${answer.body.id}`)).body).toEqual(answer.body)
  })

  test('gives the profile and the mapped attributes of the user', async () => {
    const user = await row('Ann')
    expect(user).toMatchObject({
      name: 'Ann L.',
      email: 'ann@x.org',
      phone: '+41 1',
      position: 'Engineer',
      organization: 'ACME',
      location: 'Bern',
      disabled: false,
    })
    expect(await attributes(user.id)).toEqual(
      [
        ['Acme.badge', 'blue'],
        ['Acme.level', '3'],
        ['Acme.role', 'dev'],
        ['Acme.role', 'lead'],
        ['Work.department', 'R&D'],
        ['Work.manager', '26'],
        ['Work.organization', 'ACME'],
      ].map(([key, value]) => ({ key, value, source: 'okta' })),
    )
  })

  test('PUT replaces what SCIM wrote and leaves what others did', async () => {
    const { id } = await row('Ann')
    await app.store.db.query(
      `INSERT INTO user_attributes (user_id, key, key_key, value, source) VALUES ($1, 'Acme.role', 'acme.role', 'boss', 'bim')`,
      [id],
    )
    const { scimId } = await row('Ann')
    const put = await okta.send('PUT', `/Users/${scimId}`, { schemas: [CORE], userName: 'Ann', [EXTENSION]: { role: 'dev' } })
    expect(put.body).toMatchObject({ userName: 'Ann', active: true, [EXTENSION]: { role: 'dev' } })
    expect(put.body).not.toHaveProperty('emails')
    expect(await row('Ann')).toMatchObject({ name: 'Ann', email: null, position: null, organization: null })
    expect(await attributes(id)).toEqual([
      { key: 'Acme.role', value: 'boss', source: 'bim' },
      { key: 'Acme.role', value: 'dev', source: 'okta' },
    ])
  })

  test('a userName is one name however it is written', async () => {
    const again = await okta.send('POST', '/Users', { schemas: [CORE], userName: 'ANN' })
    expect(again).toMatchObject({ status: 409, body: { scimType: 'uniqueness', status: '409' } })
    expect((await other.user('ann')).userName).toBe('ann')
  })

  test('a new userName is the same user', async () => {
    const before = await okta.user('old-name')
    const { id } = await row('old-name')
    expect((await okta.patch(`/Users/${before.id}`, { op: 'replace', path: 'userName', value: 'new-name' })).body.userName).toBe(
      'new-name',
    )
    expect((await row('new-name')).id).toBe(id)
    expect(await okta.patch(`/Users/${before.id}`, { op: 'replace', path: 'userName', value: 'ann' })).toMatchObject({
      status: 409,
      body: { scimType: 'uniqueness' },
    })
  })

  test('a password is never kept', async () => {
    const made = await okta.user('with-password', { password: 'secret-secret' })
    expect(made).not.toHaveProperty('password')
    const [{ text }] = (await app.store.db.query(`SELECT scim::text AS text FROM users WHERE userid = 'with-password'`)) as any
    expect(text).not.toContain('secret')
  })

  test('a user of the IAM that SCIM did not make is there too', async () => {
    await app.graphql('mutation($input: CreateUserInput!) { createUser(input: $input) { user { id: databaseId } } }', {
      input: { iamid: 'okta', userid: 'by-hand', profile: { email: 'hand@x.org' } },
    })
    const { body } = await okta.get(`/Users?filter=${encodeURIComponent('userName eq "BY-HAND"')}`)
    expect(body.Resources).toMatchObject([{ userName: 'by-hand', emails: [{ value: 'hand@x.org', primary: true }] }])
  })
})

describe('disabling', () => {
  const loggedIn = async (userid: string) => {
    const made = await okta.user(userid)
    const { id } = await row(userid)
    await app.store.db.query(
      `INSERT INTO tokens (user_id, prefix, hash, last_used, expires_at, ends_at) VALUES ($1, 'rt_x', sha256($2::bytea), now(), now() + interval '1 hour', now() + interval '1 hour')`,
      [id, userid],
    )
    await app.store.db.query(`INSERT INTO api_keys (user_id, prefix, hash) VALUES ($1, 'rk_x', sha256($2::bytea))`, [id, userid])
    await app.store.db.query(
      `INSERT INTO invitations (user_id, prefix, hash, expires_at) VALUES ($1, 'ri_x', sha256($2::bytea), now() + interval '1 hour')`,
      [id, userid],
    )
    return { id, scimId: made.id }
  }
  const sessions = async (id: number) => {
    const [count] = await app.store.db.query<any>(
      `SELECT ((SELECT count(*) FROM tokens WHERE user_id = $1) + (SELECT count(*) FROM invitations WHERE user_id = $1))::int AS count`,
      [id],
    )
    return count.count
  }
  const keys = (id: number) => app.store.db.prisma.apiKey.count({ where: { userId: id } })

  test.each([
    ['PATCH', (id: string) => okta.patch(`/Users/${id}`, { op: 'replace', path: 'active', value: false })],
    ['PUT', (id: string) => okta.send('PUT', `/Users/${id}`, { schemas: [CORE], userName: 'gone PUT', active: false })],
    ['DELETE', (id: string) => okta.send('DELETE', `/Users/${id}`)],
  ])('by %s ends every API, and enabling opens none', async (how, disable) => {
    const { id, scimId } = await loggedIn(`gone ${how}`)
    expect([await sessions(id), await keys(id)]).toEqual([2, 1])
    const events = await eventsBy(app.store, async () => expect((await disable(scimId)).status).toBeLessThan(300))
    expect(events).toMatchObject([
      {
        event: 'userDisabled',
        actorName: 'SCIM client of okta',
        targetId: String(id),
        after: { disabled: true, revokedTokens: 1, ...(how === 'DELETE' && { revokedKeys: 1 }) },
      },
    ])
    expect(await row(`gone ${how}`)).toMatchObject({ disabled: true })
    // A key opens nothing while its owner is disabled; who comes back under the name of somebody deleted does not get theirs.
    expect([await sessions(id), await keys(id)]).toEqual([0, how === 'DELETE' ? 0 : 1])
    if (how === 'DELETE') return
    const back = await okta.patch(`/Users/${scimId}`, { op: 'replace', path: 'active', value: true })
    expect(back.body.active).toBe(true)
    expect(await sessions(id)).toBe(0)
  })

  test('a user whom an administrator disabled stays disabled, whatever active the provider sends', async () => {
    const made = await okta.user('kept out')
    const { id } = await row('kept out')
    const disable = (disabled: boolean) =>
      app.graphql(
        `mutation { setUserDisabled(input: { ref: { databaseId: ${id} }, disabled: ${disabled} }) { user { id: databaseId } } }`,
      )
    await disable(true)
    const put = await okta.send('PUT', `/Users/${made.id}`, {
      schemas: [CORE],
      userName: 'kept out',
      active: true,
      title: 'New',
    })
    expect([put.status, put.body.active, put.body.title]).toEqual([200, false, 'New'])
    expect((await okta.patch(`/Users/${made.id}`, { op: 'replace', path: 'active', value: true })).body.active).toBe(false)
    await okta.send('DELETE', `/Users/${made.id}`)
    const again = await okta.send('POST', '/Users', { schemas: [CORE], userName: 'kept out', active: true })
    expect([again.status, again.body.active]).toEqual([201, false])
    await disable(false)
    const patched = await okta.patch(`/Users/${again.body.id}`, { op: 'replace', path: 'active', value: false })
    expect(patched.body.active).toBe(false)
    expect((await okta.patch(`/Users/${again.body.id}`, { op: 'replace', path: 'active', value: true })).body.active).toBe(true)
  })

  test('a PUT that says nothing of active does not let anybody in', async () => {
    const made = await okta.user('silent', { active: false })
    expect(made.active).toBe(false)
    expect((await okta.send('PUT', `/Users/${made.id}`, { schemas: [CORE], userName: 'silent' })).body.active).toBe(false)
  })

  test('a deleted user is taken up again: same user, new resource, without old groups and attributes', async () => {
    const first = await okta.user('phoenix', { title: 'Bird', [EXTENSION]: { role: 'ash' } })
    const { id } = await row('phoenix')
    const group = await okta.group('birds', [first.id])
    expect((await okta.send('DELETE', `/Users/${first.id}`)).status).toBe(204)
    expectRefused(await okta.get(`/Users/${first.id}`), 404)
    expectRefused(await okta.send('DELETE', `/Users/${first.id}`), 404)
    expect((await okta.get(`/Groups/${group.id}`)).body.members).toEqual([])
    expect((await okta.get(`/Users?filter=${encodeURIComponent('userName eq "phoenix"')}`)).body.totalResults).toBe(0)

    const again = await okta.send('POST', '/Users', { schemas: [CORE], userName: 'Phoenix' })
    expect(again.status).toBe(201)
    expect(again.body.id).not.toBe(first.id)
    expect(again.body).not.toHaveProperty('groups')
    expect(again.body).not.toHaveProperty('title')
    expect(await row('phoenix')).toMatchObject({ id, disabled: false, position: null })
    expect(await attributes(id)).toEqual([])
  })
})

describe('whose it is', () => {
  test("another IAM's client reaches nothing of it", async () => {
    const { scimId } = await row('ann')
    for (const [method, body] of [
      ['GET', undefined],
      ['PUT', { schemas: [CORE], userName: 'ann' }],
      ['DELETE', undefined],
    ] as const)
      expectRefused(await other.send(method, `/Users/${scimId}`, body), 404)
    expect((await other.get(`/Users?filter=${encodeURIComponent(`id eq "${scimId}"`)}`)).body.totalResults).toBe(0)
  })

  test("our own numbers, and the provider's, are no ids", async () => {
    const { id } = await row('ann')
    expectRefused(await okta.get(`/Users/${id}`), 404)
    expectRefused(await okta.get('/Users/0012345'), 404)
  })
})

describe('refusals', () => {
  test.each([
    ['not an object', [], 'invalidSyntax'],
    ['broken JSON', '{"userName":', 'invalidSyntax'],
    ['no schemas', { userName: 'x' }, 'invalidSyntax'],
    ['another schema', { schemas: ['urn:x'], userName: 'x' }, 'invalidSyntax'],
    ['no userName', { schemas: [CORE] }, 'invalidValue'],
    ['a userName that is no text', { schemas: [CORE], userName: 5 }, 'invalidValue'],
    ['an empty userName', { schemas: [CORE], userName: '' }, 'invalidValue'],
    ['control characters', { schemas: [CORE], userName: 'a\u0007b' }, 'invalidValue'],
    ['a word for a boolean', { schemas: [CORE], userName: 'x', active: 'yes' }, 'invalidValue'],
    [
      'two primary values',
      {
        schemas: [CORE],
        userName: 'x',
        emails: [
          { value: 'a@b.c', primary: true },
          { value: 'd@b.c', primary: true },
        ],
      },
      'invalidValue',
    ],
    ['a key that reaches a prototype', `{"schemas":["${CORE}"],"userName":"x","__proto__":{"a":1}}`, 'invalidSyntax'],
    ['a constructor', `{"schemas":["${CORE}"],"userName":"x","name":{"constructor":{"a":1}}}`, 'invalidSyntax'],
    ['a name given twice', { schemas: [CORE], userName: 'x', USERNAME: 'y' }, 'invalidSyntax'],
    ['NUL', `{"schemas":["${CORE}"],"userName":"x","title":"\\u0000"}`, 'invalidSyntax'],
    ['too much', { schemas: [CORE], userName: 'x', nickName: 'n'.repeat(70_000) }, 'invalidValue'],
  ])('%s', async (_what, body, scimType) => {
    expectRefused(await okta.send('POST', '/Users', body), 400, scimType)
  })

  test('a body of another type, and one too large', async () => {
    expectRefused(await okta.send('POST', '/Users', 'a=b', { 'content-type': 'application/x-www-form-urlencoded' }), 415)
    const large = await okta.send('POST', '/Users', { schemas: [CORE], userName: 'x', title: 'x'.repeat(16 * 1024 * 1024) })
    expectRefused(large, 413)
  })

  test('under strictScimSchema unknown attributes are refused; else they are kept', async () => {
    const post = (more: object) => other.send('POST', '/Users', { schemas: [CORE], userName: 'x', ...more })
    expectRefused(await post({ colour: 'red' }), 400, 'invalidSyntax', /^colour /)
    expectRefused(await post({ 'urn:unknown:User': {} }), 400, 'invalidSyntax', /^urn:unknown:User /)
    expectRefused(await post({ name: { nick: 'y' } }), 400, 'invalidSyntax', /^name\.nick /)
    expect(await okta.user('loose', { colour: 'red', 'urn:unknown:User': { a: [1] } })).toMatchObject({
      colour: 'red',
      'urn:unknown:User': { a: [1] },
    })
  })

  test.each(['/Nothing', '/Users/a/b', '/users', '/Users%2F1', '/.search/x'])('there is nothing at %s', async path => {
    expectRefused(await okta.get(path), 404)
  })
})
