import { maySee } from '../../authorization/policy.ts'
import { attributes, authorizationsOrNull, bimAuthorizations, iamAuthorizations } from '../../domain/attributes/attribute.ts'
import { groups, listGroupNames, listGroups } from '../../domain/groups/groups.service.ts'
import { memberships } from '../../domain/groups/memberships.service.ts'
import type { Resolvers } from '../../generated/graphql.ts'

export const groupResolvers: Resolvers = {
  Query: {
    group: (_, args, context) => groups.read(context, args),
    groups: (_, args, context) => listGroups(context, args),
    groupNames: (_, args, context) => listGroupNames(context, args),
    groupMembers: (_, args, context) => memberships.list(context, args),
    userMemberships: (_, args, context) => memberships.ofUser(context, args),
  },
  Mutation: {
    createGroup: async (_, { input }, context) => ({ group: await groups.create(context, input) }),
    updateGroup: async (_, { input }, context) => ({ group: await groups.update(context, input) }),
    deleteGroup: (_, { input }, context) => groups.delete(context, input),
    addGroupMember: async (_, { input }, context) => ({ membership: await memberships.add(context, input) }),
    removeGroupMember: (_, { input }, context) => memberships.remove(context, input),
    changeGroupMembers: (_, { input }, context) => memberships.change(context, input),
  },
  Group: {
    scim: (group, _, { actor }) => (maySee(actor, 'Group.private') ? group.scim : null),
    scimid: (group, _, { actor }) => (maySee(actor, 'Group.private') ? group.scimid : null),
    authorizations: async (group, _, { actor, loaders }) =>
      maySee(actor, 'Group.private') ? authorizationsOrNull(await loaders.attributesOfGroup.load(group.id)) : null,
    bimAuthorizations: async (group, _, { actor, loaders }) =>
      maySee(actor, 'Group.private') ? bimAuthorizations(await loaders.attributesOfGroup.load(group.id)) : null,
    iamAuthorizations: async (group, _, { actor, loaders }) =>
      maySee(actor, 'Group.private') ? iamAuthorizations(await loaders.attributesOfGroup.load(group.id)) : null,
    attributes: async (group, _, { actor, loaders }) =>
      maySee(actor, 'Group.private') ? attributes(await loaders.attributesOfGroup.load(group.id)) : null,
    permissions: (group, _, { actor, loaders }) =>
      maySee(actor, 'Group.private') ? loaders.groupPermissionsOfGroup.load(group.id) : null,
    members: (group, page, context) => memberships.ofGroup(context, { groupId: group.id, page, loaders: context.loaders }),
  },
  Membership: {
    id: (membership, _, { actor }) => (maySee(actor, 'Membership.private') ? membership.id : null),
    group: async (membership, _, { loaders }) => (await loaders.groupById.load(membership.groupId))!,
    user: (membership, _, { actor, loaders }) =>
      maySee(actor, 'Membership.private') ? loaders.userById.load(membership.userId) : null,
    sources: (membership, _, { actor }) => (maySee(actor, 'Membership.private') ? [...membership.sources] : null),
    createdAt: (membership, _, { actor }) => (maySee(actor, 'Membership.private') ? membership.createdAt : null),
    updatedAt: (membership, _, { actor }) => (maySee(actor, 'Membership.private') ? membership.updatedAt : null),
  },
}
