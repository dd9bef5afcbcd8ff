import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { actorOf } from '../../../src/authentication/authenticate.ts'
import type { UserActor } from '../../../src/authorization/actor.ts'
import { generateSecret } from '../../../src/authorization/secret.ts'
import { AT_ONCE, assertFewUsers } from '../../../src/domain/iams/iam.removal.ts'
import { iams } from '../../../src/domain/iams/iams.service.ts'
import type { IamUsers } from '../../../src/generated/graphql.ts'
import type { Store } from '../../../src/platform/database/store.ts'
import { Conflict, Forbidden, NotFound } from '../../../src/platform/errors.ts'
import { eventsBy, makeUser, statementsOf, testContext } from '../../harness/context.ts'
import { testStore } from '../../harness/database.ts'

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

test('removing an IAM and keeping its users: they stay; their tokens, keys and invitations stop working at once', async () => {
  await iams.create(as(admin), {
    id: 'leaving',
    displayName: 'Leaving',
    type: 'ldap',
    groupPermissions: { Crew: ['CREATE_FILTER'] },
  })
  const member = await makeUser(store, 'member', ['IMPERSONATE_HDFS_USER'], { iamid: 'leaving' })
  const [token, lent, key] = [generateSecret('rt'), generateSecret('rt'), generateSecret('rk')]
  const later = new Date(Date.now() + 3_600_000)
  const life = { lastUsed: new Date(), expiresAt: later, endsAt: later }
  await store.db.prisma.token.create({ data: { userId: member.user.id, hash: token.hash, prefix: token.prefix, ...life } })
  await store.db.prisma.token.create({
    data: { userId: plain.user.id, impersonatorId: member.user.id, hash: lent.hash, prefix: lent.prefix, ...life },
  })
  await store.db.prisma.apiKey.create({ data: { userId: member.user.id, hash: key.hash, prefix: key.prefix } })
  const invitation = generateSecret('ri')
  await store.db.prisma.invitation.create({
    data: { userId: member.user.id, hash: invitation.hash, prefix: 'ri_', expiresAt: later },
  })
  expect(await actorOf(store.db, token.secret, new Date())).not.toBeNull()
  expect(await actorOf(store.db, key.secret, new Date())).not.toBeNull()

  const [event, ...more] = await eventsBy(store, async () => {
    expect(await iams.remove(as(admin), { id: 'leaving', users: 'KEEP' })).toEqual({ deletedId: 'leaving' })
  })
  expect(more).toEqual([])
  expect(event).toMatchObject({ event: 'iamConfigured', targetId: 'leaving', after: { users: 'KEEP' } })
  expect(event).toMatchObject({ before: { displayName: 'Leaving', users: 1, tokens: 2, invitations: 1 } })

  expect(await iams.get(as(admin), { id: 'leaving' })).toBeNull()
  expect(await store.db.prisma.user.count({ where: { iamid: 'leaving' } })).toBe(1)
  expect(await store.db.prisma.token.count({ where: { userId: member.user.id } })).toBe(0)
  expect(await store.db.prisma.invitation.count({ where: { userId: member.user.id } })).toBe(0)
  for (const { secret } of [token, lent, key]) expect(await actorOf(store.db, secret, new Date())).toBeNull()
  await expect(iams.remove(as(admin), { id: 'leaving' })).rejects.toThrow(NotFound)
})

/** An IAM with three users: one with attributes, a group, a key and a token; one without; one disabled. */
async function populated(id: string) {
  await iams.create(as(admin), { id, displayName: id, type: 'ldap', defaultPermissions: ['CREATE_FILTER'] })
  const ana = await makeUser(store, `ana of ${id}`, ['FETCH_POLICY_INFO'], { iamid: id })
  const ben = await makeUser(store, `ben of ${id}`, [], { iamid: id })
  const cem = await makeUser(store, `cem of ${id}`, [], { iamid: id, disabled: true })
  const userId = ana.user.id
  const attribute = { userId, key: 'Team', keyKey: 'team' }
  await store.db.prisma.userAttribute.createMany({
    data: [
      { ...attribute, value: 'red' },
      { ...attribute, value: 'red', source: id },
      { ...attribute, value: 'red', source: 'user info' },
      { ...attribute, value: 'blue', source: id },
    ],
  })
  const group = await store.db.prisma.group.create({ data: { iamid: id, name: 'Crew', nameKey: 'crew' } })
  await store.db.prisma.membership.create({ data: { groupId: group.id, userId, sources: [id] } })
  const key = generateSecret('rk')
  await store.db.prisma.apiKey.create({ data: { userId, hash: key.hash, prefix: key.prefix } })
  const token = generateSecret('rt')
  const later = new Date(Date.now() + 3_600_000)
  const life = { lastUsed: new Date(), expiresAt: later, endsAt: later }
  await store.db.prisma.token.create({ data: { userId, hash: token.hash, prefix: token.prefix, ...life } })
  return { ids: [ana, ben, cem].map(({ user }) => user.id), key: key.secret, token: token.secret, groupId: group.id }
}
const held = (ids: readonly number[]) =>
  store.db.prisma.user.findMany({
    where: { id: { in: [...ids] } },
    orderBy: { id: 'asc' },
    select: { iamid: true, disabled: true },
  })

