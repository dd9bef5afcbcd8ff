// Groups by their services on a real store: names, filters, orders, what renaming and deleting may not do.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { operator, type UserActor } from '../../../src/authorization/actor.ts'
import type { Context } from '../../../src/authorization/context.ts'
import type { GroupRecord } from '../../../src/domain/groups/group.ts'
import { groups, listGroupNames, listGroups } from '../../../src/domain/groups/groups.service.ts'
import { memberships } from '../../../src/domain/groups/memberships.service.ts'
import type { Store } from '../../../src/platform/database/store.ts'
import { Conflict, Forbidden, Invalid, NotFound } from '../../../src/platform/errors.ts'
import { ask, eventsBy, makeGroupPermissions, makeIam, makeUser, statementsOf, testContext } from '../../harness/context.ts'
import { testStore } from '../../harness/database.ts'

let store: Store
let admin: Context
let plain: Context
let someone: UserActor

const as = (actor: UserActor, env = {}) => testContext({ actor, store, env })
const make = (name: string, input: object = {}): Promise<GroupRecord> => groups.create(admin, { name, ...input })
let count = 0
const fresh = (word = 'group') => `${word} ${++count}`

beforeAll(async () => {
  store = await testStore()
  admin = as(await makeUser(store, 'ada', ['USER_ADMIN']))
  plain = as(await makeUser(store, 'paul'))
  someone = await makeUser(store, 'sam')
  await makeIam(store, 'lighthouse')
  await makeGroupPermissions(store, 'bim', { Governors: ['GOVERNANCE'], Clerks: ['FETCH_POLICY_INFO'], Rulers: ['USER_ADMIN'] })
})
afterAll(() => store.close())

describe('creating', () => {
  test('keeps the name as sent, fills in bim, and leaves one event', async () => {
    const name = fresh('Quay Crew')
    let group: GroupRecord | undefined
    const events = await eventsBy(store, async () => {
      group = await make(name, { email: 'quay@roster.example', description: '' })
    })
    expect(group).toMatchObject({
      iamid: 'bim',
      name,
      gid: null,
      email: 'quay@roster.example',
      description: null,
      scim: null,
      scimid: null,
    })
    expect(group!.createdAt).toEqual(group!.updatedAt)
    expect(events).toEqual([
      {
        event: 'groupCreated',
        action: 'group:create',
        outcome: 'done',
        actorName: 'bim/ada',
        targetType: 'group',
        targetId: String(group!.id),
        targetName: `bim/${name}`,
        before: null,
        after: { iamid: 'bim', name, email: 'quay@roster.example', description: null },
      },
    ])
  })

  test('a name taken in any case or normal form is a Conflict, in another IAM it is not', async () => {
    await make('Crème')
    await expect(make('CRE\u0300ME')).rejects.toThrow(Conflict)
    await expect(make('CRÈME', { iamid: 'lighthouse' })).resolves.toMatchObject({ iamid: 'lighthouse' })
  })

  test('two at once: one is made, the other a Conflict', async () => {
    const outcomes = await Promise.allSettled([make('Twice'), make('TWICE'), make('twice')])
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    for (const outcome of outcomes) if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(Conflict)
  })

  test.each([
    ['an empty name', { name: '' }, 'name'],
    ['a control character', { name: 'a\tb' }, 'name'],
    ['no e-mail address', { name: 'x', email: 'nowhere' }, 'email'],
    ['a description with NUL', { name: 'x', description: 'a\0b' }, 'description'],
  ])('%s is Invalid and names the field', async (_what, input, field) => {
    await expect(groups.create(admin, input)).rejects.toMatchObject({ name: 'Invalid', field })
  })

  test('an IAM that is not configured is NotFound', async () => {
    await expect(make('x', { iamid: 'Lighthouse' })).rejects.toThrow(NotFound)
  })

  test('without USER_ADMIN it is Forbidden and leaves a denied event', async () => {
    const events = await eventsBy(store, () => expect(groups.create(plain, { name: 'mine' })).rejects.toThrow(Forbidden))
    expect(events).toMatchObject([{ event: 'denied', outcome: 'denied', action: 'group:create', actorName: 'bim/paul' }])
  })
})

