// The rules on responses: types, attributes, hits, errors, repetition, tokens and keys.
import { afterAll, describe, expect, test } from 'vitest'
import { bootApp } from '../harness/app.ts'
import { query } from './client.ts'
import { iso } from './shape.ts'
import type { GroupView, Hits, LoggedIn, ProfileView, UserView } from './world.ts'
import { expectRefusal, fresh, groupPath, userPath, world } from './world.ts'

const app = await bootApp()
afterAll(() => app.close())
const w = world(app)

interface TokenFacts {
  id: number
  lastUsed: string
  expiration: string
  created: string
  scopes: unknown
  derivedFrom: unknown
  application: unknown
  context: unknown
  impersonationuserid: string | null
  impersonationiamid: string | null
}

/** Every [key, value] of an answer, however deep. */
function leaves(value: unknown, key = ''): [string, unknown][] {
  if (typeof value !== 'object' || value === null) return [[key, value]]
  return Object.entries(value).flatMap(([name, entry]) => leaves(entry, Array.isArray(value) ? key : name))
}

const times = [
  'createdAt',
  'updatedAt',
  'lastLogin',
  'lastExternalRefresh',
  'created',
  'lastUsed',
  'expiration',
  'tokenExpiration',
]

describe('Responses 1: Types', () => {
  test('Responses 1: times are ISO 8601 UTC with milliseconds and ids are JSON numbers, wherever they stand', async () => {
    const ana = await app.as([])
    await w.tag(ana.userid, 'desk', 'day')
    await w.addMember((await w.createGroup(fresh('types'))).id, ana.userid)
    await w.createKey(ana.token)
    const current = await w.must('GET', '/bim/rpc/user/current', undefined, ana.token)
    const reads = ['/bim/user', userPath(ana.userid), `${userPath(ana.userid)}/profile`, `${userPath(ana.userid)}/groups`]
    const lists = ['/bim/group', `${userPath(ana.userid)}/apikeys`]
    const answers = [current, ...(await Promise.all([...reads, ...lists].map(path => w.must('GET', path))))]
    answers.push(await w.must('POST', '/bim/token', { token: ana.token }))
    const found = answers.flatMap(answer => leaves(answer))
    // Null before the first log-in of a user, and the first use of a key.
    for (const [key, value] of found.filter(([key, value]) => times.includes(key) && !(key.startsWith('last') && value === null)))
      expect(value, key).toMatch(iso)
    for (const [key, value] of found.filter(([key]) => ['id', 'keyid', 'groupUser'].includes(key)))
      expect(value, key).toEqual(expect.any(Number))
    expect(found.filter(([key]) => times.includes(key)).length).toBeGreaterThan(20)
  })

  test("Responses 1: count is a string in the lists of users and groups, a number in a group's members", async () => {
    const { id } = await w.createGroup(fresh('count'))
    expect(await w.must('GET', '/bim/user')).toMatchObject({ count: expect.stringMatching(/^\d+$/) })
    expect(await w.must('POST', '/bim/user/search', {})).toMatchObject({ count: expect.stringMatching(/^\d+$/) })
    expect(await w.must('GET', '/bim/group')).toMatchObject({ count: expect.stringMatching(/^\d+$/) })
    expect(await w.must('GET', `/bim/group/${id}/user`)).toEqual({ count: 0, hits: [] })
  })

  test('Responses 1: user, profile, authentication and membership ids are separate sequences', async () => {
    // Users without a password take no authentication id, so the sequences drift apart.
    for (let i = 0; i < 3; i++) await w.createUser(fresh('drift'))
    const { newUser } = await w.createUser(fresh('drift'), { password: 'drifting' })
    const membership = await w.addMember((await w.createGroup(fresh('drift crew'))).id, newUser.userid)
    expect(newUser.authentication).not.toBeNull()
    expect(newUser.authentication).not.toBe(newUser.id)
    expect(membership.id).not.toBe(newUser.id)
    expect(membership.profile).toBe(newUser.profile.id)
  })

  test('Responses 1: the lastExternalRefresh of a bim user is the last log-in, before that the creation, never null', async () => {
    const userid = fresh('refresh')
    const { newUser } = await w.createUser(userid, { password: 'refreshing' })
    expect(newUser.lastExternalRefresh.slice(0, 19)).toBe(newUser.createdAt.slice(0, 19))
    expect(newUser.lastLogin).toBeNull()
    await w.login(userid, 'refreshing')
    const after = await w.getUser(userid)
    expect(after.lastLogin).toMatch(iso)
    expect(after.lastExternalRefresh).toBe(after.lastLogin)
  })

  test('Responses 1: authentication is null until a password is set or the user logs in', async () => {
    const userid = fresh('auth')
    expect((await w.createUser(userid)).newUser.authentication).toBeNull()
    await w.must('PUT', `${userPath(userid)}/password`, { password: 'now I can' })
    expect(await w.must<UserView>('PUT', `${userPath(userid)}/permissions`, [])).toMatchObject({
      authentication: expect.any(Number),
    })
  })

  test("Responses 1: an empty string in a profile's text field is stored as null", async () => {
    const userid = fresh('blank')
    await w.createUser(userid, { profile: { name: 'Blank', phone: '', position: '' } })
    const path = `${userPath(userid)}/profile`
    expect(await w.must('GET', path)).toMatchObject({ phone: null, position: null })
    await w.must('PUT', path, { about: 'something', location: 'somewhere' })
    const cleared = { about: '', location: '', organization: '', position: '', phone: '' }
    const after = await w.must('PUT', path, cleared)
    expect(after).toMatchObject({ about: null, location: null, organization: null, position: null, phone: null })
  })

  test('Responses 1: derivedFrom, application and context of a token are null, and scopes unless it is narrowed', async () => {
    const ana = await app.as([])
    const plain = await w.must<TokenFacts>('POST', '/bim/token', { token: ana.token })
    expect(plain).toMatchObject({ derivedFrom: null, application: null, context: null, scopes: null })
    const chief = await app.as(['IMPERSONATE_USER'])
    const token = await w.impersonate(await chief.key(), ana.userid)
    const acting = await w.must<TokenFacts>('POST', '/bim/token', { token })
    expect(acting).toMatchObject({ derivedFrom: null, application: null, context: null })
    expect([acting.scopes].flat()).toEqual(['impersonation'])
    expect(acting).toMatchObject({ userid: ana.userid, impersonationuserid: chief.userid, impersonationiamid: 'bim' })
  })
})

