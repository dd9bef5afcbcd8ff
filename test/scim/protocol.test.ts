// What is around the resources: versions, Bulk, discovery, and that every row asks the policy and leaves its trace.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Decision, decisions } from '../../src/authorization/service.ts'
import { routes } from '../../src/scim/http/routes.ts'
import type { TestApp } from '../harness/app.ts'
import { eventsBy } from '../harness/context.ts'
import { boot, CORE, ENTERPRISE, expectRefused, GROUP, outcome, outcomes, PATCH_OP, type Provider, provider } from './provider.ts'

let app: TestApp
let idp: Provider
beforeAll(async () => {
  app = await boot()
  idp = await provider(app, 'idp', { config: { schema: { attributeSchema: [{ scimSchema: 'urn:acme:User', prefix: 'Acme' }] } } })
})
afterAll(() => app.close())

describe('versions (RFC 7644 3.14)', () => {
  const make = { Users: () => idp.user(`versioned${Math.random()}`), Groups: () => idp.group(`versioned${Math.random()}`) }
  const change = {
    Users: { op: 'replace', path: 'externalId', value: 'new' },
    Groups: { op: 'replace', path: 'externalId', value: 'new' },
  }
  test.each(['Users', 'Groups'] as const)('of %s', async type => {
    const { id, meta } = await make[type]()
    const path = `/${type}/${id}`
    const { headers } = await idp.get(path)
    expect(headers.get('etag')).toBe(meta.version)
    const same = await idp.send('GET', path, undefined, { 'if-none-match': `W/"x", ${meta.version}` })
    expect(same).toMatchObject({ status: 304, body: null })
    expect((await idp.send('GET', path, undefined, { 'if-none-match': 'W/"x"' })).status).toBe(200)

    const patch = (ifMatch: string) =>
      idp.send('PATCH', path, { schemas: [PATCH_OP], Operations: [change[type]] }, { 'if-match': ifMatch })
    expectRefused(await patch('W/"x"'), 412)
    const changed = await patch(meta.version)
    expect(changed.status).toBeLessThan(300)
    expect(changed.headers.get('etag')).not.toBe(meta.version)
    expectRefused(await idp.send('DELETE', path, undefined, { 'if-match': meta.version }), 412)
    const again = await patch('*')
    expect(again.headers.get('etag')).toBe(changed.headers.get('etag'))
    expect((await idp.send('DELETE', path, undefined, { 'if-match': again.headers.get('etag')! })).status).toBe(204)
  })

  test('members make a new version, and so does what other APIs change', async () => {
    const user = await idp.user('seen')
    const { id, meta } = await idp.group('counted')
    await idp.patch(`/Groups/${id}`, { op: 'add', path: 'members', value: [{ value: user.id }] })
    expect((await idp.get(`/Groups/${id}`)).body.meta.version).not.toBe(meta.version)
    await app.graphql(
      'mutation { setUserDisabled(input: { ref: { name: { iamid: "idp", userid: "seen" } }, disabled: true }) { user { id: databaseId } } }',
    )
    expect((await idp.get(`/Users/${user.id}`)).body).toMatchObject({ active: false })
    const stale = { 'if-match': user.meta.version }
    expectRefused(await idp.send('PUT', `/Users/${user.id}`, { schemas: [CORE], userName: 'seen' }, stale), 412)
  })

  test('of concurrent PUTs with one version one succeeds, the others are 412', async () => {
    const { id, meta } = await idp.user('raced')
    const put = (title: string) =>
      idp.send('PUT', `/Users/${id}`, { schemas: [CORE], userName: 'raced', title }, { 'if-match': meta.version })
    const answers = await Promise.all([put('a'), put('b'), put('c')])
    expect(answers.map(outcome).toSorted()).toEqual(['200', '412', '412'])
  })

  test('concurrent POSTs of one name create one user', async () => {
    const post = () => idp.send('POST', '/Users', { schemas: [CORE], userName: 'wanted' })
    const answers = await Promise.all(Array.from({ length: 8 }, post))
    expect(answers.map(outcome).toSorted()).toEqual(['201', ...Array.from({ length: 7 }, () => '409 uniqueness')])
  })
})

