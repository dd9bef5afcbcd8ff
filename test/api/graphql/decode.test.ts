// References and ids in arguments, as services receive them.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { toGlobalId } from '../../../src/api/graphql/node.ids.ts'
import { bootApp, type TestApp } from '../../harness/app.ts'
import { make } from './make.ts'
import { stockUp } from './stock.ts'

let app: TestApp
beforeAll(async () => {
  app = await bootApp()
  await stockUp(app.store, 1)
}, 60_000)
afterAll(() => app?.close())

test('of a user: by id, number, name, and number within an IAM', async () => {
  const { id, userid } = await make.user({ app })
  const global = toGlobalId('User', id)
  for (const ref of [
    `{ id: "${global}" }`,
    `{ databaseId: ${id} }`,
    `{ name: { userid: "${userid.toUpperCase()}" } }`,
    `{ name: { iamid: "bim", userid: "${userid}" } }`,
    `{ inIam: { iamid: "bim", databaseId: ${id} } }`,
  ])
    expect((await app.graphql(`{ user(ref: ${ref}) { id databaseId } }`)).data.user, ref).toEqual({
      id: global,
      databaseId: id,
    })
  const other = await app.graphql(`{ user(ref: { inIam: { iamid: "stock1", databaseId: ${id} } }) { id } }`)
  expect(other.errors![0].extensions.code).toBe('NOT_FOUND')
})

test('of a group: by id, number, name, and number within an IAM; many at once too', async () => {
  const { data } = await app.graphql('mutation { createGroup(input: { name: "Named by Name" }) { group { id databaseId } } }')
  const { id, databaseId } = data.createGroup.group
  const refs = [
    `{ id: "${id}" }`,
    `{ databaseId: ${databaseId} }`,
    '{ name: { name: "named BY name" } }',
    `{ inIam: { iamid: "bim", databaseId: ${databaseId} } }`,
  ]
  for (const ref of refs) expect((await app.graphql(`{ group(ref: ${ref}) { id } }`)).data.group, ref).toEqual({ id })
  const edits = refs.map(ref => `{ owner: { group: ${ref} }, operation: ADD, key: "desk", value: "day" }`)
  const edited = await app.graphql(`mutation { editAttributes(input: { edits: [${edits}] }) { owners { ... on Group { id } } } }`)
  expect(edited.data.editAttributes.owners).toEqual([{ id }])
  const none = await app.graphql('{ group(ref: { name: { name: "nobody calls it so" } }) { id } }')
  expect(none.errors![0]).toMatchObject({ message: 'No group bim/nobody calls it so', extensions: { code: 'NOT_FOUND' } })
})

test.each([
  ['neither', 'user(ref: {}) { id }'],
  ['two', `user(ref: { databaseId: 1, name: { userid: "admin" } }) { id }`],
  ['null', 'user(ref: { databaseId: null }) { id }'],
])('that are %s are refused before anything runs', async (_, field) => {
  const { data, errors } = await app.graphql(`{ ${field} }`)
  expect(data).toBeUndefined()
  expect(errors![0].message).toMatch(/OneOf|must be non-null/)
})

test.each([
  ['another type', `user(ref: { id: "${toGlobalId('Group', 1)}" }) { id }`, 'ref.id', 'must be the id of a User, not of a Group'],
  ['a number', 'user(ref: { id: 1 }) { id }', 'ref.id', 'must be the id of a User'],
  [
    'in a list',
    `users(filter: { groupIds: ["${toGlobalId('User', 1)}"] }) { totalCount }`,
    'groupIds[0]',
    'must be the id of a Group, not of a User',
  ],
  ['a UUID that is none', 'node: domains(filter: { ids: ["x"] }) { totalCount }', 'ids[0]', 'must be the id of a Domain'],
])('of %s name the field and what it must be', async (_, field, name, rule) => {
  const { errors } = await app.graphql(`{ ${field} }`)
  expect(errors![0].extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: name, rule })
})
