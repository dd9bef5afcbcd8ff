// Attributes by their service on a real store: sources, spelling, all or nothing, everywhere, keys in use, and two people at once.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { UserActor } from '../../../src/authorization/actor.ts'
import type { Context } from '../../../src/authorization/context.ts'
import { attributes } from '../../../src/domain/attributes/attributes.service.ts'
import { groups } from '../../../src/domain/groups/groups.service.ts'
import { memberships } from '../../../src/domain/groups/memberships.service.ts'
import type { AttributeEdit, UserOrGroupRef } from '../../../src/generated/graphql.ts'
import type { Store } from '../../../src/platform/database/store.ts'
import { Conflict, Forbidden, Invalid, NotFound } from '../../../src/platform/errors.ts'
import { canonical } from '../../../src/platform/validation.ts'
import { ask, eventsBy, makeIam, makeUser, statementsOf, testContext } from '../../harness/context.ts'
import { testStore } from '../../harness/database.ts'

let store: Store
let admin: Context
let plain: Context

let count = 0
const fresh = (word: string) => `${word} ${++count}`
const person = async (iamid = 'bim'): Promise<UserOrGroupRef & { id: number }> => {
  const { user } = await makeUser(store, fresh('person'), [], { iamid })
  return { user: { id: user.id }, id: user.id }
}
const crew = async (iamid = 'bim'): Promise<UserOrGroupRef & { id: number }> => {
  const { id } = await groups.create(admin, { name: fresh('crew'), iamid })
  return { group: { id }, id }
}
const refOf = ({ user, group }: UserOrGroupRef): UserOrGroupRef => ({ user, group })
const add = (owner: UserOrGroupRef, key: string, value: string, by = admin) =>
  attributes.add(by, { owner: refOf(owner), key, value })
const remove = (owner: UserOrGroupRef, key: string, value?: string) =>
  attributes.remove(admin, { owner: refOf(owner), key, value })
const replace = (owner: UserOrGroupRef, sent: unknown) => attributes.replace(admin, { owner: refOf(owner), attributes: sent })
const edit = (...edits: [owner: UserOrGroupRef, operation: 'ADD' | 'REMOVE', key: string, value?: string][]) =>
  attributes.edit(admin, {
    edits: edits.map(([owner, operation, key, value]): AttributeEdit => ({ owner: refOf(owner), operation, key, value })),
  })
const loaders = () => testContext({ actor: admin.actor, store }).loaders
const rowsOf = (owner: UserOrGroupRef & { id: number }) =>
  owner.user ? loaders().attributesOfUser.load(owner.id) : loaders().attributesOfGroup.load(owner.id)
const held = async (owner: UserOrGroupRef & { id: number }) =>
  (await rowsOf(owner)).map(({ key, value, source }) => `${key}=${value}${source === 'bim' ? '' : ` (${source})`}`)
/** A value as a sync would leave it. */
const outside = (owner: UserOrGroupRef & { id: number }, key: string, value: string, source = 'lighthouse') => {
  const row = { key, keyKey: canonical(key), value, source }
  return owner.user
    ? store.db.prisma.userAttribute.create({ data: { ...row, userId: owner.id } })
    : store.db.prisma.groupAttribute.create({ data: { ...row, groupId: owner.id } })
}

beforeAll(async () => {
  store = await testStore()
  admin = testContext({ actor: await makeUser(store, 'ada', ['USER_ADMIN']), store })
  plain = testContext({ actor: await makeUser(store, 'paul'), store })
  await makeIam(store, 'lighthouse')
  await makeIam(store, 'open', { supportedActions: ['syncGroups', 'allowBIMAuthorizations'] })
  await makeIam(store, 'shut', { supportedActions: ['syncGroups'] })
})
afterAll(() => store.close())

