// Requests 5: what a query string may say, and what each filter finds.
import { afterAll, describe, expect, test } from 'vitest'
import { bootApp } from '../harness/app.ts'
import { query } from './client.ts'
import type { GroupView, Hits, ProfileView, UserView } from './world.ts'
import { expectRefusal, userPath, world } from './world.ts'

const app = await bootApp()
afterAll(() => app.close())
const w = world(app)

type Parameters = Record<string, string | number | boolean | (string | number)[]>

const people = 'lark'
const ids: Record<string, number> = {}
const profileIds: Record<string, number> = {}

/** Names and userids run against each other, so that each order is another one. */
for (const [userid, name, email] of [
  ['lark-c', 'Lark A', 'b@lark.example'],
  ['lark-b', 'Lark B', 'c@lark.example'],
  ['lark-a', 'Lark C', 'a@lark.example'],
] as const) {
  const { newUser } = await w.createUser(userid, { password: 'sings at dawn', profile: { name, email } })
  ids[userid] = newUser.id
  profileIds[userid] = newUser.profile.id
}
await w.createUser('lark-off', { profile: { name: 'Lark Off' } })
await w.must('PUT', `${userPath('lark-off')}/disable/true`)
await w.createUser('lark-gov', { profile: { name: 'Lark Gov' }, permissions: ['GOVERNANCE'] })
await w.createUser('lark-audit', { profile: { name: 'Lark Audit' }, permissions: ['AUDIT'] })
await w.createIam('larkDirectory', { defaultPermissions: ['CREATE_FILTER'] })
await w.createIamUser('larkDirectory', 'lark-outside', { name: 'Lark Outside' })
await w.createIam('goneDirectory')
await w.createIamUser('goneDirectory', 'lark-gone', { name: 'Lark Gone' })
await w.deleteIam('goneDirectory')
await w.updateIam('bim', { groupPermissions: { 'Lark Deck': ['FETCH_POLICY_INFO'] } })
const deck = await w.createGroup('Lark Deck')
const hold = await w.createGroup('Lark Hold')
await w.addMember(deck.id, 'lark-a')
await w.addMember(deck.id, 'lark-b')
await w.addMember(hold.id, 'lark-b')
await w.tag('lark-a', 'Desk', 'day')
await w.tag('lark-b', 'Desk', 'night')
for (const userid of ['lark-b', 'lark-a', 'lark-c']) await w.login(userid, 'sings at dawn')

type Found = Hits<UserView<ProfileView>>
const names = (found: Found) => found.hits.map(hit => hit.userid)
const get = async (parameters: Parameters) =>
  names(await w.must<Found>('GET', `/bim/user${query({ name: people, ...parameters })}`))
const post = async (filter: object) => names(await w.search({ name: people, ...filter }))
const everyone = ['lark-c', 'lark-audit', 'lark-b', 'lark-a', 'lark-gov', 'lark-outside']

