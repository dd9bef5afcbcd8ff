import { sessions } from '../../authentication/sessions.service.ts'
import type { Actor, Credential } from '../../authorization/actor.ts'
import type { Context } from '../../authorization/context.ts'
import { allowed } from '../../authorization/policy.ts'
import type { UserRecord } from '../../domain/users/user.ts'
import { readViewer } from '../../domain/users/users.service.ts'
import type { CredentialKind, Resolvers, ViewerResolvers } from '../../generated/graphql.ts'
import { projectionOf } from './lookahead.ts'

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

/** The rest of the operation runs as the new user. */
async function continueAs(context: Context, token: string): Promise<void> {
  Object.assign(context, { actor: await context.app.authenticate(`Bearer ${token}`) })
  context.loaders = context.app.createLoaders(context)
}

export const sessionResolvers: Resolvers & { Viewer?: ViewerResolvers } = {
  Query: {
    viewer: async (_, __, context, info) => viewer(context.actor, await readViewer(context, { wanted: projectionOf(info) })),
  },
  Mutation: {
    logIn: (_, { input }, context) => sessions.logIn(context, input),
    authenticateApiKey: (_, { input }, context) => sessions.authenticateApiKey(context, input),
    impersonate: (_, { input }, context) => sessions.impersonate(context, input),
    logOut: (_, __, context) => sessions.logOut(context, {}),
  },
  LogInPayload: {
    viewer: async ({ token }, _, context, info) => {
      await continueAs(context, token)
      return viewer(context.actor, await readViewer(context, { wanted: projectionOf(info) }))
    },
    secondFactor: () => null,
  },
}
