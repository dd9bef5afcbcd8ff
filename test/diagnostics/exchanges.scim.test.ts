// What a SCIM client asked is kept, without secrets and with what it changed, and can be run again without a trace.

import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { toGlobalId } from '../../src/api/graphql/node.ids.ts'
import { bootApp, type TestApp } from '../harness/app.ts'
import { CORE, type Provider, provider } from '../scim/provider.ts'
import { exchangesOf, replay, stock } from './harness.ts'

let app: TestApp
let idp: Provider
let made = 0
beforeAll(async () => {
  app = await bootApp()
})
beforeEach(async () => {
  idp = await provider(app, `idp${++made}`)
})
afterAll(() => app?.close())

const last = async (filter: object = {}) => (await exchangesOf(app, idp.iamid, filter, 1))[0]

test('a write with what it changed, under the id of its request', async () => {
  const body = { schemas: [CORE], userName: 'Ana', title: 'Lead', password: 'hunter2', active: true }
  const { headers, body: user } = await idp.send('POST', '/Users', body)
  const kept = await last()
  expect(kept).toMatchObject({
    iamid: idp.iamid,
    kind: 'SCIM',
    operation: 'POST /Users',
    userid: 'Ana',
    resource: `User/${user.id}`,
    request: { ...body, password: '[redacted]' },
    requestComplete: true,
    response: { id: user.id, title: 'Lead' },
    responseComplete: true,
    status: 201,
    failure: null,
    requestId: headers.get('x-request-id'),
    changes: [{ event: 'userCreated', targetType: 'user', targetName: `${idp.iamid}/Ana` }],
  })
  const [event] = await app.store.db.query<{ count: number }>(
    'SELECT count(*)::int AS count FROM audit_events WHERE request_id = $1',
    [kept.requestId],
  )
  expect(event!.count).toBe(1)
})

test('what failed, with its reason; reads that went well are not kept', async () => {
  await idp.get('/Users')
  await idp.send('POST', '/Users/.search', { schemas: ['urn:ietf:params:scim:api:messages:2.0:SearchRequest'] })
  expect(await exchangesOf(app, idp.iamid)).toEqual([])
  await idp.get('/Users?filter=nonsense')
  expect(await last()).toMatchObject({
    operation: 'GET /Users?filter=nonsense',
    status: 400,
    failure: expect.any(String),
    changes: [],
  })
  await idp.send('POST', '/Users', { schemas: [CORE], userName: '' })
  expect(await last()).toMatchObject({ status: 400, failure: expect.stringContaining('userName') })
  await idp.send('PATCH', '/Users/5', '{"password": "hunter2')
  expect(await last()).toMatchObject({ operation: 'PATCH /Users/5', status: 400, request: null })
})

test('secrets are nowhere in the table, however they come', async () => {
  const { id } = await idp.user('secretive')
  const secret = 'hunter2hunter2'
  const sent = [
    () => idp.send('POST', '/Users', { schemas: [CORE], userName: 'x', PassWord: secret }),
    () => idp.patch(`/Users/${id}`, { op: 'replace', path: 'password', value: secret }),
    () => idp.patch(`/Users/${id}`, { op: 'replace', value: { password: secret } }),
    () => idp.patch(`/Users/${id}`, { op: 'replace', path: `${CORE}:password`, value: secret }),
    () => idp.patch(`/Users/${id}`, { op: 'remove', path: `emails[password eq "${secret}"]` }),
    () => idp.patch(`/Users/${id}`, { op: 'replace', path: 'title', value: `Bearer ${secret}` }),
    () => idp.patch(`/Users/${id}`, { op: 'replace', path: 'title', value: `of ${idp.key}` }),
    () => idp.get(`/Users?filter=${encodeURIComponent(`password eq "${secret}"`)}`),
    () => idp.send('POST', '/Users/.search', { schemas: ['x'], filter: `password eq "${secret}"` }),
    () => idp.send('POST', '/Users', `{"password": "${secret}"`),
    () => idp.send('POST', '/Users', { schemas: [CORE], userName: 'y', 'urn:acme:User': { apiKey: secret, api_key: [secret] } }),
  ]
  for (const send of sent) await send()
  expect(await exchangesOf(app, idp.iamid)).toHaveLength(sent.length + 1)
  const rows = await app.store.db.query<{ row: string }>('SELECT row_to_json(e)::text AS row FROM exchanges e WHERE iamid = $1', [
    idp.iamid,
  ])
  const text = rows.map(({ row }) => row).join()
  expect(text).not.toContain(secret)
  expect(text).not.toContain(idp.key)
  expect(text).toContain('[redacted]')
})

