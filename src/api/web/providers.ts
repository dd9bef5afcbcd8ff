// GET /login/:iamid → handshake cookie → provider → callback
// → session cookie → GET /login. Query values are never displayed.
import { type Handshake, matchesState } from '../../connectors/oidc.ts'
import { createTokenCipher, type TokenCipher } from '../../platform/encryption.ts'
import { type Code, ERROR_CODES, RosterError } from '../../platform/errors.ts'
import { cookieLine, cookieOf, isSameOrigin, sessionCookie } from '../../platform/http/cookies.ts'
import type { HttpRequest, HttpResponse, HttpServer } from '../../platform/http/types.ts'
import { createHandshakes, HANDSHAKE_SECONDS, ownAddress, type PendingLogin, type ReturnedLogin } from './handshake.ts'
import { type Instance, problemPage, type SignedInUser, signedInPage } from './pages.ts'

export type WhoIs = (request: HttpRequest) => Promise<SignedInUser | null>

export interface ProviderDeps extends Instance {
  readonly instanceKeys: readonly Buffer[]
  readonly sessionLife: number
  begin(
    request: HttpRequest,
    input: { iamid: string; issuer?: string; loginHint?: string },
  ): Promise<{ url: string; handshake: Handshake }>
  finish(
    request: HttpRequest,
    input: { iamid: string; query: string; handshake: Handshake; until: Date },
  ): Promise<{ token: string; endSession: string | null }>
  readonly whoIs: WhoIs
  logOut(request: HttpRequest): Promise<{ idToken: string | null }>
  endByProvider(request: HttpRequest, input: { iamid: string; logoutToken: string }): Promise<unknown>
}

const HANDSHAKE_COOKIE = 'roster_handshake'
/** The provider's end-session address, encrypted against forgery. */
const END_COOKIE = 'roster_end_session'

export function registerProviders(http: HttpServer, deps: ProviderDeps): (request: HttpRequest) => Promise<HttpResponse | null> {
  const handshakes = createHandshakes(deps.instanceKeys)
  const endSessions = createTokenCipher(deps.instanceKeys, 'end session')
  // Third parties may initiate log-ins by form (Core 4).
  http.route({
    method: ['GET', 'POST'],
    path: '/login/:iamid',
    handler: request => begin(deps, handshakes.make, request).catch(error => problem(deps, error)),
  })
  http.route({
    method: 'GET',
    path: '/login/:iamid/callback',
    body: 'none',
    handler: request => finish(deps, { read: handshakes.read, endSessions, request }).catch(error => problem(deps, error)),
  })
  http.route({
    method: 'POST',
    path: '/login/:iamid/logout',
    body: 'none',
    handler: request => logOut(deps, endSessions, request),
  })
  http.route({
    method: 'POST',
    path: '/login/:iamid/backchannel',
    handler: request => receiveLogout(deps, request),
  })
  return async request => {
    const person = await deps.whoIs(request)
    const end = person && (await endSessionOf(endSessions, request))
    return person && signedInPage(deps, person, end ? end.origin : null)
  }
}

async function begin(
  deps: ProviderDeps,
  make: (underWay: PendingLogin) => Promise<string>,
  request: HttpRequest,
): Promise<HttpResponse> {
  const iamid = request.params.iamid ?? ''
  const query = request.method === 'POST' ? fieldsOf(request.body) : new URLSearchParams(request.query)
  const [issuer, loginHint] = [query.get('iss'), query.get('login_hint')]
  const wish = returnPathOf(deps.publicUrl, query)
  const { url, handshake } = await deps.begin(request, {
    iamid,
    ...(issuer !== null && { issuer }),
    ...(issuer !== null && loginHint !== null && { loginHint: loginHint.slice(0, 254) }),
  })
  const returnTo = wish ?? `${deps.publicUrl}/`
  const value = await make({ iamid, returnTo, ...handshake })
  const cookie = cookieLine(deps.publicUrl, { name: HANDSHAKE_COOKIE, value, path: `/login/${iamid}`, life: HANDSHAKE_SECONDS })
  return redirect(url, [cookie])
}

function fieldsOf(body: unknown): URLSearchParams {
  const fields = Object.entries(typeof body === 'object' && body !== null ? body : {})
  return new URLSearchParams(fields.filter((field): field is [string, string] => typeof field[1] === 'string'))
}

function returnPathOf(publicUrl: string, query: URLSearchParams): string | null {
  const path = query.get('returnTo')
  if (path !== null) return ownAddress(publicUrl, path)
  const whole = URL.parse(query.get('target_link_uri') ?? '')
  if (whole === null || whole.origin !== new URL(publicUrl).origin) return null
  return ownAddress(publicUrl, whole.pathname + whole.search)
}

