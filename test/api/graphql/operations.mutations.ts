// An operation for each mutation; its lists name as many things as there are.
import { toGlobalId } from '../../../src/api/graphql/node.ids.ts'
import { directory, fresh, grantWithin, make } from './make.ts'
import type { Operation, Stage } from './operations.ts'
import { account, group, membership, project, user } from './selections.ts'

const firstGroup = ({ stock }: Stage) => ({ ref: { databaseId: stock.groups[0] } })
const refs = (ids: readonly number[]) => ids.map(databaseId => ({ databaseId }))
/** One thing that the mutation is about. */
const numbered = (databaseId: number) => ({ ref: { databaseId } })
const withUuid = (uuid: string) => ({ ref: { uuid } })
const half = (ids: readonly number[]) => [ids.slice(0, ids.length / 2), ids.slice(ids.length / 2)] as const
const aUser = async (on: Stage) => ({ ref: { databaseId: (await make.user(on)).id } })
const aGroup = async (on: Stage) => ({ ref: { databaseId: await make.group(on) } })

const ofUser = (input: string, more: object | ((on: Stage) => object) = {}): Operation => ({
  text: `{ user { ${user} } }`,
  input,
  variables: async on => ({ ...(await aUser(on)), ...(typeof more === 'function' ? more(on) : more) }),
})
/** Of another IAM, whose source knows them by a new id. */
const knownUser = async (on: Stage) => {
  const { id } = await make.user(on, { iamid: await make.iam(on) })
  return { ref: { databaseId: id }, sourceId: { source: 'DIRECTORY', id: fresh('entry') } }
}
const owners =
  'owner { __typename ... on User { userId: id attributes { key values } groups { nodes { id } } } ... on Group { groupId: id attributes { key values } } }'

const ofUsers: Record<string, Operation> = {
  logIn: {
    text: '{ tokenExpiration viewer { can user { userid } } }',
    input: 'LogInInput',
    variables: ({ app: { admin } }) => ({ userid: admin.userid, password: admin.password }),
  },
  authenticateApiKey: {
    text: '{ viewer { can user { userid } } }',
    input: 'AuthenticateApiKeyInput',
    variables: async on => ({ apikey: (await make.key(on)).secret }),
  },
  impersonate: {
    text: '{ viewer { can user { userid } } }',
    input: 'ImpersonateInput',
    variables: async on => ({ apikey: (await make.key(on)).secret, iamid: 'bim', userid: (await make.user(on)).userid }),
  },
  logOut: { text: '{ revokedTokens }', as: on => make.logIn(on, on.app.admin.userid, on.app.admin.password) },
  createUser: {
    text: `{ user { ${user} } newUserLink }`,
    input: 'CreateUserInput',
    variables: ({ n }) => ({ userid: fresh('new'), permissions: Array.from({ length: n }, (_, i) => `SOME_${i}`) }),
  },
  createServiceAccount: {
    text: `{ user { ${account} } }`,
    input: 'CreateServiceAccountInput',
    variables: async on => ({
      userid: fresh('robot'),
      name: 'Robot',
      owner: { group: (await aGroup(on)).ref },
      permissions: Array.from({ length: on.n }, (_, i) => `SOME_${i}`),
    }),
  },
  updateServiceAccount: {
    text: `{ user { ${account} } }`,
    input: 'UpdateServiceAccountInput',
    variables: async on => ({ ref: { databaseId: (await make.serviceAccount(on)).id }, owner: { user: (await aUser(on)).ref } }),
  },
  inviteUser: { ...ofUser('UserInput'), text: '{ user { id: databaseId groups { nodes { id: databaseId } } } newUserLink }' },
  updateProfile: ofUser('UpdateProfileInput', { profile: { location: 'Ghent' } }),
  setUserPermissions: ofUser('SetUserPermissionsInput', ({ n }) => ({
    permissions: Array.from({ length: n }, (_, i) => `SOME_${i}`),
  })),
  grantUserPermissions: ofUser('SetUserPermissionsInput', ({ n }) => ({
    permissions: Array.from({ length: n }, (_, i) => `SOME_${i}`),
  })),
  revokeUserPermission: ofUser('RevokeUserPermissionInput', { permission: 'CREATE_PROJECT' }),
  setPassword: { ...ofUser('SetPasswordInput', { password: 'another one' }), text: '{ success }' },
  setUserDisabled: ofUser('SetUserDisabledInput', { disabled: true }),
  cloneUser: {
    text: '{ users { id groups { nodes { id } } attributes { key } } failedEmails }',
    input: 'CloneUserInput',
    variables: ({ n, stock }) => ({
      ref: { databaseId: stock.users[0] },
      emails: Array.from({ length: n }, () => `${fresh('clone')}@roster.example`),
    }),
  },
  importUsers: {
    text: `{ created changed unchanged refused rows { line userid outcome fields faults { field message } user { ${user} } } }`,
    input: 'ImportUsersInput',
    variables: async on => {
      const known: string[] = []
      for (let user = 0; user < on.n; user++) known.push((await make.user(on)).userid)
      const row = (userid: string, line: number) => ({
        ...{ line, userid, profile: { location: 'Ghent', email: `${userid}@roster.example` }, groups: [`crew of ${known[0]}`] },
        ...{ permissions: ['SOME_1'], attributes: { desk: ['day', 'night'] } },
      })
      return { createGroups: true, rows: [...known, ...known.map(() => fresh('imported'))].map(row) }
    },
  },
  deleteUser: { ...ofUser('DeleteUserInput'), text: '{ deletedId }' },
  refreshUser: ofUser('UserInput'),
  replaceUser: { ...ofUser('UserSourceIdInput'), variables: knownUser },
  relinkUser: { ...ofUser('UserSourceIdInput'), variables: knownUser },
  eraseUser: { ...ofUser('EraseUserInput'), text: '{ pseudonym endCursor tables { table rows } }' },
  relinkUsers: {
    text: '{ relinked users leftOut }',
    input: 'RelinkUsersInput',
    variables: async on => {
      const iamid = await make.iam(on)
      for (let user = 0; user < on.n; user++) {
        const { id } = await make.user(on, { iamid })
        await on.app.store.db.prisma.user.update({ where: { id }, data: { directoryId: fresh('entry') } })
      }
      return { iamid, dryRun: false }
    },
  },
}

