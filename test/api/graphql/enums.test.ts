// Closed sets are enums, with the names that the code has.
import type { GraphQLEnumType } from 'graphql'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { enums } from '../../../src/api/graphql/enums.ts'
import { createSchema } from '../../../src/api/graphql/schema.ts'
import { EVENTS } from '../../../src/authorization/audit-event.ts'
import { configSchemas } from '../../../src/domain/iams/config/schema.ts'
import { SOURCE_KINDS } from '../../../src/federation/source-ids.ts'
import { send } from '../../contract/client.ts'
import { bootApp, type TestApp } from '../../harness/app.ts'

let app: TestApp
beforeAll(async () => {
  app = await bootApp()
})
afterAll(() => app?.close())

const schema = createSchema()
const valuesOf = (name: string) => (schema.getType(name) as GraphQLEnumType).getValues()

test('AuditEventName has every event that is written', () => {
  expect(valuesOf('AuditEventName').map(({ name }) => name)).toEqual(EVENTS)
})

test('an event has its known name, and null for one of another version', async () => {
  await app.store.db.query(
    `INSERT INTO audit_events (event, action, outcome, actor_kind, actor_name, target_type, target_id, request_id)
     SELECT e, 'user:delete', 'done', 'machine', 'test', 'user', 'enums', 'test' FROM unnest('{userDeleted,userForgotten}'::text[]) e`,
  )
  const all = await app.graphql('{ auditEvents(filter: { targetId: "enums" }, direction: ASC) { nodes { event knownEvent } } }')
  expect(all.data.auditEvents.nodes).toEqual([
    { event: 'userDeleted', knownEvent: 'userDeleted' },
    { event: 'userForgotten', knownEvent: null },
  ])
  const one = await app.graphql('{ auditEvents(filter: { targetId: "enums", events: [userDeleted] }) { nodes { event } } }')
  expect(one.data.auditEvents.nodes).toEqual([{ event: 'userDeleted' }])
})

test.each(Object.entries(enums))('%s has each value of the code under its name', (name, values) => {
  expect(Object.fromEntries(valuesOf(name).map(({ name, value }) => [name, value]))).toEqual(values)
})

test('the types of IAMs are those with a configuration, the kinds of sources those with an id of users', () => {
  expect(Object.values(enums.IamKind).toSorted()).toEqual(Object.keys(configSchemas).toSorted())
  expect(Object.values(enums.SourceKind)).toEqual(SOURCE_KINDS)
})

test('the type of an IAM is an enum in GraphQL, as input, filter and output, and as documented in REST', async () => {
  const made = await app.graphql(
    'mutation { createIam(input: { iamid: "north", displayName: "North", type: LDAP }) { iam { type } } }',
  )
  expect(made.data.createIam.iam).toEqual({ type: 'LDAP' })
  const listed = await app.graphql('{ iams { nodes { iamid type } } north: iams(filter: { types: [LDAP] }) { nodes { iamid } } }')
  expect(listed.data).toEqual({
    iams: {
      nodes: [
        { iamid: 'bim', type: 'BUILT_IN' },
        { iamid: 'north', type: 'LDAP' },
      ],
    },
    north: { nodes: [{ iamid: 'north' }] },
  })
  const { body } = await send<{ id: string; type: string }[]>(app.url, 'GET', '/bim/iam', { token: app.admin.token })
  expect(body.map(({ id, type }) => [id, type])).toEqual([
    ['bim', 'built-in'],
    ['north', 'ldap'],
  ])
})

test('a type that nobody can create is refused', async () => {
  const of = async (type: string) =>
    (await app.graphql(`mutation { createIam(input: { displayName: "Never", type: ${type} }) { iam { id } } }`)).errors?.[0]
  expect(await of('SAML')).toMatchObject({ extensions: { code: 'BAD_USER_INPUT', field: 'type' } })
  expect((await of('"ldap"'))?.message).toMatch(/^Enum "IamKind" cannot represent non-enum value/)
})
