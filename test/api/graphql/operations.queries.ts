// An operation for each query: `$ref` is what its one argument names, `$n` the size of its page.
import { toGlobalId } from '../../../src/api/graphql/node.ids.ts'
import { make } from './make.ts'
import type { Operation, Stage } from './operations.ts'
import { account, edgesOfUser, group, membership, page, project, user } from './selections.ts'

const firstUser = ({ stock }: Stage) => ({ ref: { databaseId: stock.users[0] } })
const firstGroup = ({ stock }: Stage) => ({ ref: { databaseId: stock.groups[0] } })

/** An operation for each further edge of a user, by the root field and the edge. */
const byEdge = (root: string, of: (selection: string) => Operation): Record<string, Operation> =>
  Object.fromEntries(Object.entries(edgesOfUser).map(([edge, selection]) => [`${root}: ${edge}`, of(selection)]))

const sync = 'id iamid mode status total planned applied counts { kind action state count }'

export const queries: Record<string, Operation> = {
  node: {
    text: `(id: $id) { __typename id ... on User { ${user} } }`,
    input: 'ID',
    variables: ({ stock }) => ({ id: toGlobalId('User', stock.users[0]!) }),
  },
  nodes: {
    text: `(ids: $ids) { __typename id ... on User { userid permissions attributes { key } } ... on Group { name members(first: 2) { nodes { id name } } } }`,
    input: '[ID!]',
    variables: ({ stock }) => ({
      ids: [...stock.users.map(id => toGlobalId('User', id)), ...stock.groups.map(id => toGlobalId('Group', id))].slice(0, 100),
    }),
  },
  viewer: { text: `{ user { ${user} } impersonator { userid } scopes can }` },
  user: { text: `(ref: $ref) { ${user} }`, input: 'UserRef', variables: firstUser },
  profile: { text: '(ref: $ref) { id name phone preferences externalUserIds }', input: 'UserRef', variables: firstUser },
  users: { text: `(first: $n, filter: { name: "stock" }) ${page(user)}` },
  serviceAccounts: { text: `(first: $n) ${page(account)}` },
  userMemberships: { text: `(ref: $ref) ${page(membership)}`, input: 'UserRef', variables: firstUser },
  group: { text: `(ref: $ref) { ${group} }`, input: 'GroupRef', variables: firstGroup },
  groups: { text: `(first: $n, filter: { name: "stock" }) ${page(group)}` },
  groupNames: { text: '(first: $n) { nodes totalCount edges { cursor } }' },
  groupMembers: { text: `(ref: $ref, first: 10) ${page(membership)}`, input: 'GroupRef', variables: firstGroup },
  attributeKeys: {
    text: `(first: $n) ${page('key values { totalCount nodes { value userCount groupCount } } userCount groupCount')}`,
  },
  permissions: {
    text: `(first: $n, filter: { search: "iam_rule" }) ${page('name meaning known administrative actions holders rules { totalCount nodes { iam { id displayName } group } }')}`,
  },
  iams: { text: page('id iamid displayName scimEnabled scimUrl defaultPermissions groupPermissions config secrets') },
  iam: { text: '(iamid: "stock1") { id displayName scimEnabled defaultPermissions groupPermissions config secrets }' },
  'iam: users': { text: '(iamid: "stock1") { id users { totalCount nodes { id groups { nodes { id } } } } }' },
  'iams: users': { text: page('id users(first: 2) { totalCount nodes { id permissions } }') },
  'iams: syncs': { text: page('id syncRuns(last: 2) { totalCount nodes { id startedByUser { id } } }') },
  'iams: last sync': { text: page('id lastSuccessfulSync { id counts { count } }') },
  'syncRuns: edges': {
    text: `(first: $n) ${page('id iam { id } startedByUser { id } entries { totalCount nodes { id } }')}`,
  },
  'syncRun: edges': {
    text: '(ref: $ref) { iam { id } startedByUser { id } entries(first: 2) { totalCount nodes { id user { id groups { nodes { id } } } } } }',
    input: 'SyncRunRef',
    variables: ({ stock }) => ({ ref: { databaseId: stock.sync } }),
  },
  iamTypes: { text: ' { type creatable options { path type required secret default values description } }' },
  testIam: {
    text: '(input: $input) { directory { user { id } } userInfo { rejected } failures }',
    input: 'TestIamInput',
    variables: () => ({ input: { iamid: 'bim', userid: 'stock1' } }),
  },
  simulateIdentity: {
    text: '(input: $input) { user { id groups { nodes { id } } } source before after groupsAdded groupsRemoved attributesAdded attributesRemoved rejected }',
    input: 'SimulateIdentityInput',
    variables: ({ n }) => ({
      input: {
        iamid: 'bim',
        userid: 'stock1',
        data: { userInfo: { groups: Array.from({ length: n }, (_, i) => ({ name: `g${i}` })) } },
      },
    }),
  },
  userInfoDrift: {
    text: `(iamid: "informed", first: $n) { totals { users answered neverCalled failed incomplete stale } totalCount ${page('user { id groups { nodes { id } } } state answeredAt failedAt failure').slice(1)}`,
  },
  syncRuns: { text: `(first: $n) ${page(sync)}` },
  syncRun: {
    text: `(ref: $ref) { ${sync} }`,
    input: 'SyncRunRef',
    variables: ({ stock }) => ({ ref: { databaseId: stock.sync } }),
  },
  syncEntries: {
    text: `(ref: $ref, first: $n) ${page('id name dn action state before after reason user { id groups { nodes { id } } }')}`,
    input: 'SyncRunRef',
    variables: ({ stock }) => ({ ref: { databaseId: stock.sync } }),
  },
  exchanges: { text: `(iamid: "bim", first: $n) ${page('id userid request response changes { event before after }')}` },
  replayExchange: {
    text: '(id: $id) { exchange { id changes { event } } identity { user { id groups { nodes { id } } } groupsAdded } changes { event } }',
    input: 'ID',
    variables: async ({ app }) => ({
      id: toGlobalId('Exchange', (await app.store.db.query<{ id: string }>('SELECT max(id)::text AS id FROM exchanges'))[0]!.id),
    }),
  },
  apiKeys: {
    text: `(ref: $ref) ${page('id user { id profile { name } } project { id name members { nodes { id } } }')}`,
    input: 'UserRef',
    variables: firstUser,
  },
  'apiKeys: of all users': {
    text: `(first: $n, filter: { iamids: ["bim"], unusedSince: "2999-01-01T00:00:00Z", createdBefore: "2999-01-01T00:00:00Z", expired: false }, sort: { field: LAST_USED }) ${page('id user { id profile { name } } project { id name }')}`,
  },
  tokens: {
    text: `(ref: $ref) ${page('id user { id groups { nodes { id name } } } impersonator { userid }')}`,
    input: 'UserRef',
    variables: firstUser,
  },
  tokenInformation: {
    text: '(token: $token) { id iamid userid user { id groups { nodes { id } } } }',
    input: 'String',
    variables: async on => ({ token: await make.logIn(on, on.app.admin.userid, on.app.admin.password) }),
  },
  projects: { text: `(first: $n) ${page(project)}` },
  domains: {
    text: `(first: $n) ${page('id name permissions { totalCount nodes { id domain { id } user { id userid } group { id name } } }')}`,
  },
  dataSources: {
    text: `(first: $n) ${page('id name owners { totalCount nodes { id groups { nodes { id } } isDataSourceOwner } }')}`,
  },
  auditEvents: { text: `(first: $n) ${page('id at event actor before after')}` },
  'auditEvents: objects': {
    text: `(first: $n, filter: { targetType: "user" }) ${page('id actorUser { id } target { ... on User { id groups { nodes { id } } } }')}`,
  },
  ...byEdge('user', selection => ({ text: `(ref: $ref) { ${selection} }`, input: 'UserRef', variables: firstUser })),
  'users: search': {
    text: `(first: $n, search: "stock", filter: { source: "bim", invited: false }) { totalCount nodes { id } }`,
  },
  'users: facets': {
    text: `(search: "stock") { facets { iams { count iam { id } } states { state count } permissions { permission count } isComplete } }`,
  },
  'groups: search': { text: `(first: $n, search: "stock") ${page('id name')}` },
  ...byEdge('users', selection => ({ text: `(first: $n, filter: { name: "stock" }) ${page(selection)}` })),
}
