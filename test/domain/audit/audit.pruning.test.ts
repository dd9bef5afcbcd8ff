import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { operator } from '../../../src/authorization/actor.ts'
import { pruneAudit, pruneAuditBySetting } from '../../../src/domain/audit/audit.pruning.service.ts'
import { AppendFile } from '../../../src/platform/append-file.ts'
import { pruneInBatches, takePruning } from '../../../src/platform/database/pruning.ts'
import type { Store } from '../../../src/platform/database/store.ts'
import { makeUser, testContext } from '../../harness/context.ts'
import { serverUrl, testStore } from '../../harness/database.ts'

const DAY = 86_400_000
let store: Store
let folder: string
beforeAll(async () => {
  store = await testStore()
  folder = mkdtempSync(join(tmpdir(), 'roster-pruning-'))
})
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true })
  await store.close()
})

const event = (daysAgo: number, targetName: string) => ({
  at: new Date(Date.now() - daysAgo * DAY),
  event: 'userUpdated',
  action: 'user:updateProfile',
  outcome: 'done',
  actorKind: 'user',
  actorName: 'bim/ann',
  targetType: 'user',
  targetId: '1',
  targetName,
  after: { name: 'Ünal' },
  requestId: 'r',
  address: '192.0.2.1',
})
const left = async () =>
  (await store.db.prisma.auditEvent.findMany({ orderBy: { id: 'asc' } })).map(({ targetName, event }) => targetName ?? event)
const operate = (env: Record<string, string> = {}) => testContext({ actor: operator, store, env })
const linesOf = (path: string) =>
  readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line))

beforeEach(async () => {
  await store.db.prisma.auditEvent.deleteMany()
  await store.db.prisma.auditEvent.createMany({
    data: [event(40, 'oldest'), event(10, 'young'), event(31, 'old'), event(29, 'kept')],
  })
})

test('old events are in the file, whole and oldest first, and then gone', async () => {
  const to = new AppendFile(join(folder, 'moved.jsonl'))
  expect(await pruneAudit(operate(), { days: 30, to })).toBe(2)
  await to.close()
  const lines = linesOf(to.path)
  expect(lines.map(line => line.target_name)).toEqual(['oldest', 'old'])
  expect(lines[0]).toMatchObject({
    actor_name: 'bim/ann',
    after: { name: 'Ünal' },
    address: '192.0.2.1',
    action: 'user:updateProfile',
  })
  expect(statSync(to.path).mode & 0o777).toBe(0o600)
  expect(await left()).toEqual(['young', 'kept', 'auditPruned'])
  const [last] = await store.db.prisma.auditEvent.findMany({ where: { event: 'auditPruned' } })
  expect(last).toMatchObject({ actorName: 'operator', targetType: 'instance', after: { count: 2, file: to.path } })
})

test('without old events there is no file, and no event', async () => {
  const to = new AppendFile(join(folder, 'none.jsonl'))
  expect(await pruneAudit(operate(), { days: 50, to })).toBe(0)
  expect(readdirSync(folder)).not.toContain('none.jsonl')
  expect(await left()).toEqual(['oldest', 'young', 'old', 'kept'])
})

test('what cannot be exported stays', async () => {
  const path = join(folder, 'taken.jsonl')
  writeFileSync(path, 'mine')
  await expect(pruneAudit(operate(), { days: 30, to: new AppendFile(path) })).rejects.toThrow('EEXIST')
  const failing = { path, append: () => Promise.reject(new Error('disk full')) }
  await expect(pruneAudit(operate(), { days: 30, to: failing })).rejects.toThrow('disk full')
  expect(readFileSync(path, 'utf8')).toBe('mine')
  expect(await left()).toEqual(['oldest', 'young', 'old', 'kept'])
})

test('in batches, each with its event', async () => {
  await store.db.prisma.auditEvent.createMany({ data: Array.from({ length: 5_100 }, (_, at) => event(100, `bulk ${at}`)) })
  const sizes: number[] = []
  const to = { path: 'memory', append: async (lines: readonly string[]) => void sizes.push(lines.length) }
  expect(await pruneAudit(operate(), { days: 90, to })).toBe(5_100)
  const batch = Math.min(5_000, store.db.rowsAtOnce)
  expect(sizes[0]).toBe(batch)
  expect(sizes.reduce((sum, size) => sum + size)).toBe(5_100)
  expect((await left()).filter(name => name === 'auditPruned')).toHaveLength(sizes.length)
})

test('large events make a batch shorter', async () => {
  const large = Array.from({ length: 5 }, (_, at) => ({
    ...event(100 - at, `large ${at}`),
    after: { text: 'x'.repeat(3_000_000) },
  }))
  await store.db.prisma.auditEvent.createMany({ data: large })
  const names: string[][] = []
  const to = {
    path: 'memory',
    append: async (lines: readonly string[]) => void names.push(lines.map(line => JSON.parse(line).target_name)),
  }
  expect(await pruneAudit(operate(), { days: 90, to })).toBe(5)
  expect(names).toEqual([
    ['large 0', 'large 1', 'large 2'],
    ['large 3', 'large 4'],
  ])
})

test('only the operator may', async () => {
  const administrator = await makeUser(store, 'root', ['USER_ADMIN', 'AUDIT', 'APPLICATION_ADMIN', 'GOVERNANCE'])
  const to = { path: 'memory', append: async () => {} }
  await expect(pruneAudit(testContext({ actor: administrator, store }), { days: 30, to })).rejects.toThrow(
    'audit:prune is not allowed',
  )
  await expect(pruneAudit(operate(), { days: 0, to })).rejects.toThrow('days must be at least 1')
})

test.skipIf(!serverUrl)('one process at a time', async () => {
  const [taken, free] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const other = store.transaction(async db => {
    await takePruning(db)
    taken.resolve()
    await free.promise
  })
  await taken.promise
  const to = { path: 'memory', append: async () => {} }
  await expect(pruneAudit(operate(), { days: 30, to })).rejects.toThrow('Another process prunes at the moment: try again later')
  expect(await pruneInBatches(store, async () => ({ removed: 1, more: false }))).toBe(0)
  free.resolve()
  await other
  expect(await pruneAudit(operate(), { days: 30, to })).toBe(2)
})

describe('by AUDIT_DAYS', () => {
  const open = (path: string) => new AppendFile(path)

  test('nothing without it', async () => {
    expect(await pruneAuditBySetting(operate(), open)).toBe(0)
    expect(await left()).toHaveLength(4)
  })

  test('into a new file of the folder', async () => {
    const files = readdirSync(folder)
    expect(await pruneAuditBySetting(operate({ AUDIT_DAYS: '30', AUDIT_EXPORT_DIR: folder }), open)).toBe(2)
    const [made] = readdirSync(folder).filter(name => !files.includes(name))
    expect(made).toMatch(/^audit-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}Z\.jsonl$/)
    expect(linesOf(join(folder, made!)).map(line => line.target_name)).toEqual(['oldest', 'old'])
  })
})
