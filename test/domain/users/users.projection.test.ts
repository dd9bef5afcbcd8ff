// The two roads to a user's edges must tell the same: brought along in the user's own statement, or loaded by the batch.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { operator } from '../../../src/authorization/actor.ts'
import type { Context } from '../../../src/authorization/context.ts'
import {
  ALL_OF_GROUP,
  type Column,
  type EagerEdge,
  isColumn,
  type Projection,
} from '../../../src/domain/users/users.projection.ts'
import { listUsers, readUser } from '../../../src/domain/users/users.service.ts'
import type { Store } from '../../../src/platform/database/store.ts'
import { makeIam, makeUser, testContext } from '../../harness/context.ts'
import { testStore } from '../../harness/database.ts'

const EDGES: EagerEdge[] = ['attributes', 'grants', 'groups']
let columns: Column[]
let store: Store
let ids: number[]

beforeAll(async () => {
  store = await testStore()
  await makeIam(store, 'ldap')
  await store.db.query(`UPDATE iams SET default_permissions = '{FETCH_POLICY_INFO}' WHERE id = 'ldap'`)
  const people = [
    await makeUser(store, 'nobody'),
    await makeUser(store, 'ann', ['USER_ADMIN', 'CREATE_PROJECT']),
    await makeUser(store, 'löwe ☃', ['AUDIT'], { iamid: 'ldap' }),
  ]
  ids = people.map(person => person.user.id)
  columns = Object.keys((await readUser(context(), { ref: { id: ids[0]! } })) ?? {}).filter(isColumn)
  await store.db.query(
    `INSERT INTO groups (iamid, name, name_key, gid, email, description, scim, scimid, created_at)
     VALUES ('bim', 'Zebra', 'zebra', NULL, NULL, NULL, NULL, NULL, '2020-02-29 12:34:56.789+00'),
            ('bim', 'Äpfel "x"', 'äpfel "x"', '7', 'a@b.example', E'two\\nlines', '{"a": [1, null]}', 's-1', '1999-12-31 23:59:59.001+00')`,
  )
  await store.db.query(`INSERT INTO memberships (user_id, group_id) SELECT u, g.id FROM unnest($1::int[]) u, groups g`, [
    ids.slice(1),
  ])
  await store.db.query(
    `INSERT INTO iam_group_permissions (iamid, group_name, group_key, permission) VALUES ('bim', 'Zebra', 'zebra', 'GOVERNANCE')`,
  )
  await store.db.query(
    `INSERT INTO user_attributes (user_id, key, key_key, value, source) SELECT u, k, lower(k), v, s FROM unnest($1::int[]) u,
       (VALUES ('Country', 'CH', 'bim'), ('Country', 'CH', 'ldap'), ('a.b', E'tab\\tand "quote"', 'bim'), ('Ключ', '値', 'ldap')) x(k, v, s)`,
    [ids.slice(1)],
  )
})
afterAll(() => store.close())

/** Of two groups one comes along, and a sign that there is another. */
const FIRST = 1
const wanted = (edges: EagerEdge[]): Projection => ({
  columns,
  edges,
  ...(edges.includes('groups') && { groups: { first: FIRST, columns: ALL_OF_GROUP } }),
})

async function sameGroups(ahead: Context, behind: Context, id: number, first: number): Promise<void> {
  const [along, loaded] = [
    await ahead.loaders.groupsOfUser.of(id, { first }),
    await behind.loaders.groupsOfUser.of(id, { first }),
  ]
  const columnsOf = ({ cursor, node }: (typeof along.edges)[number]) => ({
    cursor,
    group: Object.fromEntries(['id', ...ALL_OF_GROUP].map(column => [column, node[column as keyof typeof node]])),
  })
  expect(along.edges.map(columnsOf)).toEqual(loaded.edges.map(columnsOf))
  expect(along.pageInfo).toEqual(loaded.pageInfo)
  expect(await along.totalCount()).toBe(await loaded.totalCount())
}

const context = () => testContext({ actor: operator, store })

test.each([{ edges: EDGES }, ...EDGES.map(edge => ({ edges: [edge] }))])('one user with $edges', async ({ edges }) => {
  for (const id of ids) {
    const ahead = context()
    const behind = context()
    const user = await readUser(ahead, { ref: { id }, wanted: wanted(edges) })
    expect(user).toEqual(await readUser(behind, { ref: { id } }))
    for (const loader of ['grantsOfUser', 'attributesOfUser'] as const)
      expect(await ahead.loaders[loader].load(id), loader).toEqual(await behind.loaders[loader].load(id))
    for (const first of [1, 2, 3]) await sameGroups(ahead, behind, id, first)
  }
})

test('a page of users', async () => {
  const ahead = context()
  const page = await listUsers(ahead, { first: 10, wanted: wanted(EDGES) })
  expect(page.nodes).toEqual((await listUsers(context(), { first: 10 })).nodes)
  for (const { id } of page.nodes) await sameGroups(ahead, context(), id, FIRST)
})

test('what came along is not asked for again', async () => {
  const ahead = context()
  const sent: string[] = []
  const stop = store.onStatement(text => sent.push(text))
  await readUser(ahead, { ref: { id: ids[1]! }, wanted: wanted(EDGES) })
  await Promise.all([
    ahead.loaders.grantsOfUser.load(ids[1]!),
    ahead.loaders.attributesOfUser.load(ids[1]!),
    ahead.loaders.groupsOfUser.of(ids[1]!, { first: FIRST }),
  ])
  stop()
  expect(sent).toHaveLength(1)
})