test('each part of a Bulk is an exchange', async () => {
  const Operations = [
    { method: 'POST', path: '/Users', bulkId: 'a', data: { schemas: [CORE], userName: 'bulk a' } },
    { method: 'DELETE', path: '/Users/nobody' },
  ]
  await idp.send('POST', '/Bulk', { schemas: ['urn:ietf:params:scim:api:messages:2.0:BulkRequest'], Operations })
  const [gone, post, ...others] = await exchangesOf(app, idp.iamid)
  expect(others).toEqual([])
  expect(gone).toMatchObject({ operation: 'DELETE /Users/nobody', status: 404, changes: [] })
  expect(post).toMatchObject({ operation: 'POST /Users', userid: 'bulk a', changes: [{ event: 'userCreated' }] })
})

test('a long body is kept in part, and says so', async () => {
  const users = await Promise.all(Array.from({ length: 3 }, (_, i) => idp.user(`long ${i}`)))
  const members = Array.from({ length: 800 }, (_, i) => ({ value: users[i % 3].id, display: 'x'.repeat(20) }))
  const { id } = await idp.group('long')
  expect((await idp.patch(`/Groups/${id}`, { op: 'add', path: 'members', value: members })).status).toBe(204)
  const kept = await last()
  expect(kept).toMatchObject({ resource: `Group/${id}`, requestComplete: false, changes: [{ event: 'groupUserAdded' }] })
  expect(JSON.stringify(kept.request).length).toBeLessThan(20_000)
  const { errors } = await replay(app, kept.id)
  expect(errors![0].extensions.code).toBe('REFUSED')
})

test('filters: by kind, person and failure', async () => {
  await idp.user('Straße')
  await idp.send('POST', '/Users', { schemas: [CORE], userName: 'straSSE' })
  await idp.user('other')
  const asked = async (filter: object) => (await exchangesOf(app, idp.iamid, filter)).map(({ status }) => status)
  expect(await asked({ userid: 'STRASSE' })).toEqual([409, 201])
  expect(await asked({ userid: 'strasse', failed: false })).toEqual([201])
  expect(await asked({ failed: true })).toEqual([409])
  expect(await asked({ kind: 'LDAP' })).toEqual([])
  const { id } = await idp.user('by id')
  await idp.patch(`/Users/${id}`, { op: 'replace', path: 'active', value: 'perhaps' })
  expect(await asked({ userid: 'by id', failed: true })).toEqual([400])
  expect(await asked({ userid: 'x'.repeat(5_000) })).toEqual([])
})

test('the last 200 are kept, of each IAM', async () => {
  const other = await provider(app, `other${made}`)
  await other.user('stays')
  const Operations = Array.from({ length: 260 }, (_, i) => ({ method: 'DELETE', path: `/Users/${i}` }))
  await idp.send('POST', '/Bulk', { schemas: ['urn:ietf:params:scim:api:messages:2.0:BulkRequest'], Operations })
  const kept = await exchangesOf(app, idp.iamid, {}, 1000)
  expect(kept).toHaveLength(200)
  expect(kept[0].operation).toBe('DELETE /Users/259')
  expect(kept.at(-1).operation).toBe('DELETE /Users/60')
  expect(await exchangesOf(app, other.iamid)).toHaveLength(1)
})

test('they go with their IAM, and what comes meanwhile takes no other with it', async () => {
  await idp.send('DELETE', '/Users/x')
  await exchangesOf(app, idp.iamid)
  const survivor = await provider(app, `survivor${made}`)
  await idp.send('DELETE', '/Users/y')
  await app.store.db.query('DELETE FROM iams WHERE id = $1', [idp.iamid])
  await survivor.send('DELETE', '/Users/z')
  expect(await exchangesOf(app, survivor.iamid)).toHaveLength(1)
  expect(await app.store.db.query('SELECT 1 FROM exchanges WHERE iamid = $1', [idp.iamid])).toEqual([])
})