describe('Bulk (RFC 7644 3.7)', () => {
  const REQUEST = 'urn:ietf:params:scim:api:messages:2.0:BulkRequest'
  const bulk = (Operations: unknown, rest = {}) => idp.send('POST', '/Bulk', { schemas: [REQUEST], Operations, ...rest })
  const user = (bulkId: string, userName: string, rest = {}) => ({
    method: 'POST',
    path: '/Users',
    bulkId,
    data: { schemas: [CORE], userName, ...rest },
  })

  test('creates a group of users that follow it', async () => {
    const { status, body } = await bulk([
      {
        method: 'POST',
        path: '/Groups',
        bulkId: 'g',
        data: { schemas: [GROUP], displayName: 'bulked', members: [{ value: 'bulkId:a' }, { value: 'bulkId:b' }] },
      },
      user('a', 'bulk a'),
      user('b', 'bulk b', { [ENTERPRISE]: { manager: { value: 'bulkId:a' } } }),
      {
        method: 'patch',
        path: '/Users/bulkId:a',
        data: { schemas: [PATCH_OP], Operations: [{ op: 'replace', path: 'title', value: 'T' }] },
      },
    ])
    expect(status).toBe(200)
    expect(body.schemas).toEqual(['urn:ietf:params:scim:api:messages:2.0:BulkResponse'])
    const by = Object.fromEntries(body.Operations.map((operation: any) => [operation.bulkId ?? operation.method, operation]))
    expect(by.a).toEqual({
      method: 'POST',
      bulkId: 'a',
      version: expect.any(String),
      location: expect.stringContaining(`${idp.url}/Users/`),
      status: '201',
    })
    expect(by.PATCH.status).toBe('200')
    const idOf = (location: string) => location.slice(location.lastIndexOf('/') + 1)
    const { body: group } = await idp.get(`/Groups/${idOf(by.g.location)}`)
    expect(group.members.map((member: any) => member.value).toSorted()).toEqual(
      [idOf(by.a.location), idOf(by.b.location)].toSorted(),
    )
    expect((await idp.get(`/Users/${idOf(by.b.location)}`)).body[ENTERPRISE].manager.value).toBe(idOf(by.a.location))
    expect((await idp.get(`/Users/${idOf(by.a.location)}`)).body.title).toBe('T')
  })

  test('one that fails does not end the others without failOnErrors', async () => {
    const wrong = user('x', '')
    const answer = await bulk([
      wrong,
      user('y', 'bulk y'),
      { method: 'DELETE', path: '/Users/bulkId:x' },
      { method: 'DELETE', path: '/Nothing/5' },
    ])
    expect(outcomes(answer)).toEqual(['400 invalidValue', '201', '400 invalidValue', '404'])
    const stopped = await bulk([wrong, user('z', 'bulk z')], { failOnErrors: 1 })
    expect(stopped.body.Operations).toHaveLength(1)
    expect((await idp.get(`/Users?filter=${encodeURIComponent('userName eq "bulk z"')}`)).body.totalResults).toBe(0)
  })

  test('users that are created together are answered in order, and the first of a name wins', async () => {
    const names = ['one', 'two', 'THREE', 'three', 'four', '', 'five', 'six', 'Six', 'seven'].map(
      name => name && `together ${name}`,
    )
    const answer = await bulk(names.map((name, n) => user(`t${n}`, name)))
    expect(answer.body.Operations.map((one: { bulkId: string }) => one.bulkId)).toEqual(names.map((_, n) => `t${n}`))
    expect(outcomes(answer)).toEqual([
      '201',
      '201',
      '201',
      '409 uniqueness',
      '201',
      '400 invalidValue',
      '201',
      '201',
      '409 uniqueness',
      '201',
    ])
    const { body } = await idp.get(`/Users?filter=${encodeURIComponent('userName sw "together "')}`)
    expect(body.Resources.map((one: { userName: string }) => one.userName).toSorted()).toEqual(
      ['five', 'four', 'one', 'seven', 'six', 'THREE', 'two'].map(name => `together ${name}`).toSorted(),
    )
  })

  test('a circle is a conflict, a reference to nothing is invalid', async () => {
    const answer = await bulk([
      user('p', 'circle p', { [ENTERPRISE]: { manager: 'bulkId:q' } }),
      user('q', 'circle q', { [ENTERPRISE]: { manager: 'bulkId:p' } }),
      user('r', 'circle r', { [ENTERPRISE]: { manager: 'bulkId:nobody' } }),
    ])
    const names = answer.body.Operations.map(({ bulkId }: any) => bulkId)
    const found = Object.fromEntries(outcomes(answer).map((one, at) => [names[at], one]))
    expect(found).toEqual({ p: '409', q: '400 invalidValue', r: '400 invalidValue' })
  })

  test('a version that is not the current one', async () => {
    const { id } = await idp.user('bulk versioned')
    const answer = await bulk([{ method: 'DELETE', path: `/Users/${id}`, version: 'W/"x"' }])
    expect(outcomes(answer)).toEqual(['412'])
  })

  test('is bounded', async () => {
    expectRefused(await bulk(Array.from({ length: 1001 }, () => ({ method: 'DELETE', path: '/Users/x' }))), 413)
  })

  test.each([
    ['no list', {}, 'invalidSyntax', /^Operations /],
    ['an operation that is no object', [5], 'invalidSyntax', /^Operations /],
    ['an unknown method', [{ method: 'GET', path: '/Users' }], 'invalidSyntax', /^method /],
    ['no path', [{ method: 'DELETE' }], 'invalidSyntax', /^path /],
    ['POST without a bulkId', [{ method: 'POST', path: '/Users', data: {} }], 'invalidSyntax', /^bulkId /],
    ['a bulkId twice', [user('a', 'x'), user('a', 'y')], 'invalidValue', /^bulkId /],
  ])('400: %s', async (_what, operations, scimType, detail) => {
    expectRefused(await bulk(operations), 400, scimType, detail)
  })
})

