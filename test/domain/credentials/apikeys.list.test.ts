// The API keys of all users: who may list them, what the filters mean, and that lists read few rows of many.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { UserActor } from '../../../src/authorization/actor.ts'
import { apiKeys } from '../../../src/domain/credentials/apikeys.service.ts'
import type { ApiKeyFilter, ApiKeySort } from '../../../src/generated/inputs.ts'
import type { Store } from '../../../src/platform/database/store.ts'
import { Forbidden, Invalid } from '../../../src/platform/errors.ts'
import { ask, makeIam, makeUser, statementsOf, testContext } from '../../harness/context.ts'
import { testStore } from '../../harness/database.ts'
import { nodesOf, type PlanNode, sentBy } from '../../harness/plans.ts'

const day = (days: number) => new Date(Date.UTC(2026, 0, days))

let store: Store
let admin: UserActor
let local: UserActor
let remote: UserActor

beforeAll(async () => {
  store = await testStore()
  await makeIam(store, 'corp')
  admin = await makeUser(store, 'admin', ['USER_ADMIN'])
  local = await makeUser(store, 'local')
  remote = await makeUser(store, 'remote', [], { iamid: 'corp' })
  await makeKey(local, 'fresh', { created: day(20), used: day(25) })
  await makeKey(local, 'stale', { created: day(1), used: day(2) })
  await makeKey(remote, 'never used', { created: day(3), expires: day(40) })
  await makeKey(remote, 'expired', { created: day(4), used: day(9), expires: day(10) })
})
afterAll(() => store.close())

async function makeKey({ user }: UserActor, name: string, { created, used, expires }: Record<string, Date>): Promise<void> {
  const data = { userId: user.id, name, prefix: 'rk_x', hash: Buffer.from(name), createdAt: created!, lastUsed: used ?? null }
  await store.db.prisma.apiKey.create({ data: { ...data, expiresAt: expires ?? null } })
}

const as = (actor: UserActor) => testContext({ actor, store })
const names = async (filter: ApiKeyFilter, sort?: ApiKeySort) =>
  (await apiKeys.list(as(admin), { filter, ...(sort && { sort }) })).nodes.map(({ name }) => name)

describe('the keys of all users', () => {
  test('need USER_ADMIN; one’s own do not', async () => {
    const refusal = apiKeys.list(as(local), {})
    await expect(refusal).rejects.toThrow(Forbidden)
    await expect(refusal).rejects.toThrow('apikey:list needs the permission USER_ADMIN')
    await expect(apiKeys.list(as(local), { ref: null })).rejects.toThrow(Forbidden)
    const own = await apiKeys.list(as(local), { ref: { id: local.user.id } })
    expect(own.nodes.map(({ name }) => name)).toEqual(['fresh', 'stale'])
  })

  test('name their owners, page by page, in one statement for each', async () => {
    const list = (first: number) =>
      ask(as(admin), `{ apiKeys(first: ${first}) { totalCount nodes { name user { iamid userid } } pageInfo { hasNextPage } } }`)
    const { data, errors } = await list(3)
    expect(errors).toEqual([])
    expect(data).toEqual({
      apiKeys: {
        totalCount: 4,
        nodes: [
          { name: 'fresh', user: { iamid: 'bim', userid: 'local' } },
          { name: 'stale', user: { iamid: 'bim', userid: 'local' } },
          { name: 'never used', user: { iamid: 'corp', userid: 'remote' } },
        ],
        pageInfo: { hasNextPage: true },
      },
    })
    expect(await statementsOf(store, () => list(1))).toHaveLength(2)
    expect(await statementsOf(store, () => list(4))).toHaveLength(2)
  })

  test('a cursor goes on after the last key of the page', async () => {
    const first = await apiKeys.list(as(admin), { first: 3, sort: { field: 'EXPIRES_AT' } })
    const rest = await apiKeys.list(as(admin), { first: 3, after: first.pageInfo.endCursor, sort: { field: 'EXPIRES_AT' } })
    expect([...first.nodes, ...rest.nodes].map(({ name }) => name)).toEqual(['expired', 'never used', 'fresh', 'stale'])
  })
})