describe.each([
  ['a user', person],
  ['a group', crew],
])('on %s', (_what, make) => {
  test('adding: the first spelling of a key stays, values are exact, repeats change nothing', async () => {
    const owner = await make()
    await add(owner, 'Home.Port', 'Ghent')
    await add(owner, 'HOME.port', 'ghent')
    expect(await eventsBy(store, () => add(owner, 'home.PORT', 'Ghent'))).toEqual([])
    expect(await held(owner)).toEqual(['Home.Port=Ghent', 'Home.Port=ghent'])
  })

  test('adding and removing answer with the owner as it is then, touch it, and leave one event each', async () => {
    const owner = await make()
    const stamp = async () =>
      (owner.user ? loaders().userById : loaders().groupById).load(owner.id).then(record => record!.updatedAt)
    const before = await stamp()
    const events = await eventsBy(store, async () => {
      const added = await add(owner, 'Desk', 'day')
      expect(added).toMatchObject({ id: owner.id, __typename: owner.user ? 'User' : 'Group', updatedAt: await stamp() })
      expect(added.updatedAt.getTime()).toBeGreaterThan(before.getTime() - 1)
      await remove(owner, 'dESK', 'day')
    })
    const target = { action: 'attribute:write', targetType: owner.user ? 'user' : 'group', targetId: String(owner.id) }
    expect(events).toMatchObject([
      { ...target, event: 'attributeAdded', before: { Desk: null }, after: { Desk: ['day'] } },
      { ...target, event: 'attributeRemoved', before: { Desk: ['day'] }, after: { Desk: null } },
    ])
    expect(await held(owner)).toEqual([])
  })

  test('removing a value, or all of a key; what is not held changes nothing', async () => {
    const owner = await make()
    await edit([owner, 'ADD', 'a', '1'], [owner, 'ADD', 'a', '2'], [owner, 'ADD', 'a', '3'], [owner, 'ADD', 'b', '1'])
    await remove(owner, 'A', '2')
    expect(await held(owner)).toEqual(['a=1', 'a=3', 'b=1'])
    expect(await eventsBy(store, () => Promise.all([remove(owner, 'a', '2'), remove(owner, 'none')]))).toEqual([])
    await remove(owner, 'A')
    expect(await held(owner)).toEqual(['b=1'])
  })

  test('a value of an outside source stays its own, and the same value may be set locally beside it', async () => {
    const owner = await make()
    await outside(owner, 'Dept', 'Crew')
    await add(owner, 'dept', 'Crew')
    expect(await held(owner)).toEqual(['Dept=Crew (lighthouse)', 'Dept=Crew'])
    await remove(owner, 'dept')
    expect(await eventsBy(store, () => remove(owner, 'dept', 'Crew'))).toEqual([])
    await replace(owner, null)
    expect(await held(owner)).toEqual(['Dept=Crew (lighthouse)'])
  })

  test('many identical adds at once all succeed and leave one row and one event', async () => {
    const owner = await make()
    const events = await eventsBy(store, () => Promise.all(['Key', 'KEY', 'key', 'Key', 'kEy'].map(key => add(owner, key, 'v'))))
    expect(events).toHaveLength(1)
    expect(await held(owner)).toHaveLength(1)
  })

  test('two spellings of a key at once end as one', async () => {
    const owner = await make()
    await Promise.all(['Key', 'KEY', 'key', 'kEy'].map((key, index) => add(owner, key, String(index))))
    const rows = await rowsOf(owner)
    expect([rows.length, new Set(rows.map(({ key }) => key)).size]).toEqual([4, 1])
  })

  test('while the owner is being deleted: done or NotFound', async () => {
    const owner = await make()
    const gone = owner.user
      ? store.db.prisma.user.delete({ where: { id: owner.id } })
      : groups.delete(admin, { ref: { id: owner.id } })
    const [added] = await Promise.allSettled([add(owner, 'k', 'v'), gone])
    if (added!.status === 'rejected') expect(added!.reason).toBeInstanceOf(NotFound)
  })

  test('replacing: exactly these, in this order; what stays is left alone', async () => {
    const owner = await make()
    await replace(owner, { Home: ['Oslo', 'Ghent'], Desk: ['day'] })
    const desk = await held(owner)
    const events = await eventsBy(store, () => replace(owner, { home: ['Ghent', 'Oslo', 'Ghent'], desk: ['day'], New: [] }))
    expect(events).toMatchObject([
      { event: 'attributeUpdated', before: { Home: ['Oslo', 'Ghent'] }, after: { Home: ['Ghent', 'Oslo'] } },
    ])
    expect([desk, await held(owner)]).toEqual([
      ['Home=Oslo', 'Home=Ghent', 'Desk=day'],
      ['Desk=day', 'Home=Ghent', 'Home=Oslo'],
    ])
    expect(await eventsBy(store, () => replace(owner, { Desk: ['day'], HOME: ['Ghent', 'Oslo'] }))).toEqual([])
    await replace(owner, {})
    expect(await held(owner)).toEqual([])
  })
})

