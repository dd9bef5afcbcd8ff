// Every connection of the schema, in a store with many of everything: from both ends and by offset it shows the same list, each item
// once, and counts it. A connection that no path below reaches fails.
import { isUtf8 } from 'node:buffer'
import { readFileSync } from 'node:fs'
import { buildSchema, getNamedType, isObjectType } from 'graphql'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bootApp, type TestApp } from '../../harness/app.ts'
import { loopsOfSubSelects, sentBy } from '../../harness/plans.ts'
import { type Stock, stockUp } from './stock.ts'

const MANY = 23
const SIZE = 5

interface Page {
  totalCount: number
  pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; startCursor: string | null; endCursor: string | null }
  edges: { cursor: string; node: unknown }[]
}

let app: TestApp
let stock: Stock
beforeAll(async () => {
  app = await bootApp()
  stock = await stockUp(app.store, MANY)
  await app.store.db.query(
    `INSERT INTO audit_events (event, action, outcome, actor_kind, actor_name, target_type, target_id, request_id)
       SELECT 'userUpdated', 'user:updateProfile', 'done', 'machine', 'sync', 'user', $1::text, 'stock' FROM generate_series(1, $2::int)`,
    [String(stock.users[0]), MANY],
  )
}, 120_000)
afterAll(() => app?.close())

const user = () => `user(ref: { databaseId: ${stock.users[0]} })`
const ref = () => `ref: { databaseId: ${stock.users[0]} }`
const ONE: Record<string, string> = {
  attributeKeys: ', filter: { key: "key 1" }',
  permissions: ', filter: { search: "IAM_RULE" }',
}
const first = (root: string) => `${root}(first: 1${ONE[root] ?? ''})`

const sorted = (...fields: string[]) =>
  fields.flatMap(field => [`sort: { field: ${field} }`, `sort: { field: ${field}, direction: DESC }`])
const DIRECTIONS = ['direction: ASC', 'direction: DESC']