describe('discovery (RFC 7644 4)', () => {
  test('says what there is', async () => {
    const { body } = await idp.get('/ServiceProviderConfig')
    expect(body).toMatchObject({
      patch: { supported: true },
      bulk: { supported: true, maxOperations: 1000, maxPayloadSize: 16 * 1024 * 1024 },
      filter: { supported: true, maxResults: 1000 },
      changePassword: { supported: false },
      sort: { supported: true },
      etag: { supported: true },
      pagination: { cursor: true, index: true },
    })
  })

  test('the types, with the extensions of the IAM', async () => {
    const { body } = await idp.get('/ResourceTypes')
    expect(
      body.Resources.map(({ id, endpoint, schemaExtensions }: any) => [
        id,
        endpoint,
        schemaExtensions.map(({ schema }: any) => schema),
      ]),
    ).toEqual([
      ['User', '/Users', [ENTERPRISE, 'urn:acme:User']],
      ['Group', '/Groups', []],
    ])
    expect((await idp.get('/ResourceTypes/User')).body).toEqual(body.Resources[0])
    expectRefused(await idp.get('/ResourceTypes/Device'), 404)
  })

  test('the schemas, each by its id', async () => {
    const { body } = await idp.get('/Schemas')
    expect(body.Resources.map(({ id }: any) => id)).toEqual([CORE, ENTERPRISE, 'urn:acme:User', GROUP])
    const userName = body.Resources[0].attributes.find(({ name }: any) => name === 'userName')
    expect(userName).toMatchObject({ type: 'string', required: true, uniqueness: 'server', caseExact: false, multiValued: false })
    for (const schema of body.Resources) expect((await idp.get(`/Schemas/${schema.id}`)).body).toEqual(schema)
    expectRefused(await idp.get('/Schemas?filter=x'), 403)
  })
})

