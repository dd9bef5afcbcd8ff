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

test('claims are taken by their exact names; a user info answer owns its own', async () => {
  const claims = await ask({ iamid: 'dir', userid: 'new', claims: { CN: 'no', cn: 'yes', c: [1, true], tel: { not: 'plain' } } })
  expect(claims.data.simulateIdentity).toMatchObject({
    after: { name: 'yes' },
    attributesAdded: { Country: ['1', 'true'] },
    joined: [],
  })
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
  [{ claims: [] }, 'claims'],
  [{ ldapEntry: 'x' }, 'ldapEntry'],
  [{ userInfo: { groups: 'x' } }, 'userInfo'],
  [{ userInfo: { groups: [] }, groups: [] }, 'groups'],
  [{ claims: {}, groups: Array(1_001).fill('g') }, 'groups'],
  [{ claims: {}, userid: ' bad' }, 'userid'],
])('%j is refused by its name', async (given, field) => {
  const { errors } = await ask({ iamid: 'dir', userid: 'new', ...given })
  expect(errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field })
})
