// PATCH as clients send it, by the client's name (Okta: "SCIM 2.0 protocol reference"; Entra ID: "Develop a SCIM endpoint"), and by RFC 7644 3.5.2.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { TestApp } from '../harness/app.ts'
import { boot, CORE, ENTERPRISE, expectRefused, GROUP, PATCH_OP, type Provider, provider } from './provider.ts'

let app: TestApp
let idp: Provider
let made = 0
beforeAll(async () => {
  app = await boot()
  idp = await provider(app, 'idp', { config: { schema: { attributeSchema: [{ scimSchema: 'urn:acme:User', prefix: 'Acme' }] } } })
})
afterAll(() => app.close())

const start = {
  displayName: 'Bea J',
  name: { givenName: 'Bea', familyName: 'J' },
  emails: [
    { value: 'w@x.org', type: 'work', primary: true },
    { value: 'h@x.org', type: 'home' },
  ],
  [ENTERPRISE]: { department: 'Ops' },
  'urn:acme:User': { role: ['dev'] },
}
/** A new user each, what the operations make of it, without what only we say. */
async function resultOf(...operations: object[]) {
  const { id } = await idp.user(`user${++made}`, start)
  const { status, body } = await idp.patch(`/Users/${id}`, ...operations)
  if (status !== 200) return { status, scimType: body.scimType }
  const { body: read } = await idp.get(`/Users/${id}`)
  expect(read).toEqual(body)
  const { id: _, meta: __, schemas: ___, userName: ____, ...rest } = read
  return rest
}
const changed = (change: object) => ({ ...start, active: true, ...change })

describe('Okta', () => {
  test.each<[string, object[], object]>([
    ['deactivates without a path', [{ op: 'replace', value: { active: false } }], { active: false }],
    ['activates without a path', [{ op: 'replace', value: { active: true } }], {}],
    [
      'updates a profile without a path, with the id in it',
      [{ op: 'replace', value: { id: 'whatever', schemas: [CORE], meta: {}, displayName: 'B', name: { givenName: 'B' } } }],
      { displayName: 'B', name: { givenName: 'B', familyName: 'J' } },
    ],
  ])('%s', async (_what, operations, change) => {
    expect(await resultOf(...operations)).toEqual(changed(change))
  })

  test('updates a group by replace without a path', async () => {
    const { id } = await idp.group('okta 1')
    expect((await idp.patch(`/Groups/${id}`, { op: 'replace', value: { id, displayName: 'okta 2' } })).status).toBe(204)
    expect((await idp.get(`/Groups/${id}`)).body.displayName).toBe('okta 2')
  })

  test('removes a member by a value path and adds by a list', async () => {
    const [a, b] = [await idp.user('okta a'), await idp.user('okta b')]
    const { id } = await idp.group('okta members', [a.id])
    await idp.patch(
      `/Groups/${id}`,
      { op: 'remove', path: `members[value eq "${a.id}"]` },
      { op: 'add', path: 'members', value: [{ value: b.id, display: 'okta b' }] },
    )
    expect((await idp.get(`/Groups/${id}`)).body.members).toMatchObject([{ value: b.id }])
  })

  test('replaces all members of a group', async () => {
    const [a, b] = [await idp.user('okta c'), await idp.user('okta d')]
    const { id } = await idp.group('okta all', [a.id])
    await idp.patch(`/Groups/${id}`, { op: 'replace', path: 'members', value: [{ value: b.id }] })
    expect((await idp.get(`/Groups/${id}`)).body.members).toMatchObject([{ value: b.id }])
  })

  test('asks for a user by name in any case, and by pages', async () => {
    await idp.user('Okta.Person@x.org')
    const filter = encodeURIComponent('userName eq "OKTA.PERSON@X.ORG"')
    const { body } = await idp.get(`/Users?filter=${filter}&startIndex=1&count=100`)
    expect(body).toMatchObject({
      totalResults: 1,
      startIndex: 1,
      itemsPerPage: 1,
      Resources: [{ userName: 'Okta.Person@x.org' }],
    })
  })
})

