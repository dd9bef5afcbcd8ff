// S4: long answers are made and written in pieces, and bounded in bytes; what costs the store is part of the cost.
import { afterAll, describe, expect, test } from 'vitest'
import { LIMITS } from '../../../src/api/graphql/limits.ts'
import { isLong, jsonPieces, LazyList } from '../../../src/platform/http/json.ts'
import { bootApp } from '../../harness/app.ts'
import { serverUrl } from '../../harness/database.ts'
import { GROUP, type Provider, provider } from '../../scim/provider.ts'
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
  'query($first: Int) { users(first: $first) { nodes { id: databaseId userid permissions groups { nodes { id: databaseId } } profile { name email preferences } } } }'

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

describe('a SCIM group of 20,000', () => {
  const MEMBERS = 20_000
  const body = (displayName: string, ids: readonly string[]) =>
    JSON.stringify({ schemas: [GROUP], displayName, members: ids.map(value => ({ value })) })
  const textOf = (idp: Provider, path: string, { coding = 'identity', ...init }: RequestInit & { coding?: string } = {}) =>
    longestPiece(async () => {
      const headers = { authorization: `Bearer ${idp.key}`, 'content-type': 'application/scim+json', 'accept-encoding': coding }
      const answer = await fetch(`${idp.url}${path}`, { ...init, headers })
      return { headers: answer.headers, text: await answer.text() }
    })

  test('is listed, read and written without a long piece, with its length and its version', async () => {
    const idp = await provider(app, 'okta')
    const rows = await app.store.db.query<{ id: string }>(
      `INSERT INTO users (iamid, userid, userid_key, name, name_key) SELECT 'okta', 'm' || n, 'm' || n, 'M ' || n, 'm ' || n
         FROM generate_series(1, $1::int) n RETURNING scim_id::text AS id`,
      [MEMBERS],
    )
    // The embedded store gathers no statistics of its own.
    await app.store.db.query('ANALYZE')
    const ids = rows.map(({ id }) => id)
    const { id } = await idp.group('crew')
    const put = await textOf(idp, `/Groups/${id}`, { method: 'PUT', body: body('Crew', ids) })
    const read = await textOf(idp, `/Groups/${id}`)
    const listed = await textOf(idp, '/Groups')
    const compressed = await textOf(idp, `/Groups/${id}`, { coding: 'br' })
    expect([compressed.value.headers.get('content-encoding'), compressed.value.text]).toEqual(['br', read.value.text])
    const parsed = [JSON.parse(put.value.text), JSON.parse(read.value.text), JSON.parse(listed.value.text).Resources[0]]
    for (const group of parsed) {
      expect(group.displayName).toBe('Crew')
      expect(new Set(group.members.map(({ value }: any) => value))).toEqual(new Set(ids))
      expect(group.members[0]).toEqual({
        value: expect.any(String),
        $ref: `${idp.url}/Users/${group.members[0].value}`,
        display: expect.stringMatching(/^M \d+$/),
        type: 'User',
      })
    }
    for (const { value } of [put, read, listed])
      expect(Number(value.headers.get('content-length'))).toBe(Buffer.byteLength(value.text))
    for (const [at, { value }] of [put, read].entries()) expect(value.headers.get('etag')).toBe(parsed[at].meta.version)
    const pieces = { put: put.piece, read: read.piece, listed: listed.piece, compressed: compressed.piece }
    if (process.env.SHOW_TIMES) console.log(pieces)
    expect(Math.max(...Object.values(pieces)), JSON.stringify(pieces)).toBeLessThan(LONG_DELAY)
  })
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
    ['a lazy list', new LazyList([1, 2, 3], n => ({ n, at: new Date(n) }))],
    [
      'lazy lists in a list',
      { rows: [{ many: new LazyList(Array.from({ length: 3_000 }), (_, n) => [n]) }, { none: new LazyList([], n => n) }] },
    ],
    [
      'a long list of a list of a few',
      { groups: [{ members: Array.from({ length: 3_000 }, (_, n) => ({ n })), at: new Date(0) }] },
    ],
    ['deep', JSON.parse(`${'{"a":'.repeat(40)}[1,{}]${'}'.repeat(40)}`)],
  ]
  test.each(values)('%s', async (_, value) => {
    const { pieces } = await jsonPieces(value)
    expect(Buffer.concat([...pieces]).toString()).toBe(JSON.stringify(value))
  })

  test.each([
    ['a few rows', Array.from({ length: 25 }, (_, n) => ({ n, name: 'x', tags: ['a', 'b'] })), false],
    ['a list in an object in a list', { Resources: [{ members: Array.from({ length: 2_000 }, (_, n) => ({ n })) }] }, true],
    ['many lists of a few', { rows: Array.from({ length: 60 }, () => Array.from({ length: 60 }, (_, n) => n)) }, true],
    ['a long text', { a: [{ text: 'x'.repeat(100_000) }] }, true],
    ['many members', Object.fromEntries(Array.from({ length: 2_000 }, (_, n) => [`k${n}`, n])), true],
    ['a lazy list', { Resources: new LazyList([1], n => n) }, true],
  ] as [string, object, boolean][])('is for what is long: %s', (_, value, expected) => expect(isLong(value)).toBe(expected))

  test('makes the items of a lazy list one after the other, in several turns', async () => {
    let turns = 0
    let running = true
    const turn = () => {
      turns++
      if (running) setImmediate(turn)
    }
    setImmediate(turn)
    const made = new Set<number>()
    await jsonPieces(
      new LazyList(Array.from({ length: 20 }), () => {
        const until = performance.now() + 5
        while (performance.now() < until);
        made.add(turns)
        return 'x'.repeat(70_000)
      }),
    )
    running = false
    expect(made.size).toBeGreaterThan(5)
  })

  test('is refused beyond its limit', async () => {
    await expect(jsonPieces({ a: 'x'.repeat(1_000) }, 1_000)).rejects.toThrow(
      'page must be smaller: the response is larger than 1000 bytes',
    )
  })
})

