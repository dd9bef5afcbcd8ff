// What no schema describes is kept, found, shown and changed alike: in the core, in the enterprise extension, in one that nobody configured.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { TestApp } from '../harness/app.ts'
import { boot, CORE, ENTERPRISE, GROUP, PATCH_OP, type Provider, provider } from './provider.ts'

const CUSTOM = 'urn:acme:scim:2.0:User'
let app: TestApp
let idp: Provider
let strict: Provider
let made = 0
beforeAll(async () => {
  app = await boot()
  idp = await provider(app, 'idp', { config: { schema: { attributeSchema: [{ scimSchema: CORE, prefix: 'Immuta' }] } } })
  strict = await provider(app, 'strict', { config: { strictScimSchema: true } })
})
afterAll(() => app.close())

/** A resource with the attribute where it stands, its path, and where it is in an answer. */
const places = [
  { where: 'core', path: (name: string) => name, body: (held: object) => held, held: (user: any) => user },
  {
    where: 'core by its URN',
    path: (name: string) => `${CORE}:${name}`,
    body: (held: object) => held,
    held: (user: any) => user,
  },
  {
    where: 'enterprise',
    path: (name: string) => `${ENTERPRISE}:${name}`,
    body: (held: object) => ({ [ENTERPRISE]: { department: 'x', ...held } }),
    held: (user: any) => user[ENTERPRISE] ?? {},
  },
  {
    where: 'custom',
    path: (name: string) => `${CUSTOM}:${name}`,
    body: (held: object) => ({ [CUSTOM]: { keeps: 'x', ...held } }),
    held: (user: any) => user[CUSTOM] ?? {},
  },
]

const found = async (filter: string, id: string) => {
  const { status, body } = await idp.get(`/Users?count=1000&filter=${encodeURIComponent(filter)}`)
  expect(status, `${filter} ${JSON.stringify(body)}`).toBe(200)
  return body.Resources.some((user: any) => user.id === id)
}
const attributes = async (userName: string): Promise<string[]> =>
  (
    await app.store.db.query<{ text: string }>(
      `SELECT a.key || ':' || a.value AS text FROM user_attributes a JOIN users u ON u.id = a.user_id WHERE u.userid = $1 ORDER BY 1`,
      [userName],
    )
  ).map(({ text }) => text)

describe.each(places)('an attribute of $where', ({ path, body, held }) => {
  const user = () =>
    idp.user(`u${++made}`, body({ dept: 'Research', teams: [{ name: 'red', lead: true }, { name: 'blue' }], flags: ['a', 'b'] }))

  test('is found', async () => {
    const { id } = await user()
    expect(await found(`${path('dept')} eq "research"`, id)).toBe(true)
    expect(await found(`${path('DEPT')} sw "Res"`, id)).toBe(true)
    expect(await found(`${path('dept')} eq "Sales"`, id)).toBe(false)
    expect(await found(`${path('dept')} pr`, id)).toBe(true)
    expect(await found(`${path('flags')} eq "b"`, id)).toBe(true)
    expect(await found(`${path('teams')}[name eq "red" and lead eq true]`, id)).toBe(true)
    expect(await found(`${path('teams')}[name eq "blue" and lead eq true]`, id)).toBe(false)
    expect(await found(`${path('teams.name')} eq "BLUE"`, id)).toBe(true)
  })

  test('is shown and left out', async () => {
    const { id } = await user()
    const shown = async (query: string) => held((await idp.get(`/Users/${id}?${query}`)).body)
    expect((await shown(`attributes=${path('dept')}`)).dept).toBe('Research')
    expect((await shown(`attributes=${path('dept')}`)).flags).toBeUndefined()
    expect((await shown(`attributes=${path('Teams.Name')}`)).teams).toEqual([{ name: 'red' }, { name: 'blue' }])
    expect((await shown(`excludedAttributes=${path('dept')}`)).dept).toBeUndefined()
    expect((await shown(`excludedAttributes=${path('dept')}`)).flags).toEqual(['a', 'b'])
  })

  test('is changed by every form of a PATCH', async () => {
    const { id } = await user()
    const changed = async (...operations: object[]) => {
      const answer = await idp.patch(`/Users/${id}`, ...operations)
      expect(answer.status, JSON.stringify(answer.body)).toBe(200)
      return held((await idp.get(`/Users/${id}`)).body)
    }
    expect((await changed({ op: 'replace', path: path('dept'), value: 'Sales' })).dept).toBe('Sales')
    expect(await changed({ op: 'Replace', path: path('DEPT'), value: 'Law' })).toMatchObject({ dept: 'Law' })
    expect((await changed({ op: 'replace', value: { [path('dept')]: 'Tax' } })).dept).toBe('Tax')
    expect((await changed({ op: 'replace', value: { [path('dept')]: 'Tax' } })).DEPT).toBeUndefined()
    expect((await changed({ op: 'add', path: path('flags'), value: 'c' })).flags).toEqual(['a', 'b', 'c'])
    expect((await changed({ op: 'replace', path: `${path('teams')}[name eq "red"].lead`, value: false })).teams).toEqual([
      { name: 'red', lead: false },
      { name: 'blue' },
    ])
    expect((await changed({ op: 'replace', path: `${path('teams')}[name eq "green"].lead`, value: true })).teams).toHaveLength(3)
    expect((await changed({ op: 'remove', path: `${path('teams')}[name eq "green"]` })).teams).toHaveLength(2)
    expect((await changed({ op: 'add', path: path('one.part'), value: 'x' })).one).toEqual({ part: 'x' })
    expect((await changed({ op: 'remove', path: path('dept') })).dept).toBeUndefined()
  })
})