describe('Responses 2: Attributes', () => {
  test("Responses 2: a user's empty attributes are null, null and {}; a group's are null", async () => {
    const { newUser } = await w.createUser(fresh('bare'))
    const empty = { bimAuthorizations: null, iamAuthorizations: null, authorizations: {} }
    expect(newUser).toMatchObject(empty)
    expect(await w.getUser(newUser.userid)).toMatchObject(empty)
    const group = await w.createGroup(fresh('bare crew'))
    expect(group.authorizations).toBeNull()
    await w.tagGroup(group.id, 'desk', 'day')
    await w.must('DELETE', `${groupPath(group.id)}/authorizations/desk/day`)
    expect((await w.must<GroupView>('GET', `/bim/group/${group.id}`)).authorizations).toBeNull()
    await w.tag(newUser.userid, 'desk', 'day')
    expect(await w.must('DELETE', `${userPath(newUser.userid)}/authorizations/desk/day`)).toMatchObject(empty)
  })

  test('Responses 2: the case of a key is kept as first sent; adding, removing and searching ignore it', async () => {
    const userid = fresh('case')
    await w.createUser(userid)
    await w.tag(userid, 'Home.Port', 'Ghent')
    expect((await w.tag(userid, 'HOME.port', 'Oslo')).authorizations).toEqual({ 'Home.Port': ['Ghent', 'Oslo'] })
    const found = await w.search({ userAttributes: [{ key: 'home.PORT', value: 'Oslo' }] })
    expect(found.hits.map(hit => hit.userid)).toEqual([userid])
    const removed = await w.must<UserView>('DELETE', `${userPath(userid)}/authorizations/home.port/Ghent`)
    expect(removed.authorizations).toEqual({ 'Home.Port': ['Oslo'] })
  })

  test('Responses 2: values are compared exactly', async () => {
    const userid = fresh('exact')
    await w.createUser(userid)
    await w.tag(userid, 'desk', 'Day')
    expect((await w.tag(userid, 'desk', 'day')).authorizations).toEqual({ desk: ['Day', 'day'] })
    expect((await w.tag(userid, 'desk', 'day')).authorizations).toEqual({ desk: ['Day', 'day'] })
  })
})

