// Requests 7: other ways to say the same.
import { afterAll, describe, expect, test } from 'vitest'
import { bootApp } from '../harness/app.ts'
import { send } from './client.ts'
import type { GroupView, NewKey, ProfileView, UserView } from './world.ts'
import { expectRefusal, fresh, groupPath, userPath, world } from './world.ts'

const app = await bootApp()
afterAll(() => app.close())
const w = world(app)

async function person(more: object = {}) {
  const userid = fresh('alias')
  await w.createUser(userid, more)
  return userid
}

/** The answer without the time of its making. */
const still = (answer: object) => ({ ...answer, updatedAt: undefined })

describe('Requests 7: POST does what PUT does', () => {
  test('Requests 7: on a profile', async () => {
    const path = `${userPath(await person())}/profile`
    const put = await w.must<ProfileView>('PUT', path, { location: 'Ghent' })
    expect(still(await w.must('POST', path, { location: 'Ghent' }))).toEqual(still(put))
    expect(await w.must('POST', path, { position: 'Pilot' })).toMatchObject({ location: 'Ghent', position: 'Pilot' })
  })

  test('Requests 7: on permissions', async () => {
    const path = `${userPath(await person())}/permissions`
    expect(await w.must('POST', path, ['AUDIT'])).toMatchObject({ permissions: ['AUDIT'] })
    expect(await w.must('POST', path, { permissions: [] })).toMatchObject({ permissions: [] })
  })

  test('Requests 7: on authorizations of users and groups', async () => {
    const userid = await person()
    const user = await w.must<UserView>('POST', `${userPath(userid)}/authorizations/desk/day`)
    expect(still(user)).toEqual(still(await w.tag(userid, 'desk', 'day')))
    const { id } = await w.createGroup(fresh('alias crew'))
    const group = await w.must<GroupView>('POST', `${groupPath(id)}/authorizations/desk/day`)
    expect(still(group)).toEqual(still(await w.tagGroup(id, 'desk', 'day')))
    expect(group.authorizations).toEqual({ desk: ['day'] })
  })
})

describe('Requests 7: authorizations of a key without a value', () => {
  test('Requests 7: DELETE removes all values of the key, with and without a trailing slash', async () => {
    for (const slash of ['', '/']) {
      const userid = await person()
      for (const [key, value] of [
        ['desk', 'day'],
        ['desk', 'night'],
        ['port', 'Ghent'],
      ] as const)
        await w.tag(userid, key, value)
      const after = await w.must<UserView>('DELETE', `${userPath(userid)}/authorizations/desk${slash}`)
      expect(after.authorizations).toEqual({ port: ['Ghent'] })
    }
    const { id } = await w.createGroup(fresh('alias crew'))
    await w.tagGroup(id, 'desk', 'day')
    expect(await w.must('DELETE', `${groupPath(id)}/authorizations/desk`)).toMatchObject({ authorizations: null })
  })

  test('Requests 7: PUT of a key that has values is 200 and changes nothing', async () => {
    const userid = await person()
    const before = await w.tag(userid, 'Desk', 'day')
    const { id } = await w.createGroup(fresh('alias crew'))
    const group = await w.tagGroup(id, 'Desk', 'day')
    for (const method of ['PUT', 'POST'])
      for (const key of ['Desk', 'DESK', 'desk/']) {
        expect(await w.must(method, `${userPath(userid)}/authorizations/${key}`)).toEqual(before)
        expect(await w.must(method, `${groupPath(id)}/authorizations/${key}`)).toEqual(group)
      }
    expectRefusal(
      await w.admin('PUT', `${groupPath(id)}/authorizations/port`),
      400,
      /^value is missing: the key has no values yet/,
    )
    expectRefusal(await w.admin('PUT', `${userPath('nobody')}/authorizations/desk`), 404, /^No user "nobody"/)
  })

  test('Requests 7: PUT is 400: the key has no value yet', async () => {
    const userid = await person()
    for (const method of ['PUT', 'POST']) {
      for (const path of [`${userPath(userid)}/authorizations/desk`, `${userPath(userid)}/authorizations/desk/`]) {
        expectRefusal(await w.admin(method, path), 400, /^value is missing: the key has no values yet/)
      }
    }
    expect((await w.getUser(userid)).authorizations).toEqual({})
  })

  test('Requests 7: removing everywhere takes one value, or all values of the key', async () => {
    const userid = await person()
    const { id } = await w.createGroup(fresh('alias crew'))
    const key = fresh('berth')
    for (const value of ['a', 'b', 'c']) await w.tag(userid, key, value)
    for (const value of ['a', 'b']) await w.tagGroup(id, key, value)
    const authorizations = async () => [
      (await w.getUser(userid)).authorizations,
      (await w.must<GroupView>('GET', `/bim/group/${id}`)).authorizations,
    ]
    expect(await w.must('DELETE', `/bim/iam/bim/authorizations/${key}/a`)).toEqual({})
    expect(await authorizations()).toEqual([{ [key]: ['b', 'c'] }, { [key]: ['b'] }])
    expect(await w.must('DELETE', `/bim/iam/bim/authorizations/${key}`)).toEqual({})
    expect(await authorizations()).toEqual([{}, null])
  })
})

