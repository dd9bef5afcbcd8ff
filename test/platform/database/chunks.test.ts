// What is more than one statement of the embedded store takes is read and written in pieces, with the same outcome as in one.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { operator } from '../../../src/authorization/actor.ts'
import { attributesOf } from '../../../src/domain/attributes/attributes.store.ts'
import { memberList } from '../../../src/domain/groups/groups.search.ts'
import { deleteGroupRow, groupsByIds } from '../../../src/domain/groups/groups.store.ts'
import { deleteUsersOf, disableUsersOf, moveUsersToBim } from '../../../src/domain/iams/iam.removal.store.ts'
import type { Projection } from '../../../src/domain/users/users.projection.ts'
import { userList } from '../../../src/domain/users/users.search.ts'
import { grantsOfUsers, usersByIds } from '../../../src/domain/users/users.store.ts'
import { readPage } from '../../../src/platform/database/pagination.ts'
import type { Db, Store } from '../../../src/platform/database/store.ts'
import { statementsOf, testContext } from '../../harness/context.ts'
import { testStore } from '../../harness/database.ts'

const MANY = 2_300
let store: Store
let ids: number[]
let group: number
beforeAll(async () => {
  store = await testStore()
  const { db } = store
  const rows = await db.query<{ id: number }>(
    `INSERT INTO users (iamid, userid, userid_key, name, name_key)
     SELECT 'many', 'u' || i, 'u' || i, 'N ' || i % 7, 'n ' || i % 7 FROM generate_series(1, $1::int) i RETURNING id`,
    [MANY],
  )
  ids = rows.map(row => row.id)
  const [made] = await db.query<{ id: number }>(
    `INSERT INTO groups (iamid, name, name_key) VALUES ('bim', 'all', 'all') RETURNING id`,
  )
  group = made!.id
  await db.query(`INSERT INTO memberships (user_id, group_id, sources) SELECT id, $1, '{many}' FROM users WHERE iamid = 'many'`, [
    group,
  ])
  await db.query(
    `INSERT INTO user_attributes (user_id, key, key_key, value, source) SELECT id, 'k', 'k', 'v', 'many' FROM users WHERE iamid = 'many'`,
  )
  await db.query(
    `INSERT INTO user_permissions (user_id, permission, source) SELECT id, 'AUDIT', 'many' FROM users WHERE iamid = 'many'`,
  )
})
afterAll(() => store.close())

const filter = { includeDisabled: true, excludeDeletedIams: false, iamids: ['many'] }
const wanted: Projection = {
  columns: ['id', 'iamid', 'name', 'userid'],
  edges: ['attributes', 'grants', 'groups'],
  groups: { first: 2, columns: ['name'] },
}
const idsOf = (page: { nodes: readonly { id: number }[] }) => page.nodes.map(({ id }) => id)
/** Names repeat, so that pieces end in the middle of equal ones. */
const inOrder = async () =>
  (await store.db.query<{ id: number }>(`SELECT id FROM users WHERE iamid = 'many' ORDER BY name_key COLLATE "C", id`)).map(
    row => row.id,
  )
/** Statements that as many rows take on the store of this run, of so many at once on the embedded one. */
const pieces = (rows: number, atOnce: number) => (store.kind === 'embedded' ? Math.ceil(rows / atOnce) : 1)

test.each([undefined, wanted])('a page of many users, with %j along', async along => {
  const all = await inOrder()
  const list = userList(filter, null, { wanted: along })
  const read = (args: object) => readPage<{ id: number }>(store.db, list, args)
  for (const size of [MANY - 1, MANY, MANY + 1, 1_000, 999]) {
    const page = await read({ first: size })
    expect(idsOf(page)).toEqual(all.slice(0, size))
    expect(page.pageInfo.hasNextPage).toBe(size < MANY)
    expect(idsOf(await read({ last: size }))).toEqual(all.slice(-size))
  }
  expect(idsOf(await read({ first: 2_000, offset: 200 }))).toEqual(all.slice(200, 2_200))
  const { endCursor } = (await read({ first: 100 })).pageInfo
  const rest = await read({ first: 2_000, after: endCursor })
  expect(idsOf(rest)).toEqual(all.slice(100, 2_100))
  expect(rest.pageInfo.hasNextPage).toBe(true)
  expect(await rest.totalCount()).toBe(MANY)
  const sent = await statementsOf(store, () => read({ first: 1_999 }))
  expect(sent).toHaveLength(pieces(2_000, along ? 250 : 1_000))
})

