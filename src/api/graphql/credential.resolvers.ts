import { apiKeys } from '../../domain/credentials/apikeys.service.ts'
import { tokens } from '../../domain/credentials/tokens.service.ts'
import type { Resolvers } from '../../generated/graphql.ts'
import { byId, deleted } from './payloads.ts'
import { alongOf, CREDENTIAL_FIELDS } from './selected.ts'

export const credentialResolvers: Resolvers = {
  Query: {
    apiKeys: (_, args, context, info) => apiKeys.list(context, { ...args, along: alongOf(info, context, CREDENTIAL_FIELDS) }),
    tokens: (_, args, context, info) => tokens.list(context, { ...args, along: alongOf(info, context, CREDENTIAL_FIELDS) }),
    tokenInformation: (_, args, context) => tokens.read(context, args),
  },
  Mutation: {
    createApiKey: (_, { input }, context) => apiKeys.create(context, input),
    rotateApiKey: (_, { input }, context) => apiKeys.rotate(context, byId(input)),
    deleteApiKey: async (_, { input }, context) => deleted('ApiKey', await apiKeys.delete(context, byId(input))),
    revokeApiKey: async (_, { input }, context) => deleted('ApiKey', await apiKeys.revoke(context, byId(input))),
    revokeTokens: (_, { input }, context) => tokens.revoke(context, input),
    signOutEverywhere: (_, { input }, context) => tokens.revokeAll(context, input),
  },
  ApiKey: {
    user: async (key, _, { loaders }) => (await loaders.userById.load(key.userId))!,
    project: (key, _, { loaders }) => (key.projectId === null ? null : loaders.projectById.load(key.projectId)),
    scopes: key => [...key.scopes],
    parentKey: (key, _, { loaders }) => (key.parentKeyId === null ? null : loaders.apiKeyById.load(key.parentKeyId)),
    rotatedTo: (key, _, { loaders }) => (key.rotatedToId === null ? null : loaders.apiKeyById.load(key.rotatedToId)),
  },
  Token: {
    user: (token, _, { loaders }) => loaders.userById.load(token.userId),
    apiKey: (token, _, { loaders }) => (token.apiKeyId === null ? null : loaders.apiKeyById.load(token.apiKeyId)),
    project: (token, _, { loaders }) => (token.projectId === null ? null : loaders.projectById.load(token.projectId)),
    scopes: token => (token.scopes.length === 0 ? null : [...token.scopes]),
  },
}