describe('Entra ID', () => {
  test.each<[string, object[], object]>([
    ['disables with a capital and a string', [{ op: 'Replace', path: 'active', value: 'False' }], { active: false }],
    ['enables with a capital and a string', [{ op: 'Replace', path: 'active', value: 'True' }], {}],
    [
      'adds names of dotted paths without a path',
      [{ op: 'Add', value: { 'name.givenName': 'Z', displayName: 'D', [`${ENTERPRISE}:department`]: 'R' } }],
      { name: { givenName: 'Z', familyName: 'J' }, displayName: 'D', [ENTERPRISE]: { department: 'R' } },
    ],
    [
      'adds to a value path that does not exist yet',
      [{ op: 'Add', path: 'emails[type eq "other"].value', value: 'o@x.org' }],
      { emails: [...start.emails, { type: 'other', value: 'o@x.org' }] },
    ],
    [
      'adds to a phone of a user without any',
      [{ op: 'Add', path: 'phoneNumbers[type eq "mobile"].value', value: '+41 2' }],
      { phoneNumbers: [{ type: 'mobile', value: '+41 2' }] },
    ],
    [
      'replaces at a value path',
      [{ op: 'Replace', path: 'emails[type eq "work"].value', value: 'n@x.org' }],
      { emails: [{ ...start.emails[0]!, value: 'n@x.org' }, start.emails[1]] },
    ],
    [
      'replaces the primary value, which it calls a string',
      [{ op: 'Replace', path: 'emails[primary eq "True"].value', value: 'n@x.org' }],
      { emails: [{ ...start.emails[0]!, value: 'n@x.org' }, start.emails[1]] },
    ],
    [
      'sets a manager as a string',
      [{ op: 'Add', path: `${ENTERPRISE}:manager`, value: '26' }],
      { [ENTERPRISE]: { department: 'Ops', manager: { value: '26' } } },
    ],
    [
      'sets a manager by its value',
      [{ op: 'Add', path: `${ENTERPRISE}:manager.value`, value: '26' }],
      { [ENTERPRISE]: { department: 'Ops', manager: { value: '26' } } },
    ],
    [
      'sets a manager as a list of one, without the URN',
      [{ op: 'Add', path: 'manager', value: [{ $ref: 'https://x.example/scim/Users/26', value: '26' }] }],
      { [ENTERPRISE]: { department: 'Ops', manager: { $ref: 'https://x.example/scim/Users/26', value: '26' } } },
    ],
    ['removes an attribute', [{ op: 'Remove', path: 'displayName' }], { displayName: undefined }],
    [
      'removes values by a list of them',
      [{ op: 'Remove', path: 'emails', value: [{ value: 'h@x.org' }] }],
      { emails: [start.emails[0]] },
    ],
    [
      'sets an extension of its own',
      [{ op: 'Add', path: 'urn:acme:User:role', value: ['dev', 'lead'] }],
      { 'urn:acme:User': { role: ['dev', 'lead'] } },
    ],
  ])('%s', async (_what, operations, change) => {
    expect(await resultOf(...operations)).toEqual(JSON.parse(JSON.stringify(changed(change))))
  })

  test('removes members by a list of values', async () => {
    const [a, b] = [await idp.user('entra a'), await idp.user('entra b')]
    const { id } = await idp.group('entra members', [a.id, b.id])
    await idp.patch(`/Groups/${id}`, { op: 'Remove', path: 'members', value: [{ $ref: null, value: a.id }] })
    expect((await idp.get(`/Groups/${id}`)).body.members).toMatchObject([{ value: b.id }])
  })

  test('looks a group up without its members, and asks whether somebody is in it', async () => {
    const a = await idp.user('entra c')
    const { id } = await idp.group('entra group', [a.id])
    const filter = (text: string) => encodeURIComponent(text)
    const found = await idp.get(`/Groups?excludedAttributes=members&filter=${filter('displayName eq "Entra Group"')}`)
    expect(found.body.Resources).toMatchObject([{ id, displayName: 'entra group' }])
    expect(found.body.Resources[0]).not.toHaveProperty('members')
    expect((await idp.get(`/Groups/${id}?excludedAttributes=members`)).body).not.toHaveProperty('members')
    const asked = await idp.get(`/Groups?attributes=id&filter=${filter(`id eq "${id}" and members eq "${a.id}"`)}`)
    expect(asked.body.Resources).toEqual([{ schemas: [GROUP], id }])
  })

  test('its flags in the address change nothing', async () => {
    expect((await idp.get('/Users?aadOptscim062020&count=1')).status).toBe(200)
  })

  test('a manager as a string in a whole resource', async () => {
    const user = await idp.user('managed', { [ENTERPRISE]: { manager: '26' } })
    expect(user[ENTERPRISE]).toEqual({ manager: { value: '26' } })
  })
})

