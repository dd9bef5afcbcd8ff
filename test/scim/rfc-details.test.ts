// Lines of RFC 7643 and 7644 that clients rarely rest on, by the whole road: strings of filters, what a resource is made of, values that
// stand once, what stands under a core schema, versions that others change, and what Bulk answers.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { TestApp } from '../harness/app.ts'
import { boot, CORE, ENTERPRISE, expectRefused, GROUP, outcomes, PATCH_OP, type Provider, provider } from './provider.ts'

const ACME = 'urn:acme:2.0:User'
let app: TestApp
let idp: Provider
beforeAll(async () => {
  app = await boot()
  idp = await provider(app, 'lines')
})
afterAll(() => app.close())

let made = 0
const somebody = (rest: object = {}) => idp.user(`somebody${++made}`, rest)
const found = async (filter: string, type = 'Users') => {
  const { status, body } = await idp.get(`/${type}?filter=${encodeURIComponent(filter)}`)
  return status === 200
    ? body.Resources.map((one: any) => one.userName ?? one.displayName).join(' ')
    : `${status} ${body.scimType}`
}

describe('a string in a filter is one of JSON', () => {
  let named: Provider
  beforeAll(async () => {
    named = await provider(app, 'strings')
    await named.user('slash', { displayName: 'CORP\\ann', title: 'ends with \\' })
    await named.user('quote', { displayName: 'Ann "Q"', title: 'a\tb' })
  })
  test.each([
    ['displayName eq "CORP\\\\ann"', 'slash'],
    ['displayName co "\\\\"', 'slash'],
    ['title ew "\\\\"', 'slash'],
    ['displayName eq "Ann \\"Q\\""', 'quote'],
    ['displayName eq "\\u0041nn \\u0022Q\\u0022"', 'quote'],
    ['title eq "a\\tb"', 'quote'],
    ['displayName eq "CORP\\xavier"', '400 invalidFilter'],
    ['userName eq "\\u0000"', '400 invalidFilter'],
  ])('%s', async (filter, names) => {
    const { status, body } = await named.get(`/Users?filter=${encodeURIComponent(filter)}`)
    expect(status === 200 ? body.Resources.map((user: any) => user.userName).join(' ') : `${status} ${body.scimType}`).toBe(names)
  })
})

test('schemas are asked for as they are answered (RFC 7644 3.4.2.2)', async () => {
  const asked = await provider(app, 'schemas')
  await asked.user('plain')
  await asked.user('employee', { [ENTERPRISE]: { department: 'R' } })
  await asked.group('Crew')
  const names = async (path: string, filter: string) => {
    const { body } = await asked.send('POST', path, { schemas: ['urn:ietf:params:scim:api:messages:2.0:SearchRequest'], filter })
    return body.Resources.map((one: any) => one.userName ?? one.displayName)
  }
  expect(await names('/Users/.search', `schemas eq "${ENTERPRISE}"`)).toEqual(['employee'])
  expect(await names('/Users/.search', `not (schemas eq "${ENTERPRISE}")`)).toEqual(['plain'])
  expect(await names('/Users/.search', `schemas eq "${CORE}" and schemas pr`)).toEqual(['plain', 'employee'])
  expect(await names('/.search', `schemas eq "${GROUP}"`)).toEqual(['Crew'])
})

test('nothing is sorted by what has no order of its own', async () => {
  for (const path of ['schemas', 'meta.location', 'meta.version'])
    expect(await idp.get(`/Users?sortBy=${path}`), path).toMatchObject({ status: 400, body: { scimType: 'invalidPath' } })
})

test('a list that is empty equals null; a value that says nothing of primary is not the primary one', async () => {
  const none = await somebody()
  const { userName } = await somebody({ emails: [{ value: 'a@lines.test', type: 'work' }] })
  const of = (name: string) => `and userName eq "${name}"`
  expect(await found(`emails eq null ${of(none.userName)}`)).toBe(none.userName)
  expect(await found(`emails ne null ${of(none.userName)}`)).toBe('')
  expect(await found(`groups eq null ${of(none.userName)}`)).toBe(none.userName)
  expect(await found(`${ACME}:x eq null ${of(none.userName)}`)).toBe(none.userName)
  expect(await found(`emails[primary eq false] ${of(userName)}`)).toBe(userName)
  expect(await found(`emails[primary eq true] ${of(userName)}`)).toBe('')
  expect(await found(`emails[primary ne true] ${of(userName)}`)).toBe(userName)
})