describe('changing', () => {
  test('what is left out stays; null takes away; the event holds only what changed', async () => {
    const name = fresh()
    const { id, updatedAt } = await make(name, { email: 'a@roster.example', description: 'Old' })
    const events = await eventsBy(store, async () => {
      const group = await groups.update(admin, { ref: { id }, description: 'New', email: null })
      expect(group).toMatchObject({ name, email: null, description: 'New' })
      expect(group.updatedAt.getTime()).toBeGreaterThanOrEqual(updatedAt.getTime())
    })
    const before = { email: 'a@roster.example', description: 'Old' }
    expect(events).toMatchObject([{ event: 'groupUpdated', before, after: { email: null, description: 'New' } }])
    expect(Object.keys(events[0]!.after as object)).toHaveLength(2)
  })

  test('nothing new changes nothing and leaves no event', async () => {
    const name = fresh()
    const group = await make(name)
    expect(await eventsBy(store, async () => expect(await groups.update(admin, { ref: group, name })).toEqual(group))).toEqual([])
  })

  test('a name taken is a Conflict; another case of its own name is not', async () => {
    const [taken, name] = [fresh('Taken'), fresh('Own')]
    await make(taken)
    const { id } = await make(name)
    await expect(groups.update(admin, { ref: { id }, name: taken.toUpperCase() })).rejects.toThrow(Conflict)
    expect(await groups.update(admin, { ref: { id }, name: name.toUpperCase() })).toMatchObject({ name: name.toUpperCase() })
  })

  test('an unknown id, and an IAM that is not the group’s, are NotFound; a null name is Invalid', async () => {
    const { id } = await make(fresh())
    await expect(groups.update(admin, { ref: { id: 2147483647 }, email: null })).rejects.toThrow(NotFound)
    await expect(groups.update(admin, { ref: { id, iamid: 'lighthouse' }, email: null })).rejects.toThrow(NotFound)
    await expect(groups.update(admin, { ref: { id }, name: null })).rejects.toThrow(Invalid)
  })

  test('renaming into or out of a rule for an administrative permission one lacks is Forbidden, under GRANTS=documented it is not', async () => {
    const { id } = await make(fresh())
    const rename = (name: string, by = admin) => groups.update(by, { ref: { id }, name })
    await expect(rename('GOVERNORS')).rejects.toThrow(/GOVERNANCE/)
    await rename('Clerks')
    const governor = as(await makeUser(store, 'gova', ['USER_ADMIN', 'GOVERNANCE']))
    await rename('Governors', governor)
    await rename('GOVERNORS')
    await expect(rename('no rule')).rejects.toThrow(Forbidden)
    // Another request: each leaves one denied row of a kind.
    const events = await eventsBy(store, () => expect(rename('no rule', { ...admin })).rejects.toThrow(/GOVERNANCE/))
    expect(events).toMatchObject([{ event: 'denied', action: 'group:update' }])
    await expect(rename(fresh(), as(someone, {}))).rejects.toThrow(Forbidden)
    const loose = as({ ...someone, permissions: new Set(['USER_ADMIN']) }, { GRANTS: 'documented' })
    await expect(rename(fresh('freed'), loose)).resolves.toMatchObject({ id })
  })
})

