import { AuthenticateApiKeyDocument, ImpersonateDocument, LogInDocument } from '../../generated/operations.ts'
import { Invalid, NotFound } from '../../platform/errors.ts'
import { toGlobalId } from '../graphql/node.ids.ts'
import { readParams } from './params.ts'
import { fields, id, optional, text } from './request.schemas.ts'
import { defineRoute, type Route } from './route.ts'

const startLogIn: Route = {
  methods: ['GET'],
  path: '/bim/iam/:iamid/user/authenticate',
  aliases: [],
  doc: 'Begin the log-in of an IAM in a browser: 302 to where one logs in.',
  action: 'session:start',
  credential: 'none',
  async answer({ params }, { iamType, publicUrl }) {
    const { iamid } = readParams(params) as { iamid: string }
    const type = await iamType(iamid)
    if (type === null) throw new NotFound(`No IAM ${iamid}`)
    return { status: 302, headers: { location: type === 'openid' ? `${publicUrl}/login/${iamid}` : `${publicUrl}/login` } }
  },
}

/** The body's key wins over the header's (bim-wire-rules "Requests" 8). */
const keyOf = (payload: { apikey?: string }, secret: () => string | null): string => {
  const key = payload.apikey ?? secret()
  if (key === null) throw new Invalid('apikey', 'is missing: it must be in the body, or in the Authorization header')
  return key
}

export const sessionRoutes = [
  startLogIn,
  defineRoute({
    method: 'POST',
    path: '/bim/iam/:iamid/user/authenticate',
    doc: 'Log in with a username and a password. Whatever is wrong, the answer is the same.',
    action: 'session:logIn',
    credential: 'none',
    payload: fields({ username: text, password: text }),
    run: LogInDocument,
    answers: 'LogIn',
    variables: ({ params, payload: { username, password } }) => ({ input: { iamid: params.iamid, userid: username, password } }),
    body: ({ logIn: { token, tokenExpiration, viewer } }) => ({
      authenticated: true,
      token,
      tokenExpiration,
      profileId: viewer?.user.profile.id,
    }),
  }),
  defineRoute({
    method: 'POST',
    path: '/bim/apikey/authenticate',
    alias: ['POST /apikey/authenticate'],
    doc: 'Exchange an API key for a token of its owner.',
    action: 'apikey:authenticate',
    credential: 'none',
    payload: fields({ apikey: optional(text) }),
    run: AuthenticateApiKeyDocument,
    answers: 'FreshToken',
    variables: ({ payload, secret }) => ({ input: { apikey: keyOf(payload, secret) } }),
    body: ({ authenticateApiKey: { token } }) => ({ authenticated: true, token }),
  }),
  defineRoute({
    method: 'POST',
    path: '/bim/apikey/impersonate',
    alias: ['POST /apikey/impersonate'],
    doc: "A token for acting as another user, for at most an hour. The key's owner must hold IMPERSONATE_USER.",
    action: 'apikey:impersonate',
    credential: 'optional',
    payload: fields({ userid: text, iamid: text, apikey: optional(text), projectId: optional(id) }),
    run: ImpersonateDocument,
    answers: 'FreshToken',
    variables: ({ payload, secret }) => {
      const { userid, iamid, projectId } = payload
      return {
        input: { apikey: keyOf(payload, secret), userid, iamid, projectId: projectId && toGlobalId('Project', projectId) },
      }
    },
    body: ({ impersonate: { token } }) => ({ authenticated: true, token }),
  }),
]