describe('while it has users', () => {
  test('it stays without a choice for them; disabled ones count', async () => {
    const { ids, token } = await populated('full')
    const refusal = iams.remove(as(admin), { id: 'full' })
    await expect(refusal).rejects.toThrow(Conflict)
    await expect(refusal).rejects.toThrow(/^full has 3 users, 2 of them enabled: .*KEEP, DISABLE, DELETE or MOVE_TO_BIM$/)
    expect(await actorOf(store.db, token, new Date())).not.toBeNull()
    await store.db.prisma.user.deleteMany({ where: { id: { in: ids.slice(0, 2) } } })
    await expect(iams.remove(as(admin), { id: 'full', users: null })).rejects.toThrow(/^full has 1 user, 0 of them enabled: /)
    await store.db.prisma.user.deleteMany({ where: { id: { in: ids } } })
    expect(await iams.remove(as(admin), { id: 'full' })).toEqual({ deletedId: 'full' })
  })

  test('DISABLE: an IAM made again lets nobody in', async () => {
    const { ids, key, token } = await populated('again')
    const events = await eventsBy(store, () => iams.remove(as(admin), { id: 'again', users: 'DISABLE' }))
    expect(events.map(({ event, targetName }) => [event, targetName])).toEqual([
      ['iamConfigured', 'again'],
      ['userDisabled', 'again/ana of again'],
      ['userDisabled', 'again/ben of again'],
    ])
    await iams.create(as(admin), { id: 'again', displayName: 'again', type: 'ldap' })
    expect(await held(ids)).toEqual(Array(3).fill({ iamid: 'again', disabled: true }))
    for (const secret of [key, token]) expect(await actorOf(store.db, secret, new Date())).toBeNull()
  })

  test('DELETE: with all that they hold', async () => {
    const { ids, key } = await populated('gone')
    const events = await eventsBy(store, () => iams.remove(as(admin), { id: 'gone', users: 'DELETE' }))
    expect(events.filter(({ event }) => event === 'userDeleted').map(({ before }) => before)).toMatchObject(
      ['ana', 'ben', 'cem'].map(name => ({ userid: `${name} of gone`, iamid: 'gone' })),
    )
    expect(await held(ids)).toEqual([])
    expect(await actorOf(store.db, key, new Date())).toBeNull()
    expect(await store.db.prisma.userAttribute.count({ where: { userId: { in: ids } } })).toBe(0)
  })

  test('MOVE_TO_BIM: with their ids and what they hold, whose source is then bim; rules of the IAM end, and their sessions', async () => {
    const { ids, key, token, groupId } = await populated('moving')
    const events = await eventsBy(store, () => iams.remove(as(admin), { id: 'moving', users: 'MOVE_TO_BIM' }))
    expect(events.map(({ event, targetName }) => [event, targetName]).slice(1)).toEqual(
      ['ana', 'ben', 'cem'].map(name => ['userMigrated', `bim/${name} of moving`]),
    )
    expect(await held(ids)).toEqual([false, false, true].map(disabled => ({ iamid: 'bim', disabled })))
    const [userId] = ids as [number]
    expect(await actorOf(store.db, token, new Date())).toBeNull()
    const actor = await actorOf(store.db, key, new Date())
    expect([actor!.user.iamid, [...actor!.permissions]]).toEqual(['bim', ['FETCH_POLICY_INFO']])
    const attributes = await store.db.prisma.userAttribute.findMany({
      where: { userId },
      orderBy: { id: 'asc' },
      select: { value: true, source: true },
    })
    expect(attributes).toEqual([
      { value: 'red', source: 'bim' },
      { value: 'blue', source: 'bim' },
    ])
    expect(await store.db.prisma.membership.findFirst({ where: { groupId, userId } })).toMatchObject({ sources: ['bim'] })
  })

  test('MOVE_TO_BIM where names or addresses are taken: nobody is moved, and they are named', async () => {
    const { ids } = await populated('clash')
    const address = { email: 'X@corp.example', emailKey: 'x@corp.example' }
    await store.db.prisma.user.updateMany({ where: { id: { in: ids.slice(1) } }, data: address })
    await makeUser(store, 'ANA of Clash')
    const refusal = iams.remove(as(admin), { id: 'clash', users: 'MOVE_TO_BIM' })
    await expect(refusal).rejects.toThrow(Conflict)
    await expect(refusal).rejects.toThrow(/^3 of the users cannot be moved.*: ana of clash, ben of clash, cem of clash$/)
    expect((await held(ids)).map(({ iamid }) => iamid)).toEqual(Array(3).fill('clash'))
    expect(await iams.get(as(admin), { id: 'clash' })).not.toBeNull()
    await store.db.prisma.user.deleteMany({ where: { OR: [{ id: ids[1]! }, { userid: 'ANA of Clash' }] } })
    await iams.remove(as(admin), { id: 'clash', users: 'MOVE_TO_BIM' })
    expect((await held(ids)).map(({ iamid }) => iamid)).toEqual(['bim', 'bim'])
  })

  test('what is done to users needs USER_ADMIN too, and nobody locks themselves out', async () => {
    await populated('guarded')
    const appAdmin = await makeUser(store, 'app-admin', ['APPLICATION_ADMIN'])
    for (const users of ['DISABLE', 'DELETE', 'MOVE_TO_BIM'] as const)
      await expect(iams.remove(as(appAdmin), { id: 'guarded', users })).rejects.toThrow(Forbidden)
    const insider = await makeUser(store, 'insider', ['APPLICATION_ADMIN', 'USER_ADMIN'], { iamid: 'guarded' })
    for (const users of ['KEEP', 'DISABLE', 'DELETE', 'MOVE_TO_BIM'] as const)
      await expect(iams.remove(as(insider), { id: 'guarded', users })).rejects.toThrow(/lock yourself out/)
    expect(await store.db.prisma.user.count({ where: { iamid: 'guarded', disabled: false } })).toBe(3)
    await store.db.prisma.user.delete({ where: { id: insider.user.id } })
    expect(await iams.remove(as(appAdmin), { id: 'guarded', users: 'KEEP' })).toEqual({ deletedId: 'guarded' })
  })

  test.each(['KEEP', 'DISABLE', 'DELETE', 'MOVE_TO_BIM'] as const)(
    '%s takes as many statements for many as for few',
    async users => {
      const statements = async (many: number) => {
        const id = `many_${users}_${many}`
        await iams.create(as(admin), { id, displayName: id, type: 'ldap' })
        const names = Array.from({ length: many }, (_, at) => `${id} ${at}`)
        await store.db.prisma.user.createMany({
          data: names.map(name => ({
            iamid: id,
            userid: name,
            useridKey: name.toLowerCase(),
            name,
            nameKey: name.toLowerCase(),
          })),
        })
        return (await statementsOf(store, () => iams.remove(as(admin), { id, users: users satisfies IamUsers }))).length
      }
      expect(await statements(300)).toBe(await statements(1))
    },
  )
})

