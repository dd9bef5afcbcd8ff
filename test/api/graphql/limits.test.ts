// The limits of the GraphQL API: explicit, with a clear message, and out of the way of what is sensible.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { LIMITS } from '../../../src/api/graphql/limits.ts'
import { send } from '../../contract/client.ts'
import { bootApp } from '../../harness/app.ts'

const app = await bootApp()
afterAll(() => app.close())

interface Body {
  data?: Record<string, unknown> | null
  errors?: { message: string; extensions: Record<string, unknown> }[]
  extensions?: { cost?: number }
}
/** As a client that takes GraphQL's own media type, to which a request that cannot be answered is a 4xx. */
const ask = (query: string, variables: object = {}, accept = 'application/graphql-response+json') =>
  send<Body>(app.url, 'POST', '/graphql', { token: app.admin.token, headers: { accept }, json: { query, variables } })

async function expectRefused(query: string, message: RegExp, variables: object = {}): Promise<void> {
  const answer = await ask(query, variables)
  expect(answer.status, answer.text.slice(0, 500)).toBe(400)
  expect(answer.body.data).toBeUndefined()
  expect(answer.body.errors![0]!.message).toMatch(message)
  expect(answer.body.errors![0]!.message).not.toMatch(/Syntax Error/)
  expect(answer.body.errors![0]!.extensions.code).toMatch(/^(BAD_USER_INPUT|GRAPHQL_VALIDATION_FAILED|GRAPHQL_PARSE_FAILED)$/)
  // To a client that takes plain JSON it is the same error under 200, as the specification has it.
  const plain = await ask(query, variables, 'application/json')
  expect(plain.body.errors![0]!.message).toMatch(message)
  expect(plain.body.data ?? null).toBeNull()
}

async function expectAnswered(query: string, variables: object = {}) {
  const answer = await ask(query, variables)
  expect(answer.body.errors, answer.text.slice(0, 500)).toBeUndefined()
  return answer.body
}

/** `user { currentProject { members { nodes { currentProject { … } } } } }`, this many levels of fields. */
const nested = (depth: number, at = 0): string =>
  at === depth - 1
    ? '__typename'
    : `${['currentProject', 'members(first: 1)', 'nodes'][(at - 2) % 3]} { ${nested(depth, at + 1)} }`
const deep = (depth: number) => `{ viewer { user { ${nested(depth, 2)} } } }`

describe('errors of fields', () => {
  test(`are ${LIMITS.fieldErrors} at most, and one says how many more there are`, async () => {
    await app.store.db.query(
      `INSERT INTO users (iamid, userid, userid_key, name, name_key)
       SELECT 'bim', 'many' || i, 'many' || i, 'many', 'many' FROM generate_series(1, 250) i`,
    )
    const { body } = await ask('{ users(first: 250) { nodes { memberships(first: -1) { nodes { group { name } } } } } }')
    const errors = body.errors!
    expect(errors).toHaveLength(LIMITS.fieldErrors + 1)
    expect(errors[0]).toMatchObject({ extensions: { code: 'BAD_USER_INPUT', field: 'first' } })
    expect(errors.at(-1)).toEqual({
      message: '150 more errors are left out: correct the first 100, or ask for fewer items',
      extensions: { code: 'BAD_USER_INPUT', requestId: expect.any(String) },
    })
    const few = await ask('{ users(first: 100) { nodes { memberships(first: -1) { nodes { group { name } } } } } }')
    expect(few.body.errors).toHaveLength(100)
    await app.store.db.query(`DELETE FROM users WHERE name = 'many'`)
  })
})

describe('depth', () => {
  test(`${LIMITS.depth} levels are answered, one more is refused`, async () => {
    await expectAnswered(deep(LIMITS.depth - 1))
    await expectRefused(deep(LIMITS.depth + 2), /depth limit of 15 exceeded/i)
  })

  test('in fragments too', async () => {
    const [outer, inner] = [deep(9).replace('__typename', '...F'), nested(12, 3)]
    await expectRefused(`${outer} fragment F on User { currentProject { ${inner} } }`, /depth/i)
  })

  test('introspection, as tools send it, is answered', async () => {
    const { getIntrospectionQuery } = await import('graphql')
    const { data } = await expectAnswered(getIntrospectionQuery({ descriptions: true, inputValueDeprecation: true }))
    expect(JSON.stringify(data).length).toBeGreaterThan(10_000)
  })
})

test(`${LIMITS.aliases} aliases are answered, more are refused`, async () => {
  const aliased = (count: number) => `{ ${Array.from({ length: count }, (_, i) => `a${i}: groupNames { nodes }`).join(' ')} }`
  await expectAnswered(aliased(LIMITS.aliases))
  await expectRefused(aliased(LIMITS.aliases + 1), /alias.* limit of 100 exceeded/i)
})