describe('deleting', () => {
  test('takes memberships and attributes along in one statement, and the audit counts the members', async () => {
    const { id } = await make(fresh('Doomed'))
    const people = await Promise.all(['d1', 'd2', 'd3'].map(userid => makeUser(store, userid)))
    await memberships.change(admin, { group: { id }, add: people.map(({ user }) => ({ id: user.id })) })
    await store.db.prisma.groupAttribute.create({ data: { groupId: id, key: 'k', keyKey: 'k', value: 'v' } })
    const sent = await statementsOf(store, async () => {
      const events = await eventsBy(store, async () =>
        expect(await groups.delete(admin, { ref: { id } })).toEqual({ deletedId: id }),
      )
      expect(events).toMatchObject([{ event: 'groupDeleted', before: { members: 3 } }])
    })
    expect(sent.filter(text => /DELETE/.test(text))).toHaveLength(1)
    expect(await store.db.prisma.membership.count({ where: { groupId: id } })).toBe(0)
    expect(await store.db.prisma.groupAttribute.count({ where: { groupId: id } })).toBe(0)
    await expect(groups.delete(admin, { ref: { id } })).rejects.toThrow(NotFound)
  })

  test('a group of an external IAM is a Conflict that says why; once the IAM is gone it goes', async () => {
    await makeIam(store, 'shortlived')
    const { id } = await make(fresh(), { iamid: 'shortlived' })
    await expect(groups.delete(admin, { ref: { id } })).rejects.toThrow(/comes from the IAM shortlived/)
    await store.db.prisma.iam.delete({ where: { id: 'shortlived' } })
    expect(await groups.delete(admin, { ref: { id } })).toEqual({ deletedId: id })
  })

  test('a group whose members hold an administrative permission one lacks is Forbidden', async () => {
    const id = (await store.db.prisma.group.create({ data: { iamid: 'bim', name: 'governors', nameKey: 'governors' } })).id
    await expect(groups.delete(admin, { ref: { id } })).rejects.toThrow(Forbidden)
    await groups.delete(testContext({ actor: operator, store }), { ref: { id } })
  })

  test('and it is Forbidden before anything else: that an external IAM feeds the group is not shown', async () => {
    await makeIam(store, 'feeding')
    await makeGroupPermissions(store, 'feeding', { Governors: ['GOVERNANCE'] })
    const id = (await store.db.prisma.group.create({ data: { iamid: 'feeding', name: 'governors', nameKey: 'governors' } })).id
    await expect(groups.delete(admin, { ref: { id } })).rejects.toThrow(Forbidden)
    await expect(groups.delete(testContext({ actor: operator, store }), { ref: { id } })).rejects.toThrow(Conflict)
  })
})

describe('the last administrator', () => {
  test('stays, whatever is deleted or renamed', async () => {
    const own = await testStore()
    try {
      await makeGroupPermissions(own, 'bim', { Rulers: ['USER_ADMIN'] })
      const instance = testContext({ actor: operator, store: own })
      const { id } = await groups.create(instance, { name: 'Rulers' })
      const only = await makeUser(own, 'only')
      await memberships.add(instance, { group: { id }, user: { id: only.user.id } })
      await expect(groups.delete(instance, { ref: { id } })).rejects.toThrow(Conflict)
      await expect(groups.update(instance, { ref: { id }, name: 'Ruled' })).rejects.toThrow(/USER_ADMIN/)
      expect(await groups.read(instance, { ref: { id } })).toMatchObject({ name: 'Rulers' })
      await makeUser(own, 'second', ['USER_ADMIN'])
      expect(await groups.update(instance, { ref: { id }, name: 'Ruled' })).toMatchObject({ name: 'Ruled' })
    } finally {
      await own.close()
    }
  })
})

