// Forms that providers send and suites check: values that are created, lists without duplicates, e-mails that are none, times, addresses.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { TestApp } from '../harness/app.ts'
import { answerOf, boot, CORE, ENTERPRISE, expectRefused, GROUP, PATCH_OP, type Provider, provider } from './provider.ts'

let app: TestApp
let idp: Provider
let made = 0
beforeAll(async () => {
  app = await boot()
  idp = await provider(app, 'idp')
})
afterAll(() => app.close())

const user = (rest: object = {}) => idp.user(`u${++made}`, rest)
const read = async (id: string) => (await idp.get(`/Users/${id}`)).body
const patch = (id: string, ...operations: object[]) => idp.patch(`/Users/${id}`, ...operations)

describe('replace by a value path (Entra ID)', () => {
  test.each([
    ['phoneNumbers[type eq "mobile"].value', '+41', 'phoneNumbers', [{ type: 'mobile', value: '+41' }]],
    ['emails[type eq "work"]', { value: 'a@x.org' }, 'emails', [{ type: 'work', value: 'a@x.org' }]],
    ['addresses[type eq "work"].locality', 'Bern', 'addresses', [{ type: 'work', locality: 'Bern' }]],
    ['roles[primary eq true].value', 'chief', 'roles', [{ primary: true, value: 'chief' }]],
  ])('%s creates the value, and the rest of the PATCH applies', async (path, value, name, expected) => {
    const { id } = await user()
    const operations = [
      { op: 'Replace', path, value },
      { op: 'Replace', path: 'active', value: 'False' },
    ]
    expect((await patch(id, ...operations)).status).toBe(200)
    expect(await read(id)).toMatchObject({ active: false, [name]: expected })
  })

  test.each([
    'emails[type ne "work"].value',
    'emails[type eq "other" and primary eq true].value',
    'emails[type eq "other" or type eq "home"].value',
    'emails[type sw "oth"].value',
    'emails[not (type eq "other")].value',
  ])('%s without a match is noTarget, and nothing applies', async path => {
    const { id } = await user({
      emails: [{ type: 'work', value: 'w@x.org' }].slice(path.includes('not') || path.includes('ne') ? 1 : 0),
    })
    if (path.includes('not')) await patch(id, { op: 'add', path: 'emails', value: [{ type: 'other', value: 'o@x.org' }] })
    const answer = await patch(id, { op: 'replace', path: 'active', value: false }, { op: 'replace', path, value: 'n@x.org' })
    expect(answer).toMatchObject({ status: 400, body: { scimType: 'noTarget' } })
    expect((await read(id)).active).toBe(true)
  })

  test('by nothing creates nothing', async () => {
    const { id } = await user()
    expect((await patch(id, { op: 'replace', path: 'phoneNumbers[type eq "mobile"].value', value: null })).status).toBe(200)
    expect((await read(id)).phoneNumbers).toBeUndefined()
  })
})

