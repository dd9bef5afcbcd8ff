// The rules of granting and of the last administrator, as they show on the wire.
import { afterAll, describe, expect, test } from 'vitest'
import { bootApp } from '../harness/app.ts'
import type { GroupView, UserView } from './world.ts'
import { expectRefusal, fresh, userPath, world } from './world.ts'

const app = await bootApp({ smtp: true })
afterAll(() => app.close())
const w = world(app)

const administrative = ['APPLICATION_ADMIN', 'USER_ADMIN', 'GOVERNANCE', 'AUDIT', 'IMPERSONATE_USER']
const lacked = administrative.filter(permission => permission !== 'USER_ADMIN')
const LAST_ADMINISTRATOR = /would leave no enabled user with USER_ADMIN/
const needs = (permission: string) => new RegExp(`^You need ${permission} `)
const holds = (permission: string) => new RegExp(`^This user holds ${permission},`)

describe('Last administrator', () => {
  // The first administrator is the only one in these tests.
  const self = userPath(app.admin.userid)
  const unharmed = async () => {
    const { permissions, disabled } = await w.getUser(app.admin.userid)
    expect(permissions).toEqual(expect.arrayContaining(administrative))
    expect(disabled).toBe(false)
  }

  test('Last administrator: no call takes USER_ADMIN from the last enabled holder: 409', async () => {
    expectRefusal(await w.admin('DELETE', `${self}/permissions/USER_ADMIN`), 409, LAST_ADMINISTRATOR)
    expectRefusal(await w.admin('PUT', `${self}/permissions`, { json: [] }), 409, LAST_ADMINISTRATOR)
    expectRefusal(await w.admin('PUT', `${self}/permissions`, { json: lacked }), 409, LAST_ADMINISTRATOR)
    expectRefusal(await w.admin('PUT', `${self}/disable/true`), 409, /disable yourself/)
    expectRefusal(await w.admin('DELETE', self), 409, /delete yourself/)
    await unharmed()
  })

  test('Last administrator: a disabled holder does not count', async () => {
    const { newUser } = await w.createUser(fresh('off'), { permissions: ['USER_ADMIN'] })
    await w.must('PUT', `${userPath(newUser.userid)}/disable/true`)
    expectRefusal(await w.admin('DELETE', `${self}/permissions/USER_ADMIN`), 409, LAST_ADMINISTRATOR)
    expectRefusal(await w.admin('DELETE', self), 409, /delete yourself/)
    await unharmed()
    await w.must('DELETE', userPath(newUser.userid))
  })

  test('Last administrator: nobody disables or deletes themselves, however many administrators there are', async () => {
    const chief = await app.as(['USER_ADMIN'])
    expectRefusal(await w.by(chief.token)('PUT', `${userPath(chief.userid)}/disable/true`), 409, /disable yourself/)
    expectRefusal(await w.by(chief.token)('DELETE', userPath(chief.userid)), 409, /delete yourself/)
    expect((await w.getUser(chief.userid)).disabled).toBe(false)
    await w.must('DELETE', userPath(chief.userid))
  })

  test('Last administrator: one of two may go', async () => {
    const { newUser } = await w.createUser(fresh('second'), { permissions: ['USER_ADMIN'] })
    const left = await w.must<UserView>('DELETE', `${userPath(newUser.userid)}/permissions/USER_ADMIN`)
    expect(left.permissions).toEqual(['CREATE_PROJECT'])
  })
})