describe('input', () => {
  test.each<[string, unknown, RegExp]>([
    ['a list', [], /^attributes /],
    ['a string', 'a', /^attributes /],
    ['values that are a string', { Desk: 'day' }, /^attributes\.Desk /],
    ['values that are null', { Desk: null }, /^attributes\.Desk /],
    ['a number among values', { Desk: ['day', 7] }, /^attributes\.Desk /],
    ['an object among values', { Desk: [{}] }, /^attributes\.Desk /],
    ['an empty value', { Desk: [''] }, /^attributes\.Desk /],
    ['a long value', { Desk: ['v'.repeat(1025)] }, /^attributes\.Desk /],
    ['1,001 values', { Desk: Array.from({ length: 1001 }, (_, index) => String(index)) }, /^attributes\.Desk .*1000/],
    ['1,001 keys', Object.fromEntries(Array.from({ length: 1001 }, (_, index) => [`k${index}`, []])), /^attributes .*1000/],
    ['a key with a control character', { 'a\0': ['x'] }, /^attributes: key 1 /],
    ['an empty key', { a: ['x'], '': ['x'] }, /^attributes: key 2 /],
    ['__proto__', JSON.parse('{"__proto__": ["x"]}'), /^attributes: key 1 .*reserved/],
    ['constructor', { Constructor: ['x'] }, /^attributes: key 1 .*reserved/],
    ['one key in two spellings', { Desk: ['a'], DESK: ['b'] }, /^attributes\.DESK /],
  ])('replacing by %s is Invalid, names the key, and nothing changes', async (_what, sent, message) => {
    const owner = await person()
    await add(owner, 'kept', 'yes')
    const fault = await replace(owner, sent).catch((error: unknown) => error)
    expect(fault).toBeInstanceOf(Invalid)
    expect((fault as Invalid).message).toMatch(message)
    expect(await held(owner)).toEqual(['kept=yes'])
  })

  test('an owner that is both, or neither, is Invalid; an unknown one NotFound; an edit is named by its place', async () => {
    const [user, group] = [await person(), await crew()]
    await expect(add({ user: user.user, group: group.group }, 'k', 'v')).rejects.toMatchObject({
      name: 'Invalid',
      field: 'owner',
    })
    await expect(add({}, 'k', 'v')).rejects.toThrow(Invalid)
    await expect(add({ user: {} }, 'k', 'v')).rejects.toThrow(Invalid)
    await expect(add({ user: { userid: 'nobody' } }, 'k', 'v')).rejects.toThrow(NotFound)
    await expect(add({ group: { id: group.id, iamid: 'lighthouse' } }, 'k', 'v')).rejects.toThrow(NotFound)
    await expect(edit([user, 'ADD', 'k', 'v'], [user, 'ADD', 'k'])).rejects.toMatchObject({ field: 'edits[1].value' })
    await expect(edit([user, 'ADD', 'k', 'v'], [{}, 'ADD', 'k', 'v'])).rejects.toMatchObject({ field: 'edits[1].owner' })
    await expect(edit([user, 'REMOVE', ''])).rejects.toMatchObject({ field: 'edits[0].key' })
    const many = Array.from({ length: 1001 }, () => [user, 'REMOVE', 'k'] as [UserOrGroupRef, 'REMOVE', string])
    await expect(edit(...many)).rejects.toMatchObject({ name: 'Invalid', field: 'edits' })
    expect(await held(user)).toEqual([])
  })

  test('without USER_ADMIN everything is Forbidden', async () => {
    const owner = await person()
    await expect(add(owner, 'k', 'v', plain)).rejects.toThrow(Forbidden)
    await expect(attributes.keys(plain, {})).rejects.toThrow(Forbidden)
    await expect(attributes.removeEverywhere(plain, { iamid: 'bim', key: 'k' })).rejects.toThrow(Forbidden)
  })
})

