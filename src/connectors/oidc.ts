/**
 * Core 1.0, code flow (3.1) with PKCE (RFC 7636). Provider faults are
 * ProviderFault, untrusted claims Unauthenticated; neither contains secrets.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import * as oc from 'openid-client'
import { detailOf, exchangeFault, refused } from './oidc.faults.ts'
import { isFetchable, providerOf, type RelyingParty } from './oidc.provider.ts'

export interface Handshake {
  readonly state: string
  readonly nonce: string
  readonly verifier: string
}

export interface CallbackResult {
  readonly claims: Readonly<Record<string, unknown>>
  readonly faults: readonly string[]
  readonly endSession: URL | null
  readonly idToken: string
  readonly session: { readonly sub: string; readonly sid: string | null }
}

/** Seconds of clock difference. */
export const SKEW = 60
const SCOPES = ['openid', 'profile', 'email']

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

export function matchesState({ state }: Pick<Handshake, 'state'>, query: string): boolean {
  const states = new URLSearchParams(query).getAll('state')
  return states.length === 1 && states[0] === state
}

/** `callback`: our address with the query. Throws Unauthenticated and Unavailable. */
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
  const idClaims = tokens.claims()
  if (idClaims === undefined || tokens.id_token === undefined) throw refused('it has no ID token')
  checkFurther(idClaims, { idToken: tokens.id_token, accessToken: tokens.access_token, clientId: relying.options.clientId })
  const info = await userInfo(provider, tokens.access_token, idClaims.sub)
  return {
    claims: together(idClaims, info.claims),
    faults: info.faults,
    endSession: endSessionOf(relying, provider),
    idToken: tokens.id_token,
    session: {
      sub: idClaims.sub,
      sid: typeof idClaims.sid === 'string' && idClaims.sid !== '' ? idClaims.sid.slice(0, 255) : null,
    },
  }
}

/** Signed claims win; email_verified stays with its address. */
function together(signed: Claims, info: Claims): Claims {
  const { email_verified: flag, ...rest } = info
  const isOfAnother = signed.email !== undefined && info.email !== undefined && signed.email !== info.email
  return { ...rest, ...(flag !== undefined && !isOfAnother && { email_verified: flag }), ...signed }
}

type Claims = Readonly<Record<string, unknown>>

/** Core 4: our provider only, if enabled. Throws Unavailable. */
export async function allowsThirdPartyLogin(relying: RelyingParty, issuer: string): Promise<boolean> {
  if (relying.options.allowIdPInitiatedSSO !== true) return false
  return (await providerOf(relying)).serverMetadata().issuer === issuer
}

/** Not checked by the library (Core 3.1.3.6; 3.1.3.7, 5). */
function checkFurther(
  claims: oc.IDToken,
  { idToken, accessToken, clientId }: { idToken: string; accessToken: string; clientId: string },
): void {
  if (claims.azp !== undefined && claims.azp !== clientId) throw refused('azp names another client')
  if (claims.iat > Date.now() / 1000 + SKEW) throw refused('iat is in the future')
  if (claims.at_hash === undefined) return
  const { alg } = JSON.parse(Buffer.from(idToken.split('.')[0]!, 'base64url').toString()) as { alg: string }
  // The algorithm names its hash; Ed25519 uses SHA-512 (RFC 8032, 5.1).
  const whole = createHash(`sha${/^[RPE]S(\d{3})$/.exec(alg)?.[1] ?? '512'}`)
    .update(accessToken)
    .digest()
  const given = Buffer.from(String(claims.at_hash), 'base64url')
  const half = whole.subarray(0, whole.length / 2)
  if (given.length !== half.length || !timingSafeEqual(given, half)) throw refused('at_hash belongs to another access token')
}

/** A failed endpoint does not prevent the log-in; another subject does. */
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
      throw refused('the user info has another sub')
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

/** RP-Initiated Logout 1.0, 2. The caller adds the return address. */
function endSessionOf({ options }: RelyingParty, provider: oc.Configuration): URL | null {
  const place = options.endSessionEndpoint ?? provider.serverMetadata().end_session_endpoint
  if (place === undefined || !isFetchable(place, options)) return null
  const url = new URL(place)
  url.searchParams.set('client_id', options.clientId)
  return url
}