test('many conditions are no deep ones, and mean the same as few', async () => {
  const crowd = await provider(app, 'conditions')
  const { id } = await crowd.user('in')
  await crowd.user('out')
  const group = await crowd.group('Crew', [id])
  const asked = async (parts: string[], by: string) =>
    (await crowd.get(`/Users?filter=${encodeURIComponent(parts.join(by))}`)).body.Resources.map((user: any) => user.userName)
  const many = (part: string) => Array.from({ length: 40 }, () => part)
  expect(await asked(many(`groups.value eq "${group.id}"`), ' and ')).toEqual(['in'])
  expect(await asked(many('not (groups.display eq "crew")'), ' and ')).toEqual(['out'])
  expect(await asked([...many('title pr'), 'not (groups pr)'], ' or ')).toEqual(['out'])
})

describe('PATCH', () => {
  const emails = [
    { value: 'w@lines.test', type: 'work', primary: true },
    { value: 'h@lines.test', type: 'home' },
  ]
  const patched = async (rest: object, ...operations: object[]) => {
    const { id } = await somebody(rest)
    const answer = await idp.patch(`/Users/${id}`, ...operations)
    const now = await idp.get(`/Users/${id}`)
    return { ...answer, now: now.body, again: () => idp.send('PUT', `/Users/${id}`, now.body) }
  }

  test.each(['emails.primary', 'emails[value pr].primary', 'emails[type eq "work" or type eq "home"].primary'])(
    'makes no second primary value by %s',
    async path => {
      const { status, body, now, again } = await patched({ emails }, { op: 'replace', path, value: true })
      expect([status, body.scimType]).toEqual([400, 'invalidValue'])
      expect(now.emails).toMatchObject(emails)
      expect((await again()).status).toBe(200)
    },
  )

  test('one of the same value and type is updated, not added again', async () => {
    const primary = { op: 'add', path: 'emails', value: [{ ...emails[1], primary: true, display: 'Home' }] }
    const { body } = await patched({ emails }, primary)
    expect(body.emails).toEqual([
      { ...emails[0], primary: false },
      { ...emails[1], primary: true, display: 'Home' },
    ])
    const twice = await patched({}, { op: 'add', path: 'ims', value: ['a', 'b', 'a'] })
    expect(twice.body.ims).toEqual([{ value: 'a' }, { value: 'b' }])
  })

  test('a value goes by its words in any case, and one replaced by nothing goes too', async () => {
    const removed = await patched({ emails }, { op: 'remove', path: 'emails', value: [{ value: 'H@Lines.TEST' }] })
    expect(removed.body.emails).toEqual([emails[0]])
    const replaced = await patched({ emails }, { op: 'replace', path: 'emails[type eq "home"]', value: null })
    expect(replaced.body.emails).toEqual([emails[0]])
    const absent = await patched({ emails }, { op: 'replace', path: 'emails[type eq "fax"]', value: null })
    expect(absent.body.scimType).toBe('noTarget')
  })

  test('a removal that names nothing is not a removal of all', async () => {
    const { status, body, now } = await patched({ emails }, { op: 'remove', path: 'emails', value: [] })
    expect([status, body.scimType]).toEqual([400, 'invalidValue'])
    expect(now.emails).toHaveLength(2)
    const { id } = await somebody()
    const group = await idp.group('Kept', [id])
    expectRefused(
      await idp.patch(`/Groups/${group.id}`, { op: 'remove', path: 'members', value: [] }),
      400,
      'invalidValue',
      /^value /,
    )
    expect((await idp.get(`/Groups/${group.id}`)).body.members).toHaveLength(1)
    expect((await idp.patch(`/Groups/${group.id}`, { op: 'remove', path: 'members' })).status).toBe(204)
    expect((await idp.get(`/Groups/${group.id}`)).body.members).toEqual([])
  })

  test('a list that nobody described is added to and taken from', async () => {
    const list = { [ACME]: { tags: ['red', 'blue'], one: 'x' } }
    const tags = async (operation: object) => (await patched(list, { path: `${ACME}:tags`, ...operation })).body[ACME]
    expect(await tags({ op: 'add', value: ['green', 'red'] })).toEqual({ tags: ['red', 'blue', 'green'], one: 'x' })
    expect(await tags({ op: 'add', value: 'green' })).toEqual({ tags: ['red', 'blue', 'green'], one: 'x' })
    expect(await tags({ op: 'remove', value: ['red'] })).toEqual({ tags: ['blue'], one: 'x' })
    expect(await tags({ op: 'remove', value: 'red' })).toEqual({ tags: ['blue'], one: 'x' })
    expect(await tags({ op: 'replace', value: ['green'] })).toEqual({ tags: ['green'], one: 'x' })
    expect(await tags({ op: 'remove' })).toEqual({ one: 'x' })
  })

  test.each([
    ['a path', { op: 'replace', path: CORE, value: { title: 'T' } }],
    ['a key', { op: 'replace', value: { [CORE]: { title: 'T' } } }],
    ['another type', { op: 'add', path: `${GROUP}:displayName`, value: 'T' }],
  ])('a core schema is no extension: %s', async (_, operation) => {
    const { status, body, now } = await patched({}, operation)
    expect([status, body.scimType]).toEqual([400, 'invalidPath'])
    expect(Object.keys(now).filter(key => key.startsWith('urn:'))).toEqual([])
  })
})

