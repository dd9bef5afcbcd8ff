// Whatever is asked of a user alone is the same as when everything is asked: no field depends on a column that another field brought.

import { readFileSync } from 'node:fs'
import { buildSchema, type GraphQLField, type GraphQLObjectType, getNamedType, isLeafType, isRequiredArgument } from 'graphql'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bootApp, type TestApp } from '../../harness/app.ts'

const schema = buildSchema(readFileSync(new URL('../../../schema.graphql', import.meta.url), 'utf8'))
const PAGE = 'totalCount nodes { __typename } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }'
const inside = (type: string) => (type.endsWith('Connection') ? PAGE : '__typename')
/** The only field here with an argument that it needs. */
const argumentsOf = (field: GraphQLField<unknown, unknown>) =>
  field.args.some(isRequiredArgument) ? '(group: { databaseId: 1 })' : ''
const fieldsOf = (type: string) =>
  Object.values((schema.getType(type) as GraphQLObjectType).getFields()).map(field => ({
    name: field.name,
    text: isLeafType(getNamedType(field.type))
      ? field.name
      : `${field.name}${argumentsOf(field)} { ${inside(getNamedType(field.type).name)} }`,
  }))
const PROFILE = fieldsOf('Profile').map(({ name, text }) => ({
  name,
  text: `profile { ${text} }`,
  of: (user: any) => user.profile[name],
}))
const USER = fieldsOf('User')
  .filter(({ name }) => name !== 'profile')
  .map(({ name, text }) => ({ name, text, of: (user: any) => user[name] }))
const EVERYTHING = [
  ...USER.map(field => field.text),
  `profile { ${fieldsOf('Profile')
    .map(field => field.text)
    .join(' ')} }`,
].join(' ')

const ROOTS = [
  {
    root: 'user',
    query: (selection: string) => `{ user(ref: { name: { userid: "ahead@example.test" } }) { ${selection} } }`,
    of: (data: any) => data.user,
  },
  {
    root: 'users',
    query: (selection: string) => `{ users(filter: { userid: "ahead@" }) { nodes { ${selection} } } }`,
    of: (data: any) => data.users.nodes[0],
  },
  {
    root: 'viewer',
    query: (selection: string) => `{ viewer { user { ...Asked } } } fragment Asked on User { ... on User { ${selection} } }`,
    of: (data: any) => data.viewer.user,
  },
]

let app: TestApp
let token: string
beforeAll(async () => {
  app = await bootApp()
  const person = await app.as(['USER_ADMIN', 'AUDIT'], { userid: 'ahead@example.test' })
  token = person.token
  const profile = {
    email: 'ahead@example.test',
    phone: '1',
    about: 'a',
    location: 'l',
    organization: 'o',
    position: 'p',
    sqlUser: 's',
  }
  const made = await app.graphql(
    `mutation($id: Int!, $profile: ProfileInput!) {
       updateProfile(input: { ref: { databaseId: $id }, profile: $profile }) { user { id: databaseId } }
       addAttribute(input: { owner: { user: { databaseId: $id } }, key: "Country", value: "CH" }) { owner { __typename } }
       createProject(input: { name: "ahead" }) { project { id: databaseId } }
      createGroup(input: { name: "ahead", iamid: "bim", email: "g@example.test", description: "d" }) { group { id: databaseId } }
     }`,
    { id: person.id, profile: { ...profile, preferences: { theme: 'dark' }, externalUserIds: { git: 'a' } } },
  )
  expect(made.errors).toBeUndefined()
  await app.store.db.query(`UPDATE users SET current_project_id = $1, last_external_refresh = now() WHERE id = $2`, [
    made.data.createProject.project.id,
    person.id,
  ])
  await app.store.db.query('INSERT INTO memberships (user_id, group_id) VALUES ($1, $2)', [
    person.id,
    made.data.createGroup.group.id,
  ])
})
afterAll(() => app?.close())

test.each(ROOTS)('every field of a user below $root', async ({ query, of }) => {
  const whole = await app.graphql(query(EVERYTHING), {}, token)
  expect(whole.errors).toBeUndefined()
  for (const field of [...USER, ...PROFILE]) {
    const alone = await app.graphql(query(field.text), {}, token)
    expect(alone.errors, field.name).toBeUndefined()
    expect(field.of(of(alone.data)), field.text).toEqual(field.of(of(whole.data)))
  }
})

const GROUP = fieldsOf('Group')

test.each(ROOTS)('every field of the groups of a user below $root', async ({ query, of }) => {
  const select = (text: string) => query(`groups(first: 5) { nodes { ${text} } }`)
  const whole = await app.graphql(select(GROUP.map(({ text }) => text).join(' ')), {}, token)
  expect(whole.errors).toBeUndefined()
  expect(of(whole.data).groups.nodes).toMatchObject([{ name: 'ahead', email: 'g@example.test', description: 'd' }])
  for (const { name, text } of GROUP) {
    const alone = await app.graphql(select(text), {}, token)
    expect(alone.errors, name).toBeUndefined()
    expect(of(alone.data).groups.nodes[0][name], name).toEqual(of(whole.data).groups.nodes[0][name])
  }
})

test('two operations of a document share a fragment, and each reads what it selects', async () => {
  const query = `fragment One on Query { user(ref: { name: { userid: "ahead@example.test" } }) { groups { nodes { id: databaseId } } } }
    query A { ...One } query B { ...One b: user(ref: { name: { userid: "ahead@example.test" } }) { groups { nodes { name } } } }`
  for (const operationName of ['A', 'B', 'A']) {
    const answer = await fetch(`${app.url}/graphql`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ query, operationName }),
    })
    const { data, errors } = (await answer.json()) as { data: { b?: unknown }; errors?: unknown }
    expect(errors).toBeUndefined()
    expect(data.b).toEqual(operationName === 'B' ? { groups: { nodes: [{ name: 'ahead' }] } } : undefined)
  }
})

test.each([
  [
    'aliases',
    '{ user(ref: { name: { userid: "ahead@example.test" } }) { a: groups { nodes { id: databaseId } } b: groups { nodes { name } } } }',
  ],
  [
    'two reads of a user',
    `{ a: user(ref: { name: { userid: "ahead@example.test" } }) { groups { nodes { id: databaseId } } }
       b: user(ref: { name: { userid: "ahead@example.test" } }) { groups { nodes { name } } } }`,
  ],
  [
    'a member of the group',
    `{ user(ref: { name: { userid: "ahead@example.test" } }) { groups { nodes { members { nodes { user { groups { edges { node { name } } } } } } } } } }`,
  ],
  [
    'edges, fragments and pages',
    `query($n: Int) { users(filter: { userid: "ahead@" }) { nodes { groups(first: $n) { ...Edges pageInfo { endCursor } } } } }
     fragment Edges on GroupConnection { edges { ... on GroupEdge { node { ...Named } } } } fragment Named on Group { __typename name }`,
  ],
])('the groups of one user, selected by %s', async (_, query) => {
  const { data, errors } = await app.graphql(query, { n: 3 }, token)
  expect(errors).toBeUndefined()
  expect(JSON.stringify(data)).toContain('"name":"ahead"')
})
