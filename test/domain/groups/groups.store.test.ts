import { afterAll, beforeAll, expect, test } from 'vitest'
import { operator } from '../../../src/authorization/actor.ts'
import { groups } from '../../../src/domain/groups/groups.service.ts'
import type { Store } from '../../../src/platform/database/store.ts'
import { testContext } from '../../harness/context.ts'
import { testStore } from '../../harness/database.ts'

let store: Store
beforeAll(async () => {
  store = await testStore()
})
afterAll(() => store.close())

test('each column of a group is read as what is stored under its name', async () => {
  const row = await store.db.prisma.group.create({
    data: {
      iamid: 'bim',
      name: 'Crew',
      nameKey: 'crew',
      gid: 'the gid',
      email: 'the email',
      description: 'the description',
      scimid: '00000000-0000-4000-8000-000000000001',
      createdAt: new Date(1_000),
      updatedAt: new Date(2_000),
    },
  })
  const read = await groups.read(testContext({ actor: operator, store }), { ref: { id: row.id } })
  const shared = Object.keys(read).filter(name => name in row)
  expect(shared).toEqual(expect.arrayContaining(['iamid', 'name', 'gid', 'email', 'description', 'createdAt', 'updatedAt']))
  const of = (from: object) => Object.fromEntries(shared.map(name => [name, from[name as keyof typeof from]]))
  expect(of(read)).toEqual(of(row))
})
