/** The demo's OpenID provider, with its own log-in page. */
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Provider } from 'oidc-provider'
import { passwordOf, people } from './people.ts'
import { listening, type Served } from './served.ts'

export const SECRET = randomBytes(24).toString('base64url')

/** `clients`: redirect URIs by client id; `home`: the page after log-out. Null without the package. */
export async function startProvider(clients: Record<string, string>, home: string): Promise<Served | null> {
  const library = await import('oidc-provider').catch(() => null)
  if (library === null) return null
  const server = createServer()
  const served = await listening(server)
  const provider = quietly(() => new library.Provider(served.url, configuration(clients, home) as never))
  const answer = provider.callback()
  server.on('request', (request, response) => {
    if (!request.url!.startsWith('/interaction/')) return answer(request, response)
    interact(provider, request, response).catch(() => response.writeHead(400).end('This log-in is over: begin again at Roster\n'))
  })
  return served
}

function configuration(clients: Record<string, string>, home: string): object {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  return {
    clients: Object.entries(clients).map(([client_id, redirect]) => ({
      client_id,
      client_secret: SECRET,
      redirect_uris: [redirect],
      post_logout_redirect_uris: [home],
    })),
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), alg: 'RS256', use: 'sig', kid: 'demo' }] },
    cookies: { keys: [randomBytes(24).toString('base64url')] },
    pkce: { required: () => true },
    scopes: ['openid', 'profile', 'email', 'groups'],
    claims: { openid: ['sub'], profile: ['name', 'title'], email: ['email', 'email_verified'], groups: ['groups'] },
    features: {
      devInteractions: { enabled: false },
      // The library's own pages load remote assets.
      rpInitiatedLogout: { enabled: true, logoutSource: signOut },
    },
    renderError: refuse,
    interactions: { url: (_: unknown, { uid }: { uid: string }) => `/interaction/${uid}` },
    findAccount: (_: unknown, id: string) => ({ accountId: id, claims: () => claimsOf(id) }),
    ttl: { AccessToken: 300, IdToken: 300, Session: 3600, Interaction: 600, Grant: 3600, AuthorizationCode: 60 },
  }
}

interface Answer {
  body: string
}

function signOut(ctx: Answer, form: string): void {
  ctx.body = framed(`${form}<p>Sign out here, too?</p><button form="op.logoutForm" name="logout" value="yes">Sign out</button>
<button form="op.logoutForm">Stay</button>`)
}

function refuse(ctx: Answer, { error, error_description: why = '' }: { error: string; error_description?: string }): void {
  ctx.body = framed(`<p>${escaped(`${error} ${why}`)}</p>`)
}

const escaped = (text: string) => text.replace(/[&<>"]/g, letter => `&#${letter.charCodeAt(0)};`)

function claimsOf(userid: string): object {
  const person = people.find(person => person.userid === userid)
  if (person === undefined) return { sub: userid }
  const { name, title, teams } = person
  return { sub: userid, name, title, email: `${userid}@roster.example`, email_verified: true, groups: teams }
}

async function interact(provider: Provider, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { prompt, session, params } = await provider.interactionDetails(request, response)
  if (prompt.name !== 'login') {
    // Consent is implied.
    const grant = new provider.Grant({ accountId: session!.accountId, clientId: String(params.client_id) })
    grant.addOIDCScope(String(params.scope))
    const consent = { grantId: await grant.save() }
    return provider.interactionFinished(request, response, { consent }, { mergeWithLastSubmission: true })
  }
  if (request.method !== 'POST') return page(response, 200, '')
  const form = new URLSearchParams(await bodyOf(request))
  const userid = form.get('userid') ?? ''
  if (!people.some(person => person.userid === userid) || form.get('password') !== passwordOf(userid))
    return page(response, 401, 'No such name and password.')
  return provider.interactionFinished(request, response, { login: { accountId: userid } })
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

/** Never repeats input. */
function page(response: ServerResponse, status: number, fault: string): void {
  const headers = {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
  }
  response.writeHead(status, headers).end(
    framed(`<p>${fault || `People here: ${people.map(({ userid }) => userid).join(', ')}. The password is demo- and the name.`}</p>
<form method="post"><label for="userid">Name</label><input id="userid" name="userid" autofocus autocomplete="username">
<label for="password">Password</label><input id="password" name="password" type="password" autocomplete="current-password">
<button>Log in</button></form>`),
  )
}

const framed = (content: string) => `<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>Demo provider</title>
<style>:root { color-scheme: light dark } body { font: 1rem/1.5 system-ui; max-width: 22rem; margin: 15vh auto; padding: 0 1rem }
label, input, button { display: block; width: 100%; box-sizing: border-box; font: inherit } input, button { margin: 0 0 1rem; padding: .5rem }
</style><h1>Demo provider</h1>${content}</html>`

/** The library warns about its in-memory store. */
function quietly<T>(make: () => T): T {
  const { warn } = console
  console.warn = () => {}
  try {
    return make()
  } finally {
    console.warn = warn
  }
}