interface Place {
  /** The fields around it. */
  around?: () => string[]
  /** Its arguments beside the page's. */
  beside?: () => string
  /** Its orders beside the usual one. */
  orders?: string[]
  /** What tells its items apart; nothing where they are leaves. */
  item: string
  /** What else the store can bring along with its items. */
  along?: string
  /** Each of its items is found by a sub-select from the one before: those that are skipped as well. */
  stepwise?: boolean
}
const places: Record<string, Place> = {
  'Query.users': {
    beside: () => 'filter: { includeDisabled: true }',
    orders: sorted('NAME', 'USERID', 'EMAIL', 'IAMID', 'CREATED_AT', 'LAST_LOGIN'),
    item: 'id',
    along: 'permissions authorizations groups { nodes { id } }',
  },
  'Query.serviceAccounts': {
    orders: sorted('NAME', 'USERID', 'EMAIL', 'IAMID', 'CREATED_AT', 'LAST_LOGIN'),
    item: 'id',
    along: 'permissions authorizations groups { nodes { id } }',
  },
  'Query.userMemberships': { beside: ref, orders: DIRECTIONS, item: 'id' },
  'Query.groups': { orders: sorted('NAME', 'IAMID', 'CREATED_AT'), item: 'id' },
  'Query.groupNames': { orders: DIRECTIONS, item: '' },
  'Query.groupMembers': { beside: () => `ref: { databaseId: ${stock.groups[0]} }`, orders: DIRECTIONS, item: 'id' },
  'Query.attributeKeys': { orders: DIRECTIONS, item: 'key', stepwise: true },
  'Query.permissions': { orders: DIRECTIONS, item: 'name', stepwise: true },
  'Query.iams': { orders: DIRECTIONS, item: 'id', along: 'config' },
  'Query.userInfoDrift': { beside: () => 'iamid: "informed"', orders: DIRECTIONS, item: 'user { id }' },
  'Query.syncRuns': { orders: [], item: 'id' },
  'Query.syncEntries': { beside: () => `ref: { databaseId: ${stock.sync} }`, orders: [], item: 'id' },
  'Query.apiKeys': { beside: ref, orders: sorted('CREATED_AT', 'LAST_USED', 'EXPIRES_AT'), item: 'id' },
  'Query.tokens': { beside: ref, orders: sorted('CREATED_AT', 'LAST_USED', 'EXPIRATION'), item: 'id' },
  'Query.projects': { orders: sorted('NAME', 'CREATED_AT'), item: 'id' },
  'Query.domains': { orders: sorted('NAME', 'CREATED_AT'), item: 'id' },
  'Query.dataSources': { orders: sorted('NAME', 'CREATED_AT'), item: 'id' },
  'Query.exchanges': { beside: () => 'iamid: "bim", filter: { kind: USER_INFO }', item: 'id' },
  'Query.auditEvents': { beside: () => 'filter: { targetType: "user", actorId: null }', orders: DIRECTIONS, item: 'id' },
  'User.memberships': { around: () => [user()], item: 'id' },
  'User.groups': { around: () => [user()], item: 'id' },
  'User.apiKeys': { around: () => [user()], item: 'id' },
  'User.tokens': { around: () => [user()], item: 'id' },
  'Iam.users': { around: () => ['iam(iamid: "bim")'], item: 'id' },
  'Iam.syncRuns': { around: () => ['iam(iamid: "stock1")'], item: 'id' },
  'SyncRun.entries': { around: () => [`syncRun(ref: { databaseId: ${stock.sync} })`], item: 'id' },
  'User.auditEvents': { around: () => [user()], item: 'id' },
  'User.domainPermissions': { around: () => [user()], item: 'id' },
  'Group.members': { around: () => [first('groups'), 'nodes'], item: 'id' },
  'Project.members': { around: () => [first('projects'), 'nodes'], item: 'id' },
  'Domain.permissions': { around: () => [first('domains'), 'nodes'], item: 'id' },
  'DataSource.owners': { around: () => [first('dataSources'), 'nodes'], item: 'id' },
  'Permission.rules': { around: () => [first('permissions'), 'nodes'], item: 'iam { id } group', stepwise: true },
  'AttributeKey.values': { around: () => [first('attributeKeys'), 'nodes'], item: 'value', along: 'userCount groupCount' },
}

const schema = buildSchema(readFileSync(new URL('../../../schema.graphql', import.meta.url), 'utf8'))

test('every connection of the schema has its place here', () => {
  const connections = Object.values(schema.getTypeMap())
    .filter(isObjectType)
    .flatMap(type => Object.values(type.getFields()).map(field => ({ name: `${type.name}.${field.name}`, field })))
    .filter(({ field }) => getNamedType(field.type).name.endsWith('Connection'))
  expect(Object.keys(places).toSorted()).toEqual(connections.map(({ name }) => name).toSorted())
})

