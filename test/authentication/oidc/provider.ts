// A real OpenID provider in this process, without pages: the next account logs in and consents to everything.
import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { Provider } from 'oidc-provider'

export interface RealProvider {
  readonly issuer: string
  /** Where it listens, whatever it calls itself. */
  readonly port: number
  /** Claims by account. */
  readonly people: Record<string, Record<string, unknown>>
  /** The account that logs in next. */
  next: string
  close(): Promise<void>
}

export const SECRET = 'a client secret of the tests'

/** `clients` are redirect URIs by client id; `more` is what else is registered of one; `known` is the issuer where something stands before it. */
export async function realProvider(
  clients: Record<string, string[]>,
  home: string,
  { more = {}, known }: { more?: Record<string, object>; known?: string } = {},
): Promise<RealProvider> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  const issuer = known ?? `http://127.0.0.1:${port}`
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const idp: RealProvider = {
    issuer,
    port,
    people: {},
    next: '',
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
  const provider = new Provider(issuer, {
    clients: Object.entries(clients).map(([client_id, redirect_uris]) => ({
      client_id,
      client_secret: SECRET,
      redirect_uris,
      post_logout_redirect_uris: [`${home}/login`],
      backchannel_logout_uri: `${home}/login/${client_id}/backchannel`,
      backchannel_logout_session_required: true,
      ...more[client_id],
    })),
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), alg: 'RS256', use: 'sig', kid: 'one' }] },
    cookies: { keys: ['a key for cookies'] },
    pkce: { required: () => true },
    scopes: ['openid', 'email', 'profile', 'groups'],
    claims: {
      openid: ['sub'],
      email: ['email', 'email_verified'],
      profile: ['name', 'team', 'phone', 'login', 'about', 'address', 'org', 'job', 'sql', 'presto'],
      groups: ['groups'],
    },
    // Its own one refuses loopback addresses, where the tests live.
    fetch: (url: string, { dispatcher: _, ...options }: RequestInit & { dispatcher?: unknown }) => fetch(url, options),
    features: {
      devInteractions: { enabled: false },
      backchannelLogout: { enabled: true },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: async (ctx: { body: string }, form: string) => {
          ctx.body = `<html>${form}</html>`
        },
      },
    },
    interactions: { url: (_: unknown, interaction: { uid: string }) => `/interaction/${interaction.uid}` },
    findAccount: async (_: unknown, id: string) => ({ accountId: id, claims: async () => ({ sub: id, ...idp.people[id] }) }),
    ttl: { AccessToken: 60, IdToken: 60, Session: 600, Interaction: 600, Grant: 600, AuthorizationCode: 60 },
  } as never)
  const answer = provider.callback()
  server.on('request', async (request, response) => {
    if (!request.url!.startsWith('/interaction/')) return answer(request, response)
    const details = await provider.interactionDetails(request, response)
    if (details.prompt.name === 'login')
      return provider.interactionFinished(request, response, { login: { accountId: idp.next, remember: false } })
    const grant = new provider.Grant({ accountId: details.session!.accountId, clientId: details.params.client_id as string })
    grant.addOIDCScope(String(details.params.scope))
    const consent = { grantId: await grant.save() }
    return provider.interactionFinished(request, response, { consent }, { mergeWithLastSubmission: true })
  })
  return idp
}