describe('Responses 3: Hits and views', () => {
  test('Responses 3: hits carry no null keys: absent means unset', async () => {
    const { newUser } = await w.createUser(fresh('sparse'))
    for (const found of [
      await w.must<Hits<UserView<ProfileView>>>('GET', `/bim/user${query({ userid: newUser.userid })}`),
      await w.search({ userid: newUser.userid }),
    ]) {
      expect(found.count).toBe('1')
      expect(leaves(found).filter(([, value]) => value === null)).toEqual([])
      for (const key of ['lastLogin', 'authentication', 'bimAuthorizations', 'iamAuthorizations']) {
        expect(found.hits[0]).not.toHaveProperty(key)
      }
      expect(found.hits[0]!.profile).not.toHaveProperty('email')
      expect(found.hits[0]).toHaveProperty('authorizations', {})
    }
  })

  test('Responses 3: the groups of a hit are names, the groups of the current user are ids', async () => {
    const ana = await app.as([])
    const group = await w.createGroup(fresh('Named crew'))
    await w.addMember(group.id, ana.userid)
    const found = await w.must<Hits<{ groups?: unknown }>>('GET', `/bim/user${query({ userid: ana.userid })}`)
    expect(found.hits[0]!.groups).toEqual([group.name])
    const searched = await w.must<Hits<{ groups?: unknown }>>('POST', '/bim/user/search', { userid: ana.userid })
    expect(searched.hits[0]!.groups).toEqual([group.name])
    const current = await w.must<{ groups: number[] }>('GET', '/bim/rpc/user/current', undefined, ana.token)
    expect(current.groups).toEqual([group.id])
  })

  test('Responses 3: externalUserIds is an object, {} when unset', async () => {
    const { newUser } = await w.createUser(fresh('ids'))
    expect(newUser.profile.externalUserIds).toEqual({})
    expect(await w.must('GET', `${userPath(newUser.userid)}/profile`)).toMatchObject({ externalUserIds: {} })
  })
})

describe('Responses 4: Attributes on users of an external IAM', () => {
  const tagOutsider = (iamid: string) => w.admin<UserView>('PUT', `${userPath('kai', iamid)}/authorizations/desk/day`)

  test('Responses 4: allowed when that IAM allows it, lands in bimAuthorizations, and shows on the very next read', async () => {
    const options = { host: 'ldap.roster.example', userSearchBase: 'dc=roster,dc=example', userSearchFilter: 'mail=%s' }
    const config = { options, supportedActions: ['allowBIMAuthorizations'] }
    await w.createIam('openDirectory', { config })
    await w.createIamUser('openDirectory', 'kai')
    expect((await tagOutsider('openDirectory')).status).toBe(200)
    const after = await w.getUser('kai', 'openDirectory')
    const desk = { desk: ['day'] }
    expect(after).toMatchObject({ bimAuthorizations: desk, iamAuthorizations: null, authorizations: desk })
    const found = await w.search({ userAttributes: [{ key: 'desk', value: 'day' }], iamid: ['openDirectory'] })
    expect(found.hits.map(hit => hit.userid)).toEqual(['kai'])
  })

  test('Responses 4: refused when that IAM does not allow it', async () => {
    const options = { host: 'ldap.roster.example', userSearchBase: 'dc=roster,dc=example', userSearchFilter: 'mail=%s' }
    await w.createIam('shutDirectory', { config: { options, supportedActions: ['syncGroups'] } })
    await w.createIamUser('shutDirectory', 'kai')
    expectRefusal(await tagOutsider('shutDirectory'), 409, /allowBIMAuthorizations/)
    expect((await w.getUser('kai', 'shutDirectory')).authorizations).toEqual({})
  })
})

