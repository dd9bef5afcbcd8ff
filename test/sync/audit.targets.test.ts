// What the audit log says that a row of a sync is about: by id and by name, also where it was refused.
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { UserActor } from '../../src/authorization/actor.ts'
import { relinking } from '../../src/federation/relink.service.ts'
import type { Store } from '../../src/platform/database/store.ts'
import { Forbidden } from '../../src/platform/errors.ts'
import { insertRun } from '../../src/sync/runs.store.ts'
import { syncs } from '../../src/sync/syncs.service.ts'
import { ask, eventsBy, makeIam, makeUser, testContext } from '../harness/context.ts'
import { testStore } from '../harness/database.ts'

let store: Store
let admin: UserActor
let auditor: UserActor
let run: number

beforeAll(async () => {
  store = await testStore()
  admin = await makeUser(store, 'admin', ['USER_ADMIN', 'AUDIT'])
  auditor = await makeUser(store, 'auditor', ['AUDIT'])
  await makeIam(store, 'corp')
  await store.db.query(`UPDATE iams SET display_name = 'Corporation' WHERE id = 'corp'`)
  const { user } = await makeUser(store, 'ann', [], { iamid: 'corp' })
  await store.db.query(`UPDATE users SET directory_id = 'x' WHERE id = $1`, [user.id])
  const asked = { iamid: 'corp', mode: 'full' as const, startedBy: 'schedule', dryRun: false, userid: null, since: null }
  run = (await insertRun(store.db, { ...asked, status: 'quarantined' }, new Date()))!.id
})
afterAll(() => store.close())

const as = (actor: UserActor) => testContext({ actor, store })

test('relinking the users of an IAM is about the IAM', async () => {
  const events = await eventsBy(store, () => relinking.relinkAll(as(admin), { iamid: 'corp', dryRun: false }))
  expect(events).toMatchObject([{ event: 'userRelinked', targetType: 'iam', targetId: 'corp', targetName: 'Corporation' }])
})

test('what an administrator decides of a sync is about the IAM', async () => {
  const events = await eventsBy(store, () => syncs.cancel(as(admin), { id: run }))
  expect(events).toMatchObject([
    { event: 'syncFinished', targetType: 'iam', targetId: 'corp', targetName: 'Corporation', after: { run } },
  ])
})

test.each([
  ['approve', () => syncs.approve(as(auditor), { id: run })],
  ['cancel', () => syncs.cancel(as(auditor), { id: run })],
  ['undo', () => syncs.undo(as(auditor), { id: run })],
])('a refusal to %s a sync is about the sync, not about an IAM with its number', async (_, decide) => {
  const events = await eventsBy(store, () => expect(decide()).rejects.toThrow(Forbidden))
  expect(events).toMatchObject([{ event: 'denied', targetType: 'sync', targetId: String(run) }])
  const { data } = await ask(
    as(admin),
    '{ auditEvents(first: 1) { nodes { target { __typename ... on SyncRun { startedBy } } } } }',
  )
  expect(data).toEqual({ auditEvents: { nodes: [{ target: { __typename: 'SyncRun', startedBy: 'schedule' } }] } })
})

test.each([
  ['sync', () => syncs.start(as(auditor), { id: 'corp' })],
  ['relink the users of', () => relinking.relinkAll(as(auditor), { iamid: 'corp', dryRun: false })],
])('a refusal to %s an IAM is about the IAM', async (_, start) => {
  const events = await eventsBy(store, () => expect(start()).rejects.toThrow(Forbidden))
  expect(events).toMatchObject([{ event: 'denied', targetType: 'iam', targetId: 'corp' }])
})