describe('Requests 5: filters, on GET /bim/user and on POST /bim/user/search', () => {
  test('Requests 5: nothing but the name: enabled users of configured IAMs, by name', async () => {
    expect(await get({})).toEqual(everyone)
    expect(await post({})).toEqual(everyone)
  })

  test('Requests 5: iamid is a list: one value is a list of one, the name is repeated for more', async () => {
    expect(await get({ iamid: 'larkDirectory' })).toEqual(['lark-outside'])
    expect(await get({ iamid: ['larkDirectory', 'bim'] })).toEqual(everyone)
    expect(await post({ iamid: ['larkDirectory'] })).toEqual(['lark-outside'])
  })

  test.each([
    ['lower case', 'excludeDeletediams'],
    ['upper case', 'excludeDeletedIams'],
  ])('Requests 5: users of IAMs that are gone are left out unless asked for (%s)', async (_spelling, parameter) => {
    expect(await get({ [parameter]: false })).toEqual(everyone.toSpliced(4, 0, 'lark-gone'))
    expect(await get({ [parameter]: true })).toEqual(everyone)
    expect(await post({ [parameter]: false })).toContain('lark-gone')
  })

  test.each(['excludebim', 'excludeBIM'])('Requests 5: %s leaves out the users of bim', async parameter => {
    expect(await get({ [parameter]: true })).toEqual(['lark-outside'])
    expect(await get({ [parameter]: false })).toEqual(everyone)
    expect(await post({ [parameter]: true })).toEqual(['lark-outside'])
  })

  test('Requests 5: includeDisabled is false and includeEnabled true by default', async () => {
    expect(await get({ includeDisabled: true })).toContain('lark-off')
    // As Python's requests writes it.
    expect(await get({ includeDisabled: 'True' })).toEqual(await get({ includeDisabled: true }))
    expect(await get({ includeDisabled: 'False' })).toEqual(await get({ includeDisabled: false }))
    expect(await post({ includeDisabled: true })).toEqual(await get({ includeDisabled: true }))
    expect(await post({ includeDisabled: true, includeEnabled: false })).toEqual(['lark-off'])
    expect(await post({ includeEnabled: true })).toEqual(everyone)
  })

  test('Requests 5: excludeAdminAndGovernor leaves out holders of APPLICATION_ADMIN, USER_ADMIN or GOVERNANCE, not of AUDIT', async () => {
    expect(await get({ excludeAdminAndGovernor: true })).toEqual(everyone.filter(userid => userid !== 'lark-gov'))
    expect(await post({ excludeAdminAndGovernor: true })).toEqual(everyone.filter(userid => userid !== 'lark-gov'))
  })

  test('Requests 5: permission finds those who hold it directly, through a group and by an IAM default', async () => {
    expect(await get({ permission: 'AUDIT' })).toEqual(['lark-audit'])
    expect(await get({ permission: 'FETCH_POLICY_INFO' })).toEqual(['lark-b', 'lark-a'])
    expect(await get({ permission: 'CREATE_FILTER' })).toEqual(['lark-outside'])
    expect(await post({ permission: 'FETCH_POLICY_INFO' })).toEqual(['lark-b', 'lark-a'])
  })

  test('Requests 5: profileIds are profile ids', async () => {
    expect(await get({ profileIds: [profileIds['lark-a']!, profileIds['lark-c']!] })).toEqual(['lark-c', 'lark-a'])
    expect(await post({ profileIds: [profileIds['lark-a']] })).toEqual(['lark-a'])
  })

  test('Requests 5: userid and email match any part, in any case', async () => {
    expect(await get({ userid: 'ARK-A' })).toEqual(['lark-audit', 'lark-a'])
    expect(await post({ email: 'A@LARK' })).toEqual(['lark-a'])
  })

  test('Requests 5: excludeSystemGenerated keeps the accounts that people made', async () => {
    expect(await get({ excludeSystemGenerated: true })).toEqual(everyone)
    expect(await post({ excludeSystemGenerated: true })).toEqual(everyone)
  })

  test('Requests 5: the search by details also finds by group, attribute, global id and permission within a domain', async () => {
    expect(await post({ groupNames: ['Lark Deck'] })).toEqual(['lark-b', 'lark-a'])
    expect(await post({ groupIds: [hold.id] })).toEqual(['lark-b'])
    expect(await post({ groupIds: [deck.id, hold.id] })).toEqual(['lark-b', 'lark-a'])
    expect(await post({ userAttributes: [{ key: 'desk', value: 'day' }] })).toEqual(['lark-a'])
    expect(await post({ userAttributes: [{ key: 'desk', value: 'DAY' }] })).toEqual([])
    const globalUserId = (await w.must<{ hits: { globalUserId: string }[] }>('POST', '/bim/user/search', { userid: 'lark-c' }))
      .hits[0]!
    expect(await post({ globalUserIds: [globalUserId.globalUserId] })).toEqual(['lark-c'])
    const domainId = await w.createDomain('Lark domain', 'lark-c', ['Audit Activity'])
    expect(await post({ domainId })).toEqual(['lark-c'])
    expect(await post({ domainPermission: 'Audit Activity' })).toEqual(['lark-c'])
    expect(await post({ domainId, domainPermission: 'Manage Policies' })).toEqual([])
  })

  test('Requests 5: filters narrow each other', async () => {
    expect(await post({ groupNames: ['Lark Deck'], userAttributes: [{ key: 'Desk', value: 'night' }] })).toEqual(['lark-b'])
    expect(await get({ permission: 'FETCH_POLICY_INFO', userid: 'lark-a' })).toEqual(['lark-a'])
  })
})

