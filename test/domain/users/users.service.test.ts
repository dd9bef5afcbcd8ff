// The rules of users over a real store, without HTTP and without a resolver: what is stored, what is audited, what is refused.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { operator, type UserActor } from '../../../src/authorization/actor.ts'
import { permissions } from '../../../src/domain/users/permissions.service.ts'
import { userCreation } from '../../../src/domain/users/user-creation.service.ts'
import { listUsers, users } from '../../../src/domain/users/users.service.ts'
import type { Store } from '../../../src/platform/database/store.ts'
import { eventsBy, makeIam, makeUser, testContext } from '../../harness/context.ts'
import { testStore } from '../../harness/database.ts'

let store: Store
let admin: UserActor
beforeAll(async () => {
  store = await testStore()
  admin = await makeUser(store, 'admin', ['USER_ADMIN', 'AUDIT'])
})
afterAll(() => store.close())

const as = (actor: UserActor | typeof operator) => testContext({ actor, store })
let made = 0
const person = (held: string[] = [], more: object = {}) => makeUser(store, `person${++made}`, held, more)
const refOf = ({ user }: UserActor) => ({ id: user.id })

describe('creating', () => {
  test('stores the row with its canonical forms, and one event without a secret', async () => {
    let id = 0
    const events = await eventsBy(store, async () => {
      const input = {
        userid: 'Ines@Roster.Example',
        password: 'a long ride at night',
        profile: { email: 'Ines@X.example' },
        permissions: ['AUDIT'],
      }
      const { user, newUserLink } = await userCreation.create(as(admin), input)
      expect(user).toMatchObject({
        iamid: 'bim',
        name: 'Ines@Roster.Example',
        email: 'Ines@X.example',
        view: 'aggregate',
        disabled: false,
      })
      expect(newUserLink).toBeNull()
      id = user.id
    })
    const row = await store.db.prisma.user.findUniqueOrThrow({ where: { id } })
    expect(row).toMatchObject({ useridKey: 'ines@roster.example', emailKey: 'ines@x.example', nameKey: 'ines@roster.example' })
    expect(events).toMatchObject([
      {
        event: 'userCreated',
        outcome: 'done',
        actorName: 'bim/admin',
        targetId: String(id),
        after: { userid: 'Ines@Roster.Example' },
      },
    ])
    expect(JSON.stringify(events)).not.toContain('a long ride at night')
  })

  test('refuses a userid that differs in case alone, and leaves nothing', async () => {
    await person([], { name: 'x' })
    const count = () => store.db.prisma.user.count()
    const before = await count()
    const again = userCreation.create(as(admin), { userid: `PERSON${made}`, password: 'a long ride at night' })
    await expect(again).rejects.toMatchObject({ code: 'CONFLICT', message: expect.stringMatching(/^userid /) })
    expect(await count()).toBe(before)
  })

  test('grants nothing that the creator lacks', async () => {
    const input = { userid: 'governor', password: 'a long ride at night', permissions: ['GOVERNANCE'] }
    await expect(userCreation.create(as(admin), input)).rejects.toMatchObject({ code: 'FORBIDDEN' })
    expect(await store.db.prisma.user.count({ where: { userid: 'governor' } })).toBe(0)
  })
})

describe('disabling', () => {
  test('is one event, done once, and enabling takes it back', async () => {
    const one = await person()
    const events = await eventsBy(store, async () => {
      const first = await users.setDisabled(as(admin), { ref: refOf(one), disabled: true })
      expect(first).toMatchObject({ disabled: true, disabledBy: 'bim' })
      await users.setDisabled(as(admin), { ref: refOf(one), disabled: true })
      expect(await users.setDisabled(as(admin), { ref: refOf(one), disabled: false })).toMatchObject({
        disabled: false,
        disabledBy: null,
      })
    })
    expect(events.map(({ event, before, after }) => ({ event, before, after }))).toEqual([
      { event: 'userDisabled', before: { disabled: false }, after: { disabled: true, revokedTokens: 0 } },
      { event: 'userEnabled', before: { disabled: true }, after: { disabled: false } },
    ])
  })

  test('takes over what a source disabled: the source cannot end it', async () => {
    await makeIam(store, 'corp')
    const one = await person([], { iamid: 'corp', disabled: true })
    await store.db.query(`UPDATE users SET disabled_by = 'corp' WHERE id = $1`, [one.user.id])
    const [event] = await eventsBy(store, () => users.setDisabled(as(admin), { ref: refOf(one), disabled: true }))
    expect(event).toMatchObject({ event: 'userDisabled', before: { disabledBy: 'corp' }, after: { disabledBy: 'bim' } })
  })

  test('of oneself, of a holder of more, and of the last administrator is refused; nothing is changed', async () => {
    const governor = await person(['GOVERNANCE'])
    const refused = [
      [admin, admin, 'CONFLICT'],
      [admin, governor, 'FORBIDDEN'],
      [operator, admin, 'CONFLICT'],
      [governor, admin, 'FORBIDDEN'],
    ] as const
    for (const [actor, whom, code] of refused) {
      await expect(users.setDisabled(as(actor), { ref: refOf(whom), disabled: true })).rejects.toMatchObject({ code })
      expect(await users.read(as(operator), { ref: refOf(whom) })).toMatchObject({ disabled: false })
    }
  })
})

