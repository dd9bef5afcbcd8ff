import type { Context } from '../../authorization/context.ts'
import { permissionWarnings } from '../../authorization/permission-warnings.ts'
import { attributes, authorizations, bimAuthorizations, iamAuthorizations } from '../../domain/attributes/attribute.ts'
import { passwords } from '../../domain/credentials/passwords.service.ts'
import { erasures } from '../../domain/users/erasure.service.ts'
import { imports } from '../../domain/users/import.service.ts'
import { permissions } from '../../domain/users/permissions.service.ts'
import { listServiceAccounts, serviceAccounts } from '../../domain/users/service-accounts.service.ts'
import {
  disablerOf,
  type GrantOriginRecord,
  grantKey,
  lastExternalRefresh,
  type PermissionGrantRecord,
  type UserRecord,
} from '../../domain/users/user.ts'
import { userCreation } from '../../domain/users/user-creation.service.ts'
import { listUsers, readUser, users } from '../../domain/users/users.service.ts'
import { refreshes } from '../../federation/refresh.service.ts'
import { relinking } from '../../federation/relink.service.ts'
import { sourceIdsOf } from '../../federation/source-ids.ts'
import type { Resolvers } from '../../generated/graphql.ts'
import { projectionOf } from './lookahead.ts'
import { deleted } from './payloads.ts'

export const userResolvers: Resolvers = {
  Query: {
    user: (_, args, context, info) => readUser(context, { ...args, wanted: projectionOf(info) }),
    profile: (_, args, context) => users.readProfile(context, args),
    users: (_, args, context, info) => listUsers(context, { ...args, wanted: projectionOf(info) }),
    serviceAccounts: (_, args, context, info) => listServiceAccounts(context, { ...args, wanted: projectionOf(info) }),
  },
  Mutation: {
    createUser: async (_, { input }, context) => ({
      ...(await userCreation.create(context, input)),
      warnings: permissionWarnings('permissions', input.permissions),
    }),
    createServiceAccount: async (_, { input }, context) => ({
      user: await serviceAccounts.create(context, input),
      warnings: permissionWarnings('permissions', input.permissions),
    }),
    updateServiceAccount: async (_, { input }, context) => ({
      user: await serviceAccounts.update(context, input),
      warnings: permissionWarnings('permissions', input.permissions),
    }),
    inviteUser: async (_, { input }, context) => {
      const { newUserLink, ...rest } = await userCreation.invite(context, input)
      return { ...rest, newUserLink: newUserLink! }
    },
    cloneUser: (_, { input }, context) => userCreation.clone(context, input),
    updateProfile: async (_, { input }, context) => ({ user: await users.updateProfile(context, input) }),
    setUserPermissions: async (_, { input }, context) => ({
      user: await permissions.set(context, input),
      warnings: permissionWarnings('permissions', input.permissions),
    }),
    grantUserPermissions: async (_, { input }, context) => ({
      user: await permissions.grant(context, input),
      warnings: permissionWarnings('permissions', input.permissions),
    }),
    revokeUserPermission: async (_, { input }, context) => ({ user: await permissions.revoke(context, input) }),
    setPassword: (_, { input }, context) => passwords.set(context, input),
    setUserDisabled: async (_, { input }, context) => ({ user: await users.setDisabled(context, input) }),
    importUsers: async (_, { input }, context) => ({
      ...(await imports.users(context, input)),
      warnings: importWarnings(input.rows),
    }),
    deleteUser: async (_, { input }, context) => deleted('User', await users.delete(context, input)),
    eraseUser: (_, { input }, context) => erasures.erase(context, input),
    replaceUser: async (_, { input }, context) => ({ user: await relinking.replace(context, input) }),
    relinkUser: async (_, { input }, context) => ({ user: await relinking.relink(context, input) }),
    relinkUsers: (_, { input }, context) => relinking.relinkAll(context, input),
    refreshUser: async (_, { input }, context) => ({ user: await refreshes.user(context, input) }),
  },
  User: {
    iam: (user, _, { loaders }) => loaders.iamById.load(user.iamid),
    profile: user => user,
    authentication: user => user.authenticationId,
    sourceIds: sourceIdsOf,
    owner: ownerOf,
    disabledBy: disablerOf,
    hasLogin: user => user.lastLogin !== null,
    lastExternalRefresh,
    permissions: async (user, _, { loaders }) => distinct(await loaders.grantsOfUser.load(user.id)),
    groupPermissions: async (user, _, { loaders }) => distinct((await loaders.grantsOfUser.load(user.id)).filter(byGroup)),
    permissionGrants: (user, _, { loaders }) => loaders.grantsOfUser.load(user.id),
    authorizations: async (user, _, { loaders }) => authorizations(await loaders.attributesOfUser.load(user.id)),
    bimAuthorizations: async (user, _, { loaders }) => bimAuthorizations(await loaders.attributesOfUser.load(user.id)),
    iamAuthorizations: async (user, _, { loaders }) => iamAuthorizations(await loaders.attributesOfUser.load(user.id)),
    attributes: async (user, _, { loaders }) => attributes(await loaders.attributesOfUser.load(user.id)),
    effectiveAttributes: (user, _, { loaders }) => loaders.effectiveAttributesOfUser.load(user.id),
    memberships: (user, page, { loaders }) => loaders.membershipsOfUser.of(user.id, page),
    membershipIn: ({ id }, { group }, { loaders }) => loaders.membershipIn.load({ userId: id, group }),
    groups: (user, page, { loaders }) => loaders.groupsOfUser.of(user.id, page),
    apiKeys: (user, page, { loaders }) => loaders.apiKeysOfUser.of(user.id, page),
    tokens: (user, page, { loaders }) => loaders.tokensOfUser.of(user.id, page),
    currentProject: (user, _, { loaders }) =>
      user.currentProjectId === null ? null : loaders.projectById.load(user.currentProjectId),
    domainPermissions: (user, page, { loaders }) => loaders.domainPermissionsOfUser.of(user.id, page),
    auditEvents: (user, args, { loaders }) => loaders.auditEventsOfUser.of(user.id, args),
    isDataSourceOwner: (user, _, { loaders }) => loaders.isDataSourceOwner.load(user.id),
  },
  ImportedRow: {
    user: ({ userId }, _, { loaders }) => (userId === null ? null : loaders.userById.load(userId)),
  },
  ServiceAccountOwner: { __resolveType: owner => owner.__typename },
  Profile: {
    createdAt: user => user.profileCreatedAt,
    updatedAt: user => user.profileUpdatedAt,
  },
  UserConnection: {
    facets: page => page.facets?.() ?? null,
  },
  UserIamFacet: {
    iam: ({ iamid }, _, { loaders }) => loaders.iamById.load(iamid),
  },
  PermissionGrant: {
    group: ({ groupId }, _, { loaders }) => (groupId === null ? null : loaders.groupById.load(groupId)),
    rule: async (grant, _, context) => ruleOf(await originOf(grant, context)),
    since: async (grant, _, context) => (await originOf(grant, context))?.since ?? null,
    grantedBy: async (grant, _, context) => (await originOf(grant, context))?.grantedBy ?? 'unknown',
  },
}