describe('values', () => {
  test('one value of one type is stored once, on every API', async () => {
    const twice = [
      { type: 'work', value: 'a@x.org', display: 'A' },
      { type: 'Work', value: 'A@x.org', primary: true },
      { type: 'home', value: 'a@x.org' },
    ]
    const once = [
      { type: 'Work', value: 'A@x.org', display: 'A', primary: true },
      { type: 'home', value: 'a@x.org' },
    ]
    const { id, userName, emails } = await user({ emails: twice })
    expect(emails).toEqual(once)
    expect((await idp.send('PUT', `/Users/${id}`, { schemas: [CORE], userName, emails: twice })).body.emails).toEqual(once)
    await patch(id, { op: 'add', path: 'emails', value: twice })
    expect((await read(id)).emails).toEqual(once)
    await patch(id, { op: 'replace', path: 'emails[type eq "home"].type', value: 'work' })
    expect((await read(id)).emails).toHaveLength(1)
  })

  test('an e-mail that is no address stays in the resource, the profile keeps its own, and the exchange says so', async () => {
    const { id, userName } = await user({ emails: [{ value: 'good@x.org' }] })
    const emails = [{ value: 'not an address' }]
    const answer = await idp.send('PUT', `/Users/${id}`, { schemas: [CORE], userName, displayName: 'Next', emails })
    expect(answer).toMatchObject({ status: 200, body: { displayName: 'Next', emails } })
    expect(await app.store.db.query('SELECT email, name FROM users WHERE userid = $1', [userName])).toEqual([
      { email: 'good@x.org', name: 'Next' },
    ])
    const { data } = await app.graphql('{ exchanges(iamid: "idp", first: 1) { nodes { operation status failure } } }')
    expect(data.exchanges.nodes).toEqual([
      {
        operation: `PUT /Users/${id}`,
        status: 200,
        failure: expect.stringMatching(/^emails must be an e-mail address: it is kept in the resource/),
      },
    ])
    expect((await idp.send('POST', '/Users', { schemas: [CORE], userName: 'no mail', emails })).status).toBe(201)
    expect(await app.store.db.query(`SELECT email FROM users WHERE userid = 'no mail'`)).toEqual([{ email: null }])
  })

  test('what else a profile cannot hold is refused by the name of the attribute', async () => {
    const answer = await idp.send('POST', '/Users', { schemas: [CORE], userName: 'long', displayName: 'x'.repeat(300) })
    expect(answer).toMatchObject({
      status: 400,
      body: { scimType: 'invalidValue', detail: expect.stringMatching(/^displayName /) },
    })
  })

  test.each([[''], [{ value: '' }], [{ value: null }]])('a manager of %j takes the manager away', async value => {
    const manager = { value: '7' }
    const name = { givenName: 'A' }
    const by = [
      (id: string, _: string) => patch(id, { op: 'replace', path: 'manager', value }),
      (id: string, _: string) => patch(id, { op: 'Add', path: `${ENTERPRISE}:manager`, value }),
      (id: string, _: string) => patch(id, { op: 'replace', value: { [ENTERPRISE]: { manager: value } } }),
      (id: string, userName: string) =>
        idp.send('PUT', `/Users/${id}`, { schemas: [CORE], userName, name, [ENTERPRISE]: { manager: value, department: 'R' } }),
    ]
    for (const send of by) {
      const { id, userName } = await user({ name, [ENTERPRISE]: { manager, department: 'R' } })
      expect((await send(id, userName)).status).toBe(200)
      expect(await read(id)).toMatchObject({ name, [ENTERPRISE]: { department: 'R' } })
      expect((await read(id))[ENTERPRISE].manager).toBeUndefined()
    }
  })

  test('a complex attribute of nothing but null is unassigned', async () => {
    const nothing = { givenName: null, familyName: null }
    const { id, userName, name } = await user({ name: nothing, badge: { a: null } })
    expect(name).toBeUndefined()
    expect((await read(id)).badge).toBeUndefined()
    await patch(id, { op: 'add', path: 'name', value: nothing })
    expect((await read(id)).name).toBeUndefined()
    await idp.send('PUT', `/Users/${id}`, { schemas: [CORE], userName, name: { givenName: 'A' } })
    await patch(id, { op: 'replace', path: 'name', value: nothing })
    expect((await read(id)).name).toBeUndefined()
  })

  test('a password is passed over wherever it stands', async () => {
    const { id, userName } = await user({ password: 'secret password' })
    const forms = [
      { op: 'replace', path: 'password', value: 'secret password' },
      { op: 'add', path: `${CORE}:password`, value: 'secret password' },
      { op: 'remove', path: 'password' },
      { op: 'replace', value: { password: 'secret password', title: 'T' } },
    ]
    expect((await patch(id, ...forms)).status).toBe(200)
    expect((await idp.send('PUT', `/Users/${id}`, { schemas: [CORE], userName, title: 'T', password: 'x' })).body.title).toBe('T')
    const rows = await app.store.db.query<{ scim: object }>('SELECT scim FROM users WHERE userid = $1', [userName])
    expect(JSON.stringify(rows)).not.toContain('password')
  })
})