describe('RFC 7644 3.5.2', () => {
  test.each<[string, object[], object]>([
    [
      'a new primary value takes it from the one before',
      [{ op: 'add', path: 'emails', value: [{ value: 'p@x.org', type: 'other', primary: true }] }],
      { emails: [{ ...start.emails[0], primary: false }, start.emails[1], { value: 'p@x.org', type: 'other', primary: true }] },
    ],
    ['adding a value twice is adding it once', [{ op: 'add', path: 'emails', value: { value: 'h@x.org', type: 'home' } }], {}],
    ['names are in any case', [{ op: 'replace', path: 'DISPLAYNAME', value: 'c' }], { displayName: 'c' }],
    [
      'the core schema may be named',
      [{ op: 'replace', path: `${CORE}:name.givenName`, value: 'c' }],
      { name: { givenName: 'c', familyName: 'J' } },
    ],
    [
      'replace of a list replaces all of it',
      [{ op: 'replace', path: 'emails', value: [{ value: 'o@x.org' }] }],
      { emails: [{ value: 'o@x.org' }] },
    ],
    ['null is no value', [{ op: 'replace', path: 'displayName', value: null }], { displayName: undefined }],
    [
      'an extension as a whole',
      [{ op: 'replace', value: { [ENTERPRISE]: { costCenter: '5' } } }],
      { [ENTERPRISE]: { department: 'Ops', costCenter: '5' } },
    ],
    ['an extension goes as a whole', [{ op: 'remove', path: ENTERPRISE }], { [ENTERPRISE]: undefined }],
    [
      'a value path removes values',
      [{ op: 'remove', path: 'emails[type eq "work" or value sw "q"]' }],
      { emails: [start.emails[1]] },
    ],
    [
      'a value path removes a part',
      [{ op: 'remove', path: 'emails[type eq "home"].type' }],
      { emails: [start.emails[0], { value: 'h@x.org' }] },
    ],
    ['nothing to be removed is removed already', [{ op: 'remove', path: 'nickName' }], {}],
  ])('%s', async (_what, operations, change) => {
    expect(await resultOf(...operations)).toEqual(JSON.parse(JSON.stringify(changed(change))))
  })

  test.each<[string, object, string]>([
    ['replace where no value matches', { op: 'replace', path: 'emails[type sw "oth"].value', value: 'o@x.org' }, 'noTarget'],
    [
      'add where the filter does not say what to make',
      { op: 'add', path: 'emails[type ne "work" and value sw "q"].display', value: 'o' },
      'noTarget',
    ],
    ['remove without a path', { op: 'remove' }, 'noTarget'],
    ['an operation that there is not', { op: 'merge', value: {} }, 'invalidSyntax'],
    ['no operation', { path: 'displayName', value: 'x' }, 'invalidSyntax'],
    ['id as a path', { op: 'replace', path: 'id', value: 'evil' }, 'mutability'],
    ['groups as a path', { op: 'add', path: 'groups', value: [{ value: 'x' }] }, 'mutability'],
    ['meta as a path', { op: 'replace', path: 'meta.version', value: 'x' }, 'mutability'],
    ['remove of what is required', { op: 'remove', path: 'userName' }, 'mutability'],
    ['a path that cannot be', { op: 'replace', path: 'nope.nope.nope', value: 1 }, 'invalidPath'],
    ['a name that cannot be, in a value', { op: 'replace', value: { 'no pe': 1 } }, 'invalidPath'],
    ['a part of what has none', { op: 'replace', path: 'userName.nope', value: 'x' }, 'invalidPath'],
    ['a filter of what is no list', { op: 'remove', path: 'name[givenName eq "Bea"]' }, 'invalidPath'],
    ['a filter that is none', { op: 'remove', path: 'emails[type eq]' }, 'invalidPath'],
    ['a path that does not end', { op: 'remove', path: 'emails[type eq "work"' }, 'invalidPath'],
    ['__proto__ as a path', { op: 'add', path: '__proto__.polluted', value: 'y' }, 'invalidPath'],
    ['constructor in an extension', { op: 'add', path: 'urn:acme:User:constructor', value: 'y' }, 'invalidPath'],
    ['__proto__ in an extension', { op: 'add', path: 'urn:acme:User:__proto__.polluted', value: 'y' }, 'invalidPath'],
    ['__proto__ in a filter', { op: 'add', path: 'emails[__proto__ eq "x"].value', value: 'y' }, 'invalidPath'],
    ['no value', { op: 'replace', path: 'displayName' }, 'invalidValue'],
    ['a value of another type', { op: 'replace', path: 'displayName', value: { a: 1 } }, 'invalidValue'],
    ['an active that is neither', { op: 'replace', path: 'active', value: 'no' }, 'invalidValue'],
    ['no object where there is no path', { op: 'replace', value: 'x' }, 'invalidValue'],
    ['an operation that is none', [] as object, 'invalidSyntax'],
    ['a word that is no part of an operation', { op: 'replace', path: 'displayName', value: 'x', where: 'y' }, 'invalidSyntax'],
  ])('400: %s', async (_what, operation, scimType) => {
    expect(await resultOf(operation)).toEqual({ status: 400, scimType })
    expect(({} as any).polluted).toBeUndefined()
  })

  test.each([
    ['no schemas', { Operations: [{ op: 'replace', path: 'title', value: 'x' }] }],
    ['no operations', { schemas: [PATCH_OP], Operations: [] }],
    ['operations that are no list', { schemas: [PATCH_OP], Operations: {} }],
  ])('400: %s', async (_what, body) => {
    const { id } = await idp.user(`body${++made}`)
    expect(await idp.send('PATCH', `/Users/${id}`, body)).toMatchObject({ status: 400, body: { scimType: 'invalidSyntax' } })
  })

  test('all operations or none', async () => {
    const { id } = await idp.user('atomic', { title: 'before' })
    const refused = await idp.patch(
      `/Users/${id}`,
      { op: 'replace', path: 'title', value: 'after' },
      { op: 'replace', path: 'active', value: 'no' },
    )
    expectRefused(refused, 400, 'invalidValue', /active/)
    expect((await idp.get(`/Users/${id}`)).body.title).toBe('before')
  })
})
