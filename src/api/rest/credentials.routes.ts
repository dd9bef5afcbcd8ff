import {
  CreateApiKeyDocument,
  DeleteApiKeyDocument,
  ListApiKeysDocument,
  type ListApiKeysQuery,
  ReadTokenDocument,
} from '../../generated/operations.ts'
import { toGlobalId } from '../graphql/node.ids.ts'
import { readAll } from './read-all-pages.ts'
import { fields, id, optional, text } from './request.schemas.ts'
import { defineRoute } from './route.ts'

type Project = NonNullable<NonNullable<ListApiKeysQuery['apiKeys']>['nodes'][number]['project']>

/** Fields that Roster lacks are constants; `salt`, a secret, is omitted. */
const project = (found: Project) => ({
  ...found,
  deleted: false,
  subscriptionPolicy: null,
  equalization: null,
  snowflake: null,
  workspace: null,
  schemaEvolutionId: null,
})

export const credentialRoutes = [
  defineRoute({
    method: 'POST',
    path: '/bim/apikey',
    alias: ['POST /apikey'],
    doc: 'Create an API key for yourself; it is shown once. Without a body it has neither name nor project.',
    action: 'apikey:create',
    payload: fields({ projectId: optional(id), name: optional(text) }, { anyOf: ['projectId', 'name'] }),
    run: CreateApiKeyDocument,
    answers: 'FreshApiKey',
    variables: ({ payload: { projectId, name } }) => ({
      input: { projectId: projectId && toGlobalId('Project', projectId), name },
    }),
    body: ({ createApiKey: { secret, apiKey } }) => ({
      apikey: secret,
      keyid: apiKey.id,
      project: apiKey.project?.id ?? null,
      name: apiKey.name,
      context: null,
    }),
  }),
  defineRoute({
    method: 'POST',
    path: '/bim/token',
    doc: 'What is known of a token, for its owner or a USER_ADMIN. Looking does not extend it.',
    action: 'token:read',
    payload: fields({ token: text }),
    run: ReadTokenDocument,
    answers: 'TokenInformation',
    variables: ({ payload: { token } }) => ({ token }),
    body: ({ tokenInformation: { project: bound, scopes, impersonator, ...found } }, { payload }) => ({
      ...found,
      type: 'bearer',
      project: bound?.id ?? null,
      context: null,
      // From the request: tokens are stored as hashes.
      token: payload.token,
      created: found.createdAt,
      name: null,
      application: null,
      derivedFrom: null,
      // Space-separated, as in OAuth (RFC 6749 3.3).
      scopes: scopes?.join(' ') ?? null,
      impersonationuserid: impersonator?.userid ?? null,
      impersonationiamid: impersonator?.iamid ?? null,
    }),
  }),
  defineRoute({
    method: 'GET',
    path: '/bim/iam/:iamid/user/:userid/apikeys',
    doc: "A user's API keys, never the keys themselves: one's own, or anyone's for a USER_ADMIN.",
    action: 'apikey:list',
    owner: ({ iamid, userid }) => ({ iamid, userid }),
    run: ListApiKeysDocument,
    answers: 'ApiKeys',
    variables: ({ params }) => ({ ref: { name: params } }),
    whole: async ({ apiKeys }, again) => ({
      apiKeys: await readAll(apiKeys, async after => (await again({ after })).apiKeys),
    }),
    body: ({ apiKeys: { nodes } }) =>
      nodes.map(key => ({
        keyid: key.id,
        created: key.createdAt,
        project: key.project && project(key.project),
        lastUsed: key.lastUsed,
        name: key.name,
        context: null,
      })),
  }),
  defineRoute({
    method: 'DELETE',
    path: '/bim/apikey/:keyid',
    alias: ['DELETE /apikey/:keyid'],
    doc: 'Delete one of your API keys, the keys created with it or replaced by it, and all tokens issued with them.',
    action: 'apikey:delete',
    run: DeleteApiKeyDocument,
    answers: 'RevokedTokens',
    variables: ({ params }) => ({ input: { ref: { databaseId: params.keyid } } }),
    body: ({ deleteApiKey }) => deleteApiKey,
  }),
]