describe('POST', () => {
  test('values that hold nothing are none, and nothing stands under a schema of another type', async () => {
    expect(await somebody({ emails: [{}], phoneNumbers: {} })).not.toHaveProperty('emails')
    const body = { schemas: [CORE], userName: 'of two types', [GROUP]: { displayName: 'x' } }
    expect(await idp.send('POST', '/Users', body)).toMatchObject({ status: 400, body: { scimType: 'invalidSyntax' } })
  })

  test('under strictScimSchema no schema is named that nobody configured', async () => {
    const strict = await provider(app, 'strict-lines', { config: { strictScimSchema: true } })
    const named = (schema: string) => strict.send('POST', '/Users', { schemas: [CORE, schema], userName: schema.slice(0, 20) })
    expect(await named('urn:unknown:2.0:User')).toMatchObject({ status: 400, body: { scimType: 'invalidSyntax' } })
    expect((await named(ENTERPRISE)).status).toBe(201)
  })
})

describe('versions', () => {
  test('of a user are new when the groups are others, and still good for a write', async () => {
    const user = await somebody()
    const path = `/Users/${user.id}`
    const { id } = await idp.group('Joined', [user.id])
    const joined = await idp.send('GET', path, undefined, { 'if-none-match': user.meta.version })
    expect(joined.status).toBe(200)
    expect(joined.body.groups).toHaveLength(1)
    expect(joined.headers.get('etag')).toBe(joined.body.meta.version)
    expect((await idp.send('GET', path, undefined, { 'if-none-match': joined.body.meta.version })).status).toBe(304)
    await idp.send('DELETE', `/Groups/${id}`)
    expect((await idp.send('GET', path, undefined, { 'if-none-match': joined.body.meta.version })).status).toBe(200)
    // A version stays good for a write while the written attributes are unchanged.
    const body = { schemas: [CORE], userName: user.userName, title: 'T' }
    expect((await idp.send('PUT', path, body, { 'if-match': joined.body.meta.version })).status).toBe(200)
    expectRefused(await idp.send('PUT', path, body, { 'if-match': joined.body.meta.version }), 412)
  })

  test.each(['PUT', 'PATCH', 'DELETE'])('If-None-Match holds %s off what is there (RFC 9110 13.1.2)', async method => {
    const { id, userName, meta } = await somebody()
    const group = await idp.group(`held off ${method}`)
    const operations = { schemas: [PATCH_OP], Operations: [{ op: 'add', path: 'externalId', value: 'E' }] }
    for (const [path, version, resource] of [
      [`/Users/${id}`, meta.version, { schemas: [CORE], userName, title: 'T' }],
      [`/Groups/${group.id}`, group.meta.version, { schemas: [GROUP], displayName: 'other' }],
    ]) {
      const body = method === 'PUT' ? resource : method === 'PATCH' ? operations : undefined
      for (const tag of ['*', version]) expectRefused(await idp.send(method, path, body, { 'if-none-match': tag }), 412)
      expect((await idp.get(path)).body.meta.version).toBe(version)
      expect((await idp.send(method, path, body, { 'if-none-match': 'W/"another"' })).status).toBeLessThan(300)
    }
  })
})

test('a page by cursor has its own scimTypes (RFC 9865)', async () => {
  for (const [query, scimType] of [
    ['cursor=&count=many', 'invalidCount'],
    ['count=many', 'invalidValue'],
    ['cursor=made-up', 'invalidCursor'],
  ])
    expect(await idp.get(`/Users?${query}`), query).toMatchObject({ status: 400, body: { scimType } })
  const search = { schemas: ['urn:ietf:params:scim:api:messages:2.0:SearchRequest'], cursor: '', count: 1.5 }
  expect((await idp.send('POST', '/Users/.search', search)).body.scimType).toBe('invalidCount')
})

test('a cursor of users is none of groups (RFC 9865)', async () => {
  await somebody()
  await somebody()
  const { nextCursor } = (await idp.get('/Users?cursor=&count=1')).body
  expect((await idp.get(`/Users?cursor=${nextCursor}`)).status).toBe(200)
  expect(await idp.get(`/Groups?cursor=${nextCursor}`)).toMatchObject({ status: 400, body: { scimType: 'invalidCursor' } })
})

