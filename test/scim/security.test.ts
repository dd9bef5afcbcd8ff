// A SCIM client that means harm, or is broken: paths spelled in odd ways, ids that look like ours, bodies cut short, two at once.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { TestApp } from '../harness/app.ts'
import { open, raw } from '../platform/http/harness.ts'
import { type Answer, boot, CORE, expectRefused, GROUP, outcome, PATCH_OP, type Provider, provider } from './provider.ts'

let app: TestApp
let idp: Provider
let port: number
beforeAll(async () => {
  app = await boot()
  idp = await provider(app, 'idp')
  await provider(app, 'victim').then(victim => victim.user('secret'))
  port = Number(new URL(app.url).port)
})
afterAll(() => app.close())

/** Sends a path that fetch would normalize. */
async function asIs(method: string, path: string, body = ''): Promise<Answer> {
  const length = body === '' ? '' : `content-type: application/scim+json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n`
  const answer = await raw(
    port,
    `${method} ${path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${idp.key}\r\n${length}connection: close\r\n\r\n${body}`,
  )
  return { status: answer.status, headers: new Headers(answer.headers), body: JSON.parse(answer.body) }
}

describe('a path encoded or doubled leads to no other IAM and no other resource', () => {
  test.each([
    ['/scim/v2/victim/Users', 401],
    ['/scim/v2/idp/../victim/Users', 404],
    ['/scim/v2/idp%2f..%2fvictim/Users', 401],
    ['/scim/v2/idp/%2e%2e/victim/Users', 404],
    ['/scim/v2/idp/..%2fvictim%2fUsers', 404],
    ['/scim/v2//idp/Users', 401],
    ['/scim/v2/victim/../idp/Users', 401],
    ['/scim/v2/idp//victim/Users', 404],
    ['/scim/v2/%69dp/%55sers', 200],
    ['/%73cim/v2/idp/Users', 200],
    ['/scim/v2/idp;x/Users', 401],
    ['/scim/v2/idp%00/Users', 401],
    ['/scim/v2/IDP/Users', 401],
    ['/scim/v2/idp/Users;jsessionid=1', 404],
    ['/scim/v2/idp/Users%3Ffilter=x', 404],
    ['/scim/v2/idp/Users/%252e%252e', 404],
    ['/scim/v2/idp/Users\\..\\Groups', 404],
  ])('GET %s is %i', async (path, status) => {
    const answer = await asIs('GET', path)
    if (status === 200) expect(answer.status).toBe(200)
    else expectRefused(answer, status)
    expect(JSON.stringify(answer.body)).not.toContain('secret')
  })

  test('a refused path writes nothing', async () => {
    const body = JSON.stringify({ schemas: [CORE], userName: 'smuggled' })
    for (const path of [
      '/scim/v2/idp/../victim/Users',
      '/scim/v2/victim/Users',
      '/scim/v2/idp%2f..%2fvictim/Users',
      '/scim/v2//idp/Users',
    ])
      expectRefused(await asIs('POST', path, body), path.includes('/../') ? 404 : 401)
    expect(await app.store.db.query("SELECT iamid FROM users WHERE userid = 'smuggled'")).toEqual([])
  })
})

