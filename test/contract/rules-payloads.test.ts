// Requests 8 (the forms a payload may take) and 9 (defaults).
import { afterAll, describe, expect, test } from 'vitest'
import { bootApp } from '../harness/app.ts'
import { send } from './client.ts'
import type { LoggedIn, NewUser, ProfileView, UserView } from './world.ts'
import { expectRefusal, fresh, userPath, world } from './world.ts'

const app = await bootApp({ smtp: true })
afterAll(() => app.close())
const w = world(app)

describe('Requests 8: Payload forms', () => {
  test('Requests 8: permissions are a bare list or {permissions: []}', async () => {
    const userid = fresh('forms')
    await w.createUser(userid)
    for (const [payload, permissions] of [
      [['CREATE_FILTER'], ['CREATE_FILTER']],
      [{ permissions: ['AUDIT'] }, ['AUDIT']],
      [[], []],
    ]) {
      expect(await w.must('PUT', `${userPath(userid)}/permissions`, payload)).toMatchObject({ permissions })
    }
    expectRefusal(await w.admin('PUT', `${userPath(userid)}/permissions`, { json: {} }), 400, /permissions/)
  })

  test('Requests 8: clone takes a bare list or {email: []}, and lower-cases the names', async () => {
    const userid = fresh('source')
    await w.createUser(userid)
    const [one, two] = [`${fresh('Clone')}@Roster.example`, `${fresh('Clone')}@Roster.example`]
    expect(await w.must('POST', `${userPath(userid)}/clone`, [one])).toEqual({ failedEmails: [] })
    expect(await w.must('POST', `${userPath(userid)}/clone`, { email: [two] })).toEqual({ failedEmails: [] })
    for (const email of [one, two]) {
      const clone = await w.getUser(email)
      expect(clone.userid).toBe(email.toLowerCase())
      expect(clone.profile.email).toBe(email.toLowerCase())
    }
  })

  test('Requests 8: a clone for no address is 400, as a bare list, an object and a form', async () => {
    const { userid } = (await w.createUser(fresh('none'))).newUser
    for (const json of [[], { email: [] }, {}])
      expectRefusal(
        await w.admin('POST', `${userPath(userid)}/clone`, { json }),
        400,
        /^email (is missing: it )?must be a list of 1 to 1,000/,
      )
    expectRefusal(await w.admin('POST', `${userPath(userid)}/clone`), 400, /^email is missing/)
    const { errors } = await app.graphql('mutation($input: CloneUserInput!) { cloneUser(input: $input) { failedEmails } }', {
      input: { ref: { name: { userid } }, emails: [] },
    })
    expect(errors?.[0]?.extensions).toMatchObject({
      code: 'BAD_USER_INPUT',
      field: 'email',
      rule: 'must have at least one address',
    })
  })

  test('Requests 8: a clone is enabled and has no password', async () => {
    const userid = fresh('plain')
    await w.createUser(userid, { password: 'not copied' })
    const email = `${fresh('copy')}@roster.example`
    await w.must('POST', `${userPath(userid)}/clone`, [email])
    expect(await w.getUser(email)).toMatchObject({ disabled: false, hasLogin: false })
    const login = await w.anonymous('POST', '/bim/iam/bim/user/authenticate', {
      json: { username: email, password: 'not copied' },
    })
    expectRefusal(login, 401)
  })

  test('Requests 8: creating a user needs only userid; the profile is named after it', async () => {
    const userid = fresh('only')
    const { newUser } = await w.createUser(userid)
    expect(newUser).toMatchObject({ iamid: 'bim', userid, profile: { name: userid, email: null } })
    expectRefusal(await w.admin('POST', '/bim/iam/bim/user', { json: { profile: { name: 'Nobody' } } }), 400, /userid/)
  })

  test('Requests 8: an empty password means none: a link is made', async () => {
    const made = await w.createUser(fresh('empty'), { password: '' })
    expect(made).toMatchObject({ newUser: { authentication: null }, newUserLink: expect.stringContaining('/login?token=') })
  })

  test('Requests 8: creating a user with a password makes no link and no mail', async () => {
    const userid = `${fresh('ready')}@roster.example`
    const made = await w.createUser(userid, { password: 'ready to go', profile: { email: userid } })
    expect(made).toMatchObject({ newUserLink: null, emailSent: false, emailFailed: false })
    expect(app.mails.filter(mail => [mail.to].flat().includes(userid))).toEqual([])
    expect(await w.login(userid, 'ready to go')).toEqual(expect.any(String))
  })

  test('Requests 8: POST /bim/apikey may have no body at all; a body with neither attribute is 400', async () => {
    const { token } = await app.as([])
    const bare = await w.by(token)('POST', '/bim/apikey')
    expect(bare.status, bare.text).toBe(200)
    expect(bare.body).toMatchObject({ apikey: expect.any(String), keyid: expect.any(Number), context: null })
    expectRefusal(await w.by(token)('POST', '/bim/apikey', { json: {} }), 400, /^body must have projectId or name/)
    expectRefusal(await w.by(token)('POST', '/bim/apikey', { json: { colour: 'red' } }), 400, /^body must have projectId or name/)
  })

  test("Requests 8: an API key's name is 1 to 254 characters", async () => {
    const { token } = await app.as([])
    for (const name of ['', 'n'.repeat(255), 7, null]) {
      expectRefusal(await w.by(token)('POST', '/bim/apikey', { json: { name } }), 400, /^name /)
    }
    expect(await w.createKey(token, { name: 'n'.repeat(254) })).toMatchObject({ name: 'n'.repeat(254), project: null })
  })

  test('Requests 8: POST /bim/apikey/authenticate takes the key from the body, else from the header', async () => {
    const [ana, bo] = [await app.as([]), await app.as([])]
    const [anas, bos] = [await ana.key(), await bo.key()]
    const path = '/bim/apikey/authenticate'
    const owner = async (token: string) => (await w.must<UserView>('GET', '/bim/rpc/user/current', undefined, token)).userid
    const both = await send<LoggedIn>(app.url, 'POST', path, {
      headers: { authorization: `Bearer ${bos}` },
      json: { apikey: anas },
    })
    expect(await owner(both.body.token)).toBe(ana.userid)
    for (const authorization of [bos, `Bearer ${bos}`]) {
      const header = await send<LoggedIn>(app.url, 'POST', path, { headers: { authorization } })
      expect(await owner(header.body.token)).toBe(bo.userid)
    }
    expectRefusal(
      await send(app.url, 'POST', path, { json: { apikey: 'nonsense' }, headers: { authorization: bos } }),
      401,
      /API key is unknown/,
    )
  })

  test.each([
    ['a list', { snowflakeUser: ['a'] }, 'snowflakeUser'],
    ['an object', { snowflakeUser: { id: 'a' } }, 'snowflakeUser'],
    ['a number', { hdfsUser: 'h', prestoUser: 7 }, 'prestoUser'],
    ['a boolean', { asaUser: true }, 'asaUser'],
    ['a structure that is not the documented one', { databricksUserObject: { id: ['a'] } }, 'databricksUserObject'],
  ])(
    'Requests 8: an external user id that is %s is 400 on every path that takes a profile',
    async (_what, externalUserIds, name) => {
      const message = new RegExp(`^profile\\.externalUserIds\\.${name} must be a string or null$`)
      const { userid } = (await w.createUser(fresh('external'))).newUser
      for (const method of ['PUT', 'POST'])
        expectRefusal(await w.admin(method, `${userPath(userid)}/profile`, { json: { externalUserIds } }), 400, message)
      const create = { userid: fresh('external'), profile: { externalUserIds } }
      expectRefusal(await w.admin('POST', '/bim/iam/bim/user', { json: create }), 400, message)
      expectRefusal(await w.admin('GET', userPath(create.userid)), 404, /^No user/)
      for (const [mutation, input] of [
        ['updateProfile(input: $input) { user { id } }', { ref: { name: { userid } }, profile: { externalUserIds } }],
        ['createUser(input: $input) { user { id } }', create],
      ] as const) {
        const type = mutation.startsWith('update') ? 'UpdateProfileInput' : 'CreateUserInput'
        const { errors } = await app.graphql(`mutation($input: ${type}!) { ${mutation} }`, { input })
        expect(errors?.[0]?.message).toMatch(message)
      }
      expect((await w.must<ProfileView>('GET', `${userPath(userid)}/profile`)).externalUserIds).toEqual({})
    },
  )

  test('Requests 8: external user ids are strings or null, and the structured one of the reference', async () => {
    const { userid } = (await w.createUser(fresh('external'))).newUser
    const externalUserIds = { snowflakeUser: 'S', prestoUser: null, databricksUserObject: { id: null, type: 'NONE' } }
    expect(await w.must('PUT', `${userPath(userid)}/profile`, { externalUserIds })).toMatchObject({ externalUserIds })
    expect(await w.must('PUT', `${userPath(userid)}/profile`, { externalUserIds: null })).toMatchObject({ externalUserIds: {} })
  })

  test('Requests 8: a profile update keeps what it leaves out and replaces externalUserIds as a whole', async () => {
    const userid = fresh('merge')
    await w.createUser(userid)
    const path = `${userPath(userid)}/profile`
    await w.must('PUT', path, { location: 'Ghent', externalUserIds: { hdfsUser: 'm', snowflakeUser: 'M' } })
    const after = await w.must('PUT', path, { position: 'Pilot', externalUserIds: { prestoUser: 'p' } })
    expect(after).toMatchObject({ location: 'Ghent', position: 'Pilot', externalUserIds: { prestoUser: 'p' } })
    expect((await w.must<ProfileView>('GET', path)).externalUserIds).toEqual({ prestoUser: 'p' })
  })

  test('Requests 8: a profile update ignores what is not its to change', async () => {
    const userid = fresh('fixed')
    await w.createUser(userid, { profile: { name: 'Fixed Star' } })
    const before = await w.getUser(userid)
    const ignored = {
      name: 'Wandering Star',
      id: 99999,
      systemGenerated: true,
      createdAt: '2001-01-01T00:00:00.000Z',
      updatedAt: '2001-01-01T00:00:00.000Z',
      iamid: 'elsewhere',
      userid: 'somebody-else',
      permissions: ['APPLICATION_ADMIN'],
    }
    await w.must('PUT', `${userPath(userid)}/profile`, { ...ignored, location: 'North' })
    const after = await w.getUser(userid)
    expect(after.permissions).toEqual(before.permissions)
    expect(after).toMatchObject({ iamid: 'bim', userid })
    const { id, createdAt, name } = before.profile
    expect(after.profile).toMatchObject({ id, createdAt, name, systemGenerated: false, location: 'North' })
    expect(after.profile.updatedAt >= before.profile.updatedAt).toBe(true)
  })

  test('Requests 8: impersonation needs apikey, userid and iamid', async () => {
    const apikey = await (await app.as(['IMPERSONATE_USER'])).key()
    const { userid } = await app.as([])
    const whole: Record<string, string> = { apikey, userid, iamid: 'bim' }
    expect((await w.anonymous('POST', '/bim/apikey/impersonate', { json: whole })).status).toBe(200)
    for (const left of ['apikey', 'userid', 'iamid']) {
      const { [left]: _, ...rest } = whole
      expectRefusal(await w.anonymous('POST', '/bim/apikey/impersonate', { json: rest }), 400, new RegExp(left))
    }
  })

  test('Requests 8: a self password change needs the right originalPassword', async () => {
    const ana = await app.as([])
    const change = (payload: object) => w.by(ana.token)('PUT', `${userPath(ana.userid)}/password`, { json: payload })
    expectRefusal(await change({ originalPassword: 'wrong', password: 'brand new' }), 403, /^originalPassword /)
    expectRefusal(await change({ password: 'brand new' }), 400, /originalPassword/)
    expect((await change({ originalPassword: ana.password, password: 'brand new' })).body).toEqual({ success: true })
    expect(await w.login(ana.userid, 'brand new')).toEqual(expect.any(String))
  })

  test("Requests 8: for a USER_ADMIN changing another's password the original one is ignored", async () => {
    const [ana, chief] = [await app.as([]), await app.as(['USER_ADMIN'])]
    for (const payload of [{ password: 'given 1' }, { originalPassword: 'wrong', password: 'given 2' }]) {
      expect(await w.must('PUT', `${userPath(ana.userid)}/password`, payload, chief.token)).toEqual({ success: true })
      expect(await w.login(ana.userid, payload.password)).toEqual(expect.any(String))
    }
  })
})

