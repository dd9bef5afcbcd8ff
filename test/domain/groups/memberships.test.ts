// Memberships by their service on a real store: sources, repetition, grants, order, and two people at once.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { operator, type UserActor } from '../../../src/authorization/actor.ts'
import type { Context } from '../../../src/authorization/context.ts'
import { groups } from '../../../src/domain/groups/groups.service.ts'
import { memberships } from '../../../src/domain/groups/memberships.service.ts'
import type { Store } from '../../../src/platform/database/store.ts'
import { Conflict, Forbidden, Invalid, NotFound } from '../../../src/platform/errors.ts'
import { ask, eventsBy, makeGroupPermissions, makeIam, makeUser, statementsOf, testContext } from '../../harness/context.ts'
import { testStore } from '../../harness/database.ts'

let store: Store
let admin: Context
let plain: Context

let count = 0
const fresh = (word: string) => `${word} ${++count}`
const as = (actor: UserActor) => testContext({ actor, store })
const group = (name = fresh('crew'), iamid = 'bim') => groups.create(admin, { name, iamid })
const person = (options: { iamid?: string; name?: string; disabled?: boolean } = {}) =>
  makeUser(store, fresh('person'), [], options)
const byId = ({ user }: UserActor) => ({ id: user.id })
const join = (groupId: number, who: UserActor, by = admin) => memberships.add(by, { group: { id: groupId }, user: byId(who) })
const leave = (groupId: number, membership: number, by = admin) => memberships.remove(by, { group: { id: groupId }, membership })
const rowOf = (id: number) => store.db.prisma.membership.findUnique({ where: { id } })
/** A membership as a sync would leave it. */
const outside = (groupId: number, who: UserActor, sources: string[]) =>
  store.db.prisma.membership.create({ data: { groupId, userId: who.user.id, sources } })

beforeAll(async () => {
  store = await testStore()
  admin = as(await makeUser(store, 'ada', ['USER_ADMIN']))
  plain = as(await makeUser(store, 'paul'))
  await makeIam(store, 'lighthouse')
  await makeIam(store, 'harbour')
  await makeGroupPermissions(store, 'bim', { Governors: ['GOVERNANCE', 'FETCH_POLICY_INFO'], Clerks: ['FETCH_POLICY_INFO'] })
})
afterAll(() => store.close())

