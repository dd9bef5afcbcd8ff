// Ways round the granting rule and round a key's scopes that were open once.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bootApp, type TestApp } from '../harness/app.ts'

let app: TestApp
beforeAll(async () => {
  app = await bootApp()
})
afterAll(() => app?.close())

const code = (answer: { errors?: any[] }) => answer.errors?.[0].extensions.code

test('who lacks AUDIT gets no link to set the password of its holder', async () => {
  const keeper = await app.as(['USER_ADMIN'])
  const made = await app.graphql(
    'mutation { createUser(input: { userid: "auditor", permissions: ["AUDIT"] }) { user { id: databaseId } } }',
  )
  const invite = 'mutation($id: Int!) { inviteUser(input: { ref: { databaseId: $id } }) { newUserLink } }'
  const { id } = made.data.createUser.user
  expect(code(await app.graphql(invite, { id }, keeper.token))).toBe('FORBIDDEN')
  expect((await app.graphql(invite, { id })).data.inviteUser.newUserLink).toContain('/login?token=ri_')
})

test('who lacks AUDIT makes no account that is given it by default', async () => {
  const keeper = await app.as(['USER_ADMIN'])
  const defaults = (permissions: string[]) =>
    app.graphql('mutation($p: [String!]) { updateIam(input: { iamid: "bim", defaultPermissions: $p }) { iam { id: iamid } } }', {
      p: permissions,
    })
  expect((await defaults(['CREATE_PROJECT', 'AUDIT'])).errors).toBeUndefined()
  const create = (userid: string, token: string) =>
    app.graphql(
      'mutation($u: String!) { createUser(input: { userid: $u, password: "x" }) { user { id: databaseId } } }',
      { u: userid },
      token,
    )
  expect(code(await create('puppet', keeper.token))).toBe('FORBIDDEN')
  expect((await create('puppet', app.admin.token)).errors).toBeUndefined()
  expect((await defaults(['CREATE_PROJECT'])).errors).toBeUndefined()
})

const createKey = async (token: string, input: object) => {
  const { data, errors } = await app.graphql(
    'mutation($input: CreateApiKeyInput!) { createApiKey(input: $input) { secret apiKey { id: databaseId } } }',
    { input },
    token,
  )
  expect(errors).toBeUndefined()
  return { secret: data.createApiKey.secret as string, id: data.createApiKey.apiKey.id as number }
}
const ROTATE = 'mutation($id: Int!) { rotateApiKey(input: { ref: { databaseId: $id } }) { apiKey { id: databaseId expiresAt } } }'

test('a narrowed key does not rotate a wider one into its hands, nor a dying key one that lives', async () => {
  const person = await app.as([])
  const wide = await createKey(person.token, { name: 'wide' })
  const narrow = await createKey(person.token, { name: 'narrow', scopes: ['apikey:*'] })
  expect(code(await app.graphql(ROTATE, { id: wide.id }, narrow.secret))).toBe('FORBIDDEN')
  expect((await app.graphql(ROTATE, { id: narrow.id }, narrow.secret)).errors).toBeUndefined()
  const expiresAt = new Date(Date.now() + 60_000).toISOString()
  const dying = await createKey(person.token, { name: 'dying', expiresAt })
  const rotated = await app.graphql(ROTATE, { id: wide.id }, dying.secret)
  expect(rotated.data.rotateApiKey.apiKey.expiresAt).toBe(expiresAt)
})

test('of two rotations at once one wins', async () => {
  const person = await app.as([])
  const key = await createKey(person.token, { name: 'twice' })
  const answers = await Promise.all([1, 2, 3].map(() => app.graphql(ROTATE, { id: key.id }, person.token)))
  expect(answers.map(code).sort()).toEqual(['CONFLICT', 'CONFLICT', undefined])
})

test('from the permission one holds in a domain nobody reads who else holds one', async () => {
  const governor = await app.as(['GOVERNANCE'])
  const person = await app.as([])
  const other = await app.as([])
  const { data } = await app.graphql(
    'mutation { createDomain(input: { name: "shared" }) { domain { id: uuid } } }',
    {},
    governor.token,
  )
  for (const { id } of [person, other])
    await app.graphql(
      'mutation($input: GrantDomainPermissionInput!) { grantDomainPermission(input: $input) { domainPermission { id: uuid } } }',
      {
        input: {
          ref: { uuid: data.createDomain.domain.id },
          permission: 'Manage Policies',
          holder: { user: { databaseId: id } },
        },
      },
      governor.token,
    )
  const own =
    '{ viewer { user { domainPermissions { nodes { permission domain { name permissions { nodes { user { userid } } } } } } } } }'
  const seen = await app.graphql(own, {}, person.token)
  expect(seen.data.viewer.user.domainPermissions.nodes).toEqual([
    { permission: 'Manage Policies', domain: { name: 'shared', permissions: null } },
  ])
  const all = await app.graphql('{ domains { nodes { permissions { nodes { user { userid } } } } } }', {}, governor.token)
  expect(all.data.domains.nodes[0].permissions.nodes).toHaveLength(2)
})

test('a key narrowed to one write neither does another nor reads by its answer', async () => {
  const { data } = await app.graphql(
    'mutation { a: createApiKey(input: { scopes: ["group:addMember"] }) { secret } d: createApiKey(input: { scopes: ["user:disable"] }) { secret } }',
  )
  const person = await app.as([])
  await app.graphql(
    'mutation($id: Int!) { addAttribute(input: { owner: { user: { databaseId: $id } }, key: "Country", value: "CH" }) { __typename } }',
    {
      id: person.id,
    },
  )
  const made = await app.graphql('mutation { createGroup(input: { name: "narrow" }) { group { id: databaseId } } }')
  const group = made.data.createGroup.group.id
  const change =
    'mutation($g: Int!, $add: [UserRef!], $remove: [UserRef!]) { changeGroupMembers(input: { group: { databaseId: $g }, add: $add, remove: $remove }) { added removed } }'
  const added = await app.graphql(change, { g: group, add: [{ databaseId: person.id }] }, data.a.secret)
  expect(added.data.changeGroupMembers).toEqual({ added: 1, removed: 0 })
  const removed = await app.graphql(change, { g: group, remove: [{ databaseId: person.id }] }, data.a.secret)
  expect(removed.errors?.[0].extensions.code).toBe('FORBIDDEN')
  const disabled = await app.graphql(
    'mutation($id: Int!) { setUserDisabled(input: { ref: { databaseId: $id }, disabled: true }) { user { disabled authorizations profile { name preferences phone } } } }',
    { id: person.id },
    data.d.secret,
  )
  expect(disabled.data.setUserDisabled.user).toMatchObject({
    disabled: true,
    authorizations: null,
    profile: { preferences: null, phone: null },
  })
})
