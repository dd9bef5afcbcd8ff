// The granting rule and the last administrator, where an IAM's configuration is the way in.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { UserActor } from '../../../src/authorization/actor.ts'
import { ADMINISTRATIVE } from '../../../src/authorization/permissions.ts'
import { iams } from '../../../src/domain/iams/iams.service.ts'
import type { Store } from '../../../src/platform/database/store.ts'
import { Conflict, Forbidden } from '../../../src/platform/errors.ts'
import { eventsBy, makeUser, testContext } from '../../harness/context.ts'
import { testStore } from '../../harness/database.ts'

let store: Store
let all: UserActor
let appAdmin: UserActor
beforeAll(async () => {
  store = await testStore()
  all = await makeUser(store, 'all', [...ADMINISTRATIVE])
  appAdmin = await makeUser(store, 'app-admin', ['APPLICATION_ADMIN'])
})
afterAll(() => store.close())

const as = (actor: UserActor, env = {}) => testContext({ actor, store, env })
const lacked = ADMINISTRATIVE.filter(permission => permission !== 'APPLICATION_ADMIN')

describe.each(lacked)('without %s an APPLICATION_ADMIN', permission => {
  const id = `grants_${permission}`
  const crew = { Crew: [permission] }
  beforeEach(async () => {
    await store.db.prisma.iam.deleteMany({ where: { id } })
    await iams.create(as(all), { id, displayName: id, type: 'ldap' })
  })

  test('neither creates an IAM that gives it', async () => {
    const create = (more: object) => iams.create(as(appAdmin), { displayName: 'x', type: 'ldap', ...more })
    await expect(create({ defaultPermissions: [permission] })).rejects.toThrow(Forbidden)
    await expect(create({ groupPermissions: crew })).rejects.toThrow(Forbidden)
    await expect(create({ config: { defaultPermissions: [permission] } })).rejects.toThrow(Forbidden)
  })

  test('nor makes one give it, nor stop giving it, and leaves a trace', async () => {
    const change = (actor: UserActor, more: object) => iams.update(as(actor), { id, ...more })
    const [event] = await eventsBy(store, () =>
      expect(change(appAdmin, { defaultPermissions: [permission] })).rejects.toThrow(Forbidden),
    )
    expect(event).toMatchObject({ event: 'denied', action: 'iam:configure' })
    await expect(change(appAdmin, { groupPermissions: crew })).rejects.toThrow(Forbidden)
    await change(all, { defaultPermissions: [permission], groupPermissions: crew })
    await expect(change(appAdmin, { defaultPermissions: [] })).rejects.toThrow(Forbidden)
    await expect(change(appAdmin, { groupPermissions: {} })).rejects.toThrow(Forbidden)
    await expect(change(appAdmin, { groupPermissions: { Other: [permission] } })).rejects.toThrow(Forbidden)
    // What stays is neither granted nor removed.
    await change(appAdmin, {
      defaultPermissions: [permission, 'CREATE_FILTER'],
      groupPermissions: { ...crew, Other: ['CREATE_FILTER'] },
    })
    expect((await iams.get(as(all), { id }))!.defaultPermissions).toEqual([permission, 'CREATE_FILTER'])
  })

  test('nor decides where its people come from, or who may provision them, while it gives it or one of them holds it', async () => {
    const elsewhere = { id, config: { options: { host: 'mine.example', userSearchBase: 'dc=x', userIdAttribute: 'uid' } } }
    await iams.update(as(all), { id, groupPermissions: crew })
    await expect(iams.update(as(appAdmin), elsewhere)).rejects.toThrow(Forbidden)
    await expect(iams.generateScimKey(as(appAdmin), { id })).rejects.toThrow(Forbidden)
    await iams.update(as(all), { id, groupPermissions: {} })
    await makeUser(store, `holder of ${permission}`, [permission], { iamid: id })
    await expect(iams.update(as(appAdmin), elsewhere)).rejects.toThrow(Forbidden)
    await expect(iams.generateScimKey(as(appAdmin), { id })).rejects.toThrow(Forbidden)
    // What it is called says nothing of whose it is, and what stays is no change.
    await iams.update(as(appAdmin), { id, displayName: 'Another name', config: {} })
    await iams.update(as(appAdmin, { GRANTS: 'documented' }), elsewhere)
    await iams.update(as(all), { id, config: {} })
    await store.db.prisma.user.deleteMany({ where: { iamid: id } })
    await iams.update(as(appAdmin), elsewhere)
  })

  test('nor removes an IAM that gives it, or one whose user holds it', async () => {
    await iams.update(as(all), { id, defaultPermissions: [permission] })
    await expect(iams.remove(as(appAdmin), { id })).rejects.toThrow(Forbidden)
    await iams.update(as(all), { id, defaultPermissions: [] })
    const holder = await makeUser(store, `holder of ${permission}`, [permission], { iamid: id })
    await expect(iams.remove(as(appAdmin), { id })).rejects.toThrow(Forbidden)
    await store.db.prisma.user.delete({ where: { id: holder.user.id } })
    expect(await iams.remove(as(appAdmin), { id })).toEqual({ deletedId: id })
  })

  test('nor creates one whose remaining users hold it', async () => {
    await makeUser(store, `left holder of ${permission}`, [permission], { iamid: id })
    await iams.remove(as(all), { id, users: 'KEEP' })
    await expect(iams.create(as(appAdmin), { id, displayName: id, type: 'ldap' })).rejects.toThrow(Forbidden)
    await iams.create(as(all), { id, displayName: id, type: 'ldap' })
    await store.db.prisma.user.deleteMany({ where: { iamid: id } })
  })

  test('but may all of it where GRANTS is documented', async () => {
    const loose = as(appAdmin, { GRANTS: 'documented' })
    await iams.update(loose, { id, defaultPermissions: [permission], groupPermissions: crew })
    expect(await iams.remove(loose, { id })).toEqual({ deletedId: id })
  })
})