test('each of many has an event as complete as that of one', async () => {
  const id = 'crowd'
  const eventOf = async (many: number) => {
    await iams.create(as(admin), { id, displayName: id, type: 'ldap' })
    const names = Array.from({ length: many }, (_, at) => `${id} ${at}`)
    await store.db.prisma.user.createMany({
      data: names.map(name => ({ iamid: id, userid: name, useridKey: name, name, nameKey: name })),
    })
    const last = await store.db.prisma.auditEvent.aggregate({ _max: { id: true } })
    await iams.remove(as(admin), { id, users: 'DELETE' })
    const where = { id: { gt: last._max.id! }, event: 'userDeleted' }
    const events = await store.db.prisma.auditEvent.findMany({ where, orderBy: { id: 'asc' } })
    expect(events.map(({ targetName }) => targetName)).toEqual(names.map(name => `${id}/${name}`))
    const { id: _, at, targetId, ...rest } = events[0]!
    expect([at instanceof Date, /^\d+$/.test(targetId)]).toEqual([true, true])
    return rest
  }
  expect(await eventOf(1200)).toEqual(await eventOf(1))
})

test('more users than one transaction can change: refused before anything is done, with what to do instead', () => {
  expect(() => assertFewUsers('vast', 'DELETE', AT_ONCE)).not.toThrow()
  const check = () => assertFewUsers('vast', 'DELETE', AT_ONCE + 1)
  expect(check).toThrow(Conflict)
  expect(check).toThrow(/^users: DELETE is for at most 100000 users at once, and vast has 100001: give KEEP/)
})

test('of two who remove it at once with different wishes one wins, whole', async () => {
  const { ids } = await populated('raced')
  const results = await Promise.allSettled([
    iams.remove(as(admin), { id: 'raced', users: 'DELETE' }),
    iams.remove(as(admin), { id: 'raced', users: 'MOVE_TO_BIM' }),
  ])
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  const left = await held(ids)
  expect([0, 3]).toContain(left.length)
  expect(left.every(({ iamid }) => iamid === 'bim')).toBe(true)
})
