// What disabling, deleting and impersonation do to credentials.
import { afterAll, describe, expect, test } from 'vitest'
import { bootApp } from '../harness/app.ts'
import type { LoggedIn } from './world.ts'
import { expectRefusal, fresh, userPath, world } from './world.ts'

const app = await bootApp()
afterAll(() => app.close())
const w = world(app)

const current = (credential: string) => w.by(credential)('GET', '/bim/rpc/user/current')
const authenticate = (apikey: string) => w.anonymous<LoggedIn>('POST', '/bim/apikey/authenticate', { json: { apikey } })
const impersonate = (apikey: string, userid: string, iamid = 'bim') =>
  w.anonymous<LoggedIn>('POST', '/bim/apikey/impersonate', { json: { apikey, userid, iamid } })

describe('Disabling and deleting', () => {
  test('Disabling: tokens, keys and their tokens end at once; enabling revives no token', async () => {
    const ana = await app.as([])
    const apikey = await ana.key()
    const keyToken = await w.keyToken(apikey)
    const path = userPath(ana.userid)
    expect(await w.must('PUT', `${path}/disable/true`)).toEqual({ userid: ana.userid, disabled: true })
    for (const credential of [ana.token, apikey, keyToken]) expectRefusal(await current(credential), 401)
    expectRefusal(await authenticate(apikey), 401)
    const login = { json: { username: ana.userid, password: ana.password } }
    expectRefusal(await w.anonymous('POST', '/bim/iam/bim/user/authenticate', login), 401)
    expect(await w.must('PUT', `${path}/disable/false`)).toEqual({ userid: ana.userid, disabled: false })
    for (const token of [ana.token, keyToken]) expectRefusal(await current(token), 401)
    expect((await current(await w.login(ana.userid, ana.password))).status).toBe(200)
  })

  test('Disabling: twice is once; only true and false are understood', async () => {
    const { newUser } = await w.createUser(fresh('twice'))
    const path = userPath(newUser.userid)
    for (const disable of [true, true, false, false]) {
      expect(await w.must('PUT', `${path}/disable/${disable}`)).toEqual({ userid: newUser.userid, disabled: disable })
    }
    for (const disable of ['yes', '1', 'TRUES', 'null'])
      expectRefusal(await w.admin('PUT', `${path}/disable/${disable}`), 400, /disable/)
  })

  test('Disabling: the answer to a dead key is that to an unknown one', async () => {
    const ana = await app.as([])
    const apikey = await ana.key()
    await w.must('PUT', `${userPath(ana.userid)}/disable/true`)
    expect((await authenticate(apikey)).text).toBe((await authenticate(`rk_${'x'.repeat(40)}`)).text)
  })

  test('Deleting: tokens and keys end at once', async () => {
    const ana = await app.as([])
    const apikey = await ana.key()
    const keyToken = await w.keyToken(apikey)
    await w.must('DELETE', userPath(ana.userid))
    for (const credential of [ana.token, apikey, keyToken]) expectRefusal(await current(credential), 401)
    expectRefusal(await authenticate(apikey), 401)
  })

  test('Passwords: those of users of an external IAM are not ours to change: 400', async () => {
    await w.createIam('passDirectory')
    await w.createIamUser('passDirectory', 'outside')
    expectRefusal(
      await w.admin('PUT', `${userPath('outside', 'passDirectory')}/password`, { json: { password: 'x' } }),
      400,
      /^iamid names the IAM passDirectory/,
    )
  })
})