describe('what the IAM allows', () => {
  test.each([
    ['a user', person],
    ['a group', crew],
  ])(
    '%s of an IAM without a list, or one that allows it, accepts local values; of another one it only loses them',
    async (_what, make) => {
      for (const iamid of ['lighthouse', 'open']) {
        const owner = await make(iamid)
        await add(owner, 'k', 'v')
        expect(await held(owner)).toEqual(['k=v'])
      }
      const owner = await make('shut')
      await outside(owner, 'k', 'local, long ago', 'bim')
      for (const write of [() => add(owner, 'k', 'v'), () => replace(owner, { k: ['v'] }), () => edit([owner, 'ADD', 'k', 'v'])])
        await expect(write()).rejects.toThrow(/shut.*allowBIMAuthorizations/)
      expect(await held(owner)).toEqual(['k=local, long ago'])
      await remove(owner, 'k')
      await replace(owner, {})
      expect(await held(owner)).toEqual([])
    },
  )
})

describe('many edits', () => {
  test('in order, a later one over an earlier one, on users and groups, one event for each owner changed', async () => {
    const [user, other, group] = [await person(), await person(), await crew()]
    await add(user, 'Home', 'Oslo')
    const events = await eventsBy(store, async () => {
      const owners = await edit(
        [group, 'ADD', 'Team', 'Red'],
        [user, 'REMOVE', 'home'],
        [user, 'ADD', 'home', 'Bern'],
        [user, 'ADD', 'Desk', 'day'],
        [user, 'REMOVE', 'desk', 'day'],
        [other, 'REMOVE', 'none'],
        [group, 'ADD', 'TEAM', 'Blue'],
      )
      expect(owners.map(({ id, __typename }) => [__typename, id])).toEqual([
        ['Group', group.id],
        ['User', user.id],
        ['User', other.id],
      ])
    })
    expect(events).toMatchObject([
      {
        event: 'attributeUpdated',
        targetType: 'user',
        targetId: String(user.id),
        before: { Home: ['Oslo'] },
        after: { Home: ['Bern'] },
      },
      { event: 'attributeAdded', targetType: 'group', targetId: String(group.id), after: { Team: ['Red', 'Blue'] } },
    ])
    expect([await held(user), await held(group), await held(other)]).toEqual([['Home=Bern'], ['Team=Red', 'Team=Blue'], []])
  })

  test('all or nothing', async () => {
    const [user, shut] = [await person(), await person('shut')]
    await expect(edit([user, 'ADD', 'k', 'v'], [{ user: { userid: 'nobody' } }, 'ADD', 'k', 'v'])).rejects.toThrow(NotFound)
    await expect(edit([user, 'ADD', 'k', 'v'], [shut, 'ADD', 'k', 'v'])).rejects.toThrow(Conflict)
    expect(await held(user)).toEqual([])
  })

  test('the number of statements does not grow with the number of edits, owners or values', async () => {
    const owners = await Promise.all([...Array(20).keys()].map(() => person()))
    const teams = await Promise.all([...Array(5).keys()].map(() => crew()))
    const sent = async (people: UserOrGroupRef[], groups: UserOrGroupRef[], values: number) =>
      (
        await statementsOf(store, () =>
          edit(
            ...[...people, ...groups].flatMap(owner =>
              [...Array(values).keys()].map(
                value => [owner, 'ADD', 'Key', `${value}`] as [UserOrGroupRef, 'ADD', string, string],
              ),
            ),
          ),
        )
      ).length
    expect(await sent(owners, teams, 40)).toBe(await sent([await person()], [await crew()], 1))
  })

  test('two of them over the same owners in opposite order both succeed', async () => {
    const owners = await Promise.all([...Array(10).keys()].map(() => person()))
    const edits = (value: string) => owners.map(owner => [owner, 'ADD', 'Key', value] as [UserOrGroupRef, 'ADD', string, string])
    await Promise.all([edit(...edits('a')), edit(...edits('b').toReversed()), edit(...edits('c'))])
    for (const owner of owners) expect((await held(owner)).toSorted()).toEqual(['Key=a', 'Key=b', 'Key=c'])
  })
})