describe('an extension that nobody configured', () => {
  test('is shown, added and removed as a whole by its URN', async () => {
    const { id } = await idp.user('whole', { [CUSTOM]: { team: 'red' } })
    expect((await idp.get(`/Users/${id}?attributes=${CUSTOM}`)).body[CUSTOM]).toEqual({ team: 'red' })
    expect((await idp.get(`/Users/${id}?excludedAttributes=${CUSTOM.toUpperCase()}`)).body[CUSTOM]).toBeUndefined()
    await idp.patch(`/Users/${id}`, { op: 'replace', value: { [CUSTOM]: { level: 3 } } })
    expect((await idp.get(`/Users/${id}`)).body[CUSTOM]).toEqual({ team: 'red', level: 3 })
    expect(await found(`${CUSTOM} pr`, id)).toBe(true)
    await idp.patch(`/Users/${id}`, { op: 'remove', path: CUSTOM })
    expect((await idp.get(`/Users/${id}`)).body[CUSTOM]).toBeUndefined()
    await idp.patch(`/Users/${id}`, { op: 'add', path: CUSTOM, value: { team: 'blue' } })
    expect((await idp.get(`/Users/${id}`)).body[CUSTOM]).toEqual({ team: 'blue' })
  })

  test('is described in /Schemas and /ResourceTypes with what was seen', async () => {
    await idp.user('described', { crew: 'x', [CUSTOM]: { roles: ['a'], boss: { name: 'B' }, on: true, size: 3 } })
    const schemas = (await idp.get('/Schemas')).body.Resources
    const custom = schemas.find((schema: any) => schema.id === CUSTOM)
    const seen = (name: string) => custom.attributes.find((attribute: any) => attribute.name === name)
    expect(seen('roles')).toMatchObject({ type: 'string', multiValued: true, mutability: 'readWrite' })
    expect(seen('boss')).toMatchObject({ type: 'complex', multiValued: false, subAttributes: [{ name: 'name', type: 'string' }] })
    expect([seen('on').type, seen('size').type]).toEqual(['boolean', 'decimal'])
    const core = schemas.find((schema: any) => schema.id === CORE)
    expect(core.attributes.filter(({ name }: any) => name === 'crew')).toHaveLength(1)
    const [user] = (await idp.get('/ResourceTypes')).body.Resources
    expect(user.schemaExtensions).toContainEqual({ schema: CUSTOM, required: false })
    const { schemas: named } = (await idp.get('/Users?filter=userName%20eq%20%22described%22')).body.Resources[0]
    expect(schemas.map((schema: any) => schema.id)).toEqual(expect.arrayContaining(named))
    expect((await strict.get('/ResourceTypes')).body.Resources[0].schemaExtensions).toEqual([
      { schema: ENTERPRISE, required: false },
    ])
  })

  test('stands in groups too', async () => {
    const answer = await idp.send('POST', '/Groups', {
      schemas: [GROUP],
      displayName: 'own',
      owner: 'x',
      'urn:acme:scim:2.0:Group': { kind: 'a' },
    })
    const path = `/Groups/${answer.body.id}`
    await idp.patch(
      path,
      { op: 'replace', path: 'owner', value: 'y' },
      { op: 'replace', path: 'urn:acme:scim:2.0:Group:kind', value: 'b' },
    )
    expect((await idp.get(path)).body).toMatchObject({ owner: 'y', 'urn:acme:scim:2.0:Group': { kind: 'b' } })
    expect((await idp.get(`/Groups?filter=${encodeURIComponent('owner eq "Y"')}`)).body.totalResults).toBe(1)
  })
})

