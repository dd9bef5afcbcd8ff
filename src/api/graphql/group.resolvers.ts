import { attributes, authorizationsOrNull, bimAuthorizations, iamAuthorizations } from '../../domain/attributes/attribute.ts'
import { groups, listGroupNames, listGroups } from '../../domain/groups/groups.service.ts'
import { memberships } from '../../domain/groups/memberships.service.ts'
import type { Resolvers } from '../../generated/graphql.ts'
import { deleted } from './payloads.ts'
import { alongOf, columnsIn, GROUP_FIELDS, MEMBERSHIP_COLUMNS_OF, MEMBERSHIP_FIELDS } from './selected.ts'

export const groupResolvers: Resolvers = {
  Query: {
    group: (_, args, context, info) => groups.read(context, { ...args, along: alongOf(info, context, GROUP_FIELDS) }),
    groups: (_, args, context, info) => listGroups(context, { ...args, along: alongOf(info, context, GROUP_FIELDS) }),
    groupNames: (_, args, context) => listGroupNames(context, args),
    groupMembers: (_, args, context, info) =>
      memberships.list(context, { ...args, along: alongOf(info, context, MEMBERSHIP_FIELDS) }),
    userMemberships: (_, args, context, info) =>
      memberships.ofUser(context, { ...args, along: alongOf(info, context, MEMBERSHIP_FIELDS) }),
  },
  Mutation: {
    createGroup: async (_, { input }, context) => ({ group: await groups.create(context, input) }),
    updateGroup: async (_, { input }, context) => ({ group: await groups.update(context, input) }),
    deleteGroup: async (_, { input }, context) => deleted('Group', await groups.delete(context, input)),
    addGroupMember: async (_, { input }, context) => ({ membership: await memberships.add(context, input) }),
    removeGroupMember: async (_, { input }, context) => deleted('Membership', await memberships.remove(context, input)),
    changeGroupMembers: (_, { input }, context) => memberships.change(context, input),
  },
  Group: {
    authorizations: async (group, _, { loaders }) => authorizationsOrNull(await loaders.attributesOfGroup.load(group.id)),
    bimAuthorizations: async (group, _, { loaders }) => bimAuthorizations(await loaders.attributesOfGroup.load(group.id)),
    iamAuthorizations: async (group, _, { loaders }) => iamAuthorizations(await loaders.attributesOfGroup.load(group.id)),
    attributes: async (group, _, { loaders }) => attributes(await loaders.attributesOfGroup.load(group.id)),
    permissions: (group, _, { loaders }) => loaders.groupPermissionsOfGroup.load(group.id),
    members: (group, page, context, info) => {
      const columns = columnsIn(info, MEMBERSHIP_COLUMNS_OF)
      return memberships.ofGroup(context, { groupId: group.id, page, loaders: context.loaders, columns })
    },
  },
  Membership: {
    group: async (membership, _, { loaders }) => (await loaders.groupById.load(membership.groupId))!,
    user: (membership, _, { loaders }) => loaders.userById.load(membership.userId),
    sources: membership => [...membership.sources],
    since: membership => membership.createdAt,
    addedBy: membership => membership.addedBy ?? 'unknown',
  },
}
