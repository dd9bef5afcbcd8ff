import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type SelectList, selectList, text } from '../../../src/platform/database/columns.ts'
import { narrowed } from '../../../src/platform/database/narrowing.ts'
import { type ListQuery, readPage } from '../../../src/platform/database/pagination.ts'
import type { Store } from '../../../src/platform/database/store.ts'
import { testStore } from '../../harness/database.ts'

test('without candidates the conditions are as they were', () => {
  const select = (condition: string) => `SELECT 1 ${condition}`
  expect(narrowed({ id: 'u.id' }, [], { select })).toEqual({ candidates: '', rows: 'SELECT 1 ' })
  expect(narrowed({ id: 'u.id', narrowing: [] }, ['a', 'b'], { select }).rows).toBe('SELECT 1 WHERE a AND b')
})

describe('a list with few candidates, and one with many, are the list without them', () => {
  const MANY = 3_000
  let store: Store
  beforeAll(async () => {
    store = await testStore()
    await store.db.query(
      `INSERT INTO groups (iamid, name, name_key) SELECT 'bim', n, n FROM (SELECT md5(i::text) || i AS n FROM generate_series(1, $1::int) i) x`,
      [MANY],
    )
  }, 60_000)
  afterAll(() => store.close())

  const columns = selectList({ name: text('g.name') }) as SelectList<{ name: string }>
  const list = (pattern: string): ListQuery<{ name: string }> => ({
    columns,
    from: 'groups g',
    where: ['g.name_key LIKE $1'],
    values: [pattern],
    id: 'g.id',
    order: { name: 'groupName', expression: 'g.name_key', type: 'text', descending: false },
  })

  test.each([
    ['few', 'ab%'],
    ['many', '%1%'],
    ['all', '%'],
    ['none', 'zzz%'],
  ])('%s', async (_, pattern) => {
    const plain = list(pattern)
    const candidates = 'SELECT g.id FROM groups g WHERE g.name_key LIKE $1'
    const all = { ids: 'SELECT g.id FROM groups g', condition: 'length(g.name) > 0' }
    for (const narrowing of [
      [{ ids: candidates }],
      [all, { ids: candidates }],
      [{ ids: candidates, condition: plain.where[0]! }, all],
    ])
      await compare(plain, narrowing)
  })

  async function compare(plain: ListQuery<{ name: string }>, narrowing: ListQuery['narrowing'] & object) {
    for (const along of [undefined, ', length(page.name) AS size'])
      for (const descending of [false, true]) {
        const order = { ...plain.order, descending }
        const [expected, found] = [
          { ...plain, order },
          { ...plain, order, narrowing, ...(along && { along }) },
        ]
        let after: string | null = null
        for (let page = 0; page < 3; page++) {
          const [one, other] = await Promise.all([expected, found].map(query => readPage(store.db, query, { first: 7, after })))
          expect(other!.nodes.map(({ name }) => name)).toEqual(one!.nodes.map(({ name }) => name))
          expect(other!.pageInfo.hasNextPage).toBe(one!.pageInfo.hasNextPage)
          expect(await other!.totalCount()).toBe(await one!.totalCount())
          after = one!.pageInfo.endCursor
          if (after === null) break
        }
        const last = await Promise.all([expected, found].map(query => readPage(store.db, query, { last: 5, offset: 2 })))
        expect(last[1]!.nodes.map(({ name }) => name)).toEqual(last[0]!.nodes.map(({ name }) => name))
      }
  }
})