describe('Requests 9: Defaults', () => {
  test('Requests 9: a new user holds CREATE_PROJECT besides what was asked', async () => {
    const asked = await w.createUser(fresh('asked'), { permissions: ['CREATE_FILTER'] })
    expect(asked.newUser.permissions.toSorted()).toEqual(['CREATE_FILTER', 'CREATE_PROJECT'])
    expect((await w.createUser(fresh('none'))).newUser.permissions).toEqual(['CREATE_PROJECT'])
  })

  test('Requests 9: the default permissions can be configured', async () => {
    await w.updateIam('bim', { defaultPermissions: ['CREATE_FILTER', 'CREATE_PROJECT'] })
    const { newUser } = await w.must<NewUser>('POST', '/bim/iam/bim/user', { userid: fresh('configured') })
    await w.updateIam('bim', { defaultPermissions: ['CREATE_PROJECT'] })
    expect(newUser.permissions.toSorted()).toEqual(['CREATE_FILTER', 'CREATE_PROJECT'])
    // Given once, at creation: a later change takes nothing away.
    expect((await w.getUser(newUser.userid)).permissions.toSorted()).toEqual(['CREATE_FILTER', 'CREATE_PROJECT'])
  })

  test('Requests 9: custom permission names are allowed, in their alphabet', async () => {
    const path = `${userPath((await w.createUser(fresh('custom'))).newUser.userid)}/permissions`
    const longest = `X${'Y'.repeat(63)}`
    expect((await w.must<UserView>('PUT', path, ['SAIL_2', longest])).permissions.toSorted()).toEqual(
      ['SAIL_2', longest].toSorted(),
    )
    for (const name of ['sail', 'S', '2SAIL', 'SAIL-2', '', `X${'Y'.repeat(64)}`, 'SÄIL', '_SAIL', 'SAIL\n']) {
      expectRefusal(await w.admin('PUT', path, { json: [name] }), 400, /^permissions /)
    }
  })

  test('Requests 9: removing a permission the user does not hold is 404', async () => {
    const userid = fresh('lacks')
    await w.createUser(userid)
    expectRefusal(await w.admin('DELETE', `${userPath(userid)}/permissions/AUDIT`), 404, /does not hold AUDIT/)
    expectRefusal(await w.admin('DELETE', `${userPath(userid)}/permissions/NO_SUCH_THING`), 404, /does not hold NO_SUCH_THING/)
  })

  test('Requests 9: removing one held through a group or an IAM default is 409 naming the source', async () => {
    await w.updateIam('bim', { groupPermissions: { 'Quay Crew': ['FETCH_POLICY_INFO'] } })
    const userid = fresh('crew')
    await w.createUser(userid)
    await w.addMember((await w.createGroup('Quay Crew')).id, userid)
    expect((await w.getUser(userid)).permissions.toSorted()).toEqual(['CREATE_PROJECT', 'FETCH_POLICY_INFO'])
    expectRefusal(await w.admin('DELETE', `${userPath(userid)}/permissions/FETCH_POLICY_INFO`), 409, /Quay Crew/)
    await w.createIam('quayDirectory', { defaultPermissions: ['CREATE_FILTER'] })
    await w.createIamUser('quayDirectory', userid)
    expectRefusal(
      await w.admin('DELETE', `${userPath(userid, 'quayDirectory')}/permissions/CREATE_FILTER`),
      409,
      /quayDirectory|default/i,
    )
  })

  test('Requests 9: removing an attribute value that is not held is 200 and changes nothing', async () => {
    const userid = fresh('value')
    await w.createUser(userid)
    await w.tag(userid, 'desk', 'day')
    for (const path of ['desk/night', 'office/day', 'desk/DAY']) {
      const after = await w.must<UserView>('DELETE', `${userPath(userid)}/authorizations/${path}`)
      expect(after.authorizations).toEqual({ desk: ['day'] })
    }
  })
})