describe('adding', () => {
  test('by name in any case, with the source bim and one event that names the user', async () => {
    const { id, name } = await group()
    const ann = await makeUser(store, 'Ann@roster.example', [], { name: 'Ann' })
    const events = await eventsBy(store, async () => {
      const membership = await memberships.add(admin, { group: { id }, user: { iamid: 'bim', userid: 'ANN@roster.example' } })
      expect(membership).toMatchObject({ groupId: id, userId: ann.user.id, sources: ['bim'], name: 'Ann' })
    })
    const members = [{ id: ann.user.id, name: 'bim/Ann@roster.example' }]
    expect(events).toMatchObject([
      {
        event: 'groupUserAdded',
        action: 'group:addMember',
        targetType: 'group',
        targetId: String(id),
        targetName: `bim/${name}`,
        after: { members },
      },
    ])
  })

  test('twice answers the same membership and leaves no second event', async () => {
    const [{ id }, who] = [await group(), await person()]
    const first = await join(id, who)
    expect(await eventsBy(store, async () => expect(await join(id, who)).toEqual(first))).toEqual([])
  })

  test('many at once: one row, and every answer is that membership', async () => {
    const [{ id }, who] = [await group(), await person()]
    const answers = await Promise.all([1, 2, 3, 4, 5].map(() => join(id, who)))
    expect(new Set(answers.map(answer => answer.id)).size).toBe(1)
    expect(await store.db.prisma.membership.count({ where: { groupId: id } })).toBe(1)
  })

  test('a membership of an outside source gets the source bim too, and a new updatedAt', async () => {
    const [{ id }, who] = [await group(), await person()]
    const held = await outside(id, who, ['lighthouse'])
    const events = await eventsBy(store, async () => {
      const membership = await join(id, who)
      expect(membership).toMatchObject({ id: held.id, sources: ['lighthouse', 'bim'], createdAt: held.createdAt })
      expect(membership.updatedAt.getTime()).toBeGreaterThanOrEqual(held.updatedAt.getTime())
    })
    expect(events).toMatchObject([{ event: 'groupUserAdded' }])
  })

  test('anyone may join a bim group; a group of an external IAM takes only its own users', async () => {
    const [bim, light] = [await group(), await group(fresh('keepers'), 'lighthouse')]
    const [keeper, pilot, local] = [await person({ iamid: 'lighthouse' }), await person({ iamid: 'harbour' }), await person()]
    await expect(join(bim.id, keeper)).resolves.toMatchObject({ groupId: bim.id })
    await expect(join(light.id, keeper)).resolves.toMatchObject({ groupId: light.id })
    for (const stranger of [pilot, local]) await expect(join(light.id, stranger)).rejects.toThrow(Conflict)
  })

  test('an unknown group or user is NotFound, without USER_ADMIN it is Forbidden', async () => {
    const [{ id }, who] = [await group(), await person()]
    await expect(join(2147483647, who)).rejects.toThrow(NotFound)
    await expect(memberships.add(admin, { group: { id }, user: { userid: 'nobody' } })).rejects.toThrow(NotFound)
    await expect(memberships.add(admin, { group: { id, iamid: 'lighthouse' }, user: byId(who) })).rejects.toThrow(NotFound)
    await expect(join(id, who, plain)).rejects.toThrow(Forbidden)
  })

  test('into a group that is being deleted, or a user that is: NotFound or done, never a failure of the store', async () => {
    for (const gone of ['group', 'user'] as const) {
      const [{ id }, who] = [await group(), await person()]
      const remove =
        gone === 'group' ? groups.delete(admin, { ref: { id } }) : store.db.prisma.user.delete({ where: { id: who.user.id } })
      const [added] = await Promise.allSettled([join(id, who), remove])
      if (added!.status === 'rejected') expect(added!.reason).toBeInstanceOf(NotFound)
    }
  })
})

describe('removing', () => {
  test('takes the row, with one event', async () => {
    const [{ id }, who] = [await group(), await person()]
    const membership = await join(id, who)
    const events = await eventsBy(store, async () => expect(await leave(id, membership.id)).toEqual({ deletedId: membership.id }))
    const members = [{ id: who.user.id, name: `bim/${who.user.userid}` }]
    expect(events).toMatchObject([{ event: 'groupUserDeleted', action: 'group:removeMember', before: { members }, after: null }])
    expect(await rowOf(membership.id)).toBeNull()
    await expect(leave(id, membership.id)).rejects.toThrow(NotFound)
  })

  test('a membership of another group is NotFound and stays', async () => {
    const [one, other, who] = [await group(), await group(), await person()]
    const membership = await join(one.id, who)
    await expect(leave(other.id, membership.id)).rejects.toThrow(NotFound)
    expect(await rowOf(membership.id)).not.toBeNull()
  })

  test('what an outside source holds too stays as its own', async () => {
    const [{ id }, who] = [await group(), await person()]
    const held = await outside(id, who, ['lighthouse', 'bim', 'scim'])
    await leave(id, held.id)
    expect(await rowOf(held.id)).toMatchObject({ sources: ['lighthouse', 'scim'] })
  })

  test('what only outside sources hold is a Conflict that names them', async () => {
    const [{ id }, who] = [await group(), await person()]
    const held = await outside(id, who, ['lighthouse', 'scim'])
    await expect(leave(id, held.id)).rejects.toThrow(/lighthouse, scim/)
    expect(await rowOf(held.id)).toMatchObject({ sources: ['lighthouse', 'scim'] })
  })

  test('twice at once: one is done, the other NotFound', async () => {
    const [{ id }, who] = [await group(), await person()]
    const membership = await join(id, who)
    const outcomes = await Promise.allSettled([leave(id, membership.id), leave(id, membership.id)])
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
    for (const outcome of outcomes) if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(NotFound)
  })
})

