// Reads send one statement beside the credential, also with their usual nested fields; and answer what a read of each part alone does.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bootApp, type TestApp } from '../../harness/app.ts'

let app: TestApp
let group: number
beforeAll(async () => {
  app = await bootApp()
  const person = await app.as(['USER_ADMIN'], { userid: 'reader' })
  const made = await app.graphql(
    `mutation($ref: UserRef!) {
       createProject(input: { name: "reads" }) { project { id } }
       createGroup(input: { name: "Readers", iamid: "bim", description: "all" }) { group { databaseId } }
       updateIam(input: { iamid: "bim", groupPermissions: { Readers: ["CREATE_FILTER", "CREATE_PROJECT"] } }) { iam { id } }
       addAttribute(input: { owner: { group: { name: { iamid: "bim", name: "Readers" } } }, key: "Office", value: "Porto" }) { owner { __typename } }
       addGroupMember(input: { group: { name: { iamid: "bim", name: "Readers" } }, user: $ref }) { membership { id } }
       createApiKey(input: { name: "script", projectId: "${Buffer.from('Project:1').toString('base64url')}" }) { apiKey { id } }
     }`,
    { ref: { databaseId: person.id } },
  )
  expect(made.errors).toBeUndefined()
  group = made.data.createGroup.group.databaseId
})
afterAll(() => app?.close())

async function read(query: string) {
  const sent: string[] = []
  const stop = app.store.onStatement(text => sent.push(text))
  const { data, errors } = await app.graphql(query.replaceAll(':group', String(group)).replaceAll(':me', String(app.admin.id)))
  stop()
  expect(errors).toBeUndefined()
  const statements = sent.filter(
    text =>
      !text.includes('FROM tokens t JOIN users u ON u.id = t.user_id AND NOT u.disabled') &&
      !text.includes('last_used = greatest('),
  )
  return { data, statements }
}

const USER = 'user { databaseId userid profile { name email preferences } }'
const READS: [name: string, query: (selection: string) => string, parts: string[]][] = [
  [
    'group',
    selection => `{ group(ref: { databaseId: :group }) { ${selection} } }`,
    ['name description', 'authorizations attributes { key values }', 'permissions'],
  ],
  [
    'group by name',
    selection => `{ group(ref: { name: { iamid: "bim", name: "Readers" } }) { ${selection} } }`,
    ['name', 'bimAuthorizations', 'permissions'],
  ],
  [
    'groups',
    selection => `{ groups(first: 10) { nodes { ${selection} } } }`,
    ['databaseId name createdAt', 'attributes { key values source }', 'permissions'],
  ],
  [
    'groupMembers',
    selection => `{ groupMembers(ref: { databaseId: :group }) { edges { node { ${selection} } } } }`,
    ['databaseId name since sources', USER, 'group { name iamid }'],
  ],
  [
    'userMemberships',
    selection => `{ userMemberships(ref: { databaseId: :member }) { nodes { ${selection} } } }`.replace(':member', '2'),
    ['databaseId name', 'group { databaseId name description }', USER],
  ],
  ['iam', selection => `{ iam(iamid: "bim") { ${selection} } }`, ['iamid displayName type', 'groupPermissions', 'scimUrl']],
  ['iams', selection => `{ iams { nodes { ${selection} } } }`, ['iamid displayName type', 'groupPermissions', 'config']],
  [
    'apiKeys',
    selection => `{ apiKeys(ref: { databaseId: :me }) { nodes { ${selection} } } }`,
    ['name scopes', USER, 'project { name projectKey }'],
  ],
  [
    'tokens',
    selection => `{ tokens(ref: { databaseId: :me }) { nodes { ${selection} } } }`,
    ['prefix', USER, 'project { name }'],
  ],
  [
    'auditEvents',
    selection => `{ auditEvents(first: 50) { nodes { ${selection} } } }`,
    ['event at actor before after', 'actorUser { userid profile { name } }'],
  ],
]

const rowsOf = (found: any): any[] => found.nodes ?? found.edges?.map(({ node }: any) => node) ?? [found]

test.each(READS)('%s', async (_, query, parts) => {
  const whole = await read(query(['id', '__typename', ...parts].join(' ')))
  expect(whole.statements, whole.statements.join('\n')).toHaveLength(1)
  const rows = rowsOf(Object.values(whole.data)[0])
  expect(rows.length).toBeGreaterThan(0)
  // `nodes` reads the objects alone, and what they have by loaders.
  const { data } = await read(
    `{ nodes(ids: ${JSON.stringify(rows.map(({ id }) => id))}) { id __typename ... on ${rows[0].__typename} { ${parts.join(' ')} } } }`,
  )
  expect(data.nodes).toEqual(rows)
})

test.each([
  ['group', '{ group(ref: { databaseId: 999 }) { name attributes { key } } }', 'No group with id 999'],
  ['groupMembers', '{ groupMembers(ref: { databaseId: 999 }) { nodes { name user { userid } } } }', 'No group with id 999'],
  ['userMemberships', '{ userMemberships(ref: { databaseId: 999 }) { nodes { name } } }', 'No user with id 999'],
  ['apiKeys', '{ apiKeys(ref: { databaseId: 999 }) { nodes { name } } }', 'No user with id 999'],
  ['tokens', '{ tokens(ref: { databaseId: 999 }) { nodes { prefix } } }', 'No user with id 999'],
])('%s of none is not found', async (_, query, message) => {
  const { errors } = await app.graphql(query)
  expect(errors?.[0]).toMatchObject({ message, extensions: { code: 'NOT_FOUND' } })
})
