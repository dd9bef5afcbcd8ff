// S4: long answers are made and written in pieces, and bounded in bytes; what costs the store is part of the cost.
import { afterAll, describe, expect, test } from 'vitest'
import { LIMITS } from '../../src/graphql/limits.ts'
import { jsonPieces } from '../../src/http/json.ts'
import { bootApp } from '../harness/app.ts'
import { serverUrl } from '../harness/database.ts'
import { DELAY, longestPiece } from './delay.ts'

const USERS = 9_990
/** The embedded store reads 10,000 rows in one statement, and a statement of it cannot pause. */
const LONG_DELAY = serverUrl ? DELAY : 6 * DELAY

const app = await bootApp()
await app.store.db.query(
  `INSERT INTO users (iamid, userid, userid_key, name, name_key, email, email_key, preferences)
   SELECT 'bim', 'person' || n, 'person' || n, 'Person ' || n, 'person ' || n, 'p' || n || '@example.test', 'p' || n || '@example.test',
          jsonb_build_object('theme', repeat('x', 200)) FROM generate_series(1, $1::int) n`,
  [USERS],
)
afterAll(() => app.close())

const EXPORT =
  'query($first: Int) { users(first: $first) { nodes { id userid permissions groups { nodes { id } } profile { name email preferences } } } }'

test('10,000 rows by GraphQL come whole, without a long piece', async () => {
  const { value, piece } = await longestPiece(() => app.graphql(EXPORT, { first: 10_000 }))
  expect(value.errors).toBeUndefined()
  const { nodes } = value.data.users
  expect(nodes.length).toBe(USERS + 1)
  expect(new Set(nodes.map((node: any) => node.userid)).size).toBe(USERS + 1)
  expect(nodes.find((node: any) => node.userid === 'person77').profile).toEqual({
    name: 'Person 77',
    email: 'p77@example.test',
    preferences: { theme: 'x'.repeat(200) },
  })
  expect(value.extensions.cost).toBeGreaterThan(LIMITS.largeCost)
  expect(piece).toBeLessThan(LONG_DELAY)
})

test('and by REST', async () => {
  const headers = { authorization: `Bearer ${app.admin.token}` }
  const { value, piece } = await longestPiece(async () => {
    const answer = await fetch(`${app.url}/bim/user?size=10000`, { headers })
    return (await answer.json()) as { hits: { userid: string }[]; total: number }
  })
  expect(new Set(value.hits.map(({ userid }) => userid)).size).toBe(USERS + 1)
  expect(piece).toBeLessThan(LONG_DELAY)
})

describe('JSON in pieces', () => {
  const values: [string, object][] = [
    [
      'lists in lists',
      { data: { users: { nodes: Array.from({ length: 5_000 }, (_, n) => ({ n, tags: [n, null, { a: [] }] })) } } },
    ],
    ['what JSON leaves out', { a: undefined, b: [undefined, () => 1, Number.NaN], c: { d: undefined }, e: null }],
    ['texts', { '"': '\u2028\ud83d\ude00"\\\n', list: Array.from({ length: 300 }, (_, n) => 'é'.repeat(n)) }],
    ['times', { at: new Date(0), list: [new Date(0)] }],
    ['nothing', {}],
    ['a list', []],
    ['deep', JSON.parse(`${'{"a":'.repeat(40)}[1,{}]${'}'.repeat(40)}`)],
  ]
  test.each(values)('%s', async (_, value) => {
    const { pieces } = await jsonPieces(value)
    expect(Buffer.concat([...pieces]).toString()).toBe(JSON.stringify(value))
  })

  test('is refused beyond its limit', async () => {
    await expect(jsonPieces({ a: 'x'.repeat(1_000) }, 1_000)).rejects.toThrow(
      'page must be smaller: the answer is larger than 1000 bytes',
    )
  })
})

describe('JSON fields', () => {
  test('count with their bytes', async () => {
    const text = 'y'.repeat(60_000)
    const set = 'mutation($i: UpdateProfileInput!) { updateProfile(input: $i) { user { id } } }'
    const done = await app.graphql(set, { i: { ref: { userid: 'admin' }, profile: { preferences: { text } } } })
    expect(done.errors).toBeUndefined()
    const many = `{ ${Array.from({ length: 95 }, (_, n) => `v${n}: viewer { user { profile { preferences } } }`).join(' ')} }`
    const { value, piece } = await longestPiece(() => app.graphql(many))
    expect(value.errors).toBeUndefined()
    expect(value.data.v94.user.profile.preferences.text).toBe(text)
    expect(piece).toBeLessThan(DELAY)
    const limit = LIMITS.answer
    LIMITS.answer = 1_000_000
    try {
      const refused = await app.graphql(many)
      expect(refused.errors![0]).toMatchObject({
        message: 'The answer is larger than 1000000 bytes: ask for smaller pages or fewer fields',
        extensions: { code: 'BAD_USER_INPUT' },
      })
    } finally {
      LIMITS.answer = limit
    }
  })
})

describe('the cost of lists', () => {
  const costOf = async (query: string) => (await app.graphql(query)).extensions.cost
  test('a list at the root is a statement', async () => {
    expect(await costOf('{ users(first: 1) { nodes { id } } }')).toBe(203)
    expect(await costOf('{ a: users(first: 1) { nodes { id } } b: groups(first: 1) { nodes { id } } }')).toBe(406)
    expect(await costOf('{ viewer { can } }')).toBe(2)
  })

  test('counting and passing over cost what they cost', async () => {
    expect(await costOf('{ users(first: 1) { totalCount } }')).toBe(1_202)
    expect(await costOf('{ users(first: 1) { ...C } } fragment C on UserConnection { totalCount }')).toBe(1_202)
    expect(await costOf('{ users(first: 1, offset: 49000) { nodes { id } } }')).toBe(203 + 980)
    const many = (field: string) => `{ ${Array.from({ length: 100 }, (_, n) => `a${n}: ${field}`).join(' ')} }`
    expect(await costOf(many('users(first: 1) { totalCount }'))).toBeGreaterThan(LIMITS.largeCost)
    expect(await costOf(many('users(first: 1, offset: 49000) { nodes { id } }'))).toBeGreaterThan(LIMITS.largeCost)
  })

  test('introspection costs next to nothing', async () => {
    expect(await costOf('{ __schema { types { name fields { name args { name } } } } }')).toBeLessThan(10)
  })
})