describe('lists', () => {
  const names = async (args: Parameters<typeof listGroups>[1], by = admin) =>
    (await listGroups(by, { ...args, filter: { name: 'reef', ...args.filter } })).nodes.map(({ name }) => name)
  let ids: number[] = []

  beforeAll(async () => {
    const made = []
    for (const [name, iamid] of [
      ['Reef b', 'bim'],
      ['reef A', 'lighthouse'],
      ['REEF 100%_\\', 'bim'],
      ['Reef é', 'bim'],
    ] as const)
      made.push(await make(name, { iamid }))
    ids = made.map(({ id }) => id)
    await memberships.add(admin, { group: { id: ids[0]! }, user: { id: someone.user.id } })
  })

  test('by name in canonical order, either way, and by the other fields', async () => {
    const byName = ['REEF 100%_\\', 'reef A', 'Reef b', 'Reef é']
    expect(await names({})).toEqual(byName)
    expect(await names({ sort: { field: 'NAME', direction: 'DESC' } })).toEqual(byName.toReversed())
    expect(await names({ sort: { field: 'CREATED_AT' } })).toEqual(['Reef b', 'reef A', 'REEF 100%_\\', 'Reef é'])
    expect((await names({ sort: { field: 'IAMID', direction: 'DESC' } }))[0]).toBe('reef A')
  })

  test.each([
    ['e\u0301', ['Reef é']],
    ['%', ['REEF 100%_\\']],
    ['_', ['REEF 100%_\\']],
    ['\\', ['REEF 100%_\\']],
    ['EEF B', ['Reef b']],
  ])('a part of a name is taken literally, in any case and normal form: %j', async (name, found) => {
    expect(await names({ filter: { name } })).toEqual(found)
  })

  test('by ids, IAMs and member; pages neither overlap nor skip; the total is counted when asked for', async () => {
    expect(await names({ filter: { ids: [ids[3]!, ids[0]!, 2147483647] } })).toEqual(['Reef b', 'Reef é'])
    expect(await names({ filter: { iamids: ['lighthouse', 'nowhere'] } })).toEqual(['reef A'])
    expect(await names({ filter: { userId: someone.user.id } })).toEqual(['Reef b'])
    const first = await listGroups(admin, { filter: { name: 'reef' }, first: 3 })
    const rest = await listGroups(admin, { filter: { name: 'reef' }, first: 3, after: first.pageInfo.endCursor })
    expect([...first.nodes, ...rest.nodes].map(({ name }) => name)).toEqual(await names({}))
    expect([first.pageInfo.hasNextPage, rest.pageInfo.hasNextPage, await first.totalCount()]).toEqual([true, false, 4])
  })

  test('more than 1,000 ids, or text the store cannot hold, is Invalid', async () => {
    const many = Array.from({ length: 1001 }, (_, index) => index + 1)
    await expect(names({ filter: { ids: many } })).rejects.toMatchObject({ name: 'Invalid', field: 'ids' })
    await expect(names({ filter: { name: 'a\0' } })).rejects.toThrow(Invalid)
  })

  test('whose groups they are is for those who may ask, not even for oneself; the rest is for all', async () => {
    expect(await names({}, plain)).toHaveLength(4)
    for (const userId of [someone.user.id, (plain.actor as UserActor).user.id]) {
      await expect(listGroups(plain, { filter: { userId } })).rejects.toThrow(Forbidden)
      await expect(listGroupNames(plain, { filter: { userId } })).rejects.toThrow(Forbidden)
    }
  })

  test('groups that a removed IAM left behind show only to who names them', async () => {
    await makeIam(store, 'sunken')
    const { id } = await make('Wreck', { iamid: 'sunken' })
    await store.db.prisma.iam.delete({ where: { id: 'sunken' } })
    expect(await names({ filter: { name: 'wreck' } })).toEqual([])
    expect(await names({ filter: { name: 'wreck', iamids: ['sunken'] } })).toEqual(['Wreck'])
    expect(await names({ filter: { name: 'wreck', ids: [id] } })).toEqual(['Wreck'])
  })

  test('distinct names: one canonical form is one name', async () => {
    await make('reef B', { iamid: 'lighthouse' })
    const found = await listGroupNames(admin, { filter: { name: 'reef' }, first: 3 })
    expect([found.nodes, await found.totalCount()]).toEqual([['REEF 100%_\\', 'reef A', 'Reef b'], 4])
    const last = await listGroupNames(admin, { filter: { name: 'reef' }, offset: 3, direction: 'DESC' })
    expect(last.nodes).toEqual(['REEF 100%_\\'])
  })
})