describe('Bulk', () => {
  const bulk = (Operations: object[]) =>
    idp.send('POST', '/Bulk', { schemas: ['urn:ietf:params:scim:api:messages:2.0:BulkRequest'], Operations })
  const user = (bulkId: string, rest: object = {}) => ({
    method: 'POST',
    path: '/Users',
    bulkId,
    data: { schemas: [CORE], userName: bulkId, ...rest },
  })

  test('says where each resource is, but of a POST that made none', async () => {
    const title = { schemas: [PATCH_OP], Operations: [{ op: 'add', path: 'displayName', value: 'Named in Bulk' }] }
    const { id } = await idp.group('in Bulk')
    const { body } = await bulk([
      user('deleted'),
      { method: 'DELETE', path: '/Users/bulkId:deleted' },
      { method: 'PATCH', path: `/Groups/${id}`, data: title },
      { method: 'DELETE', path: '/Users/none' },
      user('refused', { active: 'maybe' }),
    ])
    const [made, gone, changed, missing, refused] = body.Operations
    expect(made.location).toMatch(new RegExp(`^${idp.url}/Users/[0-9a-f-]{36}$`))
    expect(gone).toMatchObject({ status: '204', location: made.location })
    expect(changed).toMatchObject({ status: '204', location: `${idp.url}/Groups/${id}` })
    expect(missing).toMatchObject({ status: '404', location: `${idp.url}/Users/none` })
    expect(refused).toMatchObject({
      status: '400',
      response: { scimType: 'invalidValue', detail: expect.stringMatching(/active/) },
    })
    expect(refused).not.toHaveProperty('location')
  })

  test('a value path may name what comes in the same request', async () => {
    const { id } = await idp.group('left in Bulk')
    const change = (operation: object) => ({
      method: 'PATCH',
      path: `/Groups/${id}`,
      data: { schemas: [PATCH_OP], Operations: [operation] },
    })
    const answer = await bulk([
      change({ op: 'add', path: 'members', value: [{ value: 'bulkId:leaver' }, { value: 'bulkId:stayer' }] }),
      change({ op: 'remove', path: 'members[value eq "bulkId:leaver"]' }),
      change({ op: 'remove', path: 'members[value eq "bulkId:nobody"]' }),
      user('leaver'),
      user('stayer'),
    ])
    expect(outcomes(answer).toSorted()).toEqual(['201', '201', '204', '204', '400 invalidValue'])
    expect((await idp.get(`/Groups/${id}`)).body.members).toMatchObject([{ display: 'stayer' }])
  })
})

test('what a provider calls a secret is in no audit row, wherever it keeps it', async () => {
  const secrets = {
    password: 'first-secret',
    nested: { clientSecret: 'second-secret' },
    list: [{ token: 'third-secret' }],
    plain: 'x',
  }
  const { id } = await somebody({ 'urn:kept:User': secrets })
  const change = { op: 'replace', path: 'urn:kept:User:password', value: 'fourth-secret' }
  expect((await idp.patch(`/Users/${id}`, change)).status).toBe(200)
  const group = await idp.group('with a secret')
  const kept = { schemas: [GROUP], displayName: 'with a secret', apiKey: 'fifth-secret', note: 'x' }
  expect((await idp.send('PUT', `/Groups/${group.id}`, kept)).status).toBe(200)
  const events = await app.store.db.query<{ text: string }>(
    `SELECT concat(before::text, after::text) AS text FROM audit_events WHERE event IN ('userUpdated', 'groupUpdated')
       AND concat(before::text, after::text) ~ 'redacted' ORDER BY id`,
    [],
  )
  expect(events).toHaveLength(2)
  for (const { text } of events) expect(text).not.toContain('-secret')
  expect(events[0]!.text).toContain('"plain": "x"')
})

test('whom an administrator disables after the provider did stays out, whatever the provider says then', async () => {
  const { id, userName } = await somebody()
  await idp.patch(`/Users/${id}`, { op: 'replace', path: 'active', value: false })
  const disable = 'mutation($input: SetUserDisabledInput!) { setUserDisabled(input: $input) { user { disabled } } }'
  const input = { ref: { name: { iamid: 'lines', userid: userName } }, disabled: true }
  const events = () => app.store.db.prisma.auditEvent.count({ where: { event: 'userDisabled', targetName: `lines/${userName}` } })
  expect((await app.graphql(disable, { input })).data.setUserDisabled.user.disabled).toBe(true)
  expect(await events()).toBe(2)
  await app.graphql(disable, { input })
  expect(await events()).toBe(2)
  expect((await idp.patch(`/Users/${id}`, { op: 'replace', path: 'active', value: true })).body.active).toBe(false)
})
