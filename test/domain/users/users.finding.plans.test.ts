// A page of users is found by an index, however many users there are: no node of its plan passes over many of them.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { groupList } from '../../../src/domain/groups/groups.search.ts'
import { type UserSearch, userList } from '../../../src/domain/users/users.search.ts'
import type { UserFilter } from '../../../src/generated/inputs.ts'
import { readPage } from '../../../src/platform/database/pagination.ts'
import type { Store } from '../../../src/platform/database/store.ts'
import { testStore } from '../../harness/database.ts'
import { passedOver } from '../../harness/plans.ts'

const MANY = 30_000
/** Of many candidates a constant number is looked at, each beside the three IAMs. */
const FEW = 6_100

let store: Store
beforeAll(async () => {
  store = await testStore()
  const { db } = store
  await db.query(`INSERT INTO iams (id, display_name, type) VALUES ('corp', 'Corp', 'ldap'), ('rare', 'Rare', 'ldap')`)
  await db.query(
    `INSERT INTO users (iamid, userid, userid_key, name, name_key, external_user_ids, directory_id, last_login, created_at, disabled, disabled_by)
     SELECT 'corp', u, u, n, n, jsonb_build_object('a', substr(m, 9, 8)), m, CASE WHEN i % 300 = 7 THEN NULL ELSE '2026-01-01'::timestamptz + i * interval '1 minute' END,
       '2025-01-01'::timestamptz + i * interval '1 minute', i % 100 = 0, CASE WHEN i % 100 = 0 THEN CASE WHEN i % 200 = 0 THEN 'corp' ELSE 'bim' END END
       FROM (SELECT i, md5(i::text) AS m, 'u' || i AS u, substr(md5(i::text), 1, 7) || ' ' || substr(md5((-i)::text), 1, 9) AS n FROM generate_series(1, $1::int) i) x`,
    [MANY],
  )
  await db.query(`INSERT INTO groups (iamid, name, name_key) SELECT 'corp', name, name_key FROM users`)
  // Before foreign keys are looked up: their plans are kept.
  await db.query('ANALYZE')
  await db.query(
    `INSERT INTO memberships (group_id, user_id, sources) SELECT (SELECT min(id) FROM groups) + id % 50, id, '{corp}' FROM users`,
  )
  await db.query(
    `INSERT INTO user_attributes (user_id, key, key_key, value, source)
     SELECT id, 'team', 'team', 'a', CASE WHEN id % 1000 = 7 THEN 'rare' ELSE 'corp' END FROM users WHERE id % 2 = 1`,
  )
  await db.query(
    `INSERT INTO invitations (user_id, prefix, hash, expires_at) SELECT id, 'ri_', id::text::bytea, now() + interval '1 hour' FROM users WHERE id % 300 = 7`,
  )
  // One that nearly all hold, one that few hold, one by a group of a few hundred, and one that is a default of all.
  await db.query(
    `INSERT INTO user_permissions (user_id, permission) SELECT id, 'MOST' FROM users WHERE id % 10 > 0
     UNION ALL SELECT id, 'FEW' FROM users WHERE id % 1000 = 7`,
  )
  await db.query(
    `INSERT INTO iam_group_permissions (iamid, group_name, group_key, permission)
     SELECT 'corp', g.name, g.name_key, 'BY_GROUP' FROM groups g WHERE g.id = (SELECT min(id) FROM groups)`,
  )
  await db.query(`UPDATE iams SET default_permissions = '{DEFAULT}' WHERE id = 'corp'`)
  await db.query('VACUUM ANALYZE')
}, 240_000)
afterAll(() => store.close())

const passed = (work: () => Promise<unknown>) => passedOver(store, FEW, work)
const page = async (filter: UserFilter, { size = 25, ...search }: UserSearch & { size?: number } = {}) => {
  let nodes: readonly object[] = []
  const rows = await passed(async () => {
    nodes = (await readPage(store.db, userList(filter, null, search), { first: size })).nodes
  })
  return { found: nodes.length, rows }
}