describe('authorization', () => {
  test('every row asks the policy first', async () => {
    const asked: string[] = []
    const listen = (message: unknown) => asked.push((message as Decision).action)
    decisions.subscribe(listen)
    const got: Record<string, string> = {}
    for (const { method, path } of routes) {
      asked.length = 0
      await idp.send(
        method,
        `/${path.replace(':id', 'x')}`,
        ['POST', 'PUT', 'PATCH'].includes(method)
          ? { schemas: ['urn:ietf:params:scim:api:messages:2.0:SearchRequest'] }
          : undefined,
      )
      got[`${method} ${path}`] = asked.join()
    }
    decisions.unsubscribe(listen)
    expect(got).toEqual({
      'GET ServiceProviderConfig': 'scim:read',
      'GET ResourceTypes': 'scim:read',
      'GET ResourceTypes/:id': 'scim:read',
      'GET Schemas': 'scim:read',
      'GET Schemas/:id': 'scim:read',
      'POST .search': 'scim:read',
      'GET Users': 'scim:read',
      'POST Users/.search': 'scim:read',
      'POST Users': 'scim:createUser',
      'GET Users/:id': 'scim:read',
      'PUT Users/:id': 'scim:updateUser',
      'PATCH Users/:id': 'scim:updateUser',
      'DELETE Users/:id': 'scim:deleteUser',
      'GET Groups': 'scim:read',
      'POST Groups/.search': 'scim:read',
      'POST Groups': 'scim:createGroup',
      'GET Groups/:id': 'scim:read',
      'PUT Groups/:id': 'scim:updateGroup',
      'PATCH Groups/:id': 'scim:updateGroup',
      'DELETE Groups/:id': 'scim:deleteGroup',
    })
  })

  test('each change has an event of the SCIM client, and a write that changes nothing has none', async () => {
    const events = await eventsBy(app.store, async () => {
      const { id } = await idp.user('traced', { active: true })
      await idp.patch(`/Users/${id}`, { op: 'replace', path: 'active', value: true })
      await idp.patch(`/Users/${id}`, { op: 'replace', path: 'title', value: 'T' })
      await idp.patch(`/Users/${id}`, { op: 'replace', path: 'userName', value: 'renamed' })
      await idp.patch(`/Users/${id}`, { op: 'replace', path: 'active', value: false })
      await idp.patch(`/Users/${id}`, { op: 'replace', path: 'active', value: true })
      const group = await idp.group('traced', [id])
      await idp.patch(`/Groups/${group.id}`, { op: 'replace', path: 'displayName', value: 'renamed' })
      await idp.patch(`/Groups/${group.id}`, { op: 'add', path: 'members', value: [{ value: id }] })
      await idp.patch(`/Groups/${group.id}`, { op: 'remove', path: 'members' })
      await idp.send('DELETE', `/Groups/${group.id}`)
      await idp.send('DELETE', `/Users/${id}`)
      await idp.user('renamed')
    })
    expect(events.map(({ event, action }) => `${event} ${action}`)).toEqual([
      'userCreated scim:createUser',
      'userUpdated scim:updateUser',
      'usernameUpdated scim:updateUser',
      'userDisabled scim:updateUser',
      'userEnabled scim:updateUser',
      'groupCreated scim:createGroup',
      'groupUserAdded scim:createGroup',
      'groupUpdated scim:updateGroup',
      'groupUserDeleted scim:updateGroup',
      'groupDeleted scim:deleteGroup',
      'userDisabled scim:deleteUser',
      'userEnabled scim:createUser',
    ])
    expect(new Set(events.map(({ actorName }) => actorName))).toEqual(new Set(['SCIM client of idp']))
  })
})