describe('Impersonation', () => {
  async function pair() {
    const [chief, ana] = [await app.as(['IMPERSONATE_USER']), await app.as([])]
    const apikey = await chief.key()
    return { chief, ana, apikey }
  }

  test('Impersonation: the token acts as the other and says who impersonates', async () => {
    const { chief, ana, apikey } = await pair()
    const answer = await current(await w.impersonate(apikey, ana.userid))
    expect(answer.body).toMatchObject({ userid: ana.userid, permissions: ['CREATE_PROJECT'] })
    expect(answer.text).toContain(chief.userid)
  })

  test('Impersonation: it lives at most one hour', async () => {
    const { ana, apikey } = await pair()
    const token = await w.impersonate(apikey, ana.userid)
    const facts = await w.must<{ created: string; expiration: string; scopes: unknown }>('POST', '/bim/token', { token })
    expect(Date.parse(facts.expiration) - Date.parse(facts.created)).toBeLessThanOrEqual(60 * 60 * 1000 + 1000)
    expect([facts.scopes].flat()).toEqual(['impersonation'])
  })

  test.each(['APPLICATION_ADMIN', 'USER_ADMIN', 'GOVERNANCE', 'AUDIT', 'IMPERSONATE_USER'])(
    'Impersonation: a holder of %s is not impersonated: 403',
    async permission => {
      const { apikey } = await pair()
      const target = await app.as([permission])
      expectRefusal(await impersonate(apikey, target.userid), 403, new RegExp(`^A holder of ${permission} cannot`))
    },
  )

  test('Impersonation: a holder through a group is not impersonated either', async () => {
    const { ana, apikey } = await pair()
    await w.updateIam('bim', { groupPermissions: { 'Night Auditors': ['AUDIT'] } })
    await w.addMember((await w.createGroup('Night Auditors')).id, ana.userid)
    expectRefusal(await impersonate(apikey, ana.userid), 403, /A holder of AUDIT/)
  })

  test('Impersonation: a disabled user, and an unknown one, are not impersonated', async () => {
    const { ana, apikey } = await pair()
    await w.must('PUT', `${userPath(ana.userid)}/disable/true`)
    expectRefusal(await impersonate(apikey, ana.userid), 403, /disabled user/)
    expect([403, 404]).toContain((await impersonate(apikey, 'nobody')).status)
    expect([403, 404]).toContain((await impersonate(apikey, ana.userid, 'nowhere')).status)
  })

  test('Impersonation: IMPERSONATE_HDFS_USER is not enough, nor an administrator without the permission', async () => {
    const { ana } = await pair()
    for (const permissions of [['IMPERSONATE_HDFS_USER'], ['USER_ADMIN', 'APPLICATION_ADMIN', 'AUDIT', 'GOVERNANCE']]) {
      const apikey = await (await app.as(permissions)).key()
      expectRefusal(await impersonate(apikey, ana.userid), 403, /IMPERSONATE_USER/)
      // The same refusal for an unknown user: it shows nobody who exists.
      expectRefusal(await impersonate(apikey, 'nobody'), 403, /IMPERSONATE_USER/)
    }
  })

  test('Impersonation: an unknown key is 401', async () => {
    expectRefusal(await impersonate(`rk_${'x'.repeat(40)}`, app.admin.userid), 401, /API key is unknown/)
  })

  test('Impersonation: the token cannot create keys, change passwords, profiles or permissions, or impersonate again', async () => {
    const { ana, apikey } = await pair()
    const acting = w.by(await w.impersonate(apikey, ana.userid))
    const own = userPath(ana.userid)
    expectRefusal(await acting('POST', '/bim/apikey', { json: { name: 'forever' } }), 403, /^apikey:create/)
    expectRefusal(await acting('POST', '/bim/apikey'), 403, /^apikey:create/)
    const passwords = { originalPassword: ana.password, password: 'taken over' }
    expectRefusal(await acting('PUT', `${own}/password`, { json: passwords }), 403, /^user:setPassword/)
    expectRefusal(await acting('PUT', `${own}/profile`, { json: { email: 'thief@roster.example' } }), 403, /^user:updateProfile/)
    expectRefusal(await acting('PUT', `${own}/permissions`, { json: ['AUDIT'] }), 403, /^user:setPermissions/)
    expect(await w.login(ana.userid, ana.password)).toEqual(expect.any(String))
    const again = await acting('POST', '/bim/apikey/impersonate', {
      json: { apikey: await ana.key(), userid: ana.userid, iamid: 'bim' },
    })
    expectRefusal(again, 403, /^apikey:impersonate/)
  })

  test('Impersonation: the token dies with the key, the permission, and either account', async () => {
    const ends: [string, (p: Awaited<ReturnType<typeof pair>>) => Promise<unknown>][] = [
      ['permission', ({ chief }) => w.must('DELETE', `${userPath(chief.userid)}/permissions/IMPERSONATE_USER`)],
      ['impersonator', ({ chief }) => w.must('PUT', `${userPath(chief.userid)}/disable/true`)],
      ['impersonated', ({ ana }) => w.must('PUT', `${userPath(ana.userid)}/disable/true`)],
      ['deleted impersonator', ({ chief }) => w.must('DELETE', userPath(chief.userid))],
    ]
    for (const [what, end] of ends) {
      const people = await pair()
      const token = await w.impersonate(people.apikey, people.ana.userid)
      expect((await current(token)).status).toBe(200)
      await end(people)
      expect((await current(token)).status, what).toBe(401)
    }
    const { chief, ana } = await pair()
    const { apikey, keyid } = await w.createKey(chief.token)
    const token = await w.impersonate(apikey, ana.userid)
    await w.must('DELETE', `/bim/apikey/${keyid}`, undefined, chief.token)
    expectRefusal(await current(token), 401)
  })

  test('Impersonation: it ends when the impersonated becomes an administrator', async () => {
    const { ana, apikey } = await pair()
    const token = await w.impersonate(apikey, ana.userid)
    await w.must('PUT', `${userPath(ana.userid)}/permissions`, ['USER_ADMIN'])
    expectRefusal(await w.by(token)('GET', userPath(ana.userid)), 401)
  })

  test('Impersonation: without the permission the key impersonates nobody any more', async () => {
    const { chief, ana, apikey } = await pair()
    await w.must('DELETE', `${userPath(chief.userid)}/permissions/IMPERSONATE_USER`)
    expectRefusal(await impersonate(apikey, ana.userid), 403, /IMPERSONATE_USER/)
  })

  test('Impersonation: both people stand on the audit row', async () => {
    const { chief, ana, apikey } = await pair()
    const token = await w.impersonate(apikey, ana.userid)
    expectRefusal(
      await w.by(token)('POST', '/bim/group', { json: { iamid: 'bim', name: fresh('denied') } }),
      403,
      /^group:create/,
    )
    type Events = { auditEvents: { nodes: { actor: string; onBehalfOf: string | null }[] } }
    const query = '{ auditEvents(first: 5, filter: { outcome: DENIED }) { nodes { actor onBehalfOf } } }'
    const { nodes } = (await w.graphql<Events>(query)).auditEvents
    expect(nodes[0]).toEqual({ actor: `bim/${chief.userid}`, onBehalfOf: `bim/${ana.userid}` })
  })
})
