// The name beside a membership is that of the user, whatever adds members and renames users.
import { setTimeout } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { memberList } from '../../../src/domain/groups/groups.search.ts'
import { addLocalMembers } from '../../../src/domain/groups/memberships.store.ts'
import { copyEntitlements } from '../../../src/domain/users/users.store.ts'
import { joinGroups } from '../../../src/federation/identity.store.ts'
import { readPage } from '../../../src/platform/database/pagination.ts'
import type { Store } from '../../../src/platform/database/store.ts'
import { addScimMembers } from '../../../src/scim/resources/members.store.ts'
import { serverUrl, testStore } from '../../harness/database.ts'

let store: Store
let users: number[]
let group: number
beforeEach(async () => {
  store = await testStore()
  const made = await store.db.query<{ id: number }>(
    `INSERT INTO users (iamid, userid, userid_key, name, name_key, scim_id)
     SELECT 'bim', n, n, upper(n), n, gen_random_uuid() FROM unnest(ARRAY['ada', 'bea', 'cleo']) n RETURNING id`,
  )
  users = made.map(({ id }) => id)
  const [crew] = await store.db.query<{ id: number }>(
    `INSERT INTO groups (iamid, name, name_key, scimid) VALUES ('bim', 'crew', 'crew', 'x') RETURNING id`,
  )
  group = crew!.id
})
afterEach(() => store.close())

const now = new Date()
const add = (ids: readonly number[]) => addLocalMembers(store.db, group, { userIds: ids, by: 'test', now })
const rename = (ids: readonly number[], prefix: string) =>
  store.db.query(`UPDATE users SET name = $2 || name, name_key = $2 || name_key WHERE id = ANY($1::int[])`, [ids, prefix])
const names = async () => (await readPage(store.db, memberList(group, {}, 'ASC'), { first: 10 })).nodes.map(({ name }) => name)
const wrong = () =>
  store.db.query(
    'SELECT m.user_name_key, u.name_key FROM memberships m JOIN users u ON u.id = m.user_id WHERE m.user_name_key <> u.name_key',
  )

test.each<[string, () => Promise<unknown>]>([
  ['an administrator', () => add(users)],
  [
    'a directory',
    () =>
      joinGroups(
        store.db,
        { iamid: 'bim', source: 'corp', now } as never,
        users.map(userId => ({ userId, group: { name: 'crew' } as never })),
      ),
  ],
  [
    'a SCIM client',
    async () => {
      const ids = await store.db.query<{ id: string }>('SELECT scim_id::text AS id FROM users ORDER BY scim_id')
      await addScimMembers(store.db, { id: group, iamid: 'bim' }, { ids: ids.map(({ id }) => id), now })
    },
  ],
  [
    'a copy of another user',
    async () => {
      await add(users.slice(0, 1))
      await copyEntitlements(store.db, users[0]!, { toIds: users.slice(1), by: 'test' })
    },
  ],
  [
    'a statement that does not know the name',
    () =>
      store.db.query('INSERT INTO memberships (group_id, user_id) SELECT $1::int, u FROM unnest($2::int[]) u', [group, users]),
  ],
])('%s adds members with their names', async (_, adds) => {
  await adds()
  expect(await wrong()).toEqual([])
  expect(await names()).toEqual(['ADA', 'BEA', 'CLEO'])
})

test('renaming one, and many at once, moves them in the list', async () => {
  await add(users)
  await rename(users.slice(0, 1), 'z')
  expect(await names()).toEqual(['BEA', 'CLEO', 'zADA'])
  await rename(users.slice(1), 'zz')
  expect(await names()).toEqual(['zADA', 'zzBEA', 'zzCLEO'])
  expect(await wrong()).toEqual([])
})

// The embedded store has one connection: nothing comes between.
test.skipIf(!serverUrl)('a user who is renamed while being added, and the other way round', async () => {
  const [adding, renaming] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const first = store.transaction(async db => {
    await addLocalMembers(db, group, { userIds: users.slice(0, 1), by: 'test', now })
    adding.resolve()
    await setTimeout(100)
  })
  await adding.promise
  await Promise.all([first, rename(users.slice(0, 1), 'a')])
  const second = store.transaction(async db => {
    await db.query(`UPDATE users SET name_key = 'b' || name_key WHERE id = $1`, [users[1]])
    renaming.resolve()
    await setTimeout(100)
  })
  await renaming.promise
  const copied = store.db.query('INSERT INTO memberships (group_id, user_id) VALUES ($1, $2)', [group, users[1]])
  await Promise.all([second, copied])
  expect(await wrong()).toEqual([])
})
