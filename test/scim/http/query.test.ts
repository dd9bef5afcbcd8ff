import { describe, expect, test } from 'vitest'
import { isShown, parseSearchQuery, parseSearchRequest } from '../../../src/scim/http/query.ts'

const SEARCH = 'urn:ietf:params:scim:api:messages:2.0:SearchRequest'
const query = (pairs: Record<string, string | string[]>) =>
  parseSearchQuery(new Map(Object.entries(pairs).map(([name, value]) => [name, [value].flat()])))
const body = (members: object) => parseSearchRequest({ schemas: [SEARCH], ...members })
const names = (count: number) => Array.from({ length: count }, (_, at) => `a${at}`)

test('a query and a body say the same', () => {
  const asked = {
    attributes: ['userName', 'emails.value'],
    excluded: [],
    filter: 'active eq true',
    sortBy: 'userName',
    descending: true,
    startIndex: -5,
    count: 10,
    cursor: undefined,
  }
  const shared = { filter: 'active eq true', sortBy: 'userName', sortOrder: 'Descending' }
  expect(query({ ...shared, ATTRIBUTES: ' userName ,emails.value,', startindex: '-5', count: '+10', other: 'x' })).toEqual(asked)
  expect(body({ ...shared, Attributes: ['userName', 'emails.value'], startIndex: -5, count: 10 })).toEqual(asked)
})

describe('is refused', () => {
  const refused = (scimType: string, field: string) => expect.objectContaining({ scimType, field })
  test.each([
    [{ count: 'x' }, 'invalidValue', 'count'],
    [{ count: '1.5' }, 'invalidValue', 'count'],
    [{ count: '12345678901' }, 'invalidValue', 'count'],
    [{ count: 'x', cursor: '' }, 'invalidCount', 'count'],
    [{ startIndex: '' }, 'invalidValue', 'startIndex'],
    [{ startIndex: '1', cursor: 'c' }, 'invalidValue', 'startIndex'],
    [{ sortOrder: 'up' }, 'invalidValue', 'sortOrder'],
    [{ attributes: 'a', excludedAttributes: 'b' }, 'invalidValue', 'excludedAttributes'],
  ])('the query %j', (pairs, scimType, field) => {
    expect(() => query(pairs as Record<string, string>)).toThrow(refused(scimType, field))
  })

  test.each([
    [{ count: '10' }, 'count'],
    [{ startIndex: 1.5 }, 'startIndex'],
    [{ attributes: 'userName' }, 'attributes'],
    [{ attributes: [7] }, 'attributes'],
    [{ filter: 7 }, 'filter'],
    [{ sortOrder: 'up' }, 'sortOrder'],
  ])('the body %j', (members, field) => {
    expect(() => body(members)).toThrow(refused('invalidValue', field))
  })

  test('a parameter that is repeated, and a message that is none', () => {
    expect(() => query({ filter: ['a', 'b'] })).toThrow(
      expect.objectContaining({ field: 'filter', message: 'filter must not be repeated' }),
    )
    expect(() => parseSearchRequest([])).toThrow(refused('invalidSyntax', 'body'))
    expect(() => parseSearchRequest({ schemas: [] })).toThrow(refused('invalidSyntax', 'schemas'))
  })

  test('more than 200 names', () => {
    expect(query({ attributes: names(200).join() }).attributes).toHaveLength(200)
    expect(() => query({ attributes: names(201).join() })).toThrow('at most 200 names')
    expect(() => body({ excludedAttributes: names(201) })).toThrow('at most 200 names')
  })
})

test.each([
  [{}, true],
  [{ attributes: 'groups' }, true],
  [{ attributes: 'GROUPS.value' }, true],
  [{ attributes: 'urn:ietf:params:scim:schemas:core:2.0:User:groups' }, true],
  [{ attributes: 'userName' }, false],
  [{ attributes: 'groupsOther' }, false],
  [{ excludedAttributes: 'Groups' }, false],
  [{ excludedAttributes: 'groups.value' }, true],
])('groups are shown for %j: %s', (pairs, shown) => {
  expect(isShown(query(pairs as Record<string, string>), 'groups')).toBe(shown)
})
