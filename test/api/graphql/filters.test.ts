// The filters of the lists that a service keeps small: each narrows, all narrow together, and what is malformed is refused by its name.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { toGlobalId } from '../../../src/api/graphql/node.ids.ts'
import { bootApp, type TestApp } from '../../harness/app.ts'
import { type Stock, stockUp } from './stock.ts'

let app: TestApp
let stock: Stock
beforeAll(async () => {
  app = await bootApp()
  stock = await stockUp(app.store, 12)
  await app.store.db.query(`UPDATE projects SET name = '100%_\\' , name_key = '100%_\\' WHERE id = $1`, [stock.projects[11]])
  await app.store.db.query(
    `UPDATE api_keys SET expires_at = now() - interval '1 second' WHERE id IN (SELECT min(id) FROM api_keys WHERE user_id = $1)`,
    [stock.users[0]],
  )
  await app.store.db.query(`UPDATE tokens SET impersonator_id = $2 WHERE id IN (SELECT min(id) FROM tokens WHERE user_id = $1)`, [
    stock.users[0],
    stock.users[1],
  ])
}, 120_000)
afterAll(() => app?.close())

/** What `select` shows of each node. */
async function found(list: string, args: string, select: string): Promise<unknown[]> {
  const { data, errors } = await app.graphql(`{ ${list}(first: 100, ${args}) { totalCount nodes { ${select} } } }`)
  expect(errors, args).toBeUndefined()
  expect(data[list].totalCount).toBe(data[list].nodes.length)
  return data[list].nodes.map((node: Record<string, unknown>) => node[select.split(':')[0]!])
}
const one = (table: string, where: string) =>
  app.store.db.query<{ id: number }>(`SELECT id FROM ${table} WHERE ${where} ORDER BY id`).then(rows => rows.map(({ id }) => id))

describe.each([
  ['projects', 'Project'],
  ['domains', 'Domain'],
  ['dataSources', 'DataSource'],
] as const)('%s', (list, type) => {
  test('by any part of the name, whatever its case', async () => {
    expect(await found(list, 'filter: { name: "TOCK 1" }', 'name')).toEqual([
      'Stock 1',
      'Stock 10',
      'Stock 11',
      ...(list === 'projects' ? [] : ['Stock 12']),
    ])
    expect(await found(list, 'filter: { name: "nothing like it" }', 'name')).toEqual([])
    expect(await found(list, 'filter: { name: "", ids: null }', 'name')).toHaveLength(12)
  })

  test('by ids, together with a part of the name', async () => {
    const ids = JSON.stringify(stock[list].slice(0, 3).map(id => toGlobalId(type, id)))
    expect(await found(list, `filter: { ids: ${ids} }`, 'id')).toHaveLength(3)
    const names = await found(list, `filter: { ids: ${ids} }`, 'name')
    expect(await found(list, `filter: { ids: ${ids}, name: "${names[0]}" }`, 'name')).toContain(names[0])
    expect(await found(list, 'filter: { ids: [] }', 'id')).toEqual([])
  })

  test('what is malformed is refused by its name', async () => {
    for (const [filter, field] of [
      [{ name: '\u0000' }, 'name'],
      [{ name: 'x'.repeat(1_025) }, 'name'],
      [{ ids: Array(1_001).fill(toGlobalId(type, list === 'domains' ? crypto.randomUUID() : 1)) }, 'ids'],
    ] as const) {
      const type = `${list[0]!.toUpperCase()}${list.slice(1, -1)}Filter`
      const { errors } = await app.graphql(`query ($filter: ${type}) { ${list}(filter: $filter) { totalCount } }`, { filter })
      expect(errors?.[0], field).toMatchObject({
        extensions: { code: 'BAD_USER_INPUT', field: expect.stringMatching(new RegExp(`\\b${field}$`)) },
      })
    }
  })
})