describe('Granting: nobody gives or takes an administrative permission they lack', () => {
  async function chiefAndHolder(permission: string) {
    const chief = await app.as(['USER_ADMIN'])
    const { newUser } = await w.createUser(fresh('holder'), { permissions: [permission] })
    return { chief: w.by(chief.token), holder: userPath(newUser.userid), userid: newUser.userid }
  }

  test.each(lacked)('Granting: %s, on creation: 403, and nobody is created', async permission => {
    const { chief } = await chiefAndHolder(permission)
    const userid = fresh('never')
    expectRefusal(
      await chief('POST', '/bim/iam/bim/user', { json: { userid, permissions: ['CREATE_FILTER', permission] } }),
      403,
      needs(permission),
    )
    expectRefusal(await w.admin('GET', userPath(userid)), 404, /^No user/)
  })

  test.each(lacked)('Granting: %s, by permissions: neither given nor taken: 403', async permission => {
    const { chief, holder, userid } = await chiefAndHolder(permission)
    const plain = userPath((await w.createUser(fresh('plain'))).newUser.userid)
    for (const method of ['PUT', 'POST']) {
      expectRefusal(await chief(method, `${plain}/permissions`, { json: [permission] }), 403, needs(permission))
      expectRefusal(await chief(method, `${holder}/permissions`, { json: [] }), 403, needs(permission))
    }
    expectRefusal(await chief('DELETE', `${holder}/permissions/${permission}`), 403, needs(permission))
    expect((await w.getUser(userid)).permissions.toSorted()).toEqual([permission, 'CREATE_PROJECT'].toSorted())
    // What stays as it is was neither given nor taken.
    const kept = await chief<UserView>('PUT', `${holder}/permissions`, { json: [permission, 'CREATE_FILTER'] })
    expect(kept.body.permissions.toSorted()).toEqual([permission, 'CREATE_FILTER'].toSorted())
  })

  test.each(lacked)('Granting: %s, by cloning a holder: 403, and nobody is created', async permission => {
    const { chief, holder } = await chiefAndHolder(permission)
    const email = `${fresh('never')}@roster.example`
    expectRefusal(await chief('POST', `${holder}/clone`, { json: [email] }), 403, needs(permission))
    expectRefusal(await w.admin('GET', userPath(email)), 404, /^No user/)
    expect(app.mails.flatMap(mail => mail.to)).not.toContain(email)
  })

  test('Granting: any other permission may be given by a USER_ADMIN, and USER_ADMIN itself', async () => {
    const { token } = await app.as(['USER_ADMIN'])
    const permissions = ['USER_ADMIN', 'CREATE_FILTER', 'PROJECT_MANAGEMENT', 'IMPERSONATE_HDFS_USER', 'OWN_RULE']
    const made = await w.must('POST', '/bim/iam/bim/user', { userid: fresh('given'), permissions }, token)
    expect(made).toMatchObject({ newUser: { permissions: expect.arrayContaining(permissions) } })
  })

  test('Granting: joining, leaving and renaming a group that carries a permission is a grant', async () => {
    const [carrier, other] = ['Auditors of the Fleet', 'Readers of the Fleet']
    await w.updateIam('bim', { groupPermissions: { [carrier]: ['AUDIT'], [other]: ['FETCH_POLICY_INFO'] } })
    const { token } = await app.as(['USER_ADMIN'])
    const chief = w.by(token)
    const userid = fresh('joins')
    await w.createUser(userid)
    const [audits, reads] = [await w.createGroup(carrier), await w.createGroup(other)]
    expectRefusal(await chief('POST', `/bim/group/${audits.id}/user`, { json: { userid, iamid: 'bim' } }), 403, /^You need AUDIT/)
    expect((await chief('POST', `/bim/group/${reads.id}/user`, { json: { userid, iamid: 'bim' } })).status).toBe(200)
    const membership = await w.addMember(audits.id, userid)
    expect((await w.getUser(userid)).permissions.toSorted()).toEqual(['AUDIT', 'CREATE_PROJECT', 'FETCH_POLICY_INFO'])
    expectRefusal(await chief('DELETE', `/bim/group/${audits.id}/user/${membership.id}`), 403, /^You need AUDIT/)
    expectRefusal(await chief('DELETE', `/bim/group/${audits.id}`), 403, /^You need AUDIT/)
    expectRefusal(await chief('PUT', `/bim/group/${audits.id}`, { json: { name: fresh('no longer') } }), 403, /^You need AUDIT/)
    await w.must('DELETE', `/bim/group/${audits.id}`)
    expectRefusal(await chief('PUT', `/bim/group/${reads.id}`, { json: { name: carrier } }), 403, /^You need AUDIT/)
    expect((await w.getUser(userid)).permissions.toSorted()).toEqual(['CREATE_PROJECT', 'FETCH_POLICY_INFO'])
  })
})

describe('Granting: nobody takes over a holder of an administrative permission they lack', () => {
  test.each(lacked)('Granting: password, e-mail, disable and delete of a holder of %s: 403', async permission => {
    const { token } = await app.as(['USER_ADMIN'])
    const chief = w.by(token)
    const userid = `${fresh('holder')}@roster.example`
    await w.createUser(userid, { password: 'still mine', permissions: [permission], profile: { email: userid } })
    const holder = userPath(userid)
    expectRefusal(await chief('PUT', `${holder}/password`, { json: { password: 'taken over' } }), 403, holds(permission))
    expectRefusal(await chief('PUT', `${holder}/profile`, { json: { email: 'thief@roster.example' } }), 403, holds(permission))
    expectRefusal(await chief('PUT', `${holder}/disable/true`), 403, holds(permission))
    expectRefusal(await chief('DELETE', holder), 403, holds(permission))
    expect(await w.login(userid, 'still mine')).toEqual(expect.any(String))
    expect(await w.getUser(userid)).toMatchObject({ disabled: false, profile: { email: userid } })
    // What takes nothing over is a USER_ADMIN's work as ever.
    expect((await chief('PUT', `${holder}/profile`, { json: { location: 'Ghent', email: userid } })).status).toBe(200)
    expect((await chief('PUT', `${holder}/authorizations/desk/day`)).status).toBe(200)
  })

  test('Granting: another USER_ADMIN, and who holds all of it, may', async () => {
    const [one, two] = [await app.as(['USER_ADMIN']), await app.as(['USER_ADMIN'])]
    expect((await w.by(one.token)('PUT', `${userPath(two.userid)}/password`, { json: { password: 'new start' } })).status).toBe(
      200,
    )
    const { newUser } = await w.createUser(fresh('all'), { permissions: lacked })
    expect(await w.must('PUT', `${userPath(newUser.userid)}/disable/true`)).toMatchObject({ disabled: true })
    expect(await w.must('DELETE', userPath(newUser.userid))).toEqual({})
  })
})