describe('JSON fields', () => {
  test('count with their bytes', async () => {
    const text = 'y'.repeat(60_000)
    const set = 'mutation($i: UpdateProfileInput!) { updateProfile(input: $i) { user { id: databaseId } } }'
    const done = await app.graphql(set, { i: { ref: { name: { userid: 'admin' } }, profile: { preferences: { text } } } })
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
        message: 'The response is larger than 1000000 bytes: request smaller pages or fewer fields',
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
    expect(await costOf('{ users(first: 1) { nodes { id: databaseId } } }')).toBe(203)
    expect(
      await costOf('{ a: users(first: 1) { nodes { id: databaseId } } b: groups(first: 1) { nodes { id: databaseId } } }'),
    ).toBe(406)
    expect(await costOf('{ viewer { can } }')).toBe(2)
  })

  test('counting and passing over cost what they cost', async () => {
    expect(await costOf('{ users(first: 1) { totalCount } }')).toBe(1_202)
    expect(await costOf('{ users(first: 1) { ...C } } fragment C on UserConnection { totalCount }')).toBe(1_202)
    expect(await costOf('{ users(first: 1, offset: 49000) { nodes { id: databaseId } } }')).toBe(203 + 980)
    const many = (field: string) => `{ ${Array.from({ length: 100 }, (_, n) => `a${n}: ${field}`).join(' ')} }`
    expect(await costOf(many('users(first: 1) { totalCount }'))).toBeGreaterThan(LIMITS.largeCost)
    expect(await costOf(many('users(first: 1, offset: 49000) { nodes { id } }'))).toBeGreaterThan(LIMITS.largeCost)
  })

  test('introspection costs next to nothing', async () => {
    expect(await costOf('{ __schema { types { name fields { name args { name } } } } }')).toBeLessThan(10)
  })
})