test('many objects by id', async () => {
  const { db } = store
  const sent = await statementsOf(store, async () => {
    expect((await usersByIds(db, ids)).map(({ id }) => id).toSorted((a, b) => a - b)).toEqual(ids)
    const sorted = (found: readonly number[]) => found.toSorted((a, b) => a - b)
    expect(sorted((await grantsOfUsers(db, ids)).map(({ userId }) => userId))).toEqual(ids)
    expect(sorted((await attributesOf(db, 'user', ids)).map(({ ownerId }) => ownerId))).toEqual(ids)
    expect((await groupsByIds(db, [group, ...ids])).filter(({ id }) => id === group)).toHaveLength(1)
  })
  expect(sent).toHaveLength(3 * pieces(MANY, 1_000) + pieces(MANY + 1, 1_000))
})

test('a list that hangs on many objects, and a long one on each', async () => {
  const { loaders } = testContext({ actor: operator, store })
  const [one] = await Promise.all([
    loaders.groupsOfUser.of(ids[0]!, { first: 5 }),
    ...ids
      .slice(1)
      .map(async id => expect((await loaders.groupsOfUser.of(id, { first: 5 })).nodes).toMatchObject([{ id: group }])),
  ])
  expect(one.nodes).toMatchObject([{ id: group, name: 'all' }])
  const members = await loaders.membersOfGroup.of(group, { first: 2_200 })
  expect(idsOf(members)).toEqual(idsOf(await readPage(store.db, memberList(group, {}, null), { first: 2_200 })))
  expect(members.nodes).toHaveLength(2_200)
  expect(members.pageInfo.hasNextPage).toBe(true)
  expect(await members.totalCount()).toBe(MANY)
})

/** Does what is undone at once. */
async function tried<T>(work: (db: Db) => Promise<T>): Promise<T> {
  let value: T
  const undo = new Error('undo')
  await store
    .transaction(async db => {
      value = await work(db)
      throw undo
    })
    .catch(error => expect(error).toBe(undo))
  return value!
}
const count = async (db: Db, where: string) => (await db.query<{ n: number }>(`SELECT count(*)::int AS n FROM ${where}`))[0]!.n

test('what becomes of the many users of a removed IAM, and of the members of a group', async () => {
  const now = new Date()
  await tried(async db => {
    expect((await disableUsersOf(db, 'many', now)).map(({ id }) => id)).toEqual(ids)
    expect(await count(db, `users WHERE iamid = 'many' AND NOT disabled`)).toBe(0)
    expect(await disableUsersOf(db, 'many', now)).toEqual([])
  })
  await tried(async db => {
    expect((await moveUsersToBim(db, 'many', now)).map(({ id }) => id)).toEqual(ids)
    for (const table of ['users WHERE iamid', 'user_attributes WHERE source', 'user_permissions WHERE source'])
      expect(await count(db, `${table} = 'many'`), table).toBe(0)
    expect(await count(db, `memberships WHERE sources = '{bim}'`)).toBe(MANY)
  })
  await tried(async db => {
    expect((await deleteUsersOf(db, 'many')).map(({ id }) => id)).toEqual(ids)
    expect(await count(db, `users WHERE iamid = 'many'`)).toBe(0)
  })
  await tried(async db => {
    await deleteGroupRow(db, group)
    expect(await count(db, 'memberships')).toBe(0)
    expect(await count(db, `groups WHERE name = 'all'`)).toBe(0)
  })
})