test('the mapped attribute of the reference follows every change (core schema, dept)', async () => {
  const { id } = await idp.user('mapped', { dept: 'Engineering' })
  expect(await attributes('mapped')).toContain('Immuta.dept:Engineering')
  await idp.patch(`/Users/${id}`, { op: 'Replace', path: `${CORE}:dept`, value: 'Sales' })
  expect((await attributes('mapped')).filter(text => text.startsWith('Immuta.dept'))).toEqual(['Immuta.dept:Sales'])
  await idp.patch(`/Users/${id}`, { op: 'remove', path: 'dept' })
  expect((await attributes('mapped')).filter(text => text.startsWith('Immuta.dept'))).toEqual([])
})

test('a name of the enterprise extension without its URN is that attribute, unless the core of the resource holds it', async () => {
  const { id } = await idp.user('unqualified', { [ENTERPRISE]: { manager: { value: '42' }, department: 'R' } })
  expect(await found('manager eq "42"', id)).toBe(true)
  expect(await found('department eq "r"', id)).toBe(true)
  expect((await idp.get(`/Users/${id}?attributes=manager`)).body[ENTERPRISE]).toEqual({ manager: { value: '42' } })
  const own = await idp.user('own core', { department: 'Top' })
  expect(await found('department eq "top"', own.id)).toBe(true)
  await idp.patch(`/Users/${own.id}`, { op: 'replace', path: 'department', value: 'Down' })
  expect((await idp.get(`/Users/${own.id}`)).body).toMatchObject({ department: 'Down' })
})

describe('under strictScimSchema', () => {
  test.each([
    [{ op: 'replace', path: 'dept', value: 'x' }],
    [{ op: 'replace', value: { dept: 'x' } }],
    [{ op: 'add', path: `${ENTERPRISE}:dept`, value: 'x' }],
    [{ op: 'add', path: `${CUSTOM}:dept`, value: 'x' }],
    [{ op: 'add', path: 'name.dept', value: 'x' }],
    [{ op: 'remove', path: 'emails[colour eq "red"]' }],
  ])('%j is refused', async operation => {
    const { id } = await strict.user(`s${++made}`)
    expect(await strict.patch(`/Users/${id}`, operation)).toMatchObject({ status: 400, body: { scimType: 'invalidPath' } })
    expect((await strict.get(`/Users?filter=${encodeURIComponent('dept eq "x"')}`)).body.scimType).toBe('invalidFilter')
  })
})

test.each(['__proto__', 'constructor.x', 'a.__proto__', '1x', 'a b', 'x.y.z', `${'n'.repeat(255)}`])(
  'no path is %s',
  async path => {
    const { id } = await idp.user(`p${++made}`)
    const patch = { schemas: [PATCH_OP], Operations: [{ op: 'add', path, value: 'y' }] }
    expect(await idp.send('PATCH', `/Users/${id}`, patch)).toMatchObject({ status: 400, body: { scimType: 'invalidPath' } })
  },
)