describe('everywhere', () => {
  test('removes what one source set, from users and groups, counts the holders, touches them, leaves one event', async () => {
    const [one, two, team, other] = [await person(), await person(), await crew(), await person()]
    for (const owner of [one, two, team]) await edit([owner, 'ADD', 'Site', 'A'], [owner, 'ADD', 'site', 'B'])
    await outside(one, 'SITE', 'A')
    await outside(other, 'Site', 'A')
    const old = new Date(0)
    await store.db.prisma.user.update({ where: { id: one.id }, data: { updatedAt: old } })
    const events = await eventsBy(store, async () => {
      expect(await attributes.removeEverywhere(admin, { iamid: 'bim', key: 'sITE', value: 'A' })).toEqual({
        userCount: 2,
        groupCount: 1,
      })
    })
    const before = { source: 'bim', key: 'sITE', value: 'A', users: 2, groups: 1 }
    expect(events).toMatchObject([
      { event: 'attributeRemoved', action: 'attribute:removeEverywhere', targetType: 'attribute', targetId: 'sITE', before },
    ])
    expect(await held(one)).toEqual(['Site=B', 'SITE=A (lighthouse)'])
    expect((await loaders().userById.load(one.id))!.updatedAt.getTime()).toBeGreaterThan(old.getTime())
    expect(await attributes.removeEverywhere(admin, { iamid: 'lighthouse', key: 'Site' })).toEqual({
      userCount: 2,
      groupCount: 0,
    })
    expect(await attributes.removeEverywhere(admin, { iamid: 'bim', key: 'Site' })).toEqual({ userCount: 2, groupCount: 1 })
    expect([await held(one), await held(team), await held(other)]).toEqual([[], [], []])
    expect(await eventsBy(store, () => attributes.removeEverywhere(admin, { iamid: 'bim', key: 'Site' }))).toEqual([])
  })

  test('beside changes of the same owners: neither fails', async () => {
    const owners = await Promise.all([...Array(6).keys()].map(() => person()))
    await edit(...owners.map(owner => [owner, 'ADD', 'Tide', 'high'] as [UserOrGroupRef, 'ADD', string, string]))
    const everywhere = () => attributes.removeEverywhere(admin, { iamid: 'bim', key: 'tide' })
    await Promise.all([everywhere(), ...owners.toReversed().map(owner => add(owner, 'Tide', 'high')), everywhere()])
    await everywhere()
    for (const owner of owners) expect(await held(owner)).toEqual([])
  })

  test('an IAM that is not configured is NotFound', async () => {
    await expect(attributes.removeEverywhere(admin, { iamid: 'Bim', key: 'k' })).rejects.toThrow(NotFound)
  })
})

