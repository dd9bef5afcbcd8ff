import { attributes } from '../../domain/attributes/attributes.service.ts'
import type { Resolvers } from '../../generated/graphql.ts'

export const attributeResolvers: Resolvers = {
  Query: {
    attributeKeys: (_, args, context) => attributes.keys(context, args),
  },
  Mutation: {
    addAttribute: async (_, { input }, context) => ({ owner: await attributes.add(context, input) }),
    removeAttribute: async (_, { input }, context) => ({ owner: await attributes.remove(context, input) }),
    removeAttributeEverywhere: (_, { input }, context) => attributes.removeEverywhere(context, input),
    replaceAttributes: async (_, { input }, context) => ({ owner: await attributes.replace(context, input) }),
    editAttributes: async (_, { input }, context) => ({ owners: await attributes.edit(context, input) }),
  },
  AttributeOwner: { __resolveType: owner => owner.__typename },
  AttributeKey: {
    userCount: async ({ keyKey }, _, { loaders }) => (await loaders.holdersOfAttributeKey.load(keyKey)).userCount,
    groupCount: async ({ keyKey }, _, { loaders }) => (await loaders.holdersOfAttributeKey.load(keyKey)).groupCount,
    values: ({ keyKey }, page, { loaders }) => loaders.valuesOfAttributeKey.of(keyKey, page),
  },
  EffectiveAttribute: {
    group: ({ groupId }, _, { loaders }) => (groupId === null ? null : loaders.groupById.load(groupId)),
  },
}
