// Whatever is asked of a user alone is the same as when everything is asked: no field depends on a column that another field brought.

import { readFileSync } from 'node:fs'
import { buildSchema, type GraphQLObjectType, getNamedType, isLeafType } from 'graphql'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bootApp, type TestApp } from '../../harness/app.ts'

const schema = buildSchema(readFileSync(new URL('../../../schema.graphql', import.meta.url), 'utf8'))
const PAGE = 'totalCount nodes { __typename } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }'
const inside = (type: string) => (type.endsWith('Connection') ? PAGE : '__typename')
const fieldsOf = (type: string) =>
  Object.values((schema.getType(type) as GraphQLObjectType).getFields()).map(field => ({
    name: field.name,
    text: isLeafType(getNamedType(field.type)) ? field.name : `${field.name} { ${inside(getNamedType(field.type).name)} }`,
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
    query: (selection: string) => `{ user(ref: { userid: "ahead@example.test" }) { ${selection} } }`,
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
    `mutation($id: UserId!, $profile: ProfileInput!) {
       updateProfile(input: { ref: { id: $id }, profile: $profile }) { user { id } }
       addAttribute(input: { owner: { user: { id: $id } }, key: "Country", value: "CH" }) { owner { __typename } }
       createProject(input: { name: "ahead" }) { project { id } }
     }`,
    { id: person.id, profile: { ...profile, preferences: { theme: 'dark' }, externalUserIds: { git: 'a' } } },
  )
  expect(made.errors).toBeUndefined()
  await app.store.db.query(`UPDATE users SET current_project_id = $1, last_external_refresh = now() WHERE id = $2`, [
    made.data.createProject.project.id,
    person.id,
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