describe('reading', () => {
  test('keys in use with their values and holders, page by page, by any part', async () => {
    const own = await testStore()
    try {
      const by = testContext({ actor: await makeUser(own, 'ada', ['USER_ADMIN']), store: own })
      const [one, two] = [(await makeUser(own, 'one')).user.id, (await makeUser(own, 'two')).user.id]
      const { id } = await groups.create(by, { name: 'team' })
      const put = (owner: UserOrGroupRef, sent: object) => attributes.replace(by, { owner, attributes: sent })
      await put({ user: { id: one } }, { Country: ['NO', 'BE'], Desk: ['day'] })
      await put({ user: { id: two } }, { COUNTRY: ['NO'], '100%': ['yes'] })
      await put({ group: { id } }, { country: ['be', 'NO'], Zone: ['1'] })
      const query = `query ($first: Int, $after: String, $key: String) { attributeKeys(first: $first, after: $after, filter: { key: $key }) {
        totalCount pageInfo { hasNextPage hasPreviousPage endCursor } nodes { key userCount groupCount values { nodes { value userCount groupCount } } } } }`
      const asked = async (variables: object) => {
        const { data, errors } = await ask(testContext({ actor: by.actor, store: own }), query, { ...variables })
        expect(errors).toEqual([])
        return data!.attributeKeys as { pageInfo: { endCursor: string }; nodes: { key: string }[] }
      }
      const first = await asked({ first: 2 })
      const country = {
        key: 'Country',
        userCount: 2,
        groupCount: 1,
        values: {
          nodes: [
            { value: 'BE', userCount: 1, groupCount: 0 },
            { value: 'NO', userCount: 2, groupCount: 1 },
            { value: 'be', userCount: 0, groupCount: 1 },
          ],
        },
      }
      expect(first).toMatchObject({
        totalCount: 4,
        pageInfo: { hasNextPage: true, hasPreviousPage: false },
        nodes: [{ key: '100%' }, country],
      })
      const rest = await asked({ first: 2, after: first.pageInfo.endCursor })
      expect(rest).toMatchObject({
        pageInfo: { hasNextPage: false, hasPreviousPage: true },
        nodes: [{ key: 'Desk' }, { key: 'Zone', userCount: 0 }],
      })
      expect(await asked({ key: 'OUNT' })).toMatchObject({ totalCount: 1, nodes: [country] })
      expect(await asked({ key: '%' })).toMatchObject({ totalCount: 1, nodes: [{ key: '100%' }] })
      expect(await asked({ key: '_' })).toMatchObject({ totalCount: 0, nodes: [] })
      const fields = 'nodes { key values { nodes { value } } }'
      const sent = (size: number) =>
        statementsOf(own, () =>
          ask(testContext({ actor: by.actor, store: own }), `{ attributeKeys(first: ${size}) { ${fields} } }`),
        )
      expect([(await sent(1)).length, (await sent(4)).length]).toEqual([2, 2])
      await expect(attributes.keys(by, { first: 0 })).rejects.toThrow(Invalid)
      await expect(attributes.keys(by, { after: 'x' })).rejects.toThrow(Invalid)
    } finally {
      await own.close()
    }
  })

  test('effective attributes are one’s own and those of one’s groups, each with where it comes from', async () => {
    const [user, team] = [await person(), await crew()]
    await memberships.add(admin, { group: team.group!, user: user.user! })
    await add(team, 'Country', 'NO')
    await outside(user, 'Country', 'NO')
    const { data, errors } = await ask(
      testContext({ actor: admin.actor as UserActor, store }),
      `{ user(ref: {databaseId: ${user.id}}) { effectiveAttributes { key value source group { id: databaseId } } } }`,
    )
    const value = { key: 'Country', value: 'NO' }
    expect([data, errors]).toEqual([
      {
        user: {
          effectiveAttributes: [
            { ...value, source: 'lighthouse', group: null },
            { ...value, source: 'bim', group: { id: team.id } },
          ],
        },
      },
      [],
    ])
  })

  test('over GraphQL a change answers with the user or the group, as it is then', async () => {
    const [user, team] = [await person(), await crew()]
    const owner =
      '... on User { userId: databaseId bimAuthorizations authorizations } ... on Group { groupId: databaseId authorizations }'
    const { data, errors } = await ask(
      admin,
      `mutation {
        add: addAttribute(input: {owner: {user: {databaseId: ${user.id}}}, key: "Desk", value: "day"}) { owner { __typename ${owner} } }
        edit: editAttributes(input: {edits: [{owner: {group: {databaseId: ${team.id}}}, operation: ADD, key: "Squad", value: "Red"}]}) { owners { __typename ${owner} } }
        replace: replaceAttributes(input: {owner: {user: {databaseId: ${user.id}}}, attributes: {Home: ["Oslo"]}}) { owner { ${owner} } }
        remove: removeAttribute(input: {owner: {user: {databaseId: ${user.id}}}, key: "home"}) { owner { ${owner} } }
        everywhere: removeAttributeEverywhere(input: {iamid: "bim", key: "squad"}) { userCount groupCount }
      }`,
    )
    expect(errors).toEqual([])
    const home = { Home: ['Oslo'] }
    expect(data).toEqual({
      add: {
        owner: { __typename: 'User', userId: user.id, bimAuthorizations: { Desk: ['day'] }, authorizations: { Desk: ['day'] } },
      },
      edit: { owners: [{ __typename: 'Group', groupId: team.id, authorizations: { Squad: ['Red'] } }] },
      replace: { owner: { userId: user.id, bimAuthorizations: home, authorizations: home } },
      remove: { owner: { userId: user.id, bimAuthorizations: null, authorizations: {} } },
      everywhere: { userCount: 0, groupCount: 1 },
    })
  })
})
