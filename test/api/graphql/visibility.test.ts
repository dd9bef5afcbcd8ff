// A field that the policy hides is null and listed once; one that has no value is only null.
import { readFileSync } from 'node:fs'
import { buildSchema, type GraphQLObjectType, getNamedType, isLeafType, isNonNullType, isRequiredArgument } from 'graphql'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { guardedFields, HiddenFields } from '../../../src/api/graphql/visibility.ts'
import { fields } from '../../../src/authorization/policy.ts'
import { bootApp, type TestApp } from '../../harness/app.ts'
import { stockUp } from './stock.ts'

const schema = buildSchema(readFileSync(new URL('../../../schema.graphql', import.meta.url), 'utf8'))
const fieldsOf = (type: string) => (schema.getType(type) as GraphQLObjectType).getFields()

let app: TestApp
let nobody: string
beforeAll(async () => {
  app = await bootApp()
  await stockUp(app.store, 3)
  nobody = (await app.as([])).token
})
afterAll(() => app.close())

describe('the table', () => {
  const guarded = Object.entries(guardedFields).flatMap(([type, groups]) =>
    Object.entries(groups).map(([field, group]) => ({ type, field, group })),
  )

  test.each(guarded)('$type.$field may be null', ({ type, field }) => {
    expect(isNonNullType(fieldsOf(type)[field]!.type)).toBe(false)
  })

  test('uses each field group of the policy', () => {
    expect([...new Set(guarded.map(({ group }) => group))].toSorted()).toEqual(Object.keys(fields).toSorted())
  })

  test.each(Object.keys(guardedFields))('has each field of %s whose description says that it is hidden', type => {
    const described = Object.values(fieldsOf(type)).filter(({ description }) => /\bhidden without\b/i.test(description ?? ''))
    expect(Object.keys(guardedFields[type]!)).toEqual(expect.arrayContaining(described.map(({ name }) => name)))
  })
})

const selection = (type: string) =>
  Object.keys(guardedFields[type]!)
    .map(name => {
      const named = getNamedType(fieldsOf(type)[name]!.type)
      if (isLeafType(named)) return name
      const given = fieldsOf(type)[name]!.args.some(isRequiredArgument) ? '(group: { id: 1 })' : ''
      return named.name.endsWith('Connection') ? `${name} { totalCount }` : `${name}${given} { __typename }`
    })
    .join(' ')
const under = (path: string, type: string) => Object.keys(guardedFields[type]!).map(field => `${path}.${field}`)

const LISTS = [
  {
    query: `{ users(first: 5) { nodes { ${selection('User')} profile { ${selection('Profile')} } } } }`,
    paths: [...under('users.nodes', 'User'), ...under('users.nodes.profile', 'Profile')],
  },
  { query: `{ groups(first: 5) { nodes { ${selection('Group')} } } }`, paths: under('groups.nodes', 'Group') },
  { query: `{ iams { nodes { ${selection('Iam')} } } }`, paths: under('iams.nodes', 'Iam') },
  {
    query: `query ($id: Int!) { groupMembers(ref: { databaseId: $id }) { edges { node { ${selection('Membership')} } } } }`,
    paths: under('groupMembers.edges.node', 'Membership'),
  },
]

describe('a response', () => {
  test.each(LISTS)('lists each hidden field once: $query', async ({ query, paths }) => {
    const { data } = await app.graphql('{ groups(filter: { name: "stock1" }) { nodes { id: databaseId } } }', {}, app.admin.token)
    const variables = query.startsWith('query') ? { id: data.groups.nodes[0].id } : {}
    const asked = await app.graphql(query, variables, nobody)
    expect(asked.errors).toBeUndefined()
    expect(asked.extensions.hidden).toEqual(paths.toSorted())
    const full = await app.graphql(query, variables, app.admin.token)
    expect(full.extensions).not.toHaveProperty('hidden')
  })

  test('names fields by their aliases, and lists a fragment in two places twice', async () => {
    const query = `{ first: users(first: 2) { nodes { ...F } } second: users(last: 2) { nodes { ...F } } }
      fragment F on User { person: profile { number: phone } }`
    const { extensions } = await app.graphql(query, {}, nobody)
    expect(extensions.hidden).toEqual(['first.nodes.person.number', 'second.nodes.person.number'])
  })

  test('lists none where the record is the own one', async () => {
    const { data, extensions } = await app.graphql('{ viewer { user { profile { phone } groups { totalCount } } } }', {}, nobody)
    expect(data.viewer.user.groups).toEqual({ totalCount: 0 })
    expect(extensions).not.toHaveProperty('hidden')
  })
})

test('a selection is looked at once, whatever its rows', () => {
  const hidden = new HiddenFields()
  const fieldNodes: [] = []
  let looked = 0
  const path = {
    get key() {
      looked++
      return 'phone'
    },
    prev: undefined,
    typename: undefined,
  }
  for (let row = 0; row < 1_000; row++) hidden.add({ fieldNodes, path })
  expect(hidden.paths).toEqual(['phone'])
  expect(looked).toBeLessThan(5)
})
