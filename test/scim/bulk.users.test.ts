// Users of a Bulk with new names are created by a few statements. Each is answered as by a request of its own.
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { TestApp } from '../harness/app.ts'
import { statementsOf } from '../harness/context.ts'
import { besideLookUps, boot, CORE, ENTERPRISE, outcomes, type Provider, provider } from './provider.ts'

let app: TestApp
let idp: Provider
beforeAll(async () => {
  app = await boot()
  const schema = { attributeSchema: [{ scimSchema: ENTERPRISE, prefix: 'work' }] }
  idp = await provider(app, 'bulk', { config: { schema } })
})
afterAll(() => app?.close())

const REQUEST = 'urn:ietf:params:scim:api:messages:2.0:BulkRequest'
const bulk = (users: readonly object[]) =>
  idp.send('POST', '/Bulk', {
    schemas: [REQUEST],
    Operations: users.map((data, n) => ({ method: 'POST', path: '/Users', bulkId: `b${n}`, data })),
  })
const user = (userName: string, rest: object = {}) => ({
  schemas: [CORE, ENTERPRISE],
  userName,
  emails: [{ value: `${userName}@example.com`, primary: true }],
  [ENTERPRISE]: { department: `Department of ${userName}` },
  ...rest,
})
const stored = async (userid: string) =>
  (
    await app.graphql(
      'query($userid: String!) { user(ref: { name: { iamid: "bulk", userid: $userid } }) { userid disabled profile { email } bimAuthorizations iamAuthorizations } }',
      { userid },
    )
  ).data?.user

test('the number of statements does not grow with the users', async () => {
  const cost = async (names: readonly string[]) =>
    besideLookUps(
      await statementsOf(app.store, async () => expect((await bulk(names.map(name => user(name)))).status).toBe(200)),
    ).filter(text => !/exchanges|SET last_used/.test(text))
  const few = await cost(['a1', 'a2', 'a3'])
  const many = await cost(Array.from({ length: 90 }, (_, n) => `many${n}`))
  expect(many.map(text => text.slice(0, 60))).toEqual(few.map(text => text.slice(0, 60)))
  expect(few.length).toBeLessThanOrEqual(8)
})

test('each is stored, audited and kept as an exchange', async () => {
  const answer = await bulk([user('first'), user('second', { active: false })])
  expect(outcomes(answer)).toEqual(['201', '201'])
  const [first] = answer.body.Operations
  expect(first.location).toMatch(/\/scim\/v2\/bulk\/Users\/[0-9a-f-]{36}$/)
  const read = await idp.get(first.location.slice(first.location.indexOf('/Users')))
  expect(read.headers.get('etag')).toBe(first.version)
  expect(read.body).toMatchObject({ userName: 'first', active: true, [ENTERPRISE]: { department: 'Department of first' } })
  expect(await stored('second')).toMatchObject({ disabled: true, profile: { email: 'second@example.com' } })
  expect(JSON.stringify((await stored('first')).iamAuthorizations)).toContain('Department of first')
  const { data } = await app.graphql(
    '{ auditEvents(first: 2, filter: { events: [userCreated] }) { nodes { targetName after action } } }',
  )
  expect(data.auditEvents.nodes.map(({ targetName }: any) => targetName).sort()).toEqual(['bulk/first', 'bulk/second'])
  expect(data.auditEvents.nodes[0]).toMatchObject({
    action: 'scim:createUser',
    after: { attributes: [expect.stringContaining('work.')] },
  })
  // They are written twice a second.
  await expect
    .poll(async () => {
      const query = '{ exchanges(iamid: "bulk", first: 2) { nodes { operation status userid changes { event } } } }'
      const { nodes } = (await app.graphql(query)).data.exchanges
      return nodes.map(({ userid, status, operation, changes }: any) => [userid, status, operation, changes.length]).sort()
    })
    .toEqual([
      ['first', 201, 'POST /Users', 1],
      ['second', 201, 'POST /Users', 1],
    ])
})

test('one that exists, is invalid, or was deleted before is answered for itself', async () => {
  const [gone] = (await bulk([user('gone'), user('there')])).body.Operations
  await idp.send('DELETE', gone.location.slice(gone.location.indexOf('/Users')))
  const answer = await bulk([
    user('new1'),
    user('THERE'),
    user(''),
    user('gone'),
    { schemas: [CORE] },
    user('new2'),
    user('new1'),
  ])
  expect(outcomes(answer)).toEqual([
    '201',
    '409 uniqueness',
    '400 invalidValue',
    '201',
    '400 invalidValue',
    '201',
    '409 uniqueness',
  ])
  expect(await stored('gone')).toMatchObject({ disabled: false })
})

test('two Bulks at once with the same names create each once', async () => {
  const names = Array.from({ length: 20 }, (_, n) => `twice${n}`)
  // The second one has them in the opposite order.
  const both = await Promise.all([names, names.toReversed()].map(some => bulk(some.map(name => user(name)))))
  const [first, second] = [outcomes(both[0]!), outcomes(both[1]!).toReversed()]
  for (const n of names.keys()) expect([first[n], second[n]].sort()).toEqual(['201', '409 uniqueness'])
})