describe('an all-digit externalId', () => {
  test('is never taken for an id of ours (CVE-2025-41115)', async () => {
    const { admin } = app
    const [mine] = await Promise.all([idp.user('digits', { externalId: String(admin.id) })])
    expectRefused(await idp.get(`/Users/${admin.id}`), 404)
    expectRefused(await idp.send('DELETE', `/Users/${admin.id}`), 404)
    expectRefused(await idp.patch(`/Users/${admin.id}`, { op: 'replace', path: 'active', value: false }), 404)
    const found = await idp.get(`/Users?filter=${encodeURIComponent(`externalId eq "${admin.id}"`)}`)
    expect(found.body.Resources.map(({ id }: any) => id)).toEqual([mine.id])
    expect((await idp.get(`/Users?filter=${encodeURIComponent(`id eq "${admin.id}"`)}`)).body.totalResults).toBe(0)
    const group = await idp.group('digits')
    const joined = await idp.patch(`/Groups/${group.id}`, { op: 'add', path: 'members', value: [{ value: String(admin.id) }] })
    expectRefused(joined, 400, 'invalidValue', /^members /)
    const put = await idp.send('PUT', `/Users/${mine.id}`, { schemas: [CORE], userName: 'digits', externalId: admin.id })
    expectRefused(put, 400, 'invalidValue', /^externalId /)
    const [held] = await app.store.db.query('SELECT disabled FROM users WHERE id = $1', [admin.id])
    expect(held).toEqual({ disabled: false })
  })

  test('as the id in a body it is passed over', async () => {
    const { body, status } = await idp.send('POST', '/Users', { schemas: [CORE], userName: 'own id', id: '1', externalId: '1' })
    expect([status, body.externalId]).toEqual([201, '1'])
    expect(body.id).toMatch(/^[0-9a-f-]{36}$/)
    const again = await idp.send('PUT', `/Users/${body.id}`, { schemas: [CORE], userName: 'own id', id: '2', externalId: '2' })
    expect(again.body).toMatchObject({ id: body.id, externalId: '2' })
  })
})

describe('malformed bodies are 400 as SCIM errors', () => {
  const bodies: [string, string, string?][] = [
    ['nothing', ' '],
    ['cut short', '{"schemas":["urn:'],
    ['not JSON', 'userName=x'],
    ['a list', '[]'],
    ['a string', '"x"'],
    ['null', 'null'],
    ['no schemas', '{"userName":"x"}'],
    ['schemas of another type', JSON.stringify({ schemas: [GROUP], userName: 'x', displayName: 'x' })],
    ['schemas as a string', JSON.stringify({ schemas: CORE, userName: 'x' })],
    ['a prototype', `{"schemas":["${CORE}"],"userName":"x","__proto__":{"active":true}}`],
    ['a NUL', JSON.stringify({ schemas: [CORE], userName: 'a\0b' })],
    ['a lone surrogate', `{"schemas":["${CORE}"],"userName":"\\ud800"}`],
    ['too deep', `{"schemas":["${CORE}"],"userName":${'['.repeat(100)}${']'.repeat(100)}}`],
    ['a number for a name', JSON.stringify({ schemas: [CORE], userName: 5 }), 'invalidValue'],
    ['a name twice in two spellings', JSON.stringify({ schemas: [CORE], userName: 'x', USERNAME: 'y' })],
    ['an e-mail that is none', JSON.stringify({ schemas: [CORE], userName: 'x', emails: [{ value: 5 }] }), 'invalidValue'],
    [
      'two primaries',
      JSON.stringify({
        schemas: [CORE],
        userName: 'x',
        emails: [
          { value: 'a@b.c', primary: true },
          { value: 'd@b.c', primary: true },
        ],
      }),
      'invalidValue',
    ],
    ['active as a word', JSON.stringify({ schemas: [CORE], userName: 'x', active: 'yes' }), 'invalidValue'],
  ]
  test.each(bodies)('%s', async (_, body, scimType = 'invalidSyntax') => {
    const before = await app.store.db.query('SELECT count(*)::int AS n FROM users')
    expectRefused(await idp.send('POST', '/Users', body), 400, scimType)
    expect(await app.store.db.query('SELECT count(*)::int AS n FROM users')).toEqual(before)
  })

  test.each<[string, unknown, string]>([
    ['no operations', [], 'invalidSyntax'],
    ['no list', {}, 'invalidSyntax'],
    ['no op', [{ path: 'title', value: 'x' }], 'invalidSyntax'],
    ['an op that there is not', [{ op: 'move', path: 'title', value: 'x' }], 'invalidSyntax'],
    ['no value', [{ op: 'add', path: 'title' }], 'invalidValue'],
    ['remove without a path', [{ op: 'remove' }], 'noTarget'],
    ['a path that there is not', [{ op: 'replace', path: 'shoe size', value: 5 }], 'invalidPath'],
    ['a read-only path', [{ op: 'replace', path: 'id', value: 'x' }], 'mutability'],
    ['a filter cut short', [{ op: 'replace', path: 'emails[type eq "work".value', value: 'x' }], 'invalidPath'],
    [
      'a target that there is not',
      [{ op: 'replace', path: 'emails[type ne "fax" and value pr].value', value: 'a@b.c' }],
      'noTarget',
    ],
    ['a value of another type', [{ op: 'replace', path: 'active', value: { x: 1 } }], 'invalidValue'],
    [
      'a second one that is wrong',
      [
        { op: 'replace', path: 'title', value: 'T' },
        { op: 'replace', path: 'userName', value: '' },
      ],
      'invalidValue',
    ],
  ])('PATCH with %s changes nothing', async (_, Operations, scimType) => {
    const user = await idp.user(`patched ${Math.random()}`, { title: 'before' })
    const answer = await idp.send('PATCH', `/Users/${user.id}`, { schemas: [PATCH_OP], Operations })
    expectRefused(answer, 400, scimType)
    expect((await idp.get(`/Users/${user.id}`)).body).toEqual(user)
  })

  test('a body that stops before its length is no request', async () => {
    const { socket, received, ended } = await open(port)
    socket.end(
      `POST /scim/v2/idp/Users HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${idp.key}\r\ncontent-type: application/scim+json\r\n` +
        `content-length: 999\r\n\r\n{"schemas":["${CORE}"],"userName":"cut"}`,
    )
    await ended
    expect(received()).not.toMatch(/^HTTP\/1.1 2/)
    expect(await app.store.db.query("SELECT 1 FROM users WHERE userid = 'cut'")).toEqual([])
  })
})

