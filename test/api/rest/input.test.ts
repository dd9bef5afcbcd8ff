// Queries, bodies and forms by the schemas of real rows: what is read, and how a fault is named.
import { describe, expect, test } from 'vitest'
import { type Fields, readBody, readQuery } from '../../../src/api/rest/request.schemas.ts'
import { routes } from '../../../src/api/rest/routes.ts'
import { Invalid } from '../../../src/platform/errors.ts'

const payloadOf = (method: string, path: string): Fields =>
  routes.find(row => row.methods[0] === method && row.path === path)!.payload!
const users = routes.find(row => row.path === '/bim/user')!.query!
const search = payloadOf('POST', '/bim/user/search')
const create = payloadOf('POST', '/bim/iam/bim/user')
const permissions = payloadOf('PUT', '/bim/iam/:iamid/user/:userid/permissions')
const replace = payloadOf('PUT', '/bim/iam/:iamid/:modelType/:modelId/authorizations')
const key = payloadOf('POST', '/bim/apikey')

function fault(read: () => unknown): string {
  try {
    read()
  } catch (error) {
    expect(error).toBeInstanceOf(Invalid)
    return (error as Invalid).message
  }
  throw new Error('It was not refused')
}

describe('query', () => {
  test('query: each parameter is read as what it is, lists are repeated, either spelling works', () => {
    const raw =
      'size=10000&offset=0&name=a+b&iamid=bim&profileIds=3&profileIds=4&excludeDeletediams=false&excludeBIM=true&sortOrder=desc'
    expect(readQuery(users, raw)).toEqual({
      size: 10_000,
      offset: 0,
      name: 'a b',
      iamid: ['bim'],
      profileIds: [3, 4],
      excludeDeletedIams: false,
      excludeBIM: true,
      sortOrder: 'desc',
    })
  })

  test('query: names that the row does not know are ignored, also those that every object has', () => {
    expect(readQuery(users, 'colour=red&toString=1&hasOwnProperty=2&colour=blue')).toEqual({})
  })

  test.each([
    ['size=0', 'size must be an integer from 1 to 10000'],
    ['size=10001', 'size must be an integer from 1 to 10000'],
    ['size=', 'size must be an integer from 1 to 10000'],
    ['size=1e1', 'size must be an integer from 1 to 10000'],
    ['offset=-1', 'offset must be an integer from 0 to 2147483647'],
    ['size=5&size=5', 'size must be given once'],
    ['excludebim=true&excludeBIM=true', 'excludeBIM must be given once, in one spelling'],
    ['includeDisabled=1', 'includeDisabled must be true or false'],
    ['sortField=phone', 'sortField must be one of name, createdAt, iamid, email, username, lastLogin'],
    ['sortOrder=', 'sortOrder must be one of asc, desc'],
    ['profileIds=a', 'profileIds must be a list of at most 1,000 entries, each an integer from 1 to 2147483647'],
    ['iamid[]=bim', 'iamid[] must be repeated, not written with brackets'],
  ])('query: ?%s is refused: %s', (raw, message) => {
    expect(fault(() => readQuery(users, raw))).toBe(message)
  })
})