describe('groups that carry permissions', () => {
  test('adding to and removing from one with an administrative permission one lacks is Forbidden, every way', async () => {
    const { id } = await group('Governors')
    const who = await person()
    const governor = as(await makeUser(store, 'gova', ['USER_ADMIN', 'GOVERNANCE']))
    const events = await eventsBy(store, () => expect(join(id, who)).rejects.toThrow(/GOVERNANCE/))
    expect(events).toMatchObject([{ event: 'denied', action: 'group:addMember', outcome: 'denied' }])
    const { id: membershipId } = await join(id, who, governor)
    await expect(leave(id, membershipId)).rejects.toThrow(Forbidden)
    await expect(memberships.change(admin, { group: { id }, remove: [byId(who)] })).rejects.toThrow(Forbidden)
    await expect(memberships.change(admin, { group: { id }, add: [byId(await person())] })).rejects.toThrow(Forbidden)
    await leave(id, membershipId, governor)
  })

  test('any other permission a USER_ADMIN may give, and GRANTS=documented lets all be given', async () => {
    await expect(join((await group('Clerks')).id, await person())).resolves.toMatchObject({ sources: ['bim'] })
    const loose = testContext({ actor: admin.actor, store, env: { GRANTS: 'documented' } })
    const { id } = (await groups.list(admin, { filter: { name: 'governors' } })).nodes[0]!
    await expect(join(id, await person(), loose)).resolves.toMatchObject({ groupId: id })
  })

  test('the last administrator stays: one by one, many at once, and from both sides at the same time', async () => {
    const own = await testStore()
    try {
      await makeGroupPermissions(own, 'bim', { Rulers: ['USER_ADMIN'] })
      const instance = testContext({ actor: operator, store: own })
      const { id } = await groups.create(instance, { name: 'Rulers' })
      const people = await Promise.all(['r1', 'r2'].map(userid => makeUser(own, userid)))
      await memberships.change(instance, { group: { id }, add: people.map(byId) })
      await expect(memberships.change(instance, { group: { id }, remove: people.map(byId) })).rejects.toThrow(/USER_ADMIN/)
      const held = (await memberships.list(instance, { ref: { id } })).nodes
      expect(held).toHaveLength(2)
      const outcomes = await Promise.allSettled(
        held.map(({ id: membershipId }) => memberships.remove(instance, { group: { id }, membership: membershipId })),
      )
      expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
      for (const outcome of outcomes) if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(Conflict)
      expect((await memberships.list(instance, { ref: { id } })).nodes).toHaveLength(1)
    } finally {
      await own.close()
    }
  })
})

describe('many at once', () => {
  const change = (id: number, input: { add?: object[]; remove?: object[] }) =>
    memberships.change(admin, { group: { id }, ...input })

  test('adds, removes, passes over what is so already, and leaves one event for each side', async () => {
    const { id } = await group()
    const [stays, joins, goes, never] = await Promise.all([person(), person(), person(), person()])
    await change(id, { add: [byId(stays), byId(goes)] })
    const events = await eventsBy(store, async () => {
      const add = [byId(stays), byId(joins), { userid: joins.user.userid.toUpperCase() }]
      const answer = await change(id, { add, remove: [byId(goes), byId(never)] })
      expect(answer).toMatchObject({ group: { id }, added: 1, removed: 1 })
    })
    expect(events).toMatchObject([
      { event: 'groupUserAdded', after: { members: [{ id: joins.user.id }] } },
      { event: 'groupUserDeleted', before: { members: [{ id: goes.user.id }] } },
    ])
    const left = (await memberships.list(admin, { ref: { id } })).nodes.map(({ userId }) => userId)
    expect(left.toSorted((a, b) => a - b)).toEqual([stays.user.id, joins.user.id].toSorted((a, b) => a - b))
  })

  test('all or nothing: one unknown user, one held from outside, and nothing is done', async () => {
    const { id } = await group()
    const [joins, held] = [await person(), await person()]
    await outside(id, held, ['scim'])
    await expect(change(id, { add: [byId(joins), { userid: 'nobody' }] })).rejects.toThrow(NotFound)
    await expect(change(id, { add: [byId(joins)], remove: [byId(held)] })).rejects.toThrow(/scim/)
    expect((await memberships.list(admin, { ref: { id } })).nodes.map(({ userId }) => userId)).toEqual([held.user.id])
  })

  test('a user on both sides, or more than 1,000 of a side, is Invalid', async () => {
    const { id } = await group()
    const who = byId(await person())
    await expect(change(id, { add: [who], remove: [who] })).rejects.toThrow(Invalid)
    const many = Array.from({ length: 1001 }, () => who)
    await expect(change(id, { add: many })).rejects.toMatchObject({ name: 'Invalid', field: 'add' })
    await expect(change(id, { remove: many })).rejects.toMatchObject({ name: 'Invalid', field: 'remove' })
  })

  test('the number of statements does not grow with the number of people', async () => {
    const people = await Promise.all(Array.from({ length: 12 }, () => person()))
    const sent = async (add: UserActor[], remove: UserActor[]) => {
      const { id } = await group()
      await change(id, { add: remove.map(byId) })
      return (await statementsOf(store, () => change(id, { add: add.map(byId), remove: remove.map(byId) }))).length
    }
    expect(await sent(people.slice(0, 10), people.slice(10))).toBe(await sent(people.slice(0, 1), people.slice(1, 2)))
  })
})

