const PAGE = 'pageInfo { hasNextPage endCursor }'

export const LOG_IN = `mutation ($input: LogInInput!) {
  logIn(input: $input) { token tokenExpiration secondFactor { expiresAt } }
}`
export const LOG_OUT = 'mutation { logOut { revokedTokens } }'
export const VIEWER = '{ viewer { credential user { iamid userid } } }'

export const USERS = `query ($first: Int!, $after: String, $search: String, $filter: UserFilter) {
  users(first: $first, after: $after, search: $search, filter: $filter) {
    ${PAGE}
    nodes { id databaseId iamid userid kind disabled lastLogin permissions profile { name email } }
  }
}`
export const USER = `query ($ref: UserRef!) {
  user(ref: $ref) {
    id databaseId iamid userid globalUserId kind disabled disabledBy lastLogin lastExternalRefresh permissions authorizations
    profile { name email phone location organization position createdAt }
    groups(first: 100) { nodes { iamid name } }
  }
}`
export const WHY = `query ($ref: UserRef!) {
  user(ref: $ref) {
    iamid userid disabled permissions
    permissionGrants { permission source since grantedBy group { iamid name } }
  }
}`
export const GROUPS = `query ($first: Int!, $after: String, $search: String, $filter: GroupFilter) {
  groups(first: $first, after: $after, search: $search, filter: $filter) {
    ${PAGE}
    nodes { id databaseId iamid name email description }
  }
}`
export const GROUP = `query ($ref: GroupRef!) {
  group(ref: $ref) {
    id databaseId iamid name gid email description permissions authorizations
    members(first: 1) { totalCount }
  }
}`
export const KEYS = `query ($first: Int!, $after: String, $filter: ApiKeyFilter, $ref: UserRef) {
  apiKeys(first: $first, after: $after, filter: $filter, ref: $ref) {
    ${PAGE}
    nodes { id databaseId name prefix scopes expiresAt lastUsed createdAt user { iamid userid } }
  }
}`
export const KEY = `query ($id: ID!) {
  node(id: $id) {
    ... on ApiKey {
      id databaseId name prefix scopes expiresAt lastUsed createdAt
      user { iamid userid } project { name } rotatedTo { id } parentKey { id }
    }
  }
}`
export const IAMS = `query ($first: Int!, $after: String, $filter: IamFilter) {
  iams(first: $first, after: $after, filter: $filter) {
    ${PAGE}
    nodes { id iamid displayName type missing scimEnabled }
  }
}`
export const IAM = `query ($iamid: String!) {
  iam(iamid: $iamid) {
    id iamid displayName type oauth missing scimEnabled scimUrl defaultPermissions groupPermissions config secrets createdAt updatedAt
  }
}`

export const EXPORT_USERS = `query ($first: Int!, $after: String, $search: String, $filter: UserFilter) {
  users(first: $first, after: $after, search: $search, filter: $filter) {
    ${PAGE}
    nodes {
      iamid userid globalUserId kind disabled lastLogin permissions authorizations
      profile { name email phone location organization position createdAt }
    }
  }
}`
export const EXPORT_GROUPS = `query ($first: Int!, $after: String, $search: String, $filter: GroupFilter) {
  groups(first: $first, after: $after, search: $search, filter: $filter) {
    ${PAGE}
    nodes { iamid name gid email description permissions authorizations }
  }
}`
export const EXPORT_AUDIT = `query ($first: Int!, $after: String, $filter: AuditFilter) {
  auditEvents(first: $first, after: $after, filter: $filter) {
    ${PAGE}
    nodes {
      at event action outcome actor onBehalfOf credential targetType targetId targetName before after reason requestId
    }
  }
}`

export const IAM_TYPES = '{ iamTypes { type creatable options { name path type secret } } }'
export const ALL_IAMS = `query ($first: Int!, $after: String) {
  iams(first: $first, after: $after) {
    ${PAGE}
    nodes { iamid type displayName defaultPermissions groupPermissions config secrets updatedAt }
  }
}`
export const CREATE_IAM = `mutation ($input: CreateIamInput!) {
  result: createIam(input: $input) { scimKey scimUrl warnings { message } }
}`
export const UPDATE_IAM = `mutation ($input: UpdateIamInput!) {
  result: updateIam(input: $input) { scimKey scimUrl warnings { message } }
}`
export const DELETE_IAM = `mutation ($input: DeleteIamInput!) {
  result: deleteIam(input: $input) { deletedId }
}`

export const PERSON = `query ($ref: UserRef!) {
  user(ref: $ref) {
    id databaseId globalUserId iamid userid kind systemGenerated disabled disabledBy hasLogin lastLogin lastExternalRefresh
    createdAt updatedAt isDataSourceOwner currentProject { name } sourceIds { source id }
    profile {
      name email phone about location organization position sqlUser preferences externalUserIds scim systemGenerated
      createdAt updatedAt
    }
    permissions permissionGrants { permission source since grantedBy group { iamid name } rule { iam { iamid } group } }
    attributes { key values source }
    effectiveAttributes { key value source group { iamid name } }
    memberships(first: 1) { ${PAGE} } domainPermissions(first: 1) { ${PAGE} }
    apiKeys(first: 1) { ${PAGE} } tokens(first: 1) { ${PAGE} } auditEvents(first: 1) { ${PAGE} }
  }
}`
/** A page of one connection of a user. */
const ofPerson = (connection: string, nodes: string, options = ''): string =>
  `query ($id: ID!, $first: Int!, $after: String) {
  user(ref: { id: $id }) {
    ${connection}(first: $first, after: $after${options}) { ${PAGE} nodes { ${nodes} } }
  }
}`
const EVENT = `at event action outcome actor onBehalfOf credential targetType targetId targetName
      before after reason requestId`
export const PERSON_MEMBERSHIPS = ofPerson('memberships', 'group { iamid name } sources since addedBy createdAt updatedAt')
export const PERSON_DOMAINS = ofPerson('domainPermissions', 'domain { name } permission group { iamid name } createdAt')
export const PERSON_KEYS = ofPerson('apiKeys', 'id name prefix scopes project { name } expiresAt lastUsed createdAt')
export const PERSON_TOKENS = ofPerson(
  'tokens',
  'id prefix scopes project { name } impersonator { iamid userid } lastUsed expiration endsAt createdAt updatedAt',
)
export const PERSON_ACTOR = ofPerson('auditEvents', EVENT, ', role: ACTOR')
export const PERSON_TARGET = ofPerson('auditEvents', EVENT, ', role: TARGET')
export const PERSON_EXCHANGES = `query ($iamid: String!, $userid: String!, $first: Int!, $after: String) {
  exchanges(iamid: $iamid, filter: { userid: $userid }, first: $first, after: $after) {
    ${PAGE}
    nodes {
      kind at requestId operation userid resource request requestComplete response responseComplete status failure changesComplete
      changes { event targetType targetId targetName before after }
    }
  }
}`

export const IMPORT_USERS = `mutation ($input: ImportUsersInput!) {
  importUsers(input: $input) { rows { line userid outcome fields faults { field message } } }
}`