describe('Projects', () => {
  test('Projects: a key for a project needs membership; a foreign and an unknown project answer alike, 403', async () => {
    const [ana, bo] = [await app.as([]), await app.as([])]
    const projectId = await w.createProject(fresh('project'), ana.token)
    const createKey = (id: number) => w.by(bo.token)('POST', '/bim/apikey', { json: { projectId: id, name: 'x' } })
    const [foreign, unknown] = [await createKey(projectId), await createKey(2147483647)]
    expectRefusal(foreign, 403, /^projectId /)
    expectRefusal(unknown, 403, /^projectId /)
    expect(foreign.text.replaceAll(String(projectId), 'N')).toBe(unknown.text.replaceAll('2147483647', 'N'))
    expect(await w.must('GET', `${userPath(bo.userid)}/apikeys`)).toEqual([])
  })
})

describe("What is not the caller's to read or write", () => {
  test("Groups: those of a person, one's own too, are listed by user id only for a USER_ADMIN (matrix, note 19)", async () => {
    const [ana, bo] = [await app.as([]), await app.as([])]
    const { id, name } = await w.createGroup(fresh('own crew'))
    await w.addMember(id, ana.userid)
    const path = `/bim/group?userid=${ana.id}`
    for (const { token } of [ana, bo]) expectRefusal(await w.by(token)('GET', path), 403, /^user:readGroups needs/)
    expect((await w.admin('GET', path)).body).toMatchObject({ count: '1', hits: [{ name }] })
  })

  test('Groups: an update writes name, e-mail and description, and nothing else', async () => {
    const group = await w.createGroup(fresh('fixed crew'))
    const json = {
      iamid: 'elsewhere',
      gid: '7',
      scim: { a: 1 },
      scimid: 'x',
      authorizations: { desk: ['day'] },
      id: 1,
      description: 'd',
    }
    const answer = await w.admin('PUT', `/bim/group/${group.id}`, { json })
    expect([200, 400]).toContain(answer.status)
    const after = await w.must('GET', `/bim/group/${group.id}`)
    expect(after).toMatchObject({ id: group.id, iamid: 'bim', gid: null, authorizations: null })
  })

  test('Groups: one that an IAM feeds is not deleted here: 409', async () => {
    await w.createIam('feedDirectory')
    const group = await w.must<GroupView>('POST', '/bim/group', { iamid: 'feedDirectory', name: fresh('fed crew') })
    expectRefusal(await w.admin('DELETE', `/bim/group/${group.id}`), 409, /feedDirectory/)
    expect(await w.must('GET', `/bim/group/${group.id}`)).toMatchObject({ name: group.name })
  })

  test('Sync: a configuration that is not saved is tried only as a dry run, and only by an APPLICATION_ADMIN', async () => {
    await w.createIam('tryDirectory')
    const iamConfig = { id: 'tryDirectory', type: 'ldap', options: { host: '127.0.0.1', port: 1 } }
    const chief = await app.as(['USER_ADMIN'])
    const sync = (dryRun: boolean, token: string) =>
      w.by(token)('POST', '/iam/tryDirectory/sync', { json: { dryRun, iamConfig } })
    for (const answer of [await sync(true, chief.token), await sync(false, chief.token), await sync(false, app.admin.token)]) {
      expectRefusal(answer, 403, /^iamConfig /)
    }
  })

  test('Sync: an unknown IAM is 404', async () => {
    expectRefusal(await w.admin('POST', '/bim/syncUsers', { json: { iamid: 'nowhere' } }), 404, /^No IAM nowhere/)
    expectRefusal(await w.admin('POST', '/iam/nowhere/sync', { json: { dryRun: true } }), 404, /^No IAM nowhere/)
  })
})