describe('filters', () => {
  test.each<[string, ApiKeyFilter, string[]]>([
    ['nothing', {}, ['fresh', 'stale', 'never used', 'expired']],
    ['an IAM', { iamids: ['corp'] }, ['never used', 'expired']],
    ['two IAMs', { iamids: ['corp', 'bim'] }, ['fresh', 'stale', 'never used', 'expired']],
    ['no IAM', { iamids: [] }, []],
    ['unused since, the never used by their creation', { unusedSince: day(4) }, ['stale', 'never used']],
    ['unused since their creation', { unusedSince: day(3) }, ['stale']],
    ['expiring before, those without an expiry not', { expiresBefore: day(41) }, ['never used', 'expired']],
    ['expiring before, which is not included', { expiresBefore: day(40) }, ['expired']],
    ['created before, which is not included', { createdBefore: day(4) }, ['stale', 'never used']],
    ['all together', { iamids: ['corp'], unusedSince: day(20), expiresBefore: day(41), createdBefore: day(4) }, ['never used']],
    [
      'nulls, as nothing',
      { iamids: null, unusedSince: null, expiresBefore: null, createdBefore: null, expired: null },
      ['fresh', 'stale', 'never used', 'expired'],
    ],
  ])('%s', async (_, filter, expected) => {
    expect(await names(filter)).toEqual(expected)
  })

  test('also narrow the keys of one user', async () => {
    const page = await apiKeys.list(as(remote), { ref: { id: remote.user.id }, filter: { expiresBefore: day(20) } })
    expect(page.nodes.map(({ name }) => name)).toEqual(['expired'])
  })

  test('by last use, the never used first', async () => {
    expect(await names({ unusedSince: day(30) }, { field: 'LAST_USED' })).toEqual(['never used', 'stale', 'expired', 'fresh'])
  })

  test('more IAMs than a list may have are at fault', async () => {
    const refusal = apiKeys.list(as(admin), { filter: { iamids: Array.from({ length: 1001 }, () => 'bim') } })
    await expect(refusal).rejects.toThrow(Invalid)
    await expect(refusal).rejects.toMatchObject({ field: 'iamids' })
  })
})

describe('a page of few keys among many reads few', () => {
  beforeAll(async () => {
    await store.db.query(
      `INSERT INTO api_keys (user_id, name, prefix, hash, created_at, last_used, expires_at)
       SELECT $1, 'many', 'rk_x', decode(md5(i::text), 'hex'), now(), now(), now() + interval '90 days' FROM generate_series(1, 5000) i`,
      [local.user.id],
    )
    await store.db.query('ANALYZE')
  }, 60_000)

  test.each<[string, ApiKeyFilter, ApiKeySort | undefined]>([
    ['in the order of creation', {}, undefined],
    ['in the order of use', {}, { field: 'LAST_USED', direction: 'DESC' }],
    ['in the order of expiry', {}, { field: 'EXPIRES_AT' }],
    ['unused since', { unusedSince: day(30) }, undefined],
    ['unused since, in the order of use', { unusedSince: day(30) }, { field: 'LAST_USED' }],
    ['expiring before', { expiresBefore: day(50) }, { field: 'CREATED_AT', direction: 'DESC' }],
    ['created before', { createdBefore: day(30) }, { field: 'CREATED_AT', direction: 'DESC' }],
  ])('%s', async (_, filter, sort) => {
    const [sent] = await sentBy(store, () => apiKeys.list(as(admin), { filter, sort: sort ?? null }))
    const [row] = await store.db.query<{ 'QUERY PLAN': { Plan: PlanNode }[] }>(
      `EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) ${sent!.text}`,
      sent!.values,
      { fresh: true },
    )
    const read = nodesOf(row!['QUERY PLAN'][0]!.Plan).map(
      node => (node['Actual Rows'] ?? 0) + (node['Rows Removed by Filter'] ?? 0),
    )
    expect(Math.max(...read)).toBeLessThanOrEqual(60)
  })
})
