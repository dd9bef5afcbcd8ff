// How many places operations take: one of their actor for a request, whatever they ask of other services.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { shareOf, type UserActor } from '../../src/authorization/actor.ts'
import type { Context } from '../../src/authorization/context.ts'
import { query } from '../../src/authorization/service.ts'
import type { Store } from '../../src/platform/database/store.ts'
import { FairQueue, SharedPlace } from '../../src/platform/fair-queue.ts'
import { makeUser, testContext } from '../harness/context.ts'
import { testStore } from '../harness/database.ts'

let store: Store
let user: UserActor
beforeAll(async () => {
  store = await testStore()
  user = await makeUser(store, 'one place')
})
afterAll(() => store.close())

const inner = query('viewer:read', async () => 'inner')
/** As a replay does: another context, which knows no request. */
const outer = query('viewer:read', (_call, { own }: { own: Context }) => inner(own, {}))

test.each(['of a request', 'alone'])('an operation %s that asks another service does not wait for itself', async how => {
  const operations = new FairQueue({ places: 1, maxWaiting: { total: 0 }, refuse: () => new Error('no place') })
  const plain = testContext({ actor: user, store })
  const own: Context = { ...plain, app: { ...plain.app, operations } }
  const place = new SharedPlace(() => operations.acquire({ actor: shareOf(user, own.address) }))
  expect(await outer(how === 'alone' ? own : { ...own, place }, { own })).toBe('inner')
  place.leave()
  await expect.poll(() => operations.running).toBe(0)
})