describe('two at once', () => {
  const outcomesOf = async (...all: Promise<Answer>[]) => (await Promise.all(all)).map(outcome).toSorted()

  test('one user renamed to one name by two is renamed once', async () => {
    const [a, b] = [await idp.user('left'), await idp.user('right')]
    const rename = (id: string) => idp.patch(`/Users/${id}`, { op: 'replace', path: 'userName', value: 'middle' })
    expect(await outcomesOf(rename(a.id), rename(b.id))).toEqual(['200', '409 uniqueness'])
  })

  test('DELETE beside PATCH and PUT: later writes are 404, and the user stays disabled', async () => {
    for (let i = 0; i < 5; i++) {
      const { id } = await idp.user(`leaving ${i}`)
      const [gone, ...others] = await Promise.all([
        idp.send('DELETE', `/Users/${id}`),
        idp.patch(`/Users/${id}`, { op: 'replace', path: 'active', value: true }),
        idp.send('PUT', `/Users/${id}`, { schemas: [CORE], userName: `leaving ${i}`, active: true }),
      ])
      expect(gone!.status).toBe(204)
      for (const { status } of others) expect([200, 404]).toContain(status)
      const [held] = await app.store.db.query('SELECT disabled FROM users WHERE userid = $1', [`leaving ${i}`])
      expect(held).toEqual({ disabled: true })
    }
  })

  test('concurrent POSTs of one group create one', async () => {
    const push = () => idp.send('POST', '/Groups', { schemas: [GROUP], displayName: 'pushed' })
    expect(await outcomesOf(push(), push(), push())).toEqual(['201', '409 uniqueness', '409 uniqueness'])
  })

  test('a member who is deleted while joining is in no group afterwards', async () => {
    for (let i = 0; i < 5; i++) {
      const [user, group] = [await idp.user(`joining ${i}`), await idp.group(`joined ${i}`)]
      const add = idp.patch(`/Groups/${group.id}`, { op: 'add', path: 'members', value: [{ value: user.id }] })
      const [gone, joined] = await Promise.all([idp.send('DELETE', `/Users/${user.id}`), add])
      expect(gone.status).toBe(204)
      expect(['204', '400 invalidValue']).toContain(outcome(joined))
      expect((await idp.get(`/Groups/${group.id}`)).body.members).toEqual([])
    }
  })
})
