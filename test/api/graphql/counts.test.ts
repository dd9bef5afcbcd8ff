// totalCount is exact up to its bound and null beyond, where totalCountEstimate says about how many; REST stays exact.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { MAX_COUNT } from '../../../src/api/graphql/counts.ts'
import { send } from '../../contract/client.ts'
import { bootApp, type TestApp } from '../../harness/app.ts'
import { stockUp } from './stock.ts'

let app: TestApp
beforeAll(async () => {
  app = await bootApp()
  await stockUp(app.store, 3)
}, 120_000)
afterAll(() => app?.close())

const counts = async () =>
  (await app.graphql('{ users(first: 1, filter: { name: "Counted" }) { totalCount totalCountEstimate nodes { userid } } }')).data
    .users
const add = (from: number, to: number) =>
  app.store.db.query(
    `INSERT INTO users (iamid, userid, userid_key, name, name_key) SELECT 'bim', 'c' || n, 'c' || n, 'Counted ' || n, 'counted ' || n
       FROM generate_series($1::int, $2::int) n`,
    [from, to],
  )

test('every connection has both counts', async () => {
  const { data, errors } = await app.graphql(`{
    users { totalCount totalCountEstimate } groups { totalCount totalCountEstimate } groupNames { totalCount totalCountEstimate }
    iams { totalCount totalCountEstimate nodes { id } } attributeKeys { totalCount totalCountEstimate nodes { values { totalCount totalCountEstimate } } }
    permissions(first: 2) { totalCount totalCountEstimate nodes { rules { totalCount totalCountEstimate } } }
    viewer { user { memberships { totalCount totalCountEstimate } tokens { totalCount totalCountEstimate } auditEvents { totalCount totalCountEstimate } } }
  }`)
  expect(errors).toBeUndefined()
  const pairs: unknown[] = []
  JSON.stringify(data, (_, value) => {
    if (value && typeof value === 'object' && 'totalCount' in value) pairs.push([value.totalCount, value.totalCountEstimate])
    return value
  })
  expect(pairs.length).toBeGreaterThan(10)
  for (const [exact, about] of pairs as [number, number][]) {
    expect(exact).toEqual(expect.any(Number))
    expect(about).toBe(exact)
  }
})

test('up to the bound exact, beyond null with an estimate, and exact by REST', { timeout: 120_000 }, async () => {
  await add(1, 10)
  expect(await counts()).toMatchObject({ totalCount: 10, totalCountEstimate: 10 })
  for (let from = 11; from <= MAX_COUNT; from += 20_000) await add(from, Math.min(from + 19_999, MAX_COUNT))
  await app.store.db.query('ANALYZE users')
  expect(await counts()).toMatchObject({ totalCount: MAX_COUNT, totalCountEstimate: MAX_COUNT })
  await add(MAX_COUNT + 1, MAX_COUNT + 1)
  const beyond = await counts()
  expect(beyond.totalCount).toBeNull()
  expect(beyond.totalCountEstimate).toBeGreaterThan(MAX_COUNT)
  expect(beyond.totalCountEstimate).toBeLessThan(MAX_COUNT * 2)
  const { body } = await send<{ count: string }>(app.url, 'GET', '/bim/user?name=counted&size=1', { token: app.admin.token })
  expect(body.count).toBe(String(MAX_COUNT + 1))
})