test('a profile changes by the fields that differ, and the owner sees it in full', async () => {
  const one = await person()
  const events = await eventsBy(store, async () => {
    const profile = { phone: '1', about: '' }
    expect(await users.updateProfile(as(one), { ref: refOf(one), profile })).toMatchObject({
      phone: '1',
      about: null,
      view: 'own',
    })
    await users.updateProfile(as(one), { ref: refOf(one), profile })
  })
  expect(events).toMatchObject([{ event: 'userUpdated', before: { phone: null }, after: { phone: '1' } }])
  const other = await person()
  await expect(users.updateProfile(as(other), { ref: refOf(one), profile: { phone: '2' } })).rejects.toMatchObject({
    code: 'FORBIDDEN',
  })
})

test('permissions are replaced, added and removed, each change one event', async () => {
  const one = await person(['CREATE_FILTER'])
  const events = await eventsBy(store, async () => {
    await permissions.grant(as(admin), { ref: refOf(one), permissions: ['AUDIT', 'CREATE_FILTER'] })
    await permissions.grant(as(admin), { ref: refOf(one), permissions: ['AUDIT'] })
    await permissions.set(as(admin), { ref: refOf(one), permissions: ['CREATE_PROJECT'] })
  })
  expect(events.map(({ event }) => event)).toEqual(['permissionsUpdated', 'permissionsUpdated'])
  const held = await store.db.prisma.userPermission.findMany({ where: { userId: one.user.id }, select: { permission: true } })
  expect(held).toEqual([{ permission: 'CREATE_PROJECT' }])
})

test('a filter on a hidden field needs more than listing', async () => {
  const one = await person()
  const page = await listUsers(as(one), { first: 10, filter: { userid: one.user.userid } })
  expect(page.nodes.map(({ id }) => id)).toEqual([one.user.id])
  const hidden = listUsers(as(one), { first: 10, filter: { attributes: [{ key: 'desk', value: 'day' }] } })
  await expect(hidden).rejects.toMatchObject({ code: 'FORBIDDEN' })
})

test('a deleted user is gone, with one event that names them', async () => {
  const one = await person()
  const [event, ...more] = await eventsBy(store, () => users.delete(as(admin), { ref: refOf(one) }))
  expect(event).toMatchObject({
    event: 'userDeleted',
    targetName: `bim/${one.user.userid}`,
    before: { userid: one.user.userid, iamid: 'bim' },
  })
  expect(more).toEqual([])
  await expect(users.read(as(admin), { ref: refOf(one) })).rejects.toMatchObject({ code: 'NOT_FOUND' })
})

test('each column is read as what is stored under its name', async () => {
  const texts = ['phone', 'about', 'location', 'organization', 'position', 'sqlUser', 'dn', 'directoryId', 'openidId', 'samlId']
  const stored = {
    ...Object.fromEntries(texts.map(name => [name, `the ${name}`])),
    email: 'e@x.example',
    emailKey: 'e@x.example',
  }
  const times = {
    lastLogin: new Date(1_000),
    lastExternalRefresh: new Date(2_000),
    createdAt: new Date(3_000),
    updatedAt: new Date(4_000),
  }
  const one = await person()
  const row = await store.db.prisma.user.update({
    where: { id: one.user.id },
    data: { ...stored, ...times, systemGenerated: true },
  })
  const read = await users.read(as(operator), { ref: refOf(one) })
  const shared = Object.keys(read).filter(name => name in row)
  expect(shared).toEqual(expect.arrayContaining([...texts, ...Object.keys(times), 'email', 'systemGenerated', 'disabled']))
  const of = (from: object) => Object.fromEntries(shared.map(name => [name, from[name as keyof typeof from]]))
  expect(of(read)).toEqual(of(row))
})
