import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createExchangeLog } from '../../../src/federation/exchanges/exchange-log.ts'
import type { Store } from '../../../src/platform/database/store.ts'
import { testStore } from '../../harness/database.ts'

const IAMS = 5
const BURSTS = 10
const IN_A_BURST = 100

let store: Store

beforeAll(async () => {
  store = await testStore()
  for (let n = 0; n < IAMS; n++)
    await store.db.query(`INSERT INTO iams (id, display_name, type) VALUES ($1, $1, 'scim')`, [`source${n}`])
})
afterAll(() => store?.close())

test('records of a Bulk are written before any must be dropped', async () => {
  const warnings: string[] = []
  const log = createExchangeLog(store.db, { warn: (_, text) => warnings.push(text) })
  for (let burst = 0; burst < BURSTS; burst++) {
    for (let n = 0; n < IN_A_BURST; n++)
      log.record({
        iamid: `source${n % IAMS}`,
        kind: 'scim',
        at: new Date(),
        requestId: 'r',
        asked: 'POST /Users',
        request: { userName: `u${burst}.${n}` },
        answer: null,
        status: 201,
      })
    await sleep(40)
  }
  await log.stop()
  expect(warnings).toEqual([])
  const [row] = await store.db.query<{ kept: number }>('SELECT count(*)::int AS kept FROM exchanges')
  expect(row?.kept).toBe(BURSTS * IN_A_BURST)
})
