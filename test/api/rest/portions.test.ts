// A page of more rows than one portion is the same as its rows read one page after the other.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { PORTION } from '../../../src/api/rest/portions.ts'
import { bootApp, type TestApp } from '../../harness/app.ts'

const MANY = 2 * PORTION + 7
let app: TestApp
let token: string
beforeAll(async () => {
  app = await bootApp()
  token = (await app.as(['USER_ADMIN', 'AUDIT'])).token
  await app.store.db.query(
    `INSERT INTO users (iamid, userid, userid_key, name, name_key, last_login)
     SELECT 'bim', 'p' || n, 'p' || n, 'Same ' || n % 3, 'same ' || n % 3, CASE WHEN n % 2 = 0 THEN now() - n % 5 * interval '1 day' END
       FROM generate_series(1, $1::int) n`,
    [MANY],
  )
})
afterAll(() => app?.close())

test('a page whose JSON is longer than a response may be is refused', async () => {
  const { db } = app.store
  await db.query(`UPDATE users SET preferences = jsonb_build_object('a', repeat('x', 700000)) WHERE userid LIKE 'p%'`)
  const answer = await fetch(`${app.url}/bim/user?size=10000`, { headers: { authorization: `Bearer ${token}` } })
  expect([answer.status, ((await answer.json()) as { message: string }).message]).toEqual([
    400,
    expect.stringContaining('larger than'),
  ])
  await db.query(`UPDATE users SET preferences = NULL WHERE userid LIKE 'p%'`)
})

interface Hits {
  count: string
  hits: { id: number; userid: string; profile: { name: string } }[]
}
const read = async (path: string, body?: object): Promise<Hits> => {
  const answer = await fetch(app.url + path, {
    method: body ? 'POST' : 'GET',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
  })
  expect(answer.status).toBe(200)
  return (await answer.json()) as Hits
}
type Query = Record<string, string | number>
const searches = [
  { name: 'GET /bim/user', ask: (query: Query) => read(`/bim/user?${new URLSearchParams(query as Record<string, string>)}`) },
  { name: 'POST /bim/user/search', ask: (query: Query) => read('/bim/user/search', query) },
]

test.each(searches.flatMap(search => ['name', 'lastLogin', 'username'].map(sortField => ({ ...search, sortField }))))(
  '$name by $sortField',
  async ({ ask, sortField }) => {
    const page = (size: number, offset: number, sortOrder: string) => ask({ size, offset, sortField, sortOrder })
    for (const sortOrder of ['asc', 'desc']) {
      const small: Hits['hits'] = []
      for (let offset = 0; offset < MANY + 10; offset += 300) small.push(...(await page(300, offset, sortOrder)).hits)
      const whole = await page(10_000, 0, sortOrder)
      expect(whole.hits).toEqual(small)
      expect(Number(whole.count)).toBe(small.length)
      expect(Object.keys(whole)).toEqual(Object.keys(await page(1, 0, sortOrder)))
      for (const [size, offset] of [
        [PORTION, 3],
        [PORTION + 1, 3],
        [2 * PORTION, 5],
        [PORTION + 1, small.length - 2],
        [PORTION + 1, small.length],
      ] as const)
        expect((await page(size, offset, sortOrder)).hits).toEqual(small.slice(offset, offset + size))
    }
  },
)
