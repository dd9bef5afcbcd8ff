// sqlUser and externalUserIds are names by which other systems know a person: who may change them, by REST and by GraphQL.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { send } from '../../contract/client.ts'
import { userPath } from '../../contract/world.ts'
import { bootApp, type Person, type TestApp } from '../../harness/app.ts'

const HELD = { sqlUser: 'held', externalUserIds: { snowflakeUser: 'HELD', a: 'b', prestoUser: null } }
const CHANGES = [
  { sqlUser: 'root' },
  { sqlUser: null },
  { externalUserIds: { snowflakeUser: 'ACCOUNTADMIN' } },
  { externalUserIds: {} },
  { location: 'Ghent', externalUserIds: { ...HELD.externalUserIds, hdfsUser: 'x' } },
]
/** What a profile may send back, in whatever order. */
const UNCHANGED = [HELD, { externalUserIds: { prestoUser: null, a: 'b', snowflakeUser: 'HELD' } }, { sqlUser: 'held' }, {}]

describe.each(['strict', 'documented'])('GRANTS=%s', grants => {
  let app: TestApp
  beforeAll(async () => {
    app = await bootApp({ env: { GRANTS: grants } })
  })
  afterAll(() => app?.close())

  const byRest = async (token: string, userid: string, profile: object) =>
    (await send<{ message?: string }>(app.url, 'PUT', `${userPath(userid)}/profile`, { token, json: profile })).status
  const byGraphql = async (token: string, userid: string, profile: object) => {
    const { errors } = await app.graphql(
      'mutation($input: UpdateProfileInput!) { updateProfile(input: $input) { user { id: databaseId } } }',
      { input: { ref: { name: { userid } }, profile } },
      token,
    )
    return errors === undefined ? 200 : { FORBIDDEN: 403 }[errors[0].extensions.code as string]
  }
  const namesOf = async (userid: string) => {
    const { data } = await app.graphql(
      'query($ref: UserRef!) { user(ref: $ref) { profile { sqlUser externalUserIds location } } }',
      {
        ref: { name: { userid } },
      },
    )
    return data.user.profile
  }
  async function person(permissions: readonly string[] = []): Promise<Person> {
    const made = await app.as(permissions)
    expect(await byRest(app.admin.token, made.userid, HELD)).toBe(200)
    return made
  }

  const own = grants === 'strict' ? 403 : 200
  test.each(CHANGES)(`one's own, as a plain user: ${own} for %j`, async change => {
    for (const set of [byRest, byGraphql]) {
      const ana = await person()
      expect(await set(ana.token, ana.userid, change)).toBe(own)
      expect(await set(await ana.key(), ana.userid, change)).toBe(own)
      if (own === 403) expect(await namesOf(ana.userid)).toEqual({ ...HELD, location: null })
      else expect(await namesOf(ana.userid)).toMatchObject(change)
    }
  })

  test.each(UNCHANGED)('a profile that sends back what is there is 200 and no change: %j', async profile => {
    for (const set of [byRest, byGraphql]) {
      const ana = await person()
      expect(await set(ana.token, ana.userid, profile)).toBe(200)
      expect(await namesOf(ana.userid)).toEqual({ ...HELD, location: null })
      expect(await set(ana.token, ana.userid, { ...profile, location: 'Ghent' })).toBe(200)
      expect(await namesOf(ana.userid)).toEqual({ ...HELD, location: 'Ghent' })
      const { data } = await app.graphql(
        'query($id: String!) { auditEvents(filter: { targetType: "user", targetId: $id, events: [userUpdated] }) { nodes { after } } }',
        { id: String(ana.id) },
      )
      expect(data.auditEvents.nodes[0].after).toEqual({ location: 'Ghent' })
    }
  })

  test('of others: for a USER_ADMIN, and of a holder of administrative permissions for who holds these too', async () => {
    const chief = await app.as(['USER_ADMIN'])
    const both = await app.as(['USER_ADMIN', 'AUDIT'])
    const auditor = await app.as(['AUDIT'])
    for (const set of [byRest, byGraphql])
      for (const change of CHANGES) {
        const [plain, holder] = [await person(), await person(['AUDIT'])]
        expect(await set(auditor.token, plain.userid, change)).toBe(403)
        expect(await set(chief.token, plain.userid, change)).toBe(200)
        expect(await namesOf(plain.userid)).toMatchObject(change)
        expect(await set(chief.token, holder.userid, change)).toBe(own)
        expect(await set(chief.token, holder.userid, { ...HELD, location: 'Bruges' })).toBe(200)
        expect(await set(both.token, holder.userid, change)).toBe(200)
        expect(await namesOf(holder.userid)).toMatchObject(change)
      }
    const self = await person(['USER_ADMIN'])
    expect(await byRest(self.token, self.userid, { sqlUser: 'mine' })).toBe(200)
    expect(await namesOf(self.userid)).toMatchObject({ sqlUser: 'mine' })
  })

  test('of a new user: with the permission to create one', async () => {
    const chief = await app.as(['USER_ADMIN'])
    const json = { userid: 'created@x.org', profile: HELD }
    expect((await send(app.url, 'POST', '/bim/iam/bim/user', { token: chief.token, json })).status).toBe(200)
    expect(await namesOf('created@x.org')).toEqual({ ...HELD, location: null })
    const plain = await app.as([])
    expect((await send(app.url, 'POST', '/bim/iam/bim/user', { token: plain.token, json })).status).toBe(403)
  })
})
