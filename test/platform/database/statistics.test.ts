import { afterEach, beforeEach, expect, test } from 'vitest'
import { openStore } from '../../../src/platform/database/open.ts'
import { analyzeGrown } from '../../../src/platform/database/statistics.ts'
import type { Store } from '../../../src/platform/database/store.ts'

let store: Store
beforeEach(async () => {
  store = await openStore({ databaseUrl: null, dataDir: 'memory://' })
})
afterEach(() => store.close())

const fill = (from: number, to: number) =>
  store.db.query(
    `INSERT INTO users (iamid, userid, userid_key, name, name_key)
     SELECT 'bim', 'u' || i, 'u' || i, 'User ' || i, 'user ' || i FROM generate_series($1::int, $2::int) i`,
    [from, to],
  )
const known = async () =>
  (await store.db.query<{ rows: number }>(`SELECT reltuples::int AS rows FROM pg_class WHERE relname = 'users'`))[0]!.rows
const analyze = async (statement?: string): Promise<string[]> => {
  const sent: string[] = []
  await analyzeGrown(async ({ text, values }) => {
    sent.push(text)
    return { rows: await store.db.query(text, values) }
  }, statement)
  return sent.filter(text => text.includes('ANALYZE'))
}

test('tables are analyzed after a first fill, and again when they have grown', async () => {
  expect(await analyze()).toEqual([])
  expect(await known()).toBe(-1)
  await fill(1, 2_000)
  expect(await analyze()).toEqual([expect.stringContaining('ANALYZE "users"')])
  expect(await known()).toBe(2_000)
  await fill(2_001, 3_000)
  expect(await analyze()).toEqual([])
  await fill(3_001, 20_000)
  expect(await analyze()).toHaveLength(1)
  expect(await known()).toBeGreaterThan(18_000)
})

test('a table is analyzed again at four times its pages, not before', async () => {
  await fill(1, 2_000)
  expect(await analyze()).toHaveLength(1)
  await fill(2_001, 7_500)
  expect(await analyze()).toEqual([])
  await fill(7_501, 8_300)
  expect(await analyze()).toEqual([expect.stringContaining('ANALYZE "users"')])
  expect(await known()).toBe(8_300)
})

test('a long list has the tables analyzed before it is planned, also inside a transaction, and tests see no statement of it', async () => {
  await fill(1, 2_000)
  const sent: string[] = []
  const stop = store.onStatement(text => sent.push(text))
  const ids = Array.from({ length: 500 }, (_, n) => n + 1)
  await store.transaction(db => db.query('SELECT id FROM users WHERE id = ANY($1::int[])', [ids]))
  stop()
  expect(sent.filter(text => !/^(BEGIN|COMMIT)/.test(text))).toHaveLength(1)
  expect(await known()).toBe(2_000)
})

test('a statement waits for the tables that it names, and no other', async () => {
  await fill(1, 2_000)
  await store.db.query(`INSERT INTO audit_events (event, action, outcome, actor_kind, actor_name, target_type, target_id, request_id)
    SELECT 'e', 'a', 'o', 'user', 'n', 'user', i, 'r' FROM generate_series(1, 5000) i`)
  expect(await analyze('SELECT 1 FROM groups g JOIN memberships m ON m.group_id = g.id')).toEqual([])
  expect(await analyze('SELECT id FROM users')).toEqual([expect.stringContaining('ANALYZE "users"')])
  expect(await analyze()).toEqual([expect.stringContaining('ANALYZE "audit_events"')])
})

test('a statement that was prepared before a fill gets a new plan after it', async () => {
  await fill(1, 20)
  await store.statement('ANALYZE users', [])
  await store.statement('SET plan_cache_mode = force_generic_plan', [])
  await store.statement('PREPARE prepared(text) AS SELECT id FROM users WHERE iamid = $1 AND userid_key = $1', [])
  const plan = async () => JSON.stringify((await store.statement("EXPLAIN EXECUTE prepared('u1')", [])).rows)
  expect(await plan()).toContain('Seq Scan')
  await fill(21, 5_000)
  await analyze()
  expect(await plan()).toContain('Index')
})
