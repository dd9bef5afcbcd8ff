// What the operations of this folder select: every edge of the schema once, where its parent stands in a list.

export const page = (node: string) => `{ totalCount pageInfo { hasNextPage endCursor } edges { cursor node { ${node} } } }`

export const membership =
  'id name sources group { id name authorizations permissions } user { id userid profile { name } permissions }'

export const project = 'id name projectKey members { id userid groups { id name } }'

export const user = `
  id iamid userid globalUserId authentication disabled hasLogin lastLogin lastExternalRefresh createdAt
  iam { id displayName groupPermissions }
  profile { id name email phone preferences externalUserIds }
  permissions groupPermissions permissionGrants { permission source group { id name } }
  authorizations bimAuthorizations iamAuthorizations attributes { key values source }
  effectiveAttributes { key value source group { id name } }
  memberships { id name group { id name authorizations } user { id userid } }
  groups { id name attributes { key values } permissions }
  apiKeys { id name user { id } project { id name } }
  tokens { id user { id } }
  currentProject { id name members { id } }
  domainPermissions { id permission domain { id name permissions { id } } user { id } group { id name } }
  isDataSourceOwner`

export const group = `
  id iamid name scim scimid authorizations attributes { key values source } permissions
  members(first: 5) ${page('id name sources user { id userid groups { id } } group { id name }')}`