test('an APPLICATION_ADMIN gives what they hold, and any permission that is not administrative', async () => {
  const defaultPermissions = ['APPLICATION_ADMIN', 'CREATE_FILTER', 'SOMETHING_OF_OUR_OWN']
  const { iam } = await iams.create(as(appAdmin), { displayName: 'Own', type: 'openid', defaultPermissions })
  expect(iam.defaultPermissions).toEqual(defaultPermissions)
})

describe('the last administrator', () => {
  beforeAll(async () => {
    // Nobody holds USER_ADMIN directly any more: `all` keeps it only in the actor.
    await store.db.prisma.userPermission.deleteMany({ where: { permission: 'USER_ADMIN' } })
  })

  test('may hold USER_ADMIN by an IAM default, which then stays', async () => {
    await iams.create(as(all), { id: 'last', displayName: 'Last', type: 'ldap', defaultPermissions: ['USER_ADMIN'] })
    await makeUser(store, 'last-one', [], { iamid: 'last' })
    await expect(iams.update(as(all), { id: 'last', defaultPermissions: [] })).rejects.toThrow(Conflict)
    await expect(iams.remove(as(all), { id: 'last', users: 'KEEP' })).rejects.toThrow(/no enabled user with USER_ADMIN/)
    expect((await iams.get(as(all), { id: 'last' }))!.defaultPermissions).toEqual(['USER_ADMIN'])
  })

  test('may hold it through a group, whose rule then stays', async () => {
    const { id: groupId } = await store.db.prisma.group.create({ data: { iamid: 'last', name: 'Crew', nameKey: 'crew' } })
    const { id: userId } = await store.db.prisma.user.findFirstOrThrow({ where: { userid: 'last-one' } })
    await store.db.prisma.membership.create({ data: { groupId, userId, sources: ['bim'] } })
    await iams.update(as(all), { id: 'last', defaultPermissions: [], groupPermissions: { Crew: ['USER_ADMIN'] } })
    await expect(iams.update(as(all), { id: 'last', groupPermissions: { Crew: ['AUDIT'] } })).rejects.toThrow(Conflict)
    await expect(iams.remove(as(all), { id: 'last', users: 'KEEP' })).rejects.toThrow(/no enabled user with USER_ADMIN/)
    expect(await store.db.prisma.iam.count({ where: { id: 'last' } })).toBe(1)
  })

  test('another one, and it may go', async () => {
    await makeUser(store, 'another', ['USER_ADMIN'])
    expect(await iams.remove(as(all), { id: 'last', users: 'KEEP' })).toEqual({ deletedId: 'last' })
  })
})