async function ownerOf({ ownerUserId, ownerGroupId }: UserRecord, _: unknown, { loaders }: Context) {
  const user = ownerUserId === null ? null : await loaders.userById.load(ownerUserId)
  const group = ownerGroupId === null ? null : await loaders.groupById.load(ownerGroupId)
  return user ? { ...user, __typename: 'User' as const } : group && { ...group, __typename: 'Group' as const }
}

const originOf = async (grant: PermissionGrantRecord, { loaders }: Context) =>
  (await loaders.grantOriginsOfUser.load(grant.userId)).get(grantKey(grant))
const ruleOf = (origin: GrantOriginRecord | undefined) =>
  origin?.ruleIamid == null ? null : { iamid: origin.ruleIamid, group: origin.ruleGroup }

const distinct = (grants: readonly { permission: string }[]): string[] => [...new Set(grants.map(grant => grant.permission))]
const byGroup = (grant: { groupId: number | null }): boolean => grant.groupId !== null

/** Names compared: each takes its time. */
const COMPARED = 1000

function importWarnings(rows: readonly { permissions?: readonly string[] | null }[]) {
  const firsts = new Map<string, number>()
  for (const [index, { permissions }] of rows.entries())
    for (const permission of permissions ?? [])
      if (firsts.size < COMPARED && !firsts.has(permission)) firsts.set(permission, index)
  return [...firsts].flatMap(([permission, index]) =>
    permissionWarnings(`rows[${index}].permissions`, [permission]).map(warning => ({
      ...warning,
      field: `rows[${index}].permissions`,
    })),
  )
}
