/**
 * OpenID Connect Core 1.0, the authorization code flow (3.1) with PKCE (RFC 7636): `begin` says where the browser goes, `finish` reads
 * what it came back with. Knows no store: it is given an IAM's options with the client's secret, and answers with claims.
 * In order: options → provider (oidc.provider: discovered, or given) → begin → the person at the provider → finish: state, iss, code for
 * tokens, the ID token's claims and always its signature → user info → claims. What a provider does wrong is a ProviderFault, what it
 * claims of a person and cannot be believed Unauthenticated; neither repeats a token, a code or a secret (oidc.faults).
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import * as oc from 'openid-client'
import { detailOf, exchangeFault, refused } from './oidc.faults.ts'
import { isFetchable, providerOf, type RelyingParty } from './oidc.provider.ts'

/** What the browser must bring back with the answer. All of it is secret. */
export interface Handshake {
  readonly state: string
  readonly nonce: string
  readonly verifier: string
}

export interface CallbackResult {
  /** Of the ID token, and beside them those of the user info endpoint. */
  readonly claims: Readonly<Record<string, unknown>>
  /** What was not heard, though the log-in is good. */
  readonly faults: readonly string[]
  /** Where to end the session at the provider as well; null where it has no such place. */
  readonly endSession: URL | null
  /** The `id_token_hint` for that. */
  readonly idToken: string
  /** As whom the provider knows the session, for when it says that it is over. */
  readonly session: { readonly sub: string; readonly sid: string | null }
}

/** Seconds that the clocks may differ. */
export const SKEW = 60
const SCOPES = ['openid', 'profile', 'email']

/** Where the browser goes to log in, to come back to `redirectUri`. Throws Unavailable. */
export async function begin(
  relying: RelyingParty,
  { redirectUri, loginHint }: { redirectUri: string; loginHint?: string | undefined },
): Promise<{ url: URL; handshake: Handshake }> {
  const provider = await providerOf(relying)
  const handshake = { state: oc.randomState(), nonce: oc.randomNonce(), verifier: oc.randomPKCECodeVerifier() }
  const url = oc.buildAuthorizationUrl(provider, {
    redirect_uri: redirectUri,
    scope: [...new Set(['openid', ...(relying.options.scopes ?? SCOPES)])].join(' '),
    code_challenge: await oc.calculatePKCECodeChallenge(handshake.verifier),
    code_challenge_method: 'S256',
    state: handshake.state,
    nonce: handshake.nonce,
    ...(loginHint !== undefined && { login_hint: loginHint }),
  })
  return { url, handshake }
}

/** Whether a query came back from the very log-in that the handshake began: by its state, which goes there and back. */
export function matchesState({ state }: Pick<Handshake, 'state'>, query: string): boolean {
  const states = new URLSearchParams(query).getAll('state')
  return states.length === 1 && states[0] === state
}

/** `callback` is our own address with the query that came. Throws Unauthenticated for what cannot be believed, and Unavailable. */
export async function finish(relying: RelyingParty, callback: URL, handshake: Handshake): Promise<CallbackResult> {
  const provider = await providerOf(relying)
  const tokens = await oc
    .authorizationCodeGrant(provider, callback, {
      pkceCodeVerifier: handshake.verifier,
      expectedState: handshake.state,
      expectedNonce: handshake.nonce,
      idTokenExpected: true,
    })
    .catch(error => Promise.reject(exchangeFault(error)))
  const said = tokens.claims()
  if (said === undefined || tokens.id_token === undefined) throw refused('it holds no ID token')
  checkFurther(said, { idToken: tokens.id_token, accessToken: tokens.access_token, clientId: relying.options.clientId })
  const info = await userInfo(provider, tokens.access_token, said.sub)
  return {
    claims: together(said, info.claims),
    faults: info.faults,
    endSession: endSessionOf(relying, provider),
    idToken: tokens.id_token,
    session: { sub: said.sub, sid: typeof said.sid === 'string' && said.sid !== '' ? said.sid.slice(0, 255) : null },
  }
}

/** What is signed wins. A flag about an address belongs to the address that it came with. */
function together(signed: Claims, info: Claims): Claims {
  const { email_verified: flag, ...rest } = info
  const isOfAnother = signed.email !== undefined && info.email !== undefined && signed.email !== info.email
  return { ...rest, ...(flag !== undefined && !isOfAnother && { email_verified: flag }), ...signed }
}

type Claims = Readonly<Record<string, unknown>>

/** Whether `issuer` may begin a log-in from its side (Core 4): only our provider, and only where that is switched on. Throws Unavailable. */
export async function allowsThirdPartyLogin(relying: RelyingParty, issuer: string): Promise<boolean> {
  if (relying.options.allowIdPInitiatedSSO !== true) return false
  return (await providerOf(relying)).serverMetadata().issuer === issuer
}

/** What the library leaves to us: at_hash (Core 3.1.3.6), azp beside a single audience (3.1.3.7, 5) and a token of the future. */
function checkFurther(
  claims: oc.IDToken,
  { idToken, accessToken, clientId }: { idToken: string; accessToken: string; clientId: string },
): void {
  if (claims.azp !== undefined && claims.azp !== clientId) throw refused('azp is another client')
  if (claims.iat > Date.now() / 1000 + SKEW) throw refused('iat lies in the future')
  if (claims.at_hash === undefined) return
  const { alg } = JSON.parse(Buffer.from(idToken.split('.')[0]!, 'base64url').toString()) as { alg: string }
  // The number of an algorithm says its hash; Ed25519 has none and uses SHA-512 (RFC 8032, 5.1).
  const whole = createHash(`sha${/^[RPE]S(\d{3})$/.exec(alg)?.[1] ?? '512'}`)
    .update(accessToken)
    .digest()
  const given = Buffer.from(String(claims.at_hash), 'base64url')
  const half = whole.subarray(0, whole.length / 2)
  if (given.length !== half.length || !timingSafeEqual(given, half)) throw refused('at_hash is of another access token')
}

/** An endpoint that gives no answer costs nobody the log-in: what it would have named stays as it is. Another person's answer does. */
async function userInfo(
  provider: oc.Configuration,
  accessToken: string,
  sub: string,
): Promise<{ claims: Claims; faults: string[] }> {
  if (provider.serverMetadata().userinfo_endpoint === undefined) return { claims: {}, faults: [] }
  try {
    return { claims: { ...(await oc.fetchUserInfo(provider, accessToken, sub)) }, faults: [] }
  } catch (error) {
    if ((error as { code?: unknown }).code === 'OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED')
      throw refused('the user info is of somebody else')
    return { claims: {}, faults: [`the provider's user info endpoint gave no answer: ${userInfoReason(error)}`] }
  }
}

function userInfoReason(error: unknown): string {
  const { cause } = error as { cause?: unknown }
  if (cause instanceof Response)
    return cause.headers.get('content-type')?.includes('jwt')
      ? 'it answers with a signed JWT (application/jwt); have the provider answer this client with plain JSON'
      : `its status is ${cause.status} and its content type ${cause.headers.get('content-type')?.startsWith('application/json') ? '' : 'not '}application/json`
  return detailOf(exchangeFault(error))
}

/** RP-Initiated Logout 1.0, 2. Where to return to is for the caller to add. */
function endSessionOf({ options }: RelyingParty, provider: oc.Configuration): URL | null {
  const place = options.endSessionEndpoint ?? provider.serverMetadata().end_session_endpoint
  if (place === undefined || !isFetchable(place, options)) return null
  const url = new URL(place)
  url.searchParams.set('client_id', options.clientId)
  return url
}