const ofAttributes: Record<string, Operation> = {
  addAttribute: {
    text: `{ ${owners} }`,
    input: 'AttributeInput',
    variables: async on => ({ owner: { user: (await aUser(on)).ref }, key: 'desk', value: 'day' }),
  },
  removeAttribute: {
    text: `{ ${owners} }`,
    input: 'RemoveAttributeInput',
    variables: ({ stock }) => ({ owner: { user: { databaseId: stock.users.at(-1) } }, key: 'Key 1' }),
  },
  removeAttributeEverywhere: {
    text: '{ userCount groupCount }',
    input: 'RemoveAttributeEverywhereInput',
    variables: () => ({ iamid: 'bim', key: 'Key 2' }),
  },
  replaceAttributes: {
    text: `{ ${owners} }`,
    input: 'ReplaceAttributesInput',
    variables: async on => ({
      owner: { group: (await aGroup(on)).ref },
      attributes: Object.fromEntries(Array.from({ length: on.n }, (_, i) => [`desk ${i}`, ['day']])),
    }),
  },
  editAttributes: {
    text: `{ ${owners.replace('owner', 'owners')} }`,
    input: 'EditAttributesInput',
    variables: ({ stock }) => ({
      edits: [...refs(stock.users).map(user => ({ user })), ...refs(stock.groups).map(group => ({ group }))].map(owner => ({
        owner,
        operation: 'ADD',
        key: 'desk',
        value: fresh('day'),
      })),
    }),
  },
}

const ofGroups: Record<string, Operation> = {
  createGroup: { text: `{ group { ${group} } }`, input: 'CreateGroupInput', variables: () => ({ name: fresh('group') }) },
  updateGroup: {
    text: `{ group { ${group} } }`,
    input: 'UpdateGroupInput',
    variables: on => ({ ...firstGroup(on), description: fresh('a crew') }),
  },
  deleteGroup: { text: '{ deletedId }', input: 'GroupInput', variables: aGroup },
  addGroupMember: {
    text: `{ membership { ${membership} } }`,
    input: 'AddGroupMemberInput',
    variables: async on => ({ group: firstGroup(on).ref, user: (await aUser(on)).ref }),
  },
  removeGroupMember: {
    text: '{ deletedId }',
    input: 'RemoveGroupMemberInput',
    variables: async on => {
      const { id } = await make.user(on)
      return { group: firstGroup(on).ref, membership: { databaseId: await make.member(on, on.stock.groups[0]!, id) } }
    },
  },
  changeGroupMembers: {
    text: `{ group { ${group} } added removed }`,
    input: 'ChangeGroupMembersInput',
    variables: async on => {
      const [add, remove] = half(on.stock.users)
      const crew = await make.group(on)
      await make.member(on, crew, remove[0]!)
      return { group: { databaseId: crew }, add: refs(add), remove: refs(remove) }
    },
  },
}

const iam = 'iam { id displayName defaultPermissions groupPermissions config }'
const ofIams: Record<string, Operation> = {
  createIam: {
    text: `{ ${iam} }`,
    input: 'CreateIamInput',
    variables: ({ n }) => ({
      ...directory(),
      groupPermissions: Object.fromEntries(Array.from({ length: n }, (_, i) => [`Group ${i}`, ['CREATE_FILTER']])),
    }),
  },
  updateIam: {
    text: `{ ${iam} }`,
    input: 'UpdateIamInput',
    variables: async on => ({ iamid: await make.iam(on), displayName: fresh('Other') }),
  },
  deleteIam: { text: '{ deletedId }', input: 'DeleteIamInput', variables: async on => ({ iamid: await make.iam(on) }) },
  generateScimKey: { text: `{ ${iam} scimUrl }`, input: 'IamInput', variables: async on => ({ iamid: await make.iam(on) }) },
  resumeDeprovisioning: {
    text: `{ ${iam} allowedUntil }`,
    input: 'ResumeDeprovisioningInput',
    variables: async on => ({ iamid: await make.iam(on) }),
  },
  syncIam: { text: '{ totalCount }', input: 'SyncIamInput', variables: () => ({ iamid: 'bim' }), refused: 'BAD_USER_INPUT' },
  approveSync: {
    text: '{ run { id status } }',
    input: 'SyncInput',
    variables: async on => numbered(await make.sync(on, 'quarantined')),
  },
  cancelSync: {
    text: '{ run { id status } }',
    input: 'SyncInput',
    variables: async on => numbered(await make.sync(on, 'quarantined')),
  },
  undoSync: {
    text: '{ enabled run { id } }',
    input: 'UndoSyncInput',
    variables: async on => numbered(await make.sync(on, 'finished')),
  },
}