describe('reading', () => {
  test('members by name, then by membership, disabled ones too; pages and the other direction', async () => {
    const { id } = await group()
    const people = []
    for (const [name, disabled] of [
      ['Zoe', false],
      ['émile', true],
      ['Ann', false],
      ['ann', false],
    ] as const)
      people.push(await person({ name, disabled }))
    for (const who of people) await join(id, who)
    const list = async (args = {}) => (await memberships.list(admin, { ref: { id }, ...args })).nodes.map(({ name }) => name)
    expect(await list()).toEqual(['Ann', 'ann', 'Zoe', 'émile'])
    expect(await list({ direction: 'DESC' })).toEqual(['émile', 'Zoe', 'ann', 'Ann'])
    const first = await memberships.list(admin, { ref: { id }, first: 1 })
    expect(await list({ after: first.pageInfo.endCursor, first: 2 })).toEqual(['ann', 'Zoe'])
    expect([await list({ offset: 3 }), await first.totalCount()]).toEqual([['émile'], 4])
    await expect(list({ first: 10_001 })).rejects.toThrow(Invalid)
    await expect(memberships.list(plain, { ref: { id: 2147483647 } })).rejects.toThrow(NotFound)
  })

  test('without USER_ADMIN only names', async () => {
    const { id } = await group()
    await join(id, await person({ name: 'Visible' }))
    const fields = 'totalCount nodes { name sources createdAt updatedAt user { id } group { id: databaseId } }'
    const { data, errors } = await ask(plain, `{ groupMembers(ref: {databaseId: ${id}}) { ${fields} } }`)
    const hidden = { sources: null, createdAt: null, updatedAt: null, user: null }
    expect([data, errors]).toEqual([
      { groupMembers: { totalCount: 1, nodes: [{ ...hidden, name: 'Visible', group: { id } }] } },
      [],
    ])
  })

  test('of a user by group name; own memberships need the permission, too', async () => {
    const who = await person()
    for (const name of ['order Z', 'Order a', 'ordeR é']) await join((await group(name)).id, who)
    const query = `{ userMemberships(ref: {databaseId: ${who.user.id}}) { nodes { id: databaseId name group { name } } } user(ref: {databaseId: ${who.user.id}}) { groups { nodes { name } } memberships { nodes { group { name } } } } }`
    const { data } = await ask(admin, query)
    const named = ['Order a', 'order Z', 'ordeR é'].map(name => ({ name }))
    expect(data).toMatchObject({
      userMemberships: { nodes: named.map(group => ({ group, name: who.user.userid })) },
      user: { groups: { nodes: named }, memberships: { nodes: named.map(group => ({ group })) } },
    })
    await expect(memberships.ofUser(as(who), { ref: byId(who) })).rejects.toThrow(Forbidden)
    await expect(memberships.ofUser(admin, { ref: { userid: 'nobody' } })).rejects.toThrow(NotFound)
  })
})
