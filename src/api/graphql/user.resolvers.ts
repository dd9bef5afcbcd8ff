import { maySee } from '../../authorization/policy.ts'
import { attributes, authorizations, bimAuthorizations, iamAuthorizations } from '../../domain/attributes/attribute.ts'
import { passwords } from '../../domain/credentials/passwords.service.ts'
import { permissions } from '../../domain/users/permissions.service.ts'
import { lastExternalRefresh } from '../../domain/users/user.ts'
import { userCreation } from '../../domain/users/user-creation.service.ts'
import { listUsers, readUser, users } from '../../domain/users/users.service.ts'
import { refreshes } from '../../federation/refresh.service.ts'
import { relinking } from '../../federation/relink.service.ts'
import { sourceIdsOf } from '../../federation/source-ids.ts'
import type { Resolvers } from '../../generated/graphql.ts'
import { projectionOf } from './lookahead.ts'

export const userResolvers: Resolvers = {
  Query: {
    user: (_, args, context, info) => readUser(context, { ...args, wanted: projectionOf(info) }),
    profile: (_, args, context) => users.readProfile(context, args),
    users: (_, args, context, info) => listUsers(context, { ...args, wanted: projectionOf(info) }),
  },
  Mutation: {
    createUser: (_, { input }, context) => userCreation.create(context, input),
    inviteUser: async (_, { input }, context) => {
      const { newUserLink, ...rest } = await userCreation.invite(context, input)
      return { ...rest, newUserLink: newUserLink! }
    },
    cloneUser: (_, { input }, context) => userCreation.clone(context, input),
    updateProfile: async (_, { input }, context) => ({ user: await users.updateProfile(context, input) }),
    setUserPermissions: async (_, { input }, context) => ({ user: await permissions.set(context, input) }),
    grantUserPermissions: async (_, { input }, context) => ({ user: await permissions.grant(context, input) }),
    revokeUserPermission: async (_, { input }, context) => ({ user: await permissions.revoke(context, input) }),
    setPassword: (_, { input }, context) => passwords.set(context, input),
    setUserDisabled: async (_, { input }, context) => ({ user: await users.setDisabled(context, input) }),
    deleteUser: (_, { input }, context) => users.delete(context, input),
    replaceUser: async (_, { input }, context) => ({ user: await relinking.replace(context, input) }),
    relinkUser: async (_, { input }, context) => ({ user: await relinking.relink(context, input) }),
    relinkUsers: (_, { input }, context) => relinking.relinkAll(context, input),
    refreshUser: async (_, { input }, context) => ({ user: await refreshes.user(context, input) }),
  },
  User: {
    iam: (user, _, { loaders }) => loaders.iamById.load(user.iamid),
    profile: user => user,
    authentication: user => user.authenticationId,
    sourceIds: (user, _, { actor }) => (maySee(actor, 'User.sourceIds', user) ? sourceIdsOf(user) : null),
    hasLogin: user => user.lastLogin !== null,
    lastExternalRefresh,
    permissions: async (user, _, { loaders }) => distinct(await loaders.grantsOfUser.load(user.id)),
    groupPermissions: async (user, _, { actor, loaders }) =>
      maySee(actor, 'User.private', user) ? distinct((await loaders.grantsOfUser.load(user.id)).filter(byGroup)) : null,
    permissionGrants: (user, _, { actor, loaders }) =>
      maySee(actor, 'User.private', user) ? loaders.grantsOfUser.load(user.id) : null,
    authorizations: async (user, _, { actor, loaders }) =>
      maySee(actor, 'User.private', user) ? authorizations(await loaders.attributesOfUser.load(user.id)) : null,
    bimAuthorizations: async (user, _, { actor, loaders }) =>
      maySee(actor, 'User.private', user) ? bimAuthorizations(await loaders.attributesOfUser.load(user.id)) : null,
    iamAuthorizations: async (user, _, { actor, loaders }) =>
      maySee(actor, 'User.private', user) ? iamAuthorizations(await loaders.attributesOfUser.load(user.id)) : null,
    attributes: async (user, _, { actor, loaders }) =>
      maySee(actor, 'User.private', user) ? attributes(await loaders.attributesOfUser.load(user.id)) : null,
    effectiveAttributes: (user, _, { actor, loaders }) =>
      maySee(actor, 'User.groups', user) ? loaders.effectiveAttributesOfUser.load(user.id) : null,
    memberships: (user, page, { actor, loaders }) =>
      maySee(actor, 'User.groups', user) ? loaders.membershipsOfUser.of(user.id, page) : null,
    groups: (user, page, { actor, loaders }) =>
      maySee(actor, 'User.groups', user) ? loaders.groupsOfUser.of(user.id, page) : null,
    apiKeys: (user, page, { actor, loaders }) =>
      maySee(actor, 'User.apiKeys', user) ? loaders.apiKeysOfUser.of(user.id, page) : null,
    tokens: (user, page, { actor, loaders }) =>
      maySee(actor, 'User.tokens', user) ? loaders.tokensOfUser.of(user.id, page) : null,
    currentProject: (user, _, { loaders }) =>
      user.currentProjectId === null ? null : loaders.projectById.load(user.currentProjectId),
    domainPermissions: (user, page, { actor, loaders }) =>
      maySee(actor, 'User.domainPermissions', user) ? loaders.domainPermissionsOfUser.of(user.id, page) : null,
    isDataSourceOwner: (user, _, { loaders }) => loaders.isDataSourceOwner.load(user.id),
  },
  Profile: {
    id: user => user.profileId,
    phone: (user, _, { actor }) => (maySee(actor, 'Profile.private', user) ? user.phone : null),
    sqlUser: (user, _, { actor }) => (maySee(actor, 'Profile.private', user) ? user.sqlUser : null),
    preferences: (user, _, { actor }) => (maySee(actor, 'Profile.private', user) ? user.preferences : null),
    externalUserIds: (user, _, { actor }) => (maySee(actor, 'Profile.private', user) ? user.externalUserIds : null),
    scim: (user, _, { actor }) => (maySee(actor, 'Profile.private', user) ? user.scim : null),
    createdAt: user => user.profileCreatedAt,
    updatedAt: user => user.profileUpdatedAt,
  },
  PermissionGrant: {
    group: ({ groupId }, _, { loaders }) => (groupId === null ? null : loaders.groupById.load(groupId)),
  },
}

const distinct = (grants: readonly { permission: string }[]): string[] => [...new Set(grants.map(grant => grant.permission))]
const byGroup = (grant: { groupId: number | null }): boolean => grant.groupId !== null