test('a replay answers as the request would now, and leaves nothing', async () => {
  const user = await idp.user('again', { active: true })
  await idp.patch(`/Users/${user.id}`, { op: 'replace', path: 'active', value: 'False' })
  const [patched, created] = await exchangesOf(app, idp.iamid)
  await idp.patch(`/Users/${user.id}`, { op: 'replace', path: 'active', value: true })
  const before = await stock(app)
  const again = await replay(app, patched.id)
  expect(again.errors).toBeUndefined()
  expect(again.data.replayExchange).toMatchObject({
    exchange: { id: patched.id },
    identity: null,
    status: 200,
    body: { id: user.id, active: false },
    changes: [{ event: 'userDisabled', targetName: `${idp.iamid}/again`, after: { disabled: true } }],
  })
  const taken = await replay(app, created.id)
  expect(taken.data.replayExchange).toMatchObject({ status: 409, body: { scimType: 'uniqueness' }, changes: [] })
  expect(await stock(app)).toEqual(before)
  // Nor is a replay an exchange.
  expect(await exchangesOf(app, idp.iamid)).toHaveLength(3)
  expect((await idp.get(`/Users/${user.id}`)).body).toMatchObject({ active: true })
})

test('a replay of each kind of write leaves nothing: keys, groups, attributes and versions stay', async () => {
  const user = await idp.user('held')
  const group = await idp.group('held', [user.id])
  await app.store.db.query(
    "INSERT INTO api_keys (user_id, prefix, hash) SELECT id, 'rk_test', sha256(userid::bytea) FROM users WHERE userid = 'held'",
  )
  const writes = [
    () => idp.send('PUT', `/Users/${user.id}`, { schemas: [CORE], userName: 'held', title: 'A' }),
    () => idp.patch(`/Groups/${group.id}`, { op: 'remove', path: 'members' }),
    () => idp.send('DELETE', `/Groups/${group.id}`),
    () => idp.send('DELETE', `/Users/${user.id}`),
  ]
  const { data } = await app.graphql('{ users(first: 1, filter: { iamids: ["bim"] }) { totalCount } }')
  expect(data.users.totalCount).toBeGreaterThan(0)
  for (const write of writes) await write()
  const exchanges = await exchangesOf(app, idp.iamid)
  expect(exchanges[0].changes[0].after).toMatchObject({ scimId: null, disabled: true, revokedTokens: 0, revokedKeys: 1 })
  const before = await stock(app)
  const statuses: number[] = []
  for (const { id } of exchanges) statuses.push((await replay(app, id)).data.replayExchange.status)
  // Newest first: a deleted resource is 404; POST enables the user and creates the group.
  expect(statuses).toEqual([404, 404, 404, 404, 400, 201])
  expect(await stock(app)).toEqual(before)
})

test('replays beside writes, many at once, on one connection as on many', async () => {
  const { id } = await idp.user('busy')
  await idp.patch(`/Users/${id}`, { op: 'replace', path: 'title', value: 'A' })
  const kept = await last()
  const all = await Promise.all(
    Array.from({ length: 12 }, (_, i) =>
      i % 2 === 0
        ? replay(app, kept.id).then(({ data }) => data.replayExchange.status)
        : idp.patch(`/Users/${id}`, { op: 'replace', path: 'title', value: `B${i}` }).then(({ status }) => status),
    ),
  )
  expect(all).toEqual(Array(12).fill(200))
})

test('who may look', async () => {
  await idp.user('private')
  const { id } = await last()
  const code = async (token: string | null) => [
    (await app.graphql(`{ exchanges(iamid: "${idp.iamid}") { totalCount } }`, {}, token)).errors?.[0].extensions.code,
    (await replay(app, id, token as string)).errors?.[0].extensions.code,
  ]
  const who = async (...permissions: string[]) => (await app.as(permissions)).token
  expect(await code(await who('APPLICATION_ADMIN'))).toEqual(['FORBIDDEN', 'FORBIDDEN'])
  expect(await code(await who('USER_ADMIN', 'AUDIT'))).toEqual(['FORBIDDEN', 'FORBIDDEN'])
  expect(await code(await who('APPLICATION_ADMIN', 'AUDIT'))).toEqual([undefined, undefined])
  expect(await code(null)).toEqual(['UNAUTHENTICATED', 'UNAUTHENTICATED'])
  expect((await app.graphql('{ exchanges(iamid: "nobody") { totalCount } }')).errors?.[0].extensions.code).toBe('NOT_FOUND')
  expect((await replay(app, toGlobalId('Exchange', '999999999999'))).errors?.[0].extensions.code).toBe('NOT_FOUND')
})

test('a store that cannot keep them harms nobody', async () => {
  await app.store.db.query('ALTER TABLE exchanges RENAME TO elsewhere')
  try {
    const { id } = await idp.user('unharmed')
    await new Promise(resolve => setTimeout(resolve, 600))
    expect((await idp.patch(`/Users/${id}`, { op: 'replace', path: 'title', value: 'T' })).status).toBe(200)
  } finally {
    await app.store.db.query('ALTER TABLE elsewhere RENAME TO exchanges')
  }
})
