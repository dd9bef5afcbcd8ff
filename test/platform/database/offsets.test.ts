// A far offset is read from the nearer end, and answers what the list has there.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type SelectList, selectList, text } from '../../../src/platform/database/columns.ts'
import { type ListQuery, readPage } from '../../../src/platform/database/pagination.ts'
import type { Store } from '../../../src/platform/database/store.ts'
import { testStore } from '../../harness/database.ts'
import { nodesOf, type PlanNode, sentBy } from '../../harness/plans.ts'

const MANY = 30_000

let store: Store
beforeAll(async () => {
  store = await testStore()
  await store.db.query(
    `INSERT INTO groups (iamid, name, name_key) SELECT 'bim', n, n FROM (SELECT lpad(i::text, 5, '0') AS n FROM generate_series(0, $1::int - 1) i) x`,
    [MANY],
  )
  await store.db.query('VACUUM ANALYZE groups')
}, 60_000)
afterAll(() => store.close())

const list = (descending: boolean): ListQuery<{ name: string }> => ({
  columns: selectList({ name: text('g.name') }) as SelectList<{ name: string }>,
  from: 'groups g',
  where: [],
  values: [],
  id: 'g.id',
  order: { name: 'groupName', expression: 'g.name_key', type: 'text', descending },
})
const name = (place: number, descending: boolean) => String(descending ? MANY - 1 - place : place).padStart(5, '0')

test.each([0, 9_999, 12_000, 14_999, 15_000, 20_000, 29_974, 29_975, 29_976, 29_999, 30_000, 40_000])('at %i', async offset => {
  for (const descending of [false, true]) {
    const page = await readPage(store.db, list(descending), { first: 25, offset })
    const shown = Array.from({ length: Math.max(0, Math.min(25, MANY - offset)) }, (_, n) => name(offset + n, descending))
    expect(page.nodes.map(node => node.name)).toEqual(shown)
    expect(page.pageInfo.hasNextPage).toBe(offset + 25 < MANY)
    expect(page.pageInfo.hasPreviousPage).toBe(offset > 0)
    const after = page.pageInfo.endCursor
    if (after === null) continue
    const [next] = (await readPage(store.db, list(descending), { first: 1, after })).nodes
    expect(next?.name).toBe(offset + 25 < MANY ? name(offset + 25, descending) : undefined)
  }
})

test('beside counting, the last page passes over its own rows and those behind it', async () => {
  const sent = await sentBy(store, () => readPage(store.db, list(false), { first: 25, offset: MANY - 50 }))
  const { text, values } = sent.at(-1)!
  const [row] = await store.db.query<{ 'QUERY PLAN': { Plan: PlanNode }[] }>(
    `EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) ${text}`,
    values,
    { fresh: true },
  )
  expect(Math.max(...nodesOf(row!['QUERY PLAN'][0]!.Plan).map(node => node['Actual Rows'] ?? 0))).toBeLessThanOrEqual(51)
})
