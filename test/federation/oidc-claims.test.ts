import { describe, expect, test } from 'vitest'
import { identityFromClaims, isSameUserid, isTrue, userIdClaimOf } from '../../src/federation/oidc-claims.ts'

const iam = (options: object = {}, more: object = {}) => ({ config: { options, ...more } })

describe('who it is', () => {
  test.each([
    [{ sub: 'ines' }, 'ines'],
    [{ sub: 7 }, '7'],
    [{ sub: Number.MAX_SAFE_INTEGER }, '9007199254740991'],
  ])('%j is %s', (claims, userid) => {
    expect(identityFromClaims(iam(), claims).record.userid).toBe(userid)
  })

  test.each([
    {},
    { sub: '' },
    { sub: null },
    { sub: Number.MAX_SAFE_INTEGER + 1 },
    { sub: 1.5 },
    { sub: ['ines'] },
    { sub: true },
  ])('%j does not say it', claims => {
    expect(() => identityFromClaims(iam(), claims)).toThrow(expect.objectContaining({ code: 'UNAUTHENTICATED' }))
  })

  test('is by sub unless another claim is configured', () => {
    expect([userIdClaimOf(iam()), userIdClaimOf(iam({ userIdClaim: 'upn' }))]).toEqual(['sub', 'upn'])
    expect(identityFromClaims(iam({ userIdClaim: 'upn' }), { sub: 'x', upn: 'ines' }).record.userid).toBe('ines')
  })

  test.each([
    ['sub', 'Ines', 'Ines', true],
    ['sub', 'Ines', 'ines', false],
    ['upn', 'Ines', 'ines', true],
    ['upn', 'straße', 'strasse', false],
  ])('by %s, %s and %s are the same: %s', (userIdClaim, held, claimed, same) => {
    expect(isSameUserid(iam({ userIdClaim }), held, claimed)).toBe(same)
  })
})

test.each([
  [true, true],
  ['true', true],
  ['TRUE', true],
  [' true', false],
  ['yes', false],
  [1, false],
  [false, false],
  [null, false],
])('%j is true: %s', (claim, is) => {
  expect(isTrue(claim)).toBe(is)
})

describe('values', () => {
  const read = (claims: object, name: string) => identityFromClaims(iam(), { sub: 'x', ...claims }).record.values(name)
  test.each([
    [{ a: 'x' }, 'a', ['x']],
    [{ a: ['x', 7, true] }, 'a', ['x', '7', 'true']],
    [{ a: { b: { c: 'x' } } }, 'a.b.c', ['x']],
    [{ 'a.b': 'whole', a: { b: 'step' } }, 'a.b', ['whole']],
    [{}, 'a', undefined],
    [{ a: null }, 'a', undefined],
    [{ a: {} }, 'a', undefined],
    [{ a: [['x']] }, 'a', undefined],
    [{}, 'toString', undefined],
    [{}, '__proto__', undefined],
  ])('of %j at %s are %j', (claims, name, found) => {
    expect(read(claims, name)).toEqual(found)
  })

  test('a mapped claim that is no value is a fault', () => {
    const mapped = iam({}, { schema: { profile: { name: 'n' } } })
    expect(identityFromClaims(mapped, { sub: 'x', n: {}, groups: [] }).faults).toEqual([
      'the claim n is neither a value nor a list of values: it was ignored',
    ])
  })
})

test.each([
  [{ groups: ['a', 'b'] }, ['a', 'b'], 0],
  [{ groups: 'a' }, ['a'], 0],
  [{ groups: [] }, [], 0],
  [{}, null, 1],
  [{ groups: null }, null, 1],
  [{ groups: [7] }, null, 1],
  [{ groups: {} }, null, 1],
])('groups of %j', (claims, names, faults) => {
  const result = identityFromClaims(iam(), { sub: 'x', ...claims })
  expect(result.record.groups?.map(({ name }) => name) ?? null).toEqual(names)
  expect(result.faults).toHaveLength(faults)
})
