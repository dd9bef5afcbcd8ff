// A page of the audit log reads what it shows, whatever it is narrowed by: few of very many events are denied.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type AuditQuery, auditList } from '../../../src/domain/audit/audit.query.store.ts'
import { readPage } from '../../../src/platform/database/pagination.ts'
import type { Store } from '../../../src/platform/database/store.ts'
import { testStore } from '../../harness/database.ts'
import { passedOver } from '../../harness/plans.ts'

const MANY = 30_000
const DENIED = 30
const PAGE = 25
const FEW = 2 * (PAGE + 1)

let store: Store
beforeAll(async () => {
  store = await testStore()
  await store.db.query(
    `INSERT INTO audit_events (at, event, action, outcome, actor_kind, actor_name, actor_user_id, target_type, target_id, request_id)
     SELECT '2026-01-01'::timestamptz + i * interval '1 minute', CASE WHEN i % 3 = 0 THEN 'userUpdated' ELSE 'userDisabled' END,
       'user:disable', CASE WHEN i % $2::int = 7 THEN 'denied' ELSE 'done' END, 'user', 'x', i % 500, 'user', (i % 700)::text, 'r'
       FROM generate_series(1, $1::int) i`,
    [MANY, MANY / DENIED],
  )
  await store.db.query('VACUUM ANALYZE')
}, 120_000)
afterAll(() => store.close())

const counted = async (asked: AuditQuery, descending = true) => {
  let found = 0
  const passed = await passedOver(store, FEW, async () => {
    found = (await readPage(store.db, auditList(asked, descending), { first: PAGE })).nodes.length
  })
  return { found, passed }
}

test.each<[AuditQuery, number]>([
  [{}, PAGE],
  [{ outcome: 'denied' }, PAGE],
  [{ outcome: 'done' }, PAGE],
  [{ outcome: 'denied', actorUserId: 3 }, 0],
  [{ events: ['userDisabled'] }, PAGE],
  [{ actorUserId: 3 }, PAGE],
  [{ targetType: 'user', targetId: '3' }, PAGE],
])('%j', async (asked, found) => {
  expect(await counted(asked)).toEqual({ found, passed: [] })
  expect(await counted(asked, false)).toEqual({ found, passed: [] })
})

test('the count of those that were denied', async () => {
  const count = async () =>
    expect(await (await readPage(store.db, auditList({ outcome: 'denied' }, true), { first: 1 })).totalCount()).toBe(DENIED)
  expect(await passedOver(store, FEW, count)).toEqual([])
})
