import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { operator } from '../../../src/authorization/actor.ts'
import { pruneKeys } from '../../../src/domain/credentials/keys.pruning.service.ts'
import type { Store } from '../../../src/platform/database/store.ts'
import { pruneBySettings } from '../../../src/pruning.ts'
import { makeUser, testContext } from '../../harness/context.ts'
import { testStore } from '../../harness/database.ts'

const DAY = 86_400_000
const ago = (days: number) => new Date(Date.now() - days * DAY)
let store: Store
let userId: number
beforeAll(async () => {
  store = await testStore()
  userId = (await makeUser(store, 'ann')).user.id
  await store.db.prisma.iam.create({ data: { id: 'corp', displayName: 'Corp', type: 'openid', config: {} } })
})
afterAll(() => store.close())
beforeEach(async () => {
  await store.db.prisma.apiKey.deleteMany()
  await store.db.prisma.scimKey.deleteMany()
  await store.db.prisma.auditEvent.deleteMany()
})

const operate = (env: Record<string, string> = {}) => testContext({ actor: operator, store, env })
/** Expires `days` ago; a negative number is in the future. */
const key = async (name: string, days: number | null, more: object = {}) => {
  const data = { userId, name, prefix: `rk_${name}`, hash: randomBytes(32), expiresAt: days === null ? null : ago(days), ...more }
  return (await store.db.prisma.apiKey.create({ data })).id
}
const left = async () => (await store.db.prisma.apiKey.findMany({ orderBy: { id: 'asc' } })).map(({ name }) => name)
const events = () => store.db.prisma.auditEvent.findMany({ orderBy: { id: 'asc' } })

test('keys that expired long ago go, and an event of each stays', async () => {
  const id = await key('old', 31)
  await key('young', 29)
  await key('lives', -1)
  await key('lasting', null)
  expect(await pruneKeys(operate(), 30)).toBe(1)
  expect(await left()).toEqual(['young', 'lives', 'lasting'])
  expect(await events()).toMatchObject([
    {
      event: 'keyPruned',
      action: 'apikey:prune',
      actorName: 'operator',
      targetType: 'apikey',
      targetId: String(id),
      targetName: 'old',
      before: { userId, prefix: 'rk_old', expiresAt: expect.any(String), lastUsed: null },
    },
  ])
  expect(await pruneKeys(operate(), 30)).toBe(0)
  expect(await events()).toHaveLength(1)
})

test('a key by which others are found stays as long as they do, and goes with them', async () => {
  const successor = await key('successor', null)
  const rotated = await key('rotated', 40, { rotatedToId: successor })
  await key('made with it', -10, { parentKeyId: rotated })
  const middle = await key('middle', 40)
  await key('first', -5, { rotatedToId: middle })
  expect(await pruneKeys(operate(), 30)).toBe(0)
  await store.db.prisma.apiKey.updateMany({ where: { name: { in: ['made with it', 'first'] } }, data: { expiresAt: ago(50) } })
  expect(await pruneKeys(operate(), 30)).toBe(4)
  expect(await left()).toEqual(['successor'])
})

test('a chain of rotations goes whole, from its beginning', async () => {
  let next = await key('newest', 40)
  for (let at = 0; at < 6; at++) next = await key(`former ${at}`, 40 + at, { rotatedToId: next })
  expect(await pruneKeys(operate(), 30)).toBe(7)
  expect(await left()).toEqual([])
})

test('many go in batches', async () => {
  const data = Array.from({ length: 1_200 }, (_, at) => ({
    userId,
    prefix: `rk_${at}`,
    hash: randomBytes(32),
    expiresAt: ago(40),
  }))
  await store.db.prisma.apiKey.createMany({ data })
  expect(await pruneKeys(operate(), 30)).toBe(1_200)
  expect(await store.db.prisma.auditEvent.count()).toBe(1_200)
})

test('SCIM keys too, and by the setting alone', async () => {
  const scim = (prefix: string, expiresAt: Date | null) => ({ iamid: 'corp', prefix, hash: randomBytes(32), expiresAt })
  await store.db.prisma.scimKey.createMany({ data: [scim('old', ago(40)), scim('young', ago(20)), scim('present', null)] })
  await key('old', 400)
  await pruneBySettings(operate())
  expect([await store.db.prisma.scimKey.count(), await left()]).toEqual([3, ['old']])
  await pruneBySettings(operate({ EXPIRED_KEY_DAYS: '30' }))
  expect((await store.db.prisma.scimKey.findMany()).map(({ prefix }) => prefix)).toEqual(['young', 'present'])
  expect(await left()).toEqual([])
  expect((await events()).map(({ targetType, targetId, before }) => [targetType, targetId, before])).toContainEqual([
    'iam',
    'corp',
    { prefix: 'old', createdAt: expect.any(String), lastUsed: null, expiresAt: expect.any(String) },
  ])
})
