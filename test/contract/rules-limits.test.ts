// Names 3 to 7: passwords, limits on size, integers, and the two answers to a log-in that fails.
import { afterAll, describe, expect, test } from 'vitest'
import { bootApp } from '../harness/app.ts'
import { query, segment, send } from './client.ts'
import type { LoggedIn } from './world.ts'
import { expectGraphqlRefusal, expectRefusal, fresh, userPath, world } from './world.ts'

const app = await bootApp()
afterAll(() => app.close())
const w = world(app)

const create = (json: unknown) => w.admin('POST', '/bim/iam/bim/user', { json })
const login = (username: string, password: string) =>
  w.anonymous<LoggedIn>('POST', '/bim/iam/bim/user/authenticate', { json: { username, password } })

describe('Names 3: passwords', () => {
  test('Names 3: 1 to 1,024 characters', async () => {
    for (const password of ['p', 'p'.repeat(1024), '🗝'.repeat(512), ' ']) {
      const userid = fresh('pass')
      await w.createUser(userid, { password })
      expect((await login(userid, password)).status).toBe(200)
    }
    expectRefusal(await create({ userid: fresh('pass'), password: 'p'.repeat(1025) }), 400, /password/)
    const ana = await app.as([])
    for (const password of ['', 'p'.repeat(1025), 7, null, ['p']]) {
      expectRefusal(await w.admin('PUT', `${userPath(ana.userid)}/password`, { json: { password } }), 400, /password/)
    }
  })

  test('Names 3: compared after NFKC, and case matters', async () => {
    const userid = fresh('nfkc')
    await w.createUser(userid, { password: 'Cafe\u0301 ①' })
    expect((await login(userid, 'Caf\u00e9 1')).status).toBe(200)
    expectRefusal(await login(userid, 'caf\u00e9 1'), 401, /^The user name or the password is wrong/)
  })
})

describe('Names 4: limits', () => {
  test('Names 4: a body up to 1 MB; 413 beyond', async () => {
    const body = (bytes: number) => JSON.stringify({ iamid: 'bim', name: fresh('size'), filler: 'x'.repeat(bytes) })
    const type = 'application/json'
    expect((await w.admin('POST', '/bim/group', { raw: body(900_000), type })).status).toBe(200)
    expectRefusal(await w.admin('POST', '/bim/group', { raw: body(1_100_000), type }), 413)
    const large = await w.admin('POST', '/graphql', { raw: JSON.stringify({ query: ' '.repeat(1_100_000) }), type })
    expectGraphqlRefusal(large, 413, { code: 'PAYLOAD_TOO_LARGE' })
  })

  test('Names 4: JSON nesting up to 64 levels; 400 beyond', async () => {
    const nested = (levels: number) => `{"iamid":"bim","name":"${fresh('deep')}","x":${'['.repeat(levels)}${']'.repeat(levels)}}`
    const type = 'application/json'
    expect((await w.admin('POST', '/bim/group', { raw: nested(60), type })).status).toBe(200)
    expectRefusal(await w.admin('POST', '/bim/group', { raw: nested(65), type }), 400, /^body must not nest deeper than 64/)
  })

  test('Names 4: 100 query parameters; 400 beyond', async () => {
    const parameters = (count: number) => query({ x: Array.from({ length: count }, (_, i) => i) })
    expect((await w.admin('GET', `/bim/user${parameters(100)}`)).status).toBe(200)
    expectRefusal(await w.admin('GET', `/bim/user${parameters(101)}`), 400, /^query must not have more than 100/)
  })

  test('Names 4: a header block beyond 16 KB is 431', async () => {
    const headers = { 'x-filler': 'x'.repeat(17_000) }
    const answer = await send(app.url, 'GET', '/bim/user', { token: app.admin.token, headers })
    expectRefusal(answer, 431, /headers must not be larger than 16384 bytes/)
  })

  test('Names 4: lists in one request hold at most 1,000 entries', async () => {
    const ids = Array.from({ length: 1001 }, (_, i) => i + 1)
    const userid = fresh('list')
    await w.createUser(userid)
    const names = ids.map(id => `PERMISSION_${id}`)
    expect((await w.admin('POST', '/bim/user/search', { json: { profileIds: ids.slice(1) } })).status).toBe(200)
    expectRefusal(await w.admin('POST', '/bim/user/search', { json: { profileIds: ids } }), 400, /profileIds/)
    expectRefusal(await w.admin('PUT', `${userPath(userid)}/permissions`, { json: names }), 400, /permissions/)
    const keys = Object.fromEntries(names.map(name => [name, ['x']]))
    expectRefusal(
      await w.admin('PUT', `${userPath(userid)}/authorizations`, { json: keys }),
      400,
      /^body must be an object whose values/,
    )
    expect((await w.getUser(userid)).permissions).toEqual(['CREATE_PROJECT'])
  })
})

