// What the operations of this folder select: every edge of the schema, where its parent stands in a list.

export const page = (node: string) => `{ totalCount pageInfo { hasNextPage endCursor } edges { cursor node { ${node} } } }`

export const membership =
  'id name sources group { id name authorizations permissions } user { id userid profile { name } permissions }'

export const project = 'id name projectKey members { nodes { id userid groups { nodes { id name } } } }'

export const user = `
  id iamid userid globalUserId sourceIds { source id } authentication disabled hasLogin lastLogin lastExternalRefresh createdAt
  iam { id displayName groupPermissions }
  profile { id name email phone preferences externalUserIds }
  permissions groupPermissions
  authorizations bimAuthorizations iamAuthorizations attributes { key values source }
  memberships { nodes { id name group { id name authorizations } user { id userid } } }
  groups { nodes { id name attributes { key values } permissions } }
  apiKeys { nodes { id name project { id name } } }
  tokens { nodes { id prefix } }
  isDataSourceOwner`

export const account = `
  id userid kind permissions apiKeys { nodes { id name } }
  owner { __typename ... on User { userId: id userid } ... on Group { groupId: id authorizations } }`

/**
 * The other edges of a user, each by itself: two edges to one loader share a statement or send two, as their answers happen to come
 * in, and the count would not be the same each time.
 */
export const edgesOfUser: Record<string, string> = {
  permissions: 'id permissionGrants { permission source group { id name authorizations } }',
  origins: 'id permissionGrants { permission since grantedBy rule { group iam { id groupPermissions } } }',
  effective: 'id effectiveAttributes { key value source group { id name permissions } }',
  groups: 'id groups(first: 2) { totalCount pageInfo { hasNextPage endCursor } edges { cursor node { id name } } }',
  oneMembership: 'id membershipIn(group: { databaseId: 1 }) { id since addedBy group { id name } }',
  lastGroups: 'id groups(last: 2) { totalCount pageInfo { hasPreviousPage startCursor } nodes { id name } }',
  memberships: 'id memberships(first: 2) { totalCount pageInfo { hasNextPage endCursor } edges { cursor node { id } } }',
  keys: 'id apiKeys { totalCount nodes { id user { id groups { nodes { id } } } } }',
  tokens: 'id tokens { totalCount nodes { id user { id groups { nodes { id } } } impersonator { userid } } }',
  project: 'id currentProject { id name members { totalCount nodes { id groups { nodes { id } } } } }',
  events: 'id auditEvents { totalCount nodes { id actorUser { id groups { nodes { id } } } } }',
  eventTargets:
    'id auditEvents(role: TARGET, last: 2) { nodes { id target { __typename ... on User { groups { nodes { id } } } } } }',
  domains:
    'id domainPermissions { totalCount nodes { id permission domain { id name } user { id profile { name } } group { id name permissions } } }',
  domain: 'id domainPermissions { nodes { id domain { permissions { totalCount nodes { id user { id } group { id } } } } } }',
}

export const group = `
  id iamid name scim scimid authorizations attributes { key values source } permissions
  members(first: 5) ${page('id name sources user { id userid groups { nodes { id } } } group { id name }')}`