test(`more than ${LIMITS.tokens} tokens are refused`, async () => {
  const long = (count: number) => `{ users(filter: { ids: [${'"VXNlcjox" '.repeat(count)}] }) { nodes { id: databaseId } } }`
  await expectAnswered(long(1_000))
  expect((await ask(long(4_900))).body.errors![0]!.message).toBe('ids must have at most 1000 entries')
  await expectRefused(long(5_000), /more than 5000 tokens/i)
  await expectRefused(
    `mutation { updateProfile(input: { ref: { databaseId: 1 }, profile: { preferences: ${'['.repeat(10_000)} } }) { user { id: databaseId } } }`,
    /more than 5000 tokens|nested too deep/i,
  )
})

describe('documents that are too much for a parser or a validator', () => {
  const nest = (open: string, inner: string, close: string, levels: number) => open.repeat(levels) + inner + close.repeat(levels)
  const documents: [string, string, RegExp][] = [
    [
      'inline fragments',
      `{ viewer { ${nest('... { ', 'can', ' }', 1_600)} } }`,
      /A selection must not nest deeper than 64 levels/,
    ],
    [
      'objects',
      `{ users(filter: ${nest('{ a: ', '1', ' }', 1_200)}) { nodes { id: databaseId } } }`,
      /too deep|deeper than 64 levels|not defined/,
    ],
    [
      'lists',
      `{ users(filter: { ids: ${nest('[', '1', ']', 70)} }) { nodes { id: databaseId } } }`,
      /ID cannot represent|deeper than 64 levels/,
    ],
    ['types', `query ($a: ${nest('[', 'Int', ']', 2_400)}) { viewer { can } }`, /never used|too deep/],
    ['selections', `{ viewer { ${nest('user { ', 'id', ' }', 1_600)} } }`, /depth limit/],
    ['the same field', `{ viewer { ${'can '.repeat(4_900)} } }`, /too many of the same fields/],
    ['fragments in a circle', '{ viewer { ...A } } fragment A on Viewer { ...B } fragment B on Viewer { ...A }', /within itself/],
  ]
  test.each(documents)('%s', async (_, query, message) => {
    await expectRefused(query, message)
  })
})

describe('body', () => {
  const padded = (bytes: number) => ({
    token: app.admin.token,
    json: { query: '{ viewer { can } }', variables: { padding: 'x'.repeat(bytes) } },
  })

  test('1 MB is read', async () => {
    expect((await send<Body>(app.url, 'POST', '/graphql', padded(1_000_000))).status).toBe(200)
  })

  test('more is 413', async () => {
    const answer = await send<Body>(app.url, 'POST', '/graphql', padded(1_100_000))
    expect(answer.status).toBe(413)
    expect(answer.body.errors![0]).toEqual({
      message: 'The body must not be larger than 1048576 bytes',
      extensions: { code: 'PAYLOAD_TOO_LARGE', requestId: answer.headers.get('x-request-id') },
    })
  })

  test('JSON of more than 64 levels is 400', async () => {
    const raw = `{"query":"{ viewer { can } }","variables":{"a":${'['.repeat(10_000)}${']'.repeat(10_000)}}}`
    const answer = await send<Body>(app.url, 'POST', '/graphql', { token: app.admin.token, raw, type: 'application/json' })
    expect(answer.status).toBe(400)
    expect(answer.body.errors![0]).toMatchObject({
      message: 'body must not nest deeper than 64 levels',
      extensions: { code: 'BAD_USER_INPUT', field: 'body' },
    })
  })

  test('a batch is refused', async () => {
    const answer = await send<Body>(app.url, 'POST', '/graphql', {
      token: app.admin.token,
      json: [{ query: '{ viewer { can } }' }],
    })
    expect([answer.status, answer.body.errors?.[0]?.extensions.code]).toEqual([400, 'BAD_REQUEST'])
    expect(answer.text).not.toContain('"data"')
  })
})

describe('pages', () => {
  const lists = ['users', 'groups', 'projects', 'domains', 'dataSources', 'auditEvents', 'attributeKeys', 'iams', 'groupNames']

  test.each(lists)('%s: 10,000 are answered, 10,001 are refused, and so are none and fewer', async list => {
    const page = (first: number) => ask(`query ($first: Int) { ${list}(first: $first) { pageInfo { endCursor } } }`, { first })
    expect((await page(10_000)).body.errors).toBeUndefined()
    for (const first of [10_001, 0, -1]) {
      const answer = await page(first)
      expect(answer.body.errors![0], String(first)).toMatchObject({
        message: expect.stringMatching(/^first must be an integer from 1 to 10,?000/),
        extensions: { code: 'BAD_USER_INPUT', field: 'first' },
      })
      expect(answer.body.data).toEqual({ [list]: null })
    }
  })

  test('names and members of groups have the same limit', async () => {
    const { data } = await expectAnswered('mutation { createGroup(input: { name: "crew" }) { group { id: databaseId } } }')
    const { id } = (data as { createGroup: { group: { id: number } } }).createGroup.group
    await expectAnswered('{ groupNames(first: 10000) { nodes } }')
    for (const query of [
      '{ groupNames(first: 10001) { nodes } }',
      `{ groupMembers(ref: { databaseId: ${id} }, first: 10001) { nodes { name } } }`,
      `{ group(ref: { databaseId: ${id} }) { members(first: 10001) { nodes { name } } } }`,
      '{ users(last: 10001) { nodes { id: databaseId } } }',
    ]) {
      const answer = await ask(query)
      expect(answer.body.errors![0]!.message, query).toMatch(/must be an integer from 1 to 10,?000/)
    }
  })

  test('an offset below zero or beyond an integer is refused', async () => {
    for (const offset of [-1, 2_147_483_648, 1.5]) {
      const answer = await ask('query ($offset: Int) { users(offset: $offset) { nodes { id: databaseId } } }', { offset })
      expect(answer.body.errors![0]!.extensions, String(offset)).toMatchObject({ code: 'BAD_USER_INPUT', field: 'offset' })
    }
    expect((await expectAnswered('{ users(offset: 2147483647) { nodes { id: databaseId } } }')).data).toEqual({
      users: { nodes: [] },
    })
  })
})

