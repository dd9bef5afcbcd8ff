// A page of SCIM reads its own identity source, also where that was added behind many others' users and groups.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type PageArgs, readPage } from '../../src/platform/database/pagination.ts'
import type { Store } from '../../src/platform/database/store.ts'
import { groupType, userType } from '../../src/scim/protocol/schema.ts'
import { groupColumns } from '../../src/scim/resources/groups.store.ts'
import { listOf } from '../../src/scim/resources/list.ts'
import type { SearchRequest } from '../../src/scim/resources/search.ts'
import { userColumns } from '../../src/scim/resources/users.store.ts'
import { testStore } from '../harness/database.ts'
import { passedOver } from '../harness/plans.ts'

const MANY = 20_000
const LATER = 200
const PAGE = 25

let store: Store
beforeAll(async () => {
  store = await testStore()
  const { db } = store
  await db.query(`INSERT INTO iams (id, display_name, type) VALUES ('early', 'Early', 'scim'), ('later', 'Later', 'scim')`)
  for (const [iamid, count] of [
    ['early', MANY],
    ['later', LATER],
  ] as const) {
    await db.query(
      `INSERT INTO users (iamid, userid, userid_key, name, name_key, scim_id, scim)
       SELECT $1::text, 'u' || i, 'u' || i, 'U ' || i, 'u ' || i, gen_random_uuid(), jsonb_build_object('title', 'T' || i % 3)
         FROM generate_series(1, $2::int) i`,
      [iamid, count],
    )
    await db.query(
      `INSERT INTO groups (iamid, name, name_key, scimid) SELECT $1::text, 'g' || i, 'g' || i, gen_random_uuid()::text FROM generate_series(1, $2::int) i`,
      [iamid, count],
    )
  }
  await db.query('VACUUM ANALYZE')
}, 120_000)
afterAll(() => store.close())

const config = {} as Parameters<typeof userType>[0]
const kinds = { User: userColumns(userType(config)), Group: groupColumns(groupType(config)) }

test.each<['User' | 'Group', SearchRequest, PageArgs, number]>([
  ['User', {}, { first: PAGE }, PAGE],
  ['User', {}, { last: PAGE }, PAGE],
  ['User', {}, { first: PAGE, offset: 100 }, PAGE],
  ['User', { filter: 'active eq true' }, { first: PAGE }, PAGE],
  ['User', { filter: 'title eq "T1"' }, { first: PAGE }, PAGE],
  ['User', { filter: 'userName eq "u7"' }, { first: PAGE }, 1],
  ['User', { filter: 'externalId eq "nobody"' }, { first: PAGE }, 0],
  ['Group', {}, { first: PAGE }, PAGE],
  ['Group', {}, { last: PAGE }, PAGE],
  ['Group', { filter: 'displayName eq "g7"' }, { first: PAGE }, 1],
  ['Group', { filter: 'displayName sw "g1"' }, { first: PAGE }, PAGE],
])('%s %j, %j', async (kind, asked, page, found) => {
  let rows: readonly object[] = []
  const passed = await passedOver(store, LATER, async () => {
    rows = (await readPage(store.db, listOf(kinds[kind], 'later', asked), page)).nodes
  })
  expect({ found: rows.length, passed }).toEqual({ found, passed: [] })
})
