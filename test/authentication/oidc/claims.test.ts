import { describe, expect, test } from 'vitest'
import { identityFromClaims, isSameUserid } from '../../../src/federation/oidc-claims.ts'
import { Unauthenticated } from '../../../src/platform/errors.ts'

const iam = (options: object = {}, rest: object = {}) => ({ config: { options, ...rest } })
const identify = (claims: Record<string, unknown>, of = iam()) => identityFromClaims(of, { sub: 'ana', ...claims })

describe('who it is', () => {
  test.each<[string, object, Record<string, unknown>, string]>([
    ['sub by default', {}, {}, 'ana'],
    ['another claim', { userIdClaim: 'login' }, { login: 'Ana R' }, 'Ana R'],
    ['a claim with dots in its name', { userIdClaim: 'https://x.example/id' }, { 'https://x.example/id': 'a1' }, 'a1'],
    ['a number', { userIdClaim: 'oid' }, { oid: 12 }, '12'],
    ...[true, 'true', 'True', 'TRUE'].map((flag): [string, object, Record<string, unknown>, string] => [
      `an address that is verified: ${JSON.stringify(flag)}`,
      { userIdClaim: 'email' },
      { email: 'a@x.org', email_verified: flag },
      'a@x.org',
    ]),
    ...[undefined, false, 'false', 0].map((flag): [string, object, Record<string, unknown>, string] => [
      `an address with email_verified ${JSON.stringify(flag)}, where the IAM trusts all`,
      { userIdClaim: 'email', trustUnverifiedEmail: true },
      { email: 'a@x.org', ...(flag !== undefined && { email_verified: flag }) },
      'a@x.org',
    ]),
    ['another claim, whatever email_verified is', { userIdClaim: 'upn' }, { upn: 'a', email_verified: false }, 'a'],
  ])('%s', (_, options, claims, userid) => {
    expect(identify(claims, iam(options)).record.userid).toBe(userid)
  })

  test.each<[string, object, Record<string, unknown>]>([
    ['nothing', { userIdClaim: 'login' }, {}],
    ['what every object has', { userIdClaim: 'constructor' }, {}],
    ['nothing in it', { userIdClaim: 'login' }, { login: '' }],
    ['a list', { userIdClaim: 'login' }, { login: ['ana'] }],
    ['a number that JSON does not keep', { userIdClaim: 'oid' }, { oid: 2 ** 53 }],
    ['what is no userid', { userIdClaim: 'login' }, { login: '..' }],
    ...[undefined, null, false, 'false', 'False', '', 'yes', ' true', 0, 1, '1', [true], ['true'], { true: true }].map(
      (flag): [string, object, Record<string, unknown>] => [
        `an address with email_verified ${JSON.stringify(flag)}`,
        { userIdClaim: 'email' },
        { email: 'a@x.org', ...(flag !== undefined && { email_verified: flag }) },
      ],
    ),
  ])('not %s', (_, options, claims) => {
    expect(() => identify(claims, iam(options))).toThrow(Unauthenticated)
  })

  test.each([
    ['sub', 'ana', 'ana', true],
    ['sub', 'ana', 'Ana', false],
    ['email', 'ana@x.org', 'Ana@X.org', true],
    ['email', 'ana@x.org', '\uff41na@x.org', false],
    ['login', 'strasse', 'stra\u00dfe', false],
  ])('%s: held %s, claimed %s: %s', (userIdClaim, held, claimed, same) => {
    expect(isSameUserid(iam({ userIdClaim }), held, claimed)).toBe(same)
  })
})

describe('values', () => {
  const values = (claims: Record<string, unknown>, name: string) => identify(claims).record.values(name)
  test.each<[string, Record<string, unknown>, string, string[] | undefined]>([
    ['a text', { a: 'x' }, 'a', ['x']],
    ['a list', { a: ['x', 'y'] }, 'a', ['x', 'y']],
    ['none', { a: [] }, 'a', []],
    ['numbers and flags', { a: [1, true] }, 'a', ['1', 'true']],
    ['a step into an object', { address: { locality: 'Basel' } }, 'address.locality', ['Basel']],
    ['a name with dots before steps', { 'a.b': 'whole', a: { b: 'step' } }, 'a.b', ['whole']],
    ['null is not given', { a: null }, 'a', undefined],
    ['an object is no value', { a: { b: 1 } }, 'a', undefined],
    ['a list with an object is none', { a: ['x', {}] }, 'a', undefined],
    ['what every object has', {}, 'toString', undefined],
    ['a step into a text', { a: 'x' }, 'a.length', undefined],
  ])('%s', (_, claims, name, expected) => {
    expect(values(claims, name)).toEqual(expected)
  })
})

describe('groups', () => {
  const names = (claims: Record<string, unknown>, of = iam()) => {
    const { record, faults } = identify(claims, of)
    return { names: record.groups?.map(group => group.name) ?? null, faults: faults.length }
  }
  test.each<[string, Record<string, unknown>, string[] | null, number]>([
    ['a list', { groups: ['a', 'b'] }, ['a', 'b'], 0],
    ['one', { groups: 'a' }, ['a'], 0],
    ['none', { groups: [] }, [], 0],
    ['a missing claim is reported', {}, null, 1],
    ['so is null', { groups: null }, null, 1],
    ['so is a list of other values', { groups: ['a', { name: 'b' }] }, null, 1],
    ['so are too many to be included (Entra ID)', { _claim_names: { groups: 'src1' } }, null, 1],
  ])('%s', (_, claims, expected, faults) => {
    expect(names(claims)).toEqual({ names: expected, faults })
  })

  test('of another claim, and of none where they are not wanted', () => {
    expect(names({ roles: ['a'] }, iam({}, { schema: { group: { name: 'roles' } } }))).toEqual({ names: ['a'], faults: 0 })
    expect(names({}, iam({}, { authenticationOnly: true }))).toEqual({ names: null, faults: 0 })
    expect(names({}, iam({}, { supportedActions: ['syncAuthorizations'] }))).toEqual({ names: null, faults: 0 })
  })
})

describe('a mapped claim of a form that cannot be used is reported', () => {
  const schema = { profile: { name: 'name', phone: 'tel' }, externalUserIds: { hue: 'hue' }, authorizations: { Team: 'team' } }
  const fault = (name: string) => `the claim ${name} is neither a value nor a list of values: it was ignored`
  const faults = (claims: Record<string, unknown>, rest: object = {}) =>
    identify({ groups: [], ...claims }, iam({}, { schema, ...rest })).faults
  test.each<[string, unknown]>([
    ['a list of objects', [{ name: 'x' }]],
    ['an object', { a: true }],
    ['a list with null', ['x', null]],
    ['a list within a list', [['x']]],
  ])('%s', (_, form) => {
    for (const name of ['team', 'name', 'tel', 'hue']) expect(faults({ [name]: form })).toEqual([fault(name)])
    expect(faults({ unmapped: form })).toEqual([])
  })

  test('not what is missing, null, or not taken', () => {
    expect(faults({ team: null, name: 'x', tel: ['1', 2], hue: [] })).toEqual([])
    expect(faults({ team: {} }, { supportedActions: ['syncGroups'] })).toEqual([])
    expect(faults({ team: {}, name: {} }, { authenticationOnly: true })).toEqual([])
  })
})
