import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { removeOldExchanges } from '../../src/federation/exchanges/exchanges.pruning.store.ts'
import { pruneInBatches } from '../../src/platform/database/pruning.ts'
import type { Store } from '../../src/platform/database/store.ts'
import { removeOldRuns } from '../../src/sync/runs.pruning.store.ts'
import { testStore } from '../harness/database.ts'

const DAY = 86_400_000
const ago = (days: number) => new Date(Date.now() - days * DAY)
let store: Store
beforeAll(async () => {
  store = await testStore()
})
afterAll(() => store.close())
beforeEach(() => store.db.prisma.syncRun.deleteMany())

const run = (userid: string, daysAgo: number | null, more: object = {}) => ({
  iamid: 'corp',
  mode: 'full',
  startedBy: 'schedule',
  dryRun: false,
  userid,
  status: 'finished',
  finishedAt: daysAgo === null ? null : ago(daysAgo),
  ...more,
})
const left = async () => (await store.db.prisma.syncRun.findMany({ orderBy: { id: 'asc' } })).map(({ userid }) => userid)
const prune = () => pruneInBatches(store, (db, limit) => removeOldRuns(db, ago(30), limit))

test('what the next sync needs stays, however old', async () => {
  await store.db.prisma.syncRun.createMany({
    data: [
      run('applied', 90, { applied: 3 }),
      run('applied later', 80, { applied: 3 }),
      run('due', 70, { dueAt: ago(70) }),
      run('failed', 60, { status: 'failed' }),
      run('dry', 60, { dryRun: true }),
      run('last of corp', 50, { dueAt: ago(50) }),
      run('incremental', 50, { mode: 'incremental' }),
      run('other', 50, { iamid: 'other' }),
      run('failed after', 40, { status: 'failed', dueAt: ago(40) }),
      run('quarantined', null, { status: 'quarantined' }),
      run('young', 10, { status: 'failed' }),
    ],
  })
  expect(await prune()).toBe(4)
  expect(await left()).toEqual(['applied later', 'last of corp', 'incremental', 'other', 'failed after', 'quarantined', 'young'])
  expect(await prune()).toBe(0)
})

test('a run with many entries goes in batches, entries first', async () => {
  await store.db.prisma.syncRun.createMany({ data: [run('large', 90), run('last', 1)] })
  const { id } = await store.db.prisma.syncRun.findFirstOrThrow({ where: { userid: 'large' } })
  const entry = (at: number) => ({
    runId: id,
    kind: 'user',
    name: `u${at}`,
    nameKey: `u${at}`,
    action: 'create',
    state: 'applied',
  })
  await store.db.prisma.syncEntry.createMany({ data: Array.from({ length: 2_500 }, (_, at) => entry(at)) })
  const removed: number[] = []
  await pruneInBatches(store, async db => {
    const done = await removeOldRuns(db, ago(30), 1_000)
    removed.push(done.removed)
    return done
  })
  expect(removed).toEqual([1_000, 1_000, 501])
  expect(await left()).toEqual(['last'])
  expect(await store.db.prisma.syncEntry.count()).toBe(0)
})

test('old exchanges go', async () => {
  await store.db.prisma.iam.create({ data: { id: 'corp', displayName: 'Corp', type: 'ldap', config: {} } })
  const exchange = (days: number) => ({ iamid: 'corp', kind: 'ldap', at: ago(days), requestId: `${days}`, asked: 'x' })
  await store.db.prisma.exchange.createMany({ data: [exchange(40), exchange(29), exchange(31)] })
  expect(await pruneInBatches(store, (db, limit) => removeOldExchanges(db, ago(30), limit))).toBe(2)
  expect((await store.db.prisma.exchange.findMany()).map(({ requestId }) => requestId)).toEqual(['29'])
})