describe('Requests 5: order', () => {
  const three = { profileIds: Object.values(profileIds) }
  const orders: Record<string, string[]> = {
    name: ['lark-c', 'lark-b', 'lark-a'],
    createdAt: ['lark-c', 'lark-b', 'lark-a'],
    email: ['lark-a', 'lark-c', 'lark-b'],
    username: ['lark-a', 'lark-b', 'lark-c'],
    lastLogin: ['lark-b', 'lark-a', 'lark-c'],
    iamid: ['lark-c', 'lark-b', 'lark-a'],
  }
  test.each(Object.entries(orders))('Requests 5: users by %s, both ways, on both searches', async (sortField, order) => {
    expect(await get({ ...three, sortField })).toEqual(order)
    expect(await get({ ...three, sortField, sortOrder: 'asc' })).toEqual(order)
    expect(await post({ ...three, sortField })).toEqual(order)
    // Within one IAM the ties go by id, whose direction the rules leave open.
    if (sortField !== 'iamid') expect(await get({ ...three, sortField, sortOrder: 'desc' })).toEqual(order.toReversed())
  })

  test('Requests 5: an unknown sort field or order is 400 and named', async () => {
    expectRefusal(await w.admin('GET', '/bim/user?sortField=phone'), 400, /sortField/)
    expectRefusal(await w.admin('GET', '/bim/user?sortOrder=up'), 400, /sortOrder/)
    expectRefusal(await w.admin('POST', '/bim/user/search', { json: { sortField: 'phone' } }), 400, /sortField/)
    expectRefusal(await w.admin('GET', '/bim/group?sortField=email'), 400, /sortField/)
  })
})

describe('Requests 5: groups', () => {
  const groups = async (parameters: Parameters) =>
    (await w.must<Hits<GroupView>>('GET', `/bim/group${query({ name: people, ...parameters })}`)).hits.map(hit => hit.name)

  test.each(['userid', 'userId'])('Requests 5: %s finds the groups of a user', async parameter => {
    expect(await groups({ [parameter]: ids['lark-b']! })).toEqual(['Lark Deck', 'Lark Hold'])
    expect(await groups({ [parameter]: ids['lark-a']! })).toEqual(['Lark Deck'])
    expect(await groups({ [parameter]: ids['lark-c']! })).toEqual([])
  })

  test('Requests 5: ids, iamid, sortField and sortOrder', async () => {
    expect(await groups({ ids: [hold.id] })).toEqual(['Lark Hold'])
    expect(await groups({ ids: [hold.id, deck.id] })).toEqual(['Lark Deck', 'Lark Hold'])
    expect(await groups({ iamid: 'larkDirectory' })).toEqual([])
    expect(await groups({ sortOrder: 'desc' })).toEqual(['Lark Hold', 'Lark Deck'])
    for (const sortField of ['name', 'createdAt', 'iamid'])
      expect(await groups({ sortField })).toEqual(['Lark Deck', 'Lark Hold'])
  })

  test('Requests 5: nameOnly answers distinct names', async () => {
    await w.must('POST', '/bim/group', { iamid: 'larkDirectory', name: 'Lark Deck' })
    const named = await w.must<Hits<unknown>>('GET', '/bim/group?name=lark%20deck&nameOnly=true')
    expect(named.count).toBe('1')
    expect(JSON.stringify(named.hits)).toMatch(/^\[("Lark Deck"|\{"name":"Lark Deck"\})\]$/)
  })
})

describe('Requests 5: strictness', () => {
  test.each([
    ['size=5&size=6', 'a scalar given twice'],
    ['name=a&name=b', 'a scalar given twice'],
    ['sortOrder=asc&sortOrder=asc', 'a scalar given twice'],
    ['iamid[]=bim', 'brackets'],
    ['size[]=5', 'brackets'],
    ['name[a]=b', 'brackets'],
    ['iamid%5B0%5D=bim', 'encoded brackets'],
    ['includeDisabled=yes', 'a boolean that is neither true nor false'],
    ['profileIds=a', 'an id that is no integer'],
  ])('Requests 5: ?%s (%s) is 400 and names the parameter', async parameters => {
    const name = new RegExp(/^[a-zA-Z]+/.exec(parameters)![0])
    expectRefusal(await w.admin('GET', `/bim/user?${parameters}`), 400, name)
  })

  test('Requests 5: unknown query names and body fields are ignored', async () => {
    expect(await get({ colour: 'red' })).toEqual(everyone)
    const group = await w.must('PUT', `/bim/group/${hold.id}`, { colour: 'red', description: 'Below deck' })
    expect(group).toMatchObject({ name: 'Lark Hold', description: 'Below deck' })
    expect(group).not.toHaveProperty('colour')
  })

  test('Requests 5: unknown fields of POST /bim/user/search are 400', async () => {
    expectRefusal(await w.admin('POST', '/bim/user/search', { json: { name: 'a', colour: 'red' } }), 400, /colour/)
  })
})
