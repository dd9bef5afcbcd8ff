// Requests 3 and 4: how a path is read, and whom it names.
import { afterAll, describe, expect, test } from 'vitest'
import { bootApp } from '../harness/app.ts'
import { segment, sendRaw } from './client.ts'
import type { GroupView, Hits } from './world.ts'
import { expectRefusal, fresh, groupPath, userPath, world } from './world.ts'

const app = await bootApp()
afterAll(() => app.close())
const w = world(app)

describe('Requests 3: Paths', () => {
  test('Requests 3: a doubled slash before and between the fixed words, and a trailing slash, change nothing', async () => {
    const paths = [
      '//bim/user',
      '/bim//user',
      '///bim//rpc//user//current',
      '/bim/user/',
      '/bim/rpc/user/current/',
      '/bim//group/',
    ]
    for (const path of paths) expect((await w.admin('GET', path)).status, path).toBe(200)
    expect((await w.admin('POST', '//bim//user//search/', { json: {} })).status).toBe(200)
    const userid = fresh('slash')
    await w.createUser(userid)
    expect((await w.admin('GET', `//bim//iam/bim/user/${userid}//profile/`)).status).toBe(200)
  })

  test('Requests 3: an empty key before a value is 400, never all values', async () => {
    const userid = fresh('keyless')
    await w.createUser(userid)
    await w.tag(userid, 'desk', 'day')
    for (const path of [`${userPath(userid)}/authorizations//day`, '/bim/iam/bim/authorizations//day']) {
      expectRefusal(await w.admin('DELETE', path), 400, /^key must not be empty/)
    }
    expectRefusal(await w.admin('PUT', `${userPath(userid)}/authorizations//day`), 400, /^attributeName must not be empty/)
    expect((await w.getUser(userid)).authorizations).toEqual({ desk: ['day'] })
  })

  test.each([
    ['%40', '@'],
    ['%20', ' '],
    ['%2C', ','],
    ['%26', '&'],
    ['%2F', '/'],
    ['%252F', '%2F'],
    ['%2540', '%40'],
    ['+', '+'],
    ['%C3%A9', 'é'],
  ])('Requests 3: %s inside a value is decoded once', async (sent, stored) => {
    const userid = fresh('once')
    await w.createUser(userid)
    await w.must('PUT', `${userPath(userid)}/authorizations/desk/a${sent}b`)
    expect((await w.getUser(userid)).authorizations).toEqual({ desk: [`a${stored}b`] })
    await w.must('DELETE', `${userPath(userid)}/authorizations/desk/a${sent}b`)
    expect((await w.getUser(userid)).authorizations).toEqual({})
  })

  test('Requests 3: an attribute key with dots is one key', async () => {
    const userid = fresh('dots')
    await w.createUser(userid)
    expect((await w.tag(userid, 'Office.Ghent.Floor', '2')).authorizations).toEqual({ 'Office.Ghent.Floor': ['2'] })
  })

  test('Requests 3: a path that cannot be decoded is 400, an unknown one 404', async () => {
    expectRefusal(
      await sendRaw(app.url, 'GET', '/bim/iam/bim/user/%zz', app.admin.token),
      400,
      /^path must be valid percent-encoded/,
    )
    expectRefusal(
      await sendRaw(app.url, 'GET', '/bim/iam/bim/user/%ff', app.admin.token),
      400,
      /^path must be valid percent-encoded/,
    )
    expectRefusal(await w.admin('GET', '/bim/nowhere'), 404, /^No such path/)
  })
})

describe('Requests 4: Who a path names', () => {
  test('Requests 4: a username in another spelling names the same user, and the answer carries the stored one', async () => {
    const userid = `${fresh('Åsa.Strand')}@Roster.example`
    await w.createUser(userid)
    const spelled = [userid.toUpperCase(), userid.toLowerCase(), userid.normalize('NFD')]
    for (const other of spelled) {
      expect((await w.getUser(other)).userid).toBe(userid)
      expect((await w.tag(other, 'desk', 'day')).userid).toBe(userid)
      expect(await w.must('PUT', `${userPath(other)}/disable/false`)).toEqual({ userid, disabled: false })
    }
  })

  test('Requests 4: all digits mean the user id on the two reads, and a username on every other path', async () => {
    const userid = '4815162342'
    const { newUser } = await w.createUser(userid)
    expect((await w.getUser(newUser.id)).userid).toBe(userid)
    expect(await w.must('GET', `${userPath(newUser.id)}/profile`)).toMatchObject({ id: newUser.profile.id, name: userid })
    for (const path of [userPath('999999'), `${userPath('999999')}/profile`])
      expectRefusal(await w.admin('GET', path), 404, /^No user with id 999999/)
    expect(await w.must('PUT', `${userPath(userid)}/permissions`, ['AUDIT'])).toMatchObject({ userid })
    expect(await w.must('GET', `${userPath(userid)}/groups`)).toEqual([])
    expectRefusal(await w.admin('PUT', `${userPath(newUser.id)}/permissions`, { json: [] }), 404, /^No user/)
    expectRefusal(await w.admin('GET', `${userPath(newUser.id)}/groups`), 404, /^No user/)
  })

  test('Requests 4: the owner of attributes is named by username or by integer id; a group only by its id', async () => {
    const userid = fresh('owner')
    const { newUser } = await w.createUser(userid)
    expect((await w.tag(userid, 'desk', 'day')).id).toBe(newUser.id)
    expect((await w.tag(String(newUser.id), 'desk', 'night')).userid).toBe(userid)
    const digits = '31415926'
    await w.createUser(digits)
    expectRefusal(await w.admin('PUT', `${userPath(digits)}/authorizations/desk/day`), 404, /^No user/)
    const { name } = await w.createGroup(fresh('owners'))
    expectRefusal(await w.admin('PUT', `/bim/iam/bim/group/${segment(name)}/authorizations/desk/day`), 400, /^groupId /)
    expectRefusal(await w.admin('PUT', `/bim/iam/bim/robot/${newUser.id}/authorizations/desk/day`), 400, /^modelType /)
  })

  test('Requests 4: the IAM of a path must be the IAM of its target, and its case matters', async () => {
    const userid = fresh('iam')
    const { newUser } = await w.createUser(userid)
    const { id } = await w.createGroup(fresh('iam crew'))
    await w.createIam('southDirectory')
    for (const iamid of ['southDirectory', 'BIM', 'nowhere']) {
      for (const path of [userPath(userid, iamid), userPath(newUser.id, iamid), `${userPath(userid, iamid)}/profile`]) {
        expectRefusal(await w.admin('GET', path), 404, /^No (IAM|user)/)
      }
      expectRefusal(await w.admin('PUT', `${userPath(newUser.id, iamid)}/authorizations/desk/day`), 404, /^No (IAM|user)/)
      expectRefusal(await w.admin('PUT', `${groupPath(id, iamid)}/authorizations/desk/day`), 404, /^No (IAM|group)/)
    }
    expect((await w.getUser(userid)).authorizations).toEqual({})
  })

  test('Requests 4: a membership must belong to the group of the path', async () => {
    const userid = fresh('member')
    await w.createUser(userid)
    const [one, other] = [await w.createGroup(fresh('one')), await w.createGroup(fresh('other'))]
    const membership = await w.addMember(one.id, userid)
    expectRefusal(await w.admin('DELETE', `/bim/group/${other.id}/user/${membership.id}`), 404, /^No membership/)
    const left = await w.must<Hits<GroupView>>('GET', `${userPath(userid)}/groups`)
    expect(left).toMatchObject([{ id: one.id, groupUser: membership.id }])
  })
})
