// What a cap or a revocation looks up by a column reads the rows that it is about, however many others there are.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { deleteApiKeyChain } from '../../../src/domain/credentials/credentials.store.ts'
import { countCreated } from '../../../src/domain/projects/projects.store.ts'
import type { Db, Store } from '../../../src/platform/database/store.ts'
import { testStore } from '../../harness/database.ts'
import { nodesOf, type PlanNode, sentBy } from '../../harness/plans.ts'

const MANY = 3_000
/** Rows of the answers, and some for the pages that they are in. */
const FEW = 50

let store: Store
let owner: number
beforeAll(async () => {
  store = await testStore()
  const { db } = store
  const users = await db.query<{ id: number }>(
    `INSERT INTO users (iamid, userid, userid_key, name, name_key)
     SELECT 'bim', 'u' || i, 'u' || i, 'u' || i, 'u' || i FROM generate_series(1, $1::int) i RETURNING id`,
    [MANY],
  )
  owner = users[0]!.id
  const ids = users.map(({ id }) => id)
  await db.query(
    `INSERT INTO projects (name, name_key, project_key, created_by)
     SELECT 'p' || u, 'p' || u, 'p' || u, CASE WHEN u < $2::int + 3 THEN $2::int ELSE u END FROM unnest($1::int[]) u`,
    [ids, owner],
  )
  // All of one user: the worst case of a chain, each key of which has one child.
  await db.query(
    `INSERT INTO api_keys (id, user_id, prefix, hash, parent_key_id)
     SELECT i, $2::int, 'rk_', decode(md5(i::text), 'hex'), CASE WHEN i % 10 > 0 THEN i - 1 END FROM generate_series(1, $1::int) i`,
    [MANY, owner],
  )
  await db.query('ANALYZE')
}, 60_000)
afterAll(() => store.close())

const calls: Record<string, (db: Db) => Promise<unknown>> = {
  'the projects that somebody created': async db => expect(await countCreated(db, owner)).toBe(3),
  'the chain of a key': async db => expect((await deleteApiKeyChain(db, 1_500)).keys).toHaveLength(10),
}

test.each(Object.keys(calls))('%s', async name => {
  const [sent] = await sentBy(store, () => calls[name]!(store.db))
  const { text, values } = sent!
  const [row] = await store.db.query<{ 'QUERY PLAN': { Plan: PlanNode }[] }>(
    `EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) ${text}`,
    name === 'the chain of a key' ? [1_600] : values,
    { fresh: true },
  )
  const read = nodesOf(row!['QUERY PLAN'][0]!.Plan).map(node => {
    const each = (node['Actual Rows'] ?? 0) + (node['Rows Removed by Filter'] ?? 0) + (node['Rows Removed by Join Filter'] ?? 0)
    return { node: node['Node Type'], of: node['Relation Name'], rows: Math.round(each * (node['Actual Loops'] ?? 0)) }
  })
  expect(read.filter(({ rows }) => rows > FEW)).toEqual([])
})
