// A page of members reads what it shows: the first, middle and last of a group that has everybody, on one group and on many.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { groupLoaders } from '../../../src/domain/groups/groups.loaders.ts'
import { memberList } from '../../../src/domain/groups/groups.search.ts'
import { addLocalMembers } from '../../../src/domain/groups/memberships.store.ts'
import { type PageArgs, readPage } from '../../../src/platform/database/pagination.ts'
import type { Store } from '../../../src/platform/database/store.ts'
import { testStore } from '../../harness/database.ts'
import { passedOver } from '../../harness/plans.ts'

const MANY = 20_000
const GROUPS = 10
const PAGE = 25
/** Its rows, one more for the next page, and as many users. */
const FEW = 2 * (PAGE + 1)

let store: Store
let groups: number[]
beforeAll(async () => {
  store = await testStore()
  const { db } = store
  await db.query(
    `INSERT INTO users (iamid, userid, userid_key, name, name_key)
     SELECT 'bim', 'u' || i, 'u' || i, md5(i::text), md5(i::text) FROM generate_series(1, $1::int) i`,
    [MANY],
  )
  const rows = await db.query<{ id: number }>(
    `INSERT INTO groups (iamid, name, name_key) SELECT 'bim', 'g' || i, 'g' || i FROM generate_series(1, $1::int) i RETURNING id`,
    [GROUPS],
  )
  groups = rows.map(({ id }) => id)
  // Before foreign keys are looked up: their plans are kept.
  await db.query('ANALYZE')
  await db.query('INSERT INTO memberships (group_id, user_id) SELECT $1::int, id FROM users', [groups[0]])
  await db.query(
    'INSERT INTO memberships (group_id, user_id) SELECT g, u.id FROM users u, unnest($1::int[]) g WHERE u.id % 9 = 0',
    [groups.slice(1)],
  )
  await db.query('VACUUM ANALYZE')
}, 120_000)
afterAll(() => store.close())

const members = async (page: PageArgs, filter = {}, direction: 'ASC' | 'DESC' = 'ASC') =>
  readPage(store.db, memberList(groups[0]!, filter, direction), page)
const read = async (page: PageArgs, filter = {}, direction: 'ASC' | 'DESC' = 'ASC') => {
  let names: string[] = []
  const passed = await passedOver(store, FEW, async () => {
    names = (await members(page, filter, direction)).nodes.map(({ name }) => name)
  })
  expect(names, 'in the order of names').toEqual(direction === 'ASC' ? names.toSorted() : names.toSorted().toReversed())
  return { found: names.length, passed }
}
const middle = async () => (await members({ first: 1, offset: MANY / 2 })).edges[0]!.cursor

describe('a page of the members of everybody', () => {
  test.each(['ASC', 'DESC'] as const)('first and last, %s', async direction => {
    expect(await read({ first: PAGE }, {}, direction)).toEqual({ found: PAGE, passed: [] })
    expect(await read({ last: PAGE }, {}, direction)).toEqual({ found: PAGE, passed: [] })
  })

  test('in the middle, on both sides of a cursor', async () => {
    const cursor = await middle()
    expect(await read({ first: PAGE, after: cursor })).toEqual({ found: PAGE, passed: [] })
    expect(await read({ last: PAGE, before: cursor })).toEqual({ found: PAGE, passed: [] })
  })

  test('with a part of a name that one has, and that nobody has', async () => {
    expect(await read({ first: PAGE }, { name: 'c4ca4238' })).toEqual({ found: 1, passed: [] })
    expect(await read({ first: PAGE }, { name: 'zzzz' })).toEqual({ found: 0, passed: [] })
  })
})

test('ten members of each of many groups', async () => {
  const size = 10
  const pages = () => {
    const { membersOfGroup } = groupLoaders(store.db)
    return Promise.all(groups.map(id => membersOfGroup.of(id, { first: size })))
  }
  expect((await pages()).map(({ nodes }) => nodes.length)).toEqual(groups.map(() => size))
  expect(await passedOver(store, GROUPS * (size + 1), pages)).toEqual([])
})

test('adding a member is planned for good after a few times, not at each', async () => {
  const plans = await store.transaction(async db => {
    const users = await db.query<{ id: number }>('SELECT id FROM users WHERE id % 9 <> 0 ORDER BY id LIMIT 12')
    for (const { id } of users) await addLocalMembers(db, groups[1]!, { userIds: [id], by: 'test', now: new Date() })
    return db.query<{ generic: number; custom: number }>(
      `SELECT generic_plans::int AS generic, custom_plans::int AS custom FROM pg_prepared_statements
        WHERE statement LIKE 'WITH m AS (%($2::int[])[1]%'`,
    )
  })
  expect(plans).toEqual([{ generic: 7, custom: 5 }])
})