describe('body', () => {
  test.each([
    [{}, 'userid is missing: it must be a string'],
    [{ userid: 7 }, 'userid must be a string'],
    [{ userid: 'x', iamid: 'north' }, 'iamid must be one of bim'],
    [{ userid: 'x', password: 7 }, 'password must be a string, or null'],
    [{ userid: 'x', profile: 'p' }, 'profile must be an object, or null'],
    [{ userid: 'x', profile: { name: 7 } }, 'profile.name must be a string, or null'],
    [{ userid: 'x', permissions: 'AUDIT' }, 'permissions must be a list of at most 1,000 entries, each a string'],
    [{ userid: 'x', permissions: [null] }, 'permissions must be a list of at most 1,000 entries, each a string'],
    ['x', 'body must be an object with userid'],
    [[], 'body must be an object with userid'],
    [null, 'body must be an object with userid'],
  ])('body: %j is refused: %s', (body, message) => {
    expect(fault(() => readBody(create, body, false))).toBe(message)
  })

  test('body: an unknown field is refused by the search, which names those it has, and ignored elsewhere', () => {
    expect(fault(() => readBody(search, { name: 'a', colour: 1 }, false))).toMatch(
      /^colour is not a field of this request; those are size, /,
    )
    expect(readBody(create, { userid: 'x', colour: 1 }, false)).toMatchObject({ userid: 'x' })
  })

  test('body: an invalid entry of a list names the list and the shape of its entries', () => {
    const message = /^userAttributes must be a list of at most 1,000 entries, each an object with key and value$/
    for (const wrong of ['x', [7], [{}], [{ key: 7 }], [{ key: 'a', value: 7 }]]) {
      expect(fault(() => readBody(search, { userAttributes: wrong }, false))).toMatch(message)
    }
  })

  test('body: a list at the limit is taken, and one entry more refused', () => {
    const ids = Array.from({ length: 1_000 }, (_, at) => at + 1)
    expect(readBody(search, { profileIds: ids }, false)).toEqual({ profileIds: ids })
    expect(fault(() => readBody(search, { profileIds: [...ids, 1] }, false))).toMatch(
      /^profileIds must be a list of at most 1,000/,
    )
  })

  test('body: a bare list stands for the object that has it', () => {
    expect(readBody(permissions, ['AUDIT'], false)).toEqual({ permissions: ['AUDIT'] })
    expect(readBody(permissions, { permissions: ['AUDIT'] }, false)).toEqual({ permissions: ['AUDIT'] })
    expect(fault(() => readBody(permissions, [7], false))).toMatch(/^permissions must be a list/)
  })

  test('body: the two spellings are one field', () => {
    expect(readBody(search, { excludebim: true }, false)).toEqual({ excludeBIM: true })
    expect(fault(() => readBody(search, { excludebim: true, excludeBIM: true }, false))).toBe(
      'excludebim must be given once, in one spelling',
    )
  })

  test('body: none at all is none of the fields, but to replace all attributes by nothing takes an empty object', () => {
    expect(readBody(search, undefined, false)).toEqual({})
    expect(readBody(replace, {}, false)).toEqual({})
    expect(fault(() => readBody(replace, undefined, false))).toBe('body is missing: it must be an object')
    for (const wrong of [{ desk: 'day' }, { desk: [7] }, { desk: [''] }, { desk: null }, { 'a\nb': 7 }]) {
      expect(fault(() => readBody(replace, wrong, false))).toMatch(
        /must be a list of at most 1,000 entries, each a string that is not empty$/,
      )
    }
  })

  test('body: a key without any body has neither attribute, one with a body has at least one', () => {
    expect(readBody(key, undefined, false)).toEqual({})
    expect(readBody(key, { name: 'a' }, false)).toEqual({ name: 'a' })
    expect(fault(() => readBody(key, {}, false))).toBe('body must have projectId or name, or be left out')
    expect(fault(() => readBody(key, { colour: 1 }, false))).toBe('body must have projectId or name, or be left out')
  })
})

describe('form', () => {
  test('form: texts become what the field is', () => {
    const form = { size: '5', includeDisabled: 'true', profileIds: '3', iamid: ['bim', 'north'], name: 'true', userid: '7' }
    expect(readBody(search, form, true)).toEqual({
      size: 5,
      includeDisabled: true,
      profileIds: [3],
      iamid: ['bim', 'north'],
      name: 'true',
      userid: '7',
    })
    expect(readBody(replace, { desk: 'day', port: ['Ghent', 'Oslo'] }, true)).toEqual({ desk: ['day'], port: ['Ghent', 'Oslo'] })
  })

  test.each([
    [{ size: 'five' }, 'size must be an integer from 1 to 10000'],
    [{ size: ['5', '5'] }, 'size must be given once'],
    [{ includeDisabled: 'yes' }, 'includeDisabled must be true or false'],
    [{ userAttributes: 'desk' }, 'userAttributes must be a list of at most 1,000 entries, each an object with key and value'],
  ])('form: %j is refused: %s', (form, message) => {
    expect(fault(() => readBody(search, form, true))).toBe(message)
  })

  test('form: in JSON the same texts are refused', () => {
    expect(fault(() => readBody(search, { size: '5' }, false))).toMatch(/^size must be/)
  })
})