describe('cost', () => {
  test('stands in the extensions of what is answered, errors of fields included', async () => {
    expect((await expectAnswered('{ viewer { can } }')).extensions).toEqual({ cost: 2 })
    const page = (first: number) =>
      expectAnswered('query ($first: Int) { users(first: $first) { nodes { id: databaseId } } }', { first })
    const [small, large] = [await page(1), await page(1_000)]
    expect([small.extensions!.cost, large.extensions!.cost]).toEqual([203, 2_201])
    const refused = await ask('{ user(ref: { name: { userid: "nobody" } }) { id: databaseId } }')
    expect(refused.body).toMatchObject({ data: { user: null }, extensions: { cost: 2 } })
  })

  test('10,000 users with 10,000 members of their groups are refused, with the number', async () => {
    const query = `query ($n: Int) { users(first: $n) { nodes { groups { nodes { members(first: $n) { nodes { name } } } } } } }`
    await expectRefused(query, /costs \d+, more than 1000000: request smaller pages or fewer fields/, { n: 10_000 })
    await expectAnswered(query, { n: 10 })
  })

  test('counts aliases, fragments and defaults of variables', async () => {
    const expensive = 'nodes { groups { nodes { members(first: 5000) { nodes { name } } } } }'
    await expectRefused(
      `{ ${['a', 'b', 'c', 'd'].map(name => `${name}: users(first: 10000) { nodes { groups { nodes { id name iamid } } } }`).join(' ')} }`,
      /costs \d+/,
    )
    await expectRefused(`{ users(first: 100) { ...F } } fragment F on UserConnection { ${expensive} }`, /costs \d+/)
    await expectRefused(`query ($n: Int = 10000) { users(first: $n) { ${expensive} } }`, /costs \d+/)
  })

  test('does not count what @skip and @include leave out', async () => {
    const query = `query ($with: Boolean!) { users(first: 10000) { nodes { id: databaseId groups @include(if: $with) { nodes { members(first: 1000) { nodes { name } } } } } } }`
    await expectRefused(query, /costs \d+/, { with: true })
    await expectAnswered(query, { with: false })
  })
})

describe('lists without pages', () => {
  const usual = LIMITS.items
  afterEach(() => {
    LIMITS.items = usual
  })
  const query = (first: number) =>
    `{ users(first: ${first}, sort: { field: CREATED_AT }) { nodes { userid attributes { key } } } }`
  beforeAll(async () => {
    for (const userid of ['one', 'two', 'three'])
      await expectAnswered(
        `mutation { createUser(input: { userid: "${userid}" }) { emailSent }
           replaceAttributes(input: { owner: { user: { name: { userid: "${userid}" } } }, attributes: { a: ["1", "2"], b: ["3"] } }) { owner { __typename } } }`,
      )
  })

  test('hold so many items in one answer; beyond, one error tells it and what follows is null', async () => {
    LIMITS.items = 3
    const { body } = await ask(query(4))
    expect(body.errors).toHaveLength(1)
    expect(body.errors![0]).toMatchObject({
      message: 'The response has more than 3 items in unpaged lists, such as attributes: request smaller pages',
      extensions: { code: 'BAD_USER_INPUT' },
    })
    const lists = (body.data as { users: { nodes: { userid: string; attributes: object[] | null }[] } }).users.nodes
    expect(lists.map(({ userid, attributes }) => [userid, attributes?.length ?? null])).toEqual([
      [app.admin.userid, 0],
      ['one', 2],
      ['two', null],
      ['three', null],
    ])
  })

  test('are counted for each operation alone, and not for the operations of REST routes', async () => {
    LIMITS.items = 2
    await expectAnswered(query(2))
    await expectAnswered(query(2))
    const { status, body } = await send<{ hits: object[] }>(app.url, 'GET', '/bim/user', { token: app.admin.token })
    expect([status, body.hits.length]).toEqual([200, 4])
  })
})

test('an unknown operation name, and several operations without one, are refused', async () => {
  const query = 'query A { viewer { can } } query B { viewer { scopes } }'
  for (const operationName of [undefined, 'C']) {
    const answer = await send<Body>(app.url, 'POST', '/graphql', { token: app.admin.token, json: { query, operationName } })
    expect(answer.status).toBe(400)
    expect(answer.body.errors![0]!.extensions.code).toBe('OPERATION_RESOLUTION_FAILURE')
  }
})