describe('over GraphQL', () => {
  const QUERY = `query ($name: String) { groups(first: 50, filter: {name: $name}) { totalCount nodes {
    name scimid authorizations attributes { key values source } permissions
    members(first: 2) { totalCount pageInfo { hasNextPage } nodes { id: databaseId name sources user { userid } group { name } } } } } }`

  test('the number of statements does not grow with the number of groups', async () => {
    const people = await Promise.all(['n1', 'n2', 'n3'].map(userid => makeUser(store, userid, [], { name: `Name ${userid}` })))
    const fill = async (from: number, to: number) => {
      for (let at = from; at < to; at++) {
        const { id } = await make(`Nest ${at}`)
        await memberships.change(admin, { group: { id }, add: people.map(({ user }) => ({ id: user.id })) })
      }
    }
    const asked = () => ask(as(admin.actor as UserActor), QUERY, { name: 'nest' })
    await fill(0, 1)
    const one = await statementsOf(store, asked)
    await fill(1, 8)
    const eight = await statementsOf(store, asked)
    expect(eight).toHaveLength(one.length)
    const { data, errors } = await asked()
    expect(errors).toEqual([])
    const { nodes } = (data as { groups: { nodes: { name: string; members: unknown }[] } }).groups
    expect(nodes.map(({ name }) => name)).toEqual([...Array(8).keys()].map(at => `Nest ${at}`))
    for (const { name, members } of nodes)
      expect(members).toMatchObject({
        totalCount: 3,
        pageInfo: { hasNextPage: true },
        nodes: [
          { name: 'Name n1', sources: ['bim'], user: { userid: 'n1' }, group: { name } },
          { name: 'Name n2', user: { userid: 'n2' } },
        ],
      })
  })

  test('without USER_ADMIN attributes, rules and all of a member but the name are null, without an error', async () => {
    const { id } = await make('Veiled')
    await memberships.add(admin, { group: { id }, user: { id: someone.user.id } })
    const { data, errors } = await ask(plain, QUERY, { name: 'veiled' })
    expect(errors).toEqual([])
    const hidden = { scimid: null, authorizations: null, attributes: null, permissions: null }
    const member = { name: 'sam', sources: null, user: null, group: { name: 'Veiled' } }
    expect(data).toMatchObject({ groups: { nodes: [{ ...hidden, members: { nodes: [member] } }] } })
  })

  test('windows of members may differ from alias to alias, and go on where they ended', async () => {
    const { id } = await make('Windows')
    const people = await Promise.all([1, 2, 3, 4].map(at => makeUser(store, `w${at}`)))
    await memberships.change(admin, { group: { id }, add: people.map(({ user }) => ({ id: user.id })) })
    const first = await ask(admin, `{ group(ref: {databaseId: ${id}}) { members(first: 1) { pageInfo { endCursor } } } }`)
    const { endCursor } = (first.data as { group: { members: { pageInfo: { endCursor: string } } } }).group.members.pageInfo
    const page = (args: string) => `members(${args}) { nodes { name } pageInfo { hasNextPage hasPreviousPage } }`
    const sent = await statementsOf(store, async () => {
      const { data } = await ask(
        as(admin.actor as UserActor),
        `{ group(ref: {databaseId: ${id}}) { a: ${page(`first: 2, after: "${endCursor}"`)} b: ${page('first: 4')} c: ${page('last: 1')} d: ${page('first: 1, offset: 2')} e: ${page(`last: 3, before: "${endCursor}"`)} } }`,
      )
      expect(data).toMatchObject({
        group: {
          a: { nodes: [{ name: 'w2' }, { name: 'w3' }], pageInfo: { hasNextPage: true, hasPreviousPage: true } },
          b: { nodes: [{ name: 'w1' }, { name: 'w2' }, { name: 'w3' }, { name: 'w4' }], pageInfo: { hasNextPage: false } },
          c: { nodes: [{ name: 'w4' }], pageInfo: { hasNextPage: false, hasPreviousPage: true } },
          d: { nodes: [{ name: 'w3' }], pageInfo: { hasNextPage: true, hasPreviousPage: true } },
          e: { nodes: [], pageInfo: { hasNextPage: true, hasPreviousPage: false } },
        },
      })
    })
    // The group; then its windows, those that look the same way and begin alike together.
    expect(sent).toHaveLength(5)
    expect((await ask(admin, `{ group(ref: {databaseId: ${id}}) { members(first: 0) { totalCount } } }`)).errors[0]).toMatch(
      /^first /,
    )
  })
})
