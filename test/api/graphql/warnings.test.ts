// What was taken and looks like a mistake is in the answer of the write, and was written nevertheless.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bootApp, type TestApp } from '../../harness/app.ts'
import { make } from './make.ts'

let app: TestApp
beforeAll(async () => {
  app = await bootApp()
})
afterAll(() => app?.close())

const written: Record<string, [input: string, variables: () => Promise<object>, field: string]> = {
  createUser: ['CreateUserInput', async () => ({ userid: 'new', permissions: ['LEDGER', 'USER_ADMN'] }), 'permissions[1]'],
  setUserPermissions: ['SetUserPermissionsInput', async () => of({ permissions: ['USER_ADMN'] }), 'permissions[0]'],
  grantUserPermissions: ['SetUserPermissionsInput', async () => of({ permissions: ['USER_ADMN'] }), 'permissions[0]'],
  createIam: [
    'CreateIamInput',
    async () => ({ displayName: 'New', type: 'LDAP', groupPermissions: { Crew: ['AUDIT', 'USER_ADMN'] } }),
    'groupPermissions.Crew[1]',
  ],
  updateIam: [
    'UpdateIamInput',
    async () => ({ iamid: await make.iam({ app }), config: { defaultPermissions: ['USER_ADMN'] } }),
    'defaultPermissions[0]',
  ],
}
const of = async (more: object) => ({ ref: { databaseId: (await make.user({ app })).id }, ...more })

test.each(Object.entries(written))('%s', async (name, [input, variables, field]) => {
  const text = `mutation ($input: ${input}!) { ${name}(input: $input) { warnings { code field message } } }`
  const { data, errors } = await app.graphql(text, { input: await variables() })
  expect(errors).toBeUndefined()
  expect(data[name].warnings).toEqual([
    { code: 'SIMILAR_PERMISSION', field, message: 'USER_ADMN was taken as a custom permission: did you mean USER_ADMIN?' },
  ])
})

test('a known permission has no warning; a permission within a domain is compared with those of domains', async () => {
  const { data } = await app.graphql(
    'mutation ($input: SetUserPermissionsInput!) { setUserPermissions(input: $input) { user { permissions } warnings { code } } }',
    { input: await of({ permissions: ['USER_ADMIN', 'LEDGER'] }) },
  )
  expect(data.setUserPermissions).toEqual({ user: { permissions: ['USER_ADMIN', 'LEDGER'] }, warnings: [] })
  const domain = await app.graphql('mutation { createDomain(input: { name: "Fleet" }) { domain { id: uuid } } }')
  const granted = await app.graphql(
    'mutation ($input: GrantDomainPermissionInput!) { grantDomainPermission(input: $input) { domainPermission { permission } warnings { field message } } }',
    {
      input: {
        ref: { uuid: domain.data.createDomain.domain.id },
        permission: 'manage policies',
        holder: { user: { name: { userid: app.admin.userid } } },
      },
    },
  )
  expect(granted.data.grantDomainPermission).toEqual({
    domainPermission: { permission: 'manage policies' },
    warnings: [
      { field: 'permission', message: 'manage policies was taken as a custom permission: did you mean Manage Policies?' },
    ],
  })
})