describe('Names 5: integers', () => {
  test.each(['0', '-1', '2147483648', '9007199254740993', '1.0', '1e1', '0x1', ' 1', '１'])(
    'Names 5: %s in place of a group id is 400',
    async id => {
      for (const method of ['GET', 'PUT', 'DELETE']) {
        const json = method === 'PUT' ? { description: 'x' } : undefined
        expectRefusal(await w.admin(method, `/bim/group/${segment(id)}`, { json }), 400, /^groupId /)
      }
    },
  )

  test('Names 5: 2147483647 is an id like any other', async () => {
    expectRefusal(await w.admin('GET', '/bim/group/2147483647'), 404, /^No group/)
  })

  const wrong = [1.5, '1', 0, -1, 2 ** 31, 2 ** 53 + 2, true, [1], { id: 1 }, null]
  test.each(wrong.map(projectId => [projectId]))('Names 5: %j in place of a project id is 400', async projectId => {
    expectRefusal(await w.admin('POST', '/bim/apikey', { json: { projectId, name: 'a key' } }), 400, /projectId/)
  })

  test('Names 5: in a form, digits are an integer, true and false a boolean, a repeated name a list', async () => {
    const [one, two] = [await w.createUser(fresh('formed')), await w.createUser(fresh('formed'))]
    const profileIds = [one, two].map(made => String(made.newUser.profile.id))
    const form = { profileIds, size: '1', includeDisabled: 'true', name: 'formed' }
    const found = await w.admin('POST', '/bim/user/search', { form })
    expect(found.body).toMatchObject({ count: '2', hits: { length: 1 } })
    for (const [name, wrong] of [
      ['size', 'one'],
      ['size', '1.5'],
      ['includeDisabled', 'yes'],
    ] as const) {
      expectRefusal(await w.admin('POST', '/bim/user/search', { form: { [name]: wrong } }), 400, new RegExp(name))
    }
  })
})

describe('Names 6: log-in', () => {
  const path = '/bim/iam/bim/user/authenticate'

  const half = [{}, { username: 'ana' }, { password: 'x' }]
  const mistyped = [{ username: 7, password: 'x' }, { username: 'ana', password: ['x'] }, [], 'ana', null]
  test.each([...half, ...mistyped].map(json => [json]))('Names 6: the malformed body %j is 400', async json => {
    expectRefusal(await w.anonymous('POST', path, { json }), 400, /^(body|username|password) /)
  })

  test('Names 6: every well-formed but unsuccessful log-in is one and the same 401', async () => {
    const ana = await app.as([])
    const off = await app.as([])
    const bare = await w.createUser(fresh('bare'))
    await w.must('PUT', `${userPath(off.userid)}/disable/true`)
    const attempts: [string, object][] = [
      [path, { username: ana.userid, password: 'wrong' }],
      [path, { username: ana.userid, password: '' }],
      [path, { username: ana.userid, password: 'p'.repeat(2000) }],
      [path, { username: 'nobody', password: 'wrong' }],
      [path, { username: '', password: 'x' }],
      [path, { username: off.userid, password: off.password }],
      [path, { username: bare.newUser.userid, password: 'x' }],
      ['/bim/iam/nowhere/user/authenticate', { username: ana.userid, password: ana.password }],
      ['/bim/iam/BIM/user/authenticate', { username: ana.userid, password: ana.password }],
    ]
    const bodies = new Set<string>()
    for (const [to, json] of attempts) {
      const answer = await w.anonymous('POST', to, { json })
      expectRefusal(answer, 401)
      bodies.add(answer.text)
    }
    expect([...bodies]).toHaveLength(1)
  })
})

describe('Names 7: internal fields', () => {
  test('Names 7: what one example alone shows may be left out, but no secret is ever in its place', async () => {
    const ana = await app.as([])
    const answer = await w.by(ana.token)('GET', '/bim/rpc/user/current')
    expect(answer.text).not.toContain(ana.token)
    expect(answer.text).not.toMatch(/argon2|passwordHash|secretHash/)
  })
})
