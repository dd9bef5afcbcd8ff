import { afterAll, beforeAll, expect, test } from 'vitest'
import { operator } from '../../../src/authorization/actor.ts'
import { attributes } from '../../../src/domain/attributes/attributes.service.ts'
import type { PageArgs } from '../../../src/platform/database/pagination.ts'
import type { Store } from '../../../src/platform/database/store.ts'
import { makeUser, testContext } from '../../harness/context.ts'
import { testStore } from '../../harness/database.ts'

let store: Store
beforeAll(async () => {
  store = await testStore()
  const { user } = await makeUser(store, 'holder')
  const group = await store.db.prisma.group.create({ data: { iamid: 'bim', name: 'g', nameKey: 'g' } })
  await store.db.query(
    `INSERT INTO user_attributes (user_id, key, key_key, value) SELECT $1, upper(k), k, 'v' FROM unnest('{a,b,d,😀}'::text[]) k`,
    [user.id],
  )
  await store.db.query(
    `INSERT INTO group_attributes (group_id, key, key_key, value) SELECT $1, k, k, 'v' FROM unnest('{b,c,e}'::text[]) k`,
    [group.id],
  )
})
afterAll(() => store.close())

const page = async (args: PageArgs) => {
  const found = await attributes.keys(testContext({ actor: operator, store }), args)
  return { keys: found.nodes.map(node => node.keyKey), ...found.pageInfo }
}

test('keys page from both ends and by offset, without overlap', async () => {
  const first = await page({ first: 2 })
  expect(first).toMatchObject({ keys: ['a', 'b'], hasNextPage: true, hasPreviousPage: false })
  expect(await page({ first: 9, after: first.endCursor })).toMatchObject({ keys: ['c', 'd', 'e', '😀'], hasNextPage: false })
  const last = await page({ last: 2 })
  expect(last).toMatchObject({ keys: ['e', '😀'], hasNextPage: false, hasPreviousPage: true })
  expect(await page({ last: 3, before: last.startCursor })).toMatchObject({
    keys: ['b', 'c', 'd'],
    hasNextPage: true,
    hasPreviousPage: true,
  })
  expect(await page({ first: 2, offset: 3 })).toMatchObject({ keys: ['d', 'e'], hasPreviousPage: true })
})