const key = 'apiKey { id user { id groups { nodes { id } } } project { id } }'
const ofCredentials: Record<string, Operation> = {
  createApiKey: {
    text: `{ ${key} }`,
    input: 'CreateApiKeyInput',
    variables: () => ({ name: 'one more', scopes: ['read', 'group:*'] }),
  },
  rotateApiKey: {
    text: `{ ${key} }`,
    input: 'RotateApiKeyInput',
    variables: async on => numbered((await make.key(on)).apiKey.id),
  },
  deleteApiKey: {
    text: '{ revokedTokens }',
    input: 'ApiKeyInput',
    variables: async on => numbered((await make.key(on)).apiKey.id),
  },
  revokeApiKey: {
    text: '{ revokedTokens }',
    input: 'ApiKeyInput',
    variables: async on => numbered((await make.key(on)).apiKey.id),
  },
  revokeTokens: {
    text: '{ revokedTokens }',
    input: 'RevokeTokensInput',
    variables: async ({ app, n }) => ({
      ids: (
        await app.store.db.query<{ id: number }>(
          `SELECT id FROM tokens WHERE prefix = 'rt_stock' ORDER BY id DESC LIMIT $1::int`,
          [n],
        )
      ).map(({ id }) => toGlobalId('Token', id)),
    }),
  },
  signOutEverywhere: {
    text: '{ revokedTokens }',
    input: 'SignOutEverywhereInput',
    variables: ({ stock }) => ({ ref: { databaseId: stock.users.at(-1) } }),
  },
}

const ofProjects: Record<string, Operation> = {
  createProject: {
    text: `{ project { ${project} } }`,
    input: 'CreateProjectInput',
    variables: () => ({ name: fresh('project') }),
  },
  deleteProject: { text: '{ deletedId }', input: 'ProjectInput', variables: async on => numbered(await make.project(on)) },
  changeProjectMembers: {
    text: `{ project { ${project} } }`,
    input: 'ChangeProjectMembersInput',
    variables: async on => ({
      ...numbered(await make.project(on)),
      add: refs(half(on.stock.users)[0]),
      remove: refs(half(on.stock.users)[1]),
    }),
  },
  createDomain: {
    text: '{ domain { id permissions { nodes { id } } } }',
    input: 'CreateDomainInput',
    variables: () => ({ name: fresh('domain') }),
  },
  deleteDomain: { text: '{ deletedId }', input: 'DomainInput', variables: async on => withUuid(await make.domain(on)) },
  grantDomainPermission: {
    text: '{ domainPermission { id domain { id permissions { nodes { id user { id } group { id } } } } user { id groups { nodes { id } } } group { id } } }',
    input: 'GrantDomainPermissionInput',
    variables: async on => ({
      ...withUuid(on.stock.domains[0]!),
      permission: 'Manage Data Products',
      holder: { user: (await aUser(on)).ref },
    }),
  },
  revokeDomainPermission: {
    text: '{ deletedId }',
    input: 'RevokeDomainPermissionInput',
    variables: async on =>
      withUuid(
        await grantWithin(on, {
          ...withUuid(on.stock.domains[0]!),
          permission: fresh('May'),
          holder: { user: { databaseId: on.stock.users[0] } },
        }),
      ),
  },
  createDataSource: {
    text: '{ dataSource { id owners { nodes { id groups { nodes { id } } } } } }',
    input: 'CreateDataSourceInput',
    variables: ({ stock }) => ({ name: fresh('source'), owners: refs(stock.users) }),
  },
  deleteDataSource: {
    text: '{ deletedId }',
    input: 'DataSourceInput',
    variables: async on => numbered(await make.dataSource(on)),
  },
  changeDataSourceOwners: {
    text: '{ dataSource { id owners { nodes { id groups { nodes { id } } } } } }',
    input: 'ChangeDataSourceOwnersInput',
    variables: async on => ({
      ...numbered(await make.dataSource(on)),
      add: refs(half(on.stock.users)[0]),
      remove: refs(half(on.stock.users)[1]),
    }),
  },
}

export const mutations: Record<string, Operation> = {
  ...ofUsers,
  ...ofAttributes,
  ...ofGroups,
  ...ofIams,
  ...ofCredentials,
  ...ofProjects,
}