describe('groups', () => {
  test('PUT without members leaves them, and an empty list empties', async () => {
    const { id: member } = await user()
    const { id } = await idp.group('kept', [member])
    const put = async (rest: object) =>
      (await idp.send('PUT', `/Groups/${id}`, { schemas: [GROUP], displayName: 'kept', ...rest })).body.members?.length ?? 0
    expect(await put({})).toBe(1)
    expect(await put({ externalId: '1' })).toBe(1)
    expect(await put({ members: [] })).toBe(0)
  })

  test('a member of another type is refused by the name of the type', async () => {
    const { id: value } = await user()
    const members = [{ value, type: 'Device' }]
    expect((await idp.send('POST', '/Groups', { schemas: [GROUP], displayName: 'x', members })).body).toMatchObject({
      scimType: 'invalidValue',
      detail: expect.stringMatching(/^members\.type must be User, not .*Device/),
    })
  })

  test('one of 16 MB is accepted, one byte more is 413', async () => {
    const body = (bytes: number) => {
      const text = JSON.stringify({ schemas: [GROUP], displayName: 'wide', members: [] })
      return `${text.slice(0, -1) + ' '.repeat(bytes - text.length)}}`
    }
    expect((await idp.send('POST', '/Groups', body(16 * 1024 * 1024))).status).toBe(201)
    expectRefused(await idp.send('POST', '/Groups', body(16 * 1024 * 1024 + 1)), 413)
    const { body: config } = await idp.get('/ServiceProviderConfig')
    expect(config.bulk.maxPayloadSize).toBe(16 * 1024 * 1024)
  })
})

describe('addresses and messages', () => {
  test('Location names the resource on every answer with one', async () => {
    const { id, userName } = await user()
    const { id: group } = await idp.group('located')
    const [at, there] = [`${idp.url}/Users/${id}`, `${idp.url}/Groups/${group}`]
    const location = async (answer: Promise<{ headers: Headers }>) => (await answer).headers.get('location')
    expect(await location(idp.get(`/Users/${id}`))).toBe(at)
    expect(await location(idp.send('PUT', `/Users/${id}`, { schemas: [CORE], userName }))).toBe(at)
    expect(await location(patch(id, { op: 'add', path: 'title', value: 'T' }))).toBe(at)
    expect(await location(idp.get(`/Groups/${group}`))).toBe(there)
    expect(await location(idp.patch(`/Groups/${group}`, { op: 'add', path: 'externalId', value: '1' }))).toBe(there)
  })

  test('the URNs of messages are compared without case', async () => {
    const { id } = await user()
    const schemas = [PATCH_OP.toUpperCase()]
    expect(
      (await idp.send('PATCH', `/Users/${id}`, { schemas, Operations: [{ op: 'add', path: 'title', value: 'T' }] })).status,
    ).toBe(200)
    const search = ['urn:ietf:params:scim:api:messages:2.0:searchrequest']
    expect((await idp.send('POST', '/Users/.search', { schemas: search, count: 1 })).status).toBe(200)
    const bulk = ['urn:ietf:params:scim:api:messages:2.0:bulkrequest']
    expect((await idp.send('POST', '/Bulk', { schemas: bulk, Operations: [] })).status).toBe(200)
  })

  test('failOnErrors of 0 sets no limit', async () => {
    const fails = { method: 'DELETE', path: '/Users/11111111-2222-3333-4444-555555555555' }
    const schemas = ['urn:ietf:params:scim:api:messages:2.0:BulkRequest']
    const run = async (failOnErrors: number) =>
      (await idp.send('POST', '/Bulk', { schemas, failOnErrors, Operations: [fails, fails, fails] })).body.Operations.length
    expect([await run(0), await run(1), await run(2)]).toEqual([3, 1, 2])
  })

  test('doubled slashes after the base address, and the base address itself', async () => {
    const { id } = await user()
    expect((await idp.get(`//Users/${id}`)).body.id).toBe(id)
    expect((await idp.get('')).body.schemas).toEqual(['urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig'])
    expectRefused(await answerOf(await fetch(`${idp.url}//Users/${id}`)), 401)
    expectRefused(await answerOf(await fetch(idp.url)), 401)
  })

  test('canonical values are those of RFC 7643 8.7.1', async () => {
    const { body } = await idp.get('/Schemas')
    const typeOf = (schema: string, name: string) =>
      body.Resources.find((one: any) => one.id === schema)
        .attributes.find((one: any) => one.name === name)
        .subAttributes.find((one: any) => one.name === 'type').canonicalValues
    expect(typeOf(GROUP, 'members')).toEqual(['User'])
    expect(typeOf(CORE, 'emails')).toEqual(['work', 'home', 'other'])
    expect(typeOf(CORE, 'phoneNumbers')).toEqual(['work', 'home', 'mobile', 'fax', 'pager', 'other'])
    expect(typeOf(CORE, 'ims')).toEqual(['aim', 'gtalk', 'icq', 'xmpp', 'msn', 'skype', 'qq', 'yahoo'])
    expect(typeOf(CORE, 'photos')).toEqual(['photo', 'thumbnail'])
    expect(typeOf(CORE, 'addresses')).toEqual(['work', 'home', 'other'])
    expect(typeOf(CORE, 'groups')).toEqual(['direct', 'indirect'])
  })
})

