import { apiKeys } from '../../domain/credentials/apikeys.service.ts'
import { tokens } from '../../domain/credentials/tokens.service.ts'
import type { Resolvers } from '../../generated/graphql.ts'

export const credentialResolvers: Resolvers = {
  Query: {
    apiKeys: (_, args, context) => apiKeys.list(context, args),
    tokens: (_, args, context) => tokens.list(context, args),
    tokenInformation: (_, args, context) => tokens.read(context, args),
  },
  Mutation: {
    createApiKey: (_, { input }, context) => apiKeys.create(context, input),
    rotateApiKey: (_, { input }, context) => apiKeys.rotate(context, input),
    deleteApiKey: (_, { input }, context) => apiKeys.delete(context, input),
    revokeApiKey: (_, { input }, context) => apiKeys.revoke(context, input),
    revokeTokens: (_, { input }, context) => tokens.revoke(context, input),
    signOutEverywhere: (_, { input }, context) => tokens.revokeAll(context, input),
  },
  ApiKey: {
    user: async (key, _, { loaders }) => (await loaders.userById.load(key.userId))!,
    project: (key, _, { loaders }) => (key.projectId === null ? null : loaders.projectById.load(key.projectId)),
    scopes: key => [...key.scopes],
  },
  Token: {
    user: (token, _, { loaders }) => loaders.userById.load(token.userId),
    scopes: token => (token.scopes.length === 0 ? null : [...token.scopes]),
  },
}