describe('Responses 6: Repetition', () => {
  test('Responses 6: adding a member twice returns the existing membership', async () => {
    const userid = fresh('twice')
    await w.createUser(userid)
    const { id } = await w.createGroup(fresh('twice crew'))
    const first = await w.addMember(id, userid)
    expect(await w.addMember(id, userid)).toEqual(first)
    expect(await w.must('GET', `/bim/group/${id}/user`)).toMatchObject({ count: 1 })
  })

  test('Responses 6: a duplicate group name in one IAM is 409, in any case; in another IAM it is not', async () => {
    const name = fresh('Crew')
    await w.createGroup(name)
    for (const same of [name, name.toUpperCase()]) {
      expectRefusal(await w.admin('POST', '/bim/group', { json: { iamid: 'bim', name: same } }), 409, /^name is already taken/)
    }
    await w.createIam('otherDirectory')
    await w.must('POST', '/bim/group', { iamid: 'otherDirectory', name })
    const other = await w.createGroup(fresh('Crew'))
    expectRefusal(await w.admin('PUT', `/bim/group/${other.id}`, { json: { name } }), 409, /^name is already taken/)
  })

  test('Responses 6: the same name made again inherits nothing', async () => {
    const userid = fresh('again')
    const { newUser } = await w.createUser(userid, { password: 'first life', permissions: ['AUDIT'] })
    const group = await w.createGroup(fresh('again crew'))
    await w.addMember(group.id, userid)
    await w.tag(userid, 'desk', 'day')
    await w.tagGroup(group.id, 'desk', 'night')
    const key = await w.createKey(await w.login(userid, 'first life'))
    await w.must('DELETE', userPath(userid))
    await w.must('DELETE', `/bim/group/${group.id}`)
    const again = await w.createUser(userid)
    expect(again.newUser.id).not.toBe(newUser.id)
    expect(again.newUser).toMatchObject({ permissions: ['CREATE_PROJECT'], authorizations: {}, authentication: null })
    expect(await w.must('GET', `${userPath(userid)}/groups`)).toEqual([])
    expect(await w.must('GET', `${userPath(userid)}/apikeys`)).toEqual([])
    expectRefusal(
      await w.anonymous('POST', '/bim/apikey/authenticate', { json: { apikey: key.apikey } }),
      401,
      /API key is unknown/,
    )
    const groupAgain = await w.createGroup(group.name)
    expect(groupAgain.id).not.toBe(group.id)
    expect(groupAgain.authorizations).toBeNull()
    expect(await w.must('GET', `/bim/group/${groupAgain.id}/user`)).toEqual({ count: 0, hits: [] })
  })
})

describe('Responses 9: SCIM', () => {
  test("Responses 9: /scim/v2/** answers 401 with SCIM's error body to every user token", async () => {
    for (const by of [w.anonymous, w.admin]) {
      const answer = await by<{ schemas: string[]; status: string; detail: string }>('GET', '/scim/v2/bim/Users')
      expect(answer.status).toBe(401)
      expect(answer.body).toMatchObject({ status: '401', detail: expect.any(String) })
      expect(answer.body.schemas).toEqual(['urn:ietf:params:scim:api:messages:2.0:Error'])
    }
  })
})

describe('Responses 5: what an answer never carries', () => {
  test('Responses 5: a DELETE without a documented body answers 200 with {}, and nothing sends X-Next-Page', async () => {
    const userid = fresh('gone')
    await w.createUser(userid)
    const deleted = await w.admin('DELETE', userPath(userid))
    expect([deleted.status, deleted.body]).toEqual([200, {}])
    const list = await w.admin<LoggedIn>('GET', '/bim/user?size=1')
    expect(list.headers.has('x-next-page')).toBe(false)
  })
})
