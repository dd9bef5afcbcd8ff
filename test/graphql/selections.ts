// What the operations of this folder select: every edge of the schema, where its parent stands in a list.

export const page = (node: string) => `{ totalCount pageInfo { hasNextPage endCursor } edges { cursor node { ${node} } } }`

export const membership =
  'id name sources group { id name authorizations permissions } user { id userid profile { name } permissions }'

export const project = 'id name projectKey members { id userid groups { id name } }'

export const user = `
  id iamid userid globalUserId authentication disabled hasLogin lastLogin lastExternalRefresh createdAt
  iam { id displayName groupPermissions }
  profile { id name email phone preferences externalUserIds }
  permissions groupPermissions
  authorizations bimAuthorizations iamAuthorizations attributes { key values source }
  memberships { id name group { id name authorizations } user { id userid } }
  groups { id name attributes { key values } permissions }
  apiKeys { id name project { id name } }
  tokens { id prefix }
  isDataSourceOwner`

/**
 * The other edges of a user, each by itself: two edges to one loader share a statement or send two, as their answers happen to come
 * in, and the count would not be the same each time.
 */
export const edgesOfUser: Record<string, string> = {
  permissions: 'id permissionGrants { permission source group { id name authorizations } }',
  effective: 'id effectiveAttributes { key value source group { id name permissions } }',
  keys: 'id apiKeys { id user { id groups { id } } }',
  tokens: 'id tokens { id user { id groups { id } } impersonator { userid } }',
  project: 'id currentProject { id name members { id groups { id } } }',
  domains: 'id domainPermissions { id permission domain { id name } user { id profile { name } } group { id name permissions } }',
  domain: 'id domainPermissions { id domain { permissions { id user { id } group { id } } } }',
}

export const group = `
  id iamid name scim scimid authorizations attributes { key values source } permissions
  members(first: 5) ${page('id name sources user { id userid groups { id } } group { id name }')}`
