// Closed sets are enums, with the names that the code has.
import type { GraphQLEnumType } from 'graphql'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createSchema } from '../../../src/api/graphql/schema.ts'
import { EVENTS } from '../../../src/authorization/audit-event.ts'
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
