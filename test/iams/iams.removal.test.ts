import { afterAll, beforeAll, expect, test } from 'vitest'
import type { UserActor } from '../../src/access/actor.ts'
import { actorOf } from '../../src/access/authenticate.ts'
import { mint } from '../../src/credentials/secret.ts'
import { NotFound } from '../../src/errors.ts'
import { iams } from '../../src/iams/iams.service.ts'
import type { Store } from '../../src/store/store.ts'
import { testStore } from '../harness/database.ts'
import { eventsBy, makeUser, testContext } from '../harness/rooms.ts'

let store: Store
let admin: UserActor
let plain: UserActor
const as = (actor: UserActor) => testContext({ actor, store })

beforeAll(async () => {
  store = await testStore()
  admin = await makeUser(store, 'admin', ['APPLICATION_ADMIN', 'USER_ADMIN'])
  plain = await makeUser(store, 'plain')
})
afterAll(() => store.close())

test('removing an IAM: its users stay; their tokens, keys and invitations stop working at once', async () => {
  await iams.create(as(admin), {
    id: 'leaving',
    displayName: 'Leaving',
    type: 'ldap',
    groupPermissions: { Crew: ['CREATE_FILTER'] },
  })
  const member = await makeUser(store, 'member', ['IMPERSONATE_HDFS_USER'], { iamid: 'leaving' })
  const [token, lent, key] = [mint('rt'), mint('rt'), mint('rk')]
  const later = new Date(Date.now() + 3_600_000)
  const life = { lastUsed: new Date(), expiresAt: later, endsAt: later }
  await store.db.prisma.token.create({ data: { userId: member.user.id, hash: token.hash, prefix: token.prefix, ...life } })
  await store.db.prisma.token.create({
    data: { userId: plain.user.id, impersonatorId: member.user.id, hash: lent.hash, prefix: lent.prefix, ...life },
  })
  await store.db.prisma.apiKey.create({ data: { userId: member.user.id, hash: key.hash, prefix: key.prefix } })
  const invitation = mint('ri')
  await store.db.prisma.invitation.create({
    data: { userId: member.user.id, hash: invitation.hash, prefix: 'ri_', expiresAt: later },
  })
  expect(await actorOf(store.db, token.secret, new Date())).not.toBeNull()
  expect(await actorOf(store.db, key.secret, new Date())).not.toBeNull()

  const [event, ...more] = await eventsBy(store, async () => {
    expect(await iams.remove(as(admin), { id: 'leaving' })).toEqual({ deleted: true })
  })
  expect(more).toEqual([])
  expect(event).toMatchObject({ event: 'iamConfigured', targetId: 'leaving', after: null })
  expect(event).toMatchObject({ before: { displayName: 'Leaving', tokens: 2, invitations: 1 } })

  expect(await iams.get(as(admin), { id: 'leaving' })).toBeNull()
  expect(await store.db.prisma.user.count({ where: { iamid: 'leaving' } })).toBe(1)
  expect(await store.db.prisma.token.count({ where: { userId: member.user.id } })).toBe(0)
  expect(await store.db.prisma.invitation.count({ where: { userId: member.user.id } })).toBe(0)
  for (const { secret } of [token, lent, key]) expect(await actorOf(store.db, secret, new Date())).toBeNull()
  await expect(iams.remove(as(admin), { id: 'leaving' })).rejects.toThrow(NotFound)
})
