// "Did you mean": for permissions, event names and ids of identity sources, out of what the caller may list anyway. Paths are in
// rest/methods.test.ts, options of identity sources in domain/iams/config.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { send } from '../contract/client.ts'
import { bootApp, type TestApp } from '../harness/app.ts'

let app: TestApp
beforeAll(async () => {
  app = await bootApp()
})
afterAll(() => app?.close())

const REVOKE = 'mutation ($input: RevokeUserPermissionInput!) { revokeUserPermission(input: $input) { user { id: databaseId } } }'
const EVENTS = 'query ($events: [AuditEventName!]) { auditEvents(filter: { events: $events }) { totalCount } }'
const USER = 'query ($iamid: String) { user(ref: { name: { iamid: $iamid, userid: "admin" } }) { id: databaseId } }'

const messageOf = async (query: string, variables: object, token?: string) =>
  (await app.graphql(query, variables, token)).errors?.[0]?.message

test('a permission that the user holds', async () => {
  const of = (permission: string) => messageOf(REVOKE, { input: { ref: { name: { userid: 'admin' } }, permission } })
  expect(await of('USER_ADMN')).toBe('The user does not hold USER_ADMN: did you mean USER_ADMIN?')
  expect(await of('SOMETHING_ELSE')).toBe('The user does not hold SOMETHING_ELSE')
  const person = await app.as([])
  const byOther = await messageOf(
    REVOKE,
    { input: { ref: { name: { userid: 'admin' } }, permission: 'USER_ADMN' } },
    person.token,
  )
  expect(byOther).toBe('user:setPermissions needs the permission USER_ADMIN')
})

test('an event', async () => {
  expect(await messageOf(EVENTS, { events: ['userCreated', 'usercreatd'] })).toMatch(
    /"usercreatd" does not exist in "AuditEventName" enum\. Did you mean the enum value "userCreated"/,
  )
  expect(await messageOf(EVENTS, { events: ['nothing'] })).toMatch(/"nothing" does not exist in "AuditEventName" enum\.$/)
})

test('the id of an identity source, also by REST', async () => {
  expect(await messageOf(USER, { iamid: 'bmi' })).toBe('No IAM bmi: did you mean bim?')
  expect(await messageOf(USER, { iamid: 'corp' })).toBe('No IAM corp')
  const answer = await send<{ message: string }>(app.url, 'GET', '/bim/iam/BIM/user/ana', { token: app.admin.token })
  expect([answer.status, answer.body.message]).toEqual([404, 'No IAM BIM: did you mean bim?'])
})

test('nobody who is not signed in learns an id', async () => {
  const input = { iamid: 'bmi', userid: 'admin', password: 'x' }
  const query = 'mutation ($input: LogInInput!) { logIn(input: $input) { token } }'
  expect((await app.graphql(query, { input }, null)).errors?.[0]?.message).not.toContain('did you mean')
  const answer = await send(app.url, 'GET', '/bim/iam/bmi/user/authenticate')
  expect(answer.text).not.toContain('did you mean')
})
