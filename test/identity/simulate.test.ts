// simulateIdentity over GraphQL: the same plan as a write, for who may know what is held, and nothing is written.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bootApp, type TestApp } from '../harness/app.ts'

const QUERY = `query ($input: SimulateIdentityInput!) { simulateIdentity(input: $input) {
  user { userid } source before after joined left attributesAdded attributesRemoved faults } }`
let app: TestApp
let userid: string
beforeAll(async () => {
  app = await bootApp()
  userid = (await app.as([], { name: 'Ana' })).userid
  const config = { schema: { profile: { name: 'cn', phone: 'tel' }, authorizations: { Country: 'c' } }, options: LDAP }
  const { errors } = await app.graphql(
    'mutation ($config: JSON!) { createIam(input: { id: "dir", displayName: "Dir", type: "ldap", config: $config }) { iam { id } } }',
    { config },
  )
  expect(errors).toBeUndefined()
})
afterAll(() => app?.close())
const LDAP = { host: 'directory.example', userSearchBase: 'dc=example', userIdAttribute: 'uid' }
const ask = (input: object, token?: string) => app.graphql(QUERY, { input }, token)

test('somebody new, by a directory entry whose names come in any case', async () => {
  const input = {
    iamid: 'dir',
    userid: 'new',
    ldapEntry: { CN: ['New One'], Tel: '7', c: ['CH', 'bad\u0007'] },
    groups: ['Crew'],
  }
  const { data, errors } = await ask(input)
  expect(errors).toBeUndefined()
  expect(data.simulateIdentity).toEqual({
    user: null,
    source: 'dir',
    before: { name: null, phone: null },
    after: { name: 'New One', phone: '7' },
    joined: ['Crew'],
    left: [],
    attributesAdded: { Country: ['CH'] },
    attributesRemoved: {},
    faults: [expect.stringContaining('control')],
  })
  expect(
    (
      await app.graphql(
        '{ users(filter: { iamids: ["dir"] }) { totalCount } groups(filter: { iamids: ["dir"] }) { totalCount } }',
      )
    ).data,
  ).toEqual({
    users: { totalCount: 0 },
    groups: { totalCount: 0 },
  })
})

test('claims go the road of a log-in: exact names, names within names, the claim that names the person and that of the groups', async () => {
  const config = {
    options: { discoverUrl: 'https://idp.example', clientId: 'roster', clientSecret: 'c', userIdClaim: 'upn' },
    schema: { profile: { name: 'name', location: 'address.locality' }, authorizations: { Level: 'level' } },
  }
  const made = await app.graphql(
    'mutation ($config: JSON!) { createIam(input: { id: "corp", displayName: "Corp", type: "openid", config: $config }) { iam { id } } }',
    { config },
  )
  expect(made.errors).toBeUndefined()
  const claims = { NAME: 'no', name: 'yes', address: { locality: 'Bern' }, level: [1, true], groups: ['Crew'] }
  expect((await ask({ iamid: 'corp', userid: 'new', claims })).data.simulateIdentity).toMatchObject({
    after: { name: 'yes', location: 'Bern' },
    attributesAdded: { Level: ['1', 'true'] },
    joined: ['Crew'],
    faults: [],
  })
  const silent = await ask({ iamid: 'corp', userid: 'new', claims: { upn: 'other' } })
  expect(silent.data.simulateIdentity).toMatchObject({
    joined: [],
    faults: [expect.stringContaining('the claim groups is missing')],
  })
})

test('an entry goes the road of a log-in: what it lacks has no values', async () => {
  await app.store.db.query(
    `INSERT INTO users (iamid, userid, userid_key, name, name_key, phone) VALUES ('dir', 'old', 'old', 'Old', 'old', '7')`,
  )
  const { data } = await ask({ iamid: 'dir', userid: 'old', ldapEntry: { cn: 'Old' } })
  expect(data.simulateIdentity).toMatchObject({ user: { userid: 'old' }, before: { phone: '7' }, after: { phone: null } })
})

test('a user info answer owns its own', async () => {
  const info = await ask({ iamid: 'bim', userid, userInfo: { groups: [{ name: 'G' }], authorizations: { A: ['1'] } } })
  expect(info.data.simulateIdentity).toMatchObject({
    user: { userid },
    source: 'user info',
    joined: ['G'],
    attributesAdded: { A: ['1'] },
  })
})

test('who may not read a user does not learn the difference', async () => {
  const configurer = await app.as(['APPLICATION_ADMIN'])
  const userInfo = { groups: [] }
  expect((await ask({ iamid: 'bim', userid: 'nobody here', userInfo }, configurer.token)).errors).toBeUndefined()
  expect((await ask({ iamid: 'bim', userid, userInfo }, configurer.token)).errors![0].extensions.code).toBe('FORBIDDEN')
  const auditor = await app.as(['APPLICATION_ADMIN', 'AUDIT'])
  expect((await ask({ iamid: 'bim', userid, userInfo }, auditor.token)).errors).toBeUndefined()
})

test.each([
  [{}, 'claims'],
  [{ claims: {}, userInfo: {} }, 'claims'],
  [{ claims: {} }, 'claims'],
  [{ iamid: 'corp', claims: [] }, 'claims'],
  [{ iamid: 'corp', claims: { upn: '' } }, 'claims'],
  [{ iamid: 'corp', ldapEntry: {} }, 'ldapEntry'],
  [{ ldapEntry: 'x' }, 'ldapEntry'],
  [{ userInfo: { groups: 'x' } }, 'userInfo'],
  [{ userInfo: { groups: [] }, groups: [] }, 'groups'],
  [{ iamid: 'corp', claims: {}, groups: [] }, 'groups'],
  [{ ldapEntry: {}, groups: Array(1_001).fill('g') }, 'groups'],
  [{ ldapEntry: {}, userid: ' bad' }, 'userid'],
])('%j is refused by its name', async (given, field) => {
  const { errors } = await ask({ iamid: 'dir', userid: 'new', ...given })
  expect(errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field })
})