describe('a search', () => {
  test.each([
    ['a word', 'c4ca423', 1],
    ['a part of a word', '4ca42', 1],
    ['two parts', 'c4ca4 6bb61e', 1],
    ['words that many have, and one that few have', 'u1 u12 c4ca423', 0],
    ['a word that all have', 'u', 25],
    ['one letter that many begin with', 'c', 25],
    ['words that nobody has', 'zzz yyy', 0],
    ['a short word that nobody has', 'zz', 0],
    ['a rare word and a short one', 'c4ca423 6b', 1],
  ])('for %s', async (_, search, found) => {
    expect(await page({}, { search })).toEqual({ found, rows: [] })
    const withIds = await page({}, { search, ids: true })
    expect(withIds.rows).toEqual([])
    expect(withIds.found).toBeGreaterThanOrEqual(found)
  })

  test('for an external id', async () => {
    expect(await page({}, { search: 'c4ca4238a0b923820dcc509a6f75849b', ids: true })).toEqual({ found: 1, rows: [] })
    expect(await page({}, { search: 'c4ca4238a0b923820dcc509a6f75849b' })).toEqual({ found: 0, rows: [] })
  })

  test('of groups', async () => {
    for (const search of ['c4ca423', 'c', 'zzz'])
      expect(await passed(() => readPage(store.db, groupList({}, null, search), { first: 25 })), search).toEqual([])
  })

  test('for a word that all have, of those who hold a permission that few hold', async () => {
    expect(await page({ permission: 'FEW' }, { search: 'u' })).toEqual({ found: 25, rows: [] })
  })

  test('the count of what few match', async () => {
    const count = async () => (await readPage(store.db, userList({}, null, { search: 'c4ca423' }), { first: 1 })).totalCount()
    expect(await passed(count)).toEqual([])
  })
})

describe('a filter by', () => {
  const at = (minutes: number, year = 2026) => new Date(Date.UTC(year, 0, 1) + minutes * 60_000)
  test.each<[UserFilter, number]>([
    [{ neverLoggedIn: true }, 25],
    [{ neverLoggedIn: true, createdFrom: at(MANY - 60, 2025) }, 0],
    [{ neverLoggedIn: false }, 25],
    [{ lastLoginFrom: at(MANY - 60) }, 25],
    [{ lastLoginTo: at(60) }, 25],
    [{ lastLoginFrom: at(1_000), lastLoginTo: at(1_010) }, 9],
    [{ createdFrom: at(MANY - 60, 2025) }, 25],
    [{ createdTo: at(60, 2025) }, 25],
    [{ createdFrom: at(1_000, 2025), createdTo: at(1_010, 2025) }, 9],
    [{ withoutAttribute: 'team' }, 25],
    [{ withoutAttribute: 'nothing' }, 25],
    [{ source: 'corp' }, 25],
    [{ source: 'rare' }, 25],
    [{ source: 'nothing' }, 0],
    [{ disabledBy: 'SOURCE' }, 25],
    [{ disabledBy: 'ADMINISTRATOR' }, 25],
    [{ disabledBy: 'SOURCE', iamids: ['rare'] }, 0],
    [{ permission: 'MOST' }, 25],
    [{ permission: 'FEW' }, 25],
    [{ permission: 'BY_GROUP' }, 25],
    [{ permission: 'DEFAULT' }, 25],
    [{ permission: 'NOBODY' }, 0],
    [{ permission: 'MOST', attributes: [{ key: 'team' }] }, 25],
    [{ attributes: [{ key: 'team' }] }, 25],
    [{ attributes: [{ key: 'team', value: 'a' }] }, 25],
    [{ attributes: [{ key: 'team', value: 'b' }] }, 0],
    [{ attributes: [{ key: 'nothing' }] }, 0],
    [{ invited: true }, 25],
    [{ invited: false }, 25],
  ])('%j', async (filter, found) => {
    expect(await page(filter)).toEqual({ found, rows: [] })
  })
})