async function finish(
  deps: ProviderDeps,
  {
    read,
    endSessions,
    request,
  }: {
    read: (text: string | null, iamid: string) => Promise<ReturnedLogin | null>
    endSessions: TokenCipher
    request: HttpRequest
  },
): Promise<HttpResponse> {
  const iamid = request.params.iamid ?? ''
  const underWay = await read(cookieOf(request.headers, HANDSHAKE_COOKIE), iamid)
  if (underWay === null) {
    const reason = 'This sign-in was begun in another browser, or took too long.'
    return problemPage(deps, { status: 400, title: 'This sign-in cannot be finished', reason })
  }
  const over = cookieLine(deps.publicUrl, { name: HANDSHAKE_COOKIE, value: '', path: `/login/${iamid}`, life: 0 })
  const { state, nonce, verifier, returnTo, until } = underWay
  try {
    const entered = await deps.finish(request, { iamid, query: request.query, handshake: { state, nonce, verifier }, until })
    const session = { name: sessionCookie(deps.publicUrl), value: entered.token, path: '/', life: deps.sessionLife }
    const end = await endCookie(deps, endSessions, entered.endSession)
    return redirect(returnTo, [over, cookieLine(deps.publicUrl, session), end])
  } catch (error) {
    const answer = problem(deps, error)
    // It belongs to the latest tab; others must not clear it.
    return matchesState(underWay, request.query) ? { ...answer, headers: { ...answer.headers, 'set-cookie': [over] } } : answer
  }
}

async function endCookie(
  { publicUrl, sessionLife }: ProviderDeps,
  endSessions: TokenCipher,
  endSession: string | null,
): Promise<string> {
  if (endSession === null) return cookieLine(publicUrl, { name: END_COOKIE, value: '', path: '/login', life: 0 })
  const url = new URL(endSession)
  url.searchParams.set('post_logout_redirect_uri', `${publicUrl}/login`)
  const value = await endSessions.encrypt({ url: url.href }, new Date(Date.now() + sessionLife * 1000))
  return cookieLine(publicUrl, { name: END_COOKIE, value, path: '/login', life: sessionLife })
}

async function endSessionOf(endSessions: TokenCipher, request: HttpRequest): Promise<URL | null> {
  const text = cookieOf(request.headers, END_COOKIE)
  const claims = text === null ? null : await endSessions.decrypt(text, new Date())
  return typeof claims?.url === 'string' ? URL.parse(claims.url) : null
}

async function logOut(deps: ProviderDeps, endSessions: TokenCipher, request: HttpRequest): Promise<HttpResponse> {
  if (!isSameOrigin(request.headers, deps.publicUrl))
    return problemPage(deps, { status: 403, title: 'This form came from another site', reason: 'You are still signed in.' })
  // An ended session is no error; its cookies are cleared.
  const over = (await deps.whoIs(request)) === null
  const ended = over ? null : await deps.logOut(request)
  const gone = [
    cookieLine(deps.publicUrl, { name: sessionCookie(deps.publicUrl), value: '', path: '/', life: 0 }),
    await endCookie(deps, endSessions, null),
  ]
  const elsewhere = ended && (await endSessionOf(endSessions, request))
  // RP-Initiated Logout 1.0, 2: without it providers may ask or refuse.
  if (ended?.idToken) elsewhere?.searchParams.set('id_token_hint', ended.idToken)
  const location = elsewhere?.href ?? `${deps.publicUrl}/login`
  // Scripts cannot follow the redirect; they navigate themselves.
  if (request.headers.accept === 'application/json')
    return { status: 200, headers: { 'set-cookie': gone, 'cache-control': 'no-store' }, body: { location } }
  return redirect(location, gone)
}

/** Back-Channel Logout 1.0, 2.8. The reason is only logged. */
async function receiveLogout(deps: ProviderDeps, request: HttpRequest): Promise<HttpResponse> {
  const headers = { 'cache-control': 'no-store' }
  const refusal = { status: 400, headers, body: { error: 'invalid_request' } }
  const tokens = fieldsOf(request.body).getAll('logout_token')
  if (tokens.length !== 1) return refusal
  try {
    await deps.endByProvider(request, { iamid: request.params.iamid ?? '', logoutToken: tokens[0]! })
    return { status: 200, headers }
  } catch (error) {
    if (!(error instanceof RosterError) || error.code === 'INTERNAL_SERVER_ERROR') throw error
    return refusal
  }
}

/** 303 makes it a GET (RFC 9110, 15.4.4); referrers contain codes. */
const redirect = (location: string, cookies: string[]): HttpResponse => ({
  status: 303,
  headers: { location, 'set-cookie': cookies, 'referrer-policy': 'no-referrer', 'cache-control': 'no-store' },
})

const TITLES: Partial<Record<Code, string>> = {
  NOT_FOUND: 'There is no such way to sign in',
  UNAVAILABLE: 'The identity provider does not answer',
  REFUSED: 'This sign-in cannot begin',
  CONFLICT: 'This sign-in cannot be finished',
}

function problem(deps: Instance, error: unknown): HttpResponse {
  if (!(error instanceof RosterError) || error.code === 'INTERNAL_SERVER_ERROR') throw error
  const { status } = ERROR_CODES[error.code]
  const answer = problemPage(deps, { status, title: TITLES[error.code] ?? 'You are not signed in', reason: `${error.message}.` })
  if (error.code !== 'UNAVAILABLE') return answer
  return { ...answer, headers: { ...answer.headers, 'retry-after': error.retryAfter ?? 30 } }
}