describe('times', () => {
  const count = async (time: string) =>
    (await idp.get(`/Users?count=0&filter=${encodeURIComponent(`meta.lastModified gt "${time}"`)}`)).body.totalResults

  test('without an offset are UTC', async () => {
    await user()
    const at = (shift: number) => new Date(Date.now() + shift).toISOString()
    for (const written of [at(60_000), at(-60_000)]) {
      const bare = written.slice(0, -1)
      expect(await count(bare), bare).toBe(await count(written))
      expect(await count(bare.replace('T', ' '))).toBe(await count(written))
    }
    expect(await count('2026-11-29T23:00:00+14:00')).toBeGreaterThan(0)
  })

  test.each([
    '2027-02-30',
    '2027-02-30T00:00:00Z',
    '2027-13-01T00:00:00Z',
    '2026-01-01T24:00:00Z',
    '2026-01-01T00:60:00',
    '1',
    'Nov 30 2026',
  ])('%s is none', async time => {
    const answer = await idp.get(`/Users?filter=${encodeURIComponent(`meta.created gt "${time}"`)}`)
    expect(answer).toMatchObject({ status: 400, body: { scimType: 'invalidFilter' } })
    const { errors } = await app.graphql('query ($from: DateTime) { auditEvents(filter: { from: $from }) { nodes { id } } }', {
      from: time,
    })
    expect(errors?.[0].message).toMatch(/DateTime must be a time/)
  })

  test('mean the same in GraphQL', async () => {
    const total = async (from: string) =>
      (await app.graphql('query ($from: DateTime) { auditEvents(filter: { from: $from }) { totalCount } }', { from })).data
        .auditEvents.totalCount
    const past = new Date(Date.now() - 60_000).toISOString()
    expect(await total(past.slice(0, -1))).toBe(await total(past))
    const ahead = new Date(Date.now() + 60_000).toISOString()
    expect(await total(ahead.slice(0, -1))).toBe(0)
  })
})

describe('discovery without a key', () => {
  test.each(['ServiceProviderConfig', 'ResourceTypes', 'ResourceTypes/User', 'Schemas', `Schemas/${CORE}`])(
    '%s is static',
    async path => {
      await idp.user(`extended ${path}`, { own: 1, 'urn:acme:scim:2.0:User': { x: 1 } })
      const get = async (iamid: string) => {
        const response = await fetch(`${app.url}/scim/v2/${iamid}/${path}`)
        return { status: response.status, text: (await response.text()).replaceAll(`/scim/v2/${iamid}/`, '/scim/v2/x/') }
      }
      const known = await get('idp')
      expect(known.status).toBe(200)
      expect(known.text).not.toMatch(/acme|"own"/)
      expect(await get('nobody')).toEqual(known)
      expect(await get('bim')).toEqual(known)
    },
  )

  test('nothing else is, and a wrong key is refused', async () => {
    const ask = async (path: string, init: RequestInit = {}) => answerOf(await fetch(`${idp.url}${path}`, init))
    expectRefused(await ask('/Users'), 401)
    expectRefused(await ask('/Schemas/x/y'), 401)
    expectRefused(await ask('/Schemas/nope'), 404)
    expectRefused(await ask('/Schemas', { method: 'POST', body: '{}' }), 401)
    expectRefused(await ask('/Schemas?filter=x'), 403)
    expectRefused(await ask('/Schemas', { headers: { authorization: 'Bearer rs_wrong' } }), 401)
    expect((await ask('/Schemas', { method: 'HEAD' })).status).toBe(200)
  })
})