describe('Requests 7: authorizations as a whole', () => {
  test.each(['PUT', 'POST'])('Requests 7: %s with {key: [values]} replaces the attributes of a user or a group', async method => {
    const userid = await person()
    await w.tag(userid, 'desk', 'day')
    const whole = { port: ['Ghent', 'Oslo'], 'deck.level': ['2'] }
    const user = await w.must<UserView>(method, `${userPath(userid)}/authorizations`, whole)
    expect(user).toMatchObject({ userid, authorizations: whole, bimAuthorizations: whole })
    expect(await w.must(method, `${userPath(userid)}/authorizations`, {})).toMatchObject({
      authorizations: {},
      bimAuthorizations: null,
    })
    const { id } = await w.createGroup(fresh('alias crew'))
    await w.tagGroup(id, 'desk', 'day')
    expect(await w.must(method, `${groupPath(id)}/authorizations`, whole)).toMatchObject({ id, authorizations: whole })
    expect(await w.must(method, `${groupPath(id)}/authorizations`, {})).toMatchObject({ authorizations: null })
  })

  const wrong = [[], 'x', { desk: 'day' }, { desk: [7] }, { desk: [''] }, { '': ['day'] }, { desk: { a: 'b' } }, { desk: null }]
  test.each(wrong.map(body => [body]))('Requests 7: the body %j is 400 and changes nothing', async body => {
    const userid = await person()
    await w.tag(userid, 'desk', 'night')
    expectRefusal(await w.admin('PUT', `${userPath(userid)}/authorizations`, { json: body }), 400, /^(attributes|body|desk)\b/)
    expect((await w.getUser(userid)).authorizations).toEqual({ desk: ['night'] })
  })
})

describe('Requests 7: further paths', () => {
  test('Requests 7: DELETE /bim/iam/{iamid}/user/{userid} deletes a user', async () => {
    const userid = await person()
    expect(await w.must('DELETE', userPath(userid))).toEqual({})
    expectRefusal(await w.admin('GET', userPath(userid)), 404)
    expectRefusal(await w.admin('DELETE', userPath(userid)), 404)
  })

  test('Requests 7: GET /bim/iam/{iamid}/group/{id} reads a group', async () => {
    const { id } = await w.createGroup(fresh('alias crew'))
    await w.tagGroup(id, 'desk', 'day')
    const sources = { bimAuthorizations: { desk: ['day'] }, iamAuthorizations: null }
    expect(await w.must('GET', groupPath(id))).toEqual({ ...(await w.must<object>('GET', `/bim/group/${id}`)), ...sources })
    const bare = await w.createGroup(fresh('bare crew'))
    const none = { authorizations: null, bimAuthorizations: null, iamAuthorizations: null }
    expect(await w.must('GET', groupPath(bare.id))).toMatchObject(none)
    expectRefusal(await w.admin('GET', groupPath(id, 'nowhere')), 404, /^No IAM nowhere/)
  })

  test('Requests 7: PUT /bim/iam/{iamid}/user/{userid} refreshes the user and returns the aggregated view', async () => {
    const userid = await person({ password: 'refresh me' })
    const view = await w.getUser(userid)
    const refreshed = await w.must<object>('PUT', userPath(userid))
    expect(Object.keys(refreshed).toSorted()).toEqual(Object.keys(view).toSorted())
    expect(refreshed).toMatchObject({ userid, iamid: 'bim', profile: { id: view.profile.id }, hasLogin: false })
    expectRefusal(await w.admin('PUT', userPath('nobody')), 404, /^No user "nobody"/)
  })

  test('Requests 7: GET /bim/iam/{iamid}/user/authenticate starts the log-in: for bim at /login, unknown IAM 404', async () => {
    const answer = await send(app.url, 'GET', '/bim/iam/bim/user/authenticate')
    expect(answer.status).toBe(302)
    expect(new URL(answer.headers.get('location')!, app.url).pathname).toBe('/login')
    expect(new URL(answer.headers.get('location')!, app.url).origin).toBe(app.url)
    expectRefusal(await send(app.url, 'GET', '/bim/iam/nowhere/user/authenticate'), 404, /^No IAM nowhere/)
  })

  test('Requests 7: /apikey… answers as /bim/apikey… does', async () => {
    const [ana, chief] = [await app.as([]), await app.as(['IMPERSONATE_USER'])]
    const key = await w.must<NewKey>('POST', '/apikey', { name: 'short path' }, ana.token)
    expect(Object.keys(key).toSorted()).toEqual(['apikey', 'context', 'keyid', 'name', 'project'])
    expect(await w.must('POST', '/apikey/authenticate', { apikey: key.apikey })).toMatchObject({ authenticated: true })
    const whom = { apikey: await chief.key(), userid: ana.userid, iamid: 'bim' }
    expect(await w.must('POST', '/apikey/impersonate', whom)).toMatchObject({ authenticated: true })
    expect(await w.must('DELETE', `/apikey/${key.keyid}`, undefined, ana.token)).toEqual({ revokedTokens: 1 })
    expectRefusal(await send(app.url, 'POST', '/apikey'), 401)
  })

  test('Requests 7: an alias refuses as its path does', async () => {
    const { token, userid } = await app.as([])
    const plain = w.by(token)
    for (const [method, path] of [
      ['POST', `${userPath('x')}/profile`],
      ['POST', `${userPath(userid)}/permissions`],
      ['POST', `${userPath(userid)}/authorizations/desk/day`],
      ['PUT', `${userPath(userid)}/authorizations`],
      ['POST', `${userPath(userid)}/authorizations`],
      ['DELETE', `${userPath(userid)}/authorizations/desk`],
      ['DELETE', userPath(userid)],
      ['PUT', userPath(userid)],
      ['GET', '/bim/iam/bim/group/1'],
      ['DELETE', '/bim/iam/bim/authorizations/desk'],
    ] as const) {
      expectRefusal(await send(app.url, method, path), 401)
      expectRefusal(await plain(method, path, method === 'GET' ? {} : { json: {} }), 403, / needs the permission USER_ADMIN$/)
    }
  })
})