test('%, _ and \\ in a part of a name are taken literally', async () => {
  for (const part of ['100%', '%_', '_\\\\'])
    expect(await found('projects', `filter: { name: "${part}" }`, 'id: databaseId')).toEqual([stock.projects[11]])
  expect(await found('projects', 'filter: { name: "1__%" }', 'id')).toEqual([])
})

test('data sources by their owner', async () => {
  const owned = await one(
    'data_sources',
    `id IN (SELECT data_source_id FROM data_source_owners WHERE user_id = ${stock.users[4]})`,
  )
  expect(owned.length).toBeGreaterThan(0)
  expect(owned.length).toBeLessThan(12)
  expect(
    (await found('dataSources', `filter: { ownerId: "${toGlobalId('User', stock.users[4]!)}" }`, 'id: databaseId')).toSorted(),
  ).toEqual(owned.toSorted())
})

test('IAMs by type and by id', async () => {
  expect(await found('iams', 'filter: { types: [LDAP] }', 'iamid')).toHaveLength(12)
  expect(await found('iams', 'filter: { types: [LDAP], iamids: ["bim", "stock3"] }', 'iamid')).toEqual(['stock3'])
  expect(await found('iams', 'filter: { types: [] }', 'id')).toEqual([])
})

test('API keys by project and by whether they have expired', async () => {
  const of = `ref: { databaseId: ${stock.users[0]} }`
  const [all, expired] = [await found('apiKeys', of, 'id'), await found('apiKeys', `${of}, filter: { expired: true }`, 'id')]
  expect(all).toHaveLength(12)
  expect(expired).toEqual([all[0]])
  expect(await found('apiKeys', `${of}, filter: { expired: false }`, 'id')).toEqual(all.slice(1))
  expect(
    await found('apiKeys', `${of}, filter: { projectId: "${toGlobalId('Project', stock.projects[3]!)}" }`, 'id: databaseId'),
  ).toEqual(await one('api_keys', `user_id = ${stock.users[0]} AND project_id = ${stock.projects[3]}`))
})

test('tokens by the key they were issued with and by impersonation', async () => {
  const of = `ref: { databaseId: ${stock.users[0]} }`
  const all = await found('tokens', of, 'id')
  expect(all).toHaveLength(12)
  expect(await found('tokens', `${of}, filter: { impersonation: true }`, 'id')).toEqual([all[0]])
  expect(await found('tokens', `${of}, filter: { impersonation: false }`, 'id')).toEqual(all.slice(1))
  const [key] = await one('api_keys', `user_id = ${stock.users[0]} AND project_id = ${stock.projects[3]}`)
  expect(
    await found('tokens', `${of}, filter: { apiKeyId: "${toGlobalId('ApiKey', key!)}" }`, 'apiKey: apiKey { databaseId }'),
  ).toEqual([{ databaseId: key }])
})

test('memberships by the name they are ordered by', async () => {
  expect(await found('groupMembers', `ref: { databaseId: ${stock.groups[0]} }, filter: { name: "OCK 1" }`, 'name')).toEqual([
    'Stock 1',
    'Stock 10',
    'Stock 11',
    'Stock 12',
  ])
  const groups = await app.graphql(
    `{ userMemberships(ref: { databaseId: ${stock.users[0]} }, filter: { name: "OCK1" }, direction: DESC) { totalCount nodes { group { name } } } }`,
  )
  expect(groups.data.userMemberships).toEqual({
    totalCount: 4,
    nodes: ['stock12', 'stock11', 'stock10', 'stock1'].map(name => ({ group: { name } })),
  })
})

test('names of groups with any part, page by page', async () => {
  const page = async (args: string) =>
    (await app.graphql(`{ groupNames(filter: { name: "K1" }, ${args}) { nodes totalCount pageInfo { endCursor } } }`)).data
      .groupNames
  const first = await page('first: 2')
  expect(first).toMatchObject({ nodes: ['stock1', 'stock10'], totalCount: 4 })
  expect((await page(`first: 5, after: "${first.pageInfo.endCursor}"`)).nodes).toEqual(['stock11', 'stock12'])
})
