import type { Actor, Credential } from '../access/actor.ts'
import { allowed } from '../access/policy.ts'
import { sessions } from '../credentials/sessions.service.ts'
import type { CredentialKind, Resolvers, ViewerResolvers } from '../generated/graphql.ts'
import type { UserRecord } from '../users/user.ts'
import { readViewer } from '../users/users.service.ts'
import { wantedAhead } from './ahead.ts'

const KINDS: Record<Credential['kind'], CredentialKind> = {
  login: 'LOGIN',
  'apikey-token': 'API_KEY_TOKEN',
  apikey: 'API_KEY',
  impersonation: 'IMPERSONATION',
}

const viewer = (actor: Actor, user: UserRecord) => {
  if (actor.kind !== 'user') throw new Error('The viewer service lets only users through')
  const { credential, impersonator } = actor
  return { user, impersonator, credential: KINDS[credential.kind], scopes: [...credential.scopes], can: allowed(actor) }
}

export const sessionResolvers: Resolvers & { Viewer?: ViewerResolvers } = {
  Query: {
    viewer: async (_, __, context, info) => viewer(context.actor, await readViewer(context, { wanted: wantedAhead(info) })),
  },
  Mutation: {
    logIn: (_, { input }, context) => sessions.logIn(context, input),
    authenticateApiKey: (_, { input }, context) => sessions.authenticateApiKey(context, input),
    impersonate: (_, { input }, context) => sessions.impersonate(context, input),
    logOut: (_, __, context) => sessions.logOut(context, {}),
  },
}