describe.each(Object.keys(places))('%s', name => {
  const field = name.split('.')[1]!
  const { around = () => [], beside, orders = [], item, along = '', stepwise = false } = places[name]!

  async function pageIn(order: string, args: string, extra = ''): Promise<Page> {
    const given = [beside?.(), order, args].filter(Boolean).join(', ')
    const asked = `${field}(${given}) { totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } edges { cursor node ${item && `{ ${item} ${extra} }`} } }`
    const outer = around()
    const { data, errors } = await app.graphql(
      `{ ${outer.map(step => `${step} { `).join('')}${asked}${' }'.repeat(outer.length)} }`,
    )
    expect(errors, asked).toBeUndefined()
    let found = data
    for (const step of [...outer.map(text => text.split('(')[0]!), field])
      found = Array.isArray(found[step]) ? found[step][0] : found[step]
    return found as Page
  }
  const nodes = ({ edges }: Page) => edges.map(edge => edge.node)

  test.each(['', ...orders])('shows the same list from the front, from the back and by offset %s', async order => {
    const page = (args: string) => pageIn(order, args)
    const whole = await page('first: 10000')
    const { totalCount } = whole
    const all = nodes(whole)
    expect(totalCount).toBe(all.length)
    // With more than three pages the ways of paging differ.
    expect(all.length).toBeGreaterThan(3 * SIZE)
    expect(new Set(all.map(node => JSON.stringify(node))).size).toBe(all.length)
    expect(whole.pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: false, startCursor: whole.edges[0]!.cursor })

    const forwards: unknown[] = []
    for (let after = '', more = true; more; ) {
      const found = await page(`first: ${SIZE}${after}`)
      expect(found.totalCount).toBe(totalCount)
      expect(found.pageInfo.hasPreviousPage).toBe(after !== '')
      forwards.push(...nodes(found))
      more = found.pageInfo.hasNextPage
      after = `, after: "${found.pageInfo.endCursor}"`
    }
    expect(forwards).toEqual(all)

    const backwards: unknown[] = []
    for (let before = '', more = true; more; ) {
      const found = await page(`last: ${SIZE}${before}`)
      expect(found.pageInfo.hasNextPage).toBe(before !== '')
      backwards.unshift(...nodes(found))
      more = found.pageInfo.hasPreviousPage
      before = `, before: "${found.pageInfo.startCursor}"`
    }
    expect(backwards).toEqual(all)

    const skipped = await page(`first: ${SIZE}, offset: ${SIZE}`)
    expect(nodes(skipped)).toEqual(all.slice(SIZE, 2 * SIZE))
    expect(skipped.pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: true })
    expect(nodes(await page(`first: ${SIZE}, offset: ${all.length}`))).toEqual([])
    expect(nodes(await page('first: 2'))).toEqual(all.slice(0, 2))
    // The cursor of an edge is as good as that of a page.
    expect(nodes(await page(`first: 1, after: "${whole.edges[3]!.cursor}"`))).toEqual([all[4]])
    // Encrypted: what stands in a cursor is no text, and so neither an id nor a value.
    for (const { cursor } of whole.edges) expect(isUtf8(Buffer.from(cursor, 'base64url')), cursor).toBe(false)
    expect(new Set(whole.edges.map(edge => edge.cursor)).size).toBe(all.length)
  })

  test.skipIf(stepwise)('reads what comes along only for the rows that are shown', async () => {
    const sent = await sentBy(app.store, () => pageIn('', `first: 2, offset: ${2 * SIZE}`, along))
    // One row more than asked tells whether there is another page.
    for (const statement of sent)
      for (const { name, loops } of await loopsOfSubSelects(app.store, statement))
        expect(loops, `${name} of ${statement.text}`).toBeLessThanOrEqual(3)
  })

  test('refuses pages that cannot be, naming the argument', async () => {
    for (const [args, at] of [
      ['first: 0', 'first'],
      ['first: 10001', 'first'],
      ['last: 10001', 'last'],
      ['offset: -1', 'offset'],
      ['after: "x"', 'after'],
      ['last: 1, before: "bm90IGEgY3Vyc29y"', 'before'],
      ['first: 1, last: 1', 'last'],
    ] as const) {
      const given = [beside?.(), args].filter(Boolean).join(', ')
      const outer = around()
      const { data, errors } = await app.graphql(
        `{ ${outer.map(step => `${step} { `).join('')}${field}(${given}) { totalCount }${' }'.repeat(outer.length)} }`,
      )
      expect(errors?.[0]?.extensions, `${args}: ${JSON.stringify(data)}`).toMatchObject({ code: 'BAD_USER_INPUT', field: at })
    }
  })

  const down = orders.filter(order => order.includes('DESC'))
  if (down.length === 0) return
  test('backwards is the other way round', async () => {
    for (const order of down) {
      const [falling, rising] = [await pageIn(order, 'first: 10000'), await pageIn(order.replace('DESC', 'ASC'), 'first: 10000')]
      expect(nodes(falling), order).toEqual(nodes(rising).toReversed())
    }
  })
})
