// Node: every object with an identity has a global id, and node and nodes give it to whom its list gives it.
import { buildSchema, isInterfaceType, isObjectType } from 'graphql'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fromGlobalId, type NodeType, nodeTypes, toGlobalId } from '../../../src/api/graphql/node.ids.ts'
import { schemaText } from '../../../src/api/graphql/schema.ts'
import { bootApp, type Person, type TestApp } from '../../harness/app.ts'
import { type Stock, stockUp } from './stock.ts'

let app: TestApp
let stock: Stock
let person: Person
let all: [NodeType, string][]
const idIn = (list: string, args = '') => `${list}(first: 1${args}) { nodes { id } }`

beforeAll(async () => {
  app = await bootApp()
  stock = await stockUp(app.store, 3)
  person = await app.as([])
  const { data, errors } = await app.graphql(`{
    ${idIn('users')} ${idIn('groups')} ${idIn('iams')} ${idIn('projects')} ${idIn('domains')} ${idIn('dataSources')}
    ${idIn('auditEvents')} ${idIn('syncRuns')} ${idIn('attributeKeys')} ${idIn('exchanges', ', iamid: "bim"')}
    ${idIn('syncEntries', `, ref: { databaseId: ${stock.sync} }`)}
    user(ref: { databaseId: ${stock.users[0]} }) {
      profile { id } ${idIn('memberships')} ${idIn('apiKeys')} ${idIn('tokens')} ${idIn('domainPermissions')}
    }
  }`)
  expect(errors).toBeUndefined()
  const { user, ...lists } = data
  const { profile, ...edges } = user
  const ids = [profile.id, ...Object.values({ ...lists, ...edges }).map((list: any) => list.nodes[0].id)]
  all = ids.map(id => [fromGlobalId(id)!.type, id])
}, 120_000)
afterAll(() => app?.close())

const nodesOf = async (ids: readonly string[], token?: string) =>
  app.graphql('query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }', { ids }, token)

describe('ids', () => {
  test('every type of the interface has one, and every type with an id of its own is one', () => {
    const schema = buildSchema(schemaText)
    const node = schema.getType('Node')
    if (!isInterfaceType(node)) throw new Error('Node is no interface')
    expect(
      schema
        .getPossibleTypes(node)
        .map(({ name }) => name)
        .toSorted(),
    ).toEqual([...nodeTypes].toSorted())
    const others = Object.values(schema.getTypeMap())
      .filter(isObjectType)
      .filter(type => type.getFields().id && !type.getInterfaces().includes(node))
    expect(others.map(({ name }) => name)).toEqual(['SourceId'])
  })

  test('what tells objects apart has one type everywhere, so that one selection spans all', () => {
    const schema = buildSchema(schemaText)
    for (const name of ['id', 'databaseId', 'uuid', 'iamid']) {
      const types = nodeTypes.flatMap(type => {
        const named = schema.getType(type)
        const field = isObjectType(named) ? named.getFields()[name] : undefined
        return field ? [String(field.type)] : []
      })
      expect(new Set(types).size, name).toBe(1)
    }
  })

  test.each([
    '',
    '1',
    'User:1',
    Buffer.from('User:0').toString('base64url'),
    Buffer.from('User:01').toString('base64url'),
    Buffer.from('User:2147483648').toString('base64url'),
    Buffer.from('Nothing:1').toString('base64url'),
    Buffer.from('toString:1').toString('base64url'),
    Buffer.from('Domain:x').toString('base64url'),
    Buffer.from('Iam:').toString('base64url'),
    `${toGlobalId('User', 1)}=`,
    ` ${toGlobalId('User', 1)}`,
    'VXNlcjox'.repeat(1_000),
  ])('%j is none', async id => {
    expect(fromGlobalId(id)).toBeNull()
    const { data, errors } = await nodesOf([id])
    expect(data.nodes).toBeNull()
    expect(errors![0].extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: 'ids[0]' })
  })

  test('two types make no difference to a cache: no id stands for two objects', () => {
    expect(new Set(all.map(([, id]) => id)).size).toBe(all.length)
    expect(all.map(([type]) => type).toSorted()).toEqual([...nodeTypes].toSorted())
  })
})

describe('nodes', () => {
  test('gives every type back, in the given order, with null for what is not there', async () => {
    const ids = all.map(([, id]) => id)
    const gone = toGlobalId('Group', 2_000_000_000)
    const { data, errors } = await nodesOf([...ids, gone, ids[0]!])
    expect(errors).toBeUndefined()
    expect(data.nodes).toEqual([...all, null, all[0]].map(pair => pair && { __typename: pair[0], id: pair[1] }))
  })

  test('asks what the list of the type asks', async () => {
    for (const [type, id] of all) {
      const { data, errors } = await app.graphql(`{ node(id: "${id}") { __typename } }`, undefined, person.token)
      const seen = data.node?.__typename ?? errors?.[0].extensions.code ?? null
      const own = { ApiKey: null, Token: null, Project: null } as Record<string, null>
      const listed = ['User', 'Profile', 'Group', 'Membership', 'Iam'].includes(type)
      expect(seen, type).toBe(listed ? type : type in own ? null : 'FORBIDDEN')
    }
  })

  test('hides what the list hides', async () => {
    const query = `{ node(id: "${toGlobalId('User', stock.users[0]!)}") { ... on User { userid authorizations profile { phone } } } }`
    const { data, extensions } = await app.graphql(query, undefined, person.token)
    expect(data.node).toEqual({ userid: expect.any(String), authorizations: null, profile: { phone: null } })
    expect(extensions.hidden).toEqual(['node.authorizations', 'node.profile.phone'])
  })

  test('takes one hundred ids, and costs by their number', async () => {
    const ids = Array.from({ length: 100 }, (_, index) => toGlobalId('User', index + 1))
    const { extensions, errors } = await nodesOf(ids)
    expect(errors).toBeUndefined()
    expect(extensions.cost).toBeGreaterThan(100)
    expect((await nodesOf([...ids, ids[0]!])).errors![0].extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: 'ids' })
  })

  test('is not for who is not signed in', async () => {
    const { errors } = await app.graphql(`{ node(id: "${all[0]![1]}") { id } }`, undefined, null)
    expect(errors![0].extensions.code).toBe('UNAUTHENTICATED')
  })
})
