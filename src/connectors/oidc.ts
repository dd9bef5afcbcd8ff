/**
 * OpenID Connect Core 1.0, the authorization code flow (3.1) with PKCE (RFC 7636): `begin` says where the browser goes, `finish` reads
 * what it came back with. Knows no store: it is given an IAM's options with the client's secret, and answers with claims.
 * The walk: options → provider (discovered, or given) → begin → the person at the provider → finish: state, iss, code for tokens, the ID
 * token's claims and always its signature → user info → claims. What a provider does wrong is Unavailable, what it says of somebody and
 * cannot be believed Unauthenticated; neither repeats a token, a code or a secret.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import * as oc from 'openid-client'
import { type RosterError, Unauthenticated, Unavailable } from '../errors.ts'

export interface OpenidOptions {
  readonly clientId: string
  readonly discoverUrl?: string
  readonly issuer?: string
  readonly authorizationEndpoint?: string
  readonly tokenEndpoint?: string
  readonly jwksUri?: string
  readonly userInfoEndpoint?: string
  readonly endSessionEndpoint?: string
  readonly supportedIdTokenSigningAlgorithms?: readonly string[]
  readonly scopes?: readonly string[]
  readonly userIdClaim?: string
  readonly enableSSL?: boolean
  readonly allowIdPInitiatedSSO?: boolean
}

/** Whom we ask, and as whom. Without a secret we are a public client, which PKCE protects. */
export interface Relying {
  readonly options: OpenidOptions
  readonly clientSecret: string | null
}

/** What the browser must bring back with the answer. All of it is secret. */
export interface Handshake {
  readonly state: string
  readonly nonce: string
  readonly verifier: string
}

export interface Finished {
  /** Of the ID token, and beside them those of the user info endpoint. */
  readonly claims: Readonly<Record<string, unknown>>
  /** What was not heard, though the log-in is good. */
  readonly faults: readonly string[]
  /** Where to end the session at the provider as well, with `id_token_hint`; null where it has no such place. */
  readonly endSession: URL | null
  /** As whom the provider knows the session, for when it says that it is over. */
  readonly session: { readonly sub: string; readonly sid: string | null }
}

/** For each answer of a provider. */
const TIMEOUT_MS = 5_000
const MAX_BYTES = 1_000_000
/** How long what was discovered holds. Keys are not part of it: they are read at each log-in, so that they may change at any moment. */
const DISCOVERY_MS = 60_000
/** Seconds that the clocks may differ. */
export const SKEW = 60
/** Asymmetric ones only: with HS256 whoever knows the client's secret could say who anybody is, with `none` everybody could. */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519']
const SCOPES = ['openid', 'profile', 'email']

/** Where the browser goes to log in, to come back to `redirectUri`. Throws Unavailable. */
export async function begin(
  relying: Relying,
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
export function isAnswerTo({ state }: Pick<Handshake, 'state'>, query: string): boolean {
  const states = new URLSearchParams(query).getAll('state')
  return states.length === 1 && states[0] === state
}

/** `callback` is our own address with the query that came. Throws Unauthenticated for what cannot be believed, and Unavailable. */
export async function finish(relying: Relying, callback: URL, handshake: Handshake): Promise<Finished> {
  const provider = await providerOf(relying)
  const tokens = await oc
    .authorizationCodeGrant(provider, callback, {
      pkceCodeVerifier: handshake.verifier,
      expectedState: handshake.state,
      expectedNonce: handshake.nonce,
      idTokenExpected: true,
    })
    .catch(error => Promise.reject(told(error)))
  const said = tokens.claims()
  if (said === undefined || tokens.id_token === undefined) throw refused('it holds no ID token')
  checkFurther(said, tokens.id_token, tokens.access_token, relying.options.clientId)
  const info = await userInfo(provider, tokens.access_token, said.sub)
  return {
    // What is signed wins.
    claims: { ...info.claims, ...said },
    faults: info.faults,
    endSession: endSessionOf(relying, provider, tokens.id_token),
    session: { sub: said.sub, sid: typeof said.sid === 'string' && said.sid !== '' ? said.sid.slice(0, 255) : null },
  }
}

/** Whether `issuer` may begin a log-in from its side (Core 4): only our provider, and only where that is switched on. Throws Unavailable. */
export async function mayInitiate(relying: Relying, issuer: string): Promise<boolean> {
  if (relying.options.allowIdPInitiatedSSO !== true) return false
  return (await providerOf(relying)).serverMetadata().issuer === issuer
}

/** What the library leaves to us: at_hash (Core 3.1.3.6), azp beside a single audience (3.1.3.7, 5) and a token of the future. */
function checkFurther(claims: oc.IDToken, idToken: string, accessToken: string, clientId: string): void {
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

/** An endpoint that does not answer costs nobody the log-in: what it would have said stays as it is. Another person's answer does. */
async function userInfo(provider: oc.Configuration, accessToken: string, sub: string) {
  if (provider.serverMetadata().userinfo_endpoint === undefined) return { claims: {}, faults: [] }
  try {
    return { claims: { ...(await oc.fetchUserInfo(provider, accessToken, sub)) }, faults: [] }
  } catch (error) {
    if ((error as { code?: unknown }).code === 'OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED')
      throw refused('the user info is of somebody else')
    return { claims: {}, faults: ["the provider's user info endpoint gave no answer"] }
  }
}

/** RP-Initiated Logout 1.0, 2. Where to return to is for the caller to add. */
function endSessionOf({ options }: Relying, provider: oc.Configuration, idToken: string): URL | null {
  const place = options.endSessionEndpoint ?? provider.serverMetadata().end_session_endpoint
  if (place === undefined || !isFetchable(place, options)) return null
  const url = new URL(place)
  url.searchParams.set('client_id', options.clientId)
  url.searchParams.set('id_token_hint', idToken)
  return url
}

export async function providerOf(relying: Relying): Promise<oc.Configuration> {
  const { options, clientSecret } = relying
  const known = options.discoverUrl === undefined ? manual(options) : await discovered(options.discoverUrl, options)
  const allowed = known.id_token_signing_alg_values_supported?.filter(name => ALGORITHMS.includes(name)) ?? ['RS256']
  const metadata = { ...known, id_token_signing_alg_values_supported: allowed }
  for (const place of [known.authorization_endpoint, known.token_endpoint, known.jwks_uri]) {
    if (place === undefined) throw unusable('it names no authorization endpoint, token endpoint or keys')
    if (!isFetchable(place, options)) throw unusable('an endpoint is not https, which needs enableSSL false')
  }
  const secret = clientSecret ?? undefined
  // Without a word about it a provider takes Basic (Discovery 3, token_endpoint_auth_methods_supported).
  const post = known.token_endpoint_auth_methods_supported?.includes('client_secret_basic') === false
  const proof = secret === undefined ? oc.None() : post ? oc.ClientSecretPost(secret) : oc.ClientSecretBasic(secret)
  const provider = new oc.Configuration(metadata, options.clientId, secret, proof)
  provider[oc.customFetch] = bounded
  provider.timeout = TIMEOUT_MS / 1000
  if (options.enableSSL === false) oc.allowInsecureRequests(provider)
  // Without it the library believes an ID token because it came over TLS, whoever signed it.
  oc.enableNonRepudiationChecks(provider)
  return provider
}

const manual = (options: OpenidOptions): oc.ServerMetadata => ({
  issuer: options.issuer!,
  authorization_endpoint: options.authorizationEndpoint!,
  token_endpoint: options.tokenEndpoint!,
  jwks_uri: options.jwksUri!,
  // An empty list is one that nobody filled in: it would keep everybody out.
  id_token_signing_alg_values_supported: options.supportedIdTokenSigningAlgorithms?.length
    ? [...options.supportedIdTokenSigningAlgorithms]
    : ['RS256'],
  ...(options.userInfoEndpoint !== undefined && { userinfo_endpoint: options.userInfoEndpoint }),
})

/** Unencrypted only where it was asked for: secrets and tokens go these ways. */
const isFetchable = (url: string, { enableSSL }: OpenidOptions): boolean => {
  const protocol = URL.parse(url)?.protocol
  return protocol === 'https:' || (protocol === 'http:' && enableSSL === false)
}

const kept = new Map<string, { until: number; metadata: Promise<oc.ServerMetadata> }>()
const WELL_KNOWN = '/.well-known/openid-configuration'

/** Many who begin at once ask once. A failure is not kept. */
async function discovered(discoverUrl: string, options: OpenidOptions): Promise<oc.ServerMetadata> {
  const url = discoverUrl.includes('/.well-known/') ? discoverUrl : discoverUrl.replace(/\/$/, '') + WELL_KNOWN
  const name = `${url} ${options.enableSSL === false}`
  const found = kept.get(name)
  if (found !== undefined && found.until > Date.now()) return found.metadata
  const metadata = discover(url, options)
  kept.set(name, { until: Date.now() + DISCOVERY_MS, metadata })
  metadata.catch(() => kept.delete(name))
  return metadata
}

async function discover(url: string, { clientId, enableSSL }: OpenidOptions): Promise<oc.ServerMetadata> {
  const execute = enableSSL === false ? [oc.allowInsecureRequests] : []
  const found = await oc
    .discovery(new URL(url), clientId, undefined, oc.None(), {
      [oc.customFetch]: bounded,
      timeout: TIMEOUT_MS / 1000,
      execute,
    })
    .catch(error => Promise.reject(error?.cause instanceof Unavailable ? error.cause : unusable(reasonOf(error))))
  const metadata = { ...found.serverMetadata() }
  // Discovery 4.3: a document that speaks for another issuer than the one it was found at is not to be used.
  if (url.endsWith(WELL_KNOWN) && metadata.issuer.replace(/\/$/, '') !== url.slice(0, -WELL_KNOWN.length))
    throw unusable('the document at discoverUrl is of another issuer')
  return metadata
}

/** Redirects are not followed: they are no answer, and would take secrets elsewhere. */
export const bounded: oc.CustomFetch = async (url, options) => {
  try {
    const signals = [AbortSignal.timeout(TIMEOUT_MS), ...(options.signal ? [options.signal] : [])]
    const answer = await fetch(url, { ...options, redirect: 'manual', signal: AbortSignal.any(signals) } as RequestInit)
    const chunks: Uint8Array[] = []
    let size = 0
    for await (const chunk of answer.body ?? []) {
      size += chunk.length
      if (size > MAX_BYTES) throw unusable(`an answer is longer than ${MAX_BYTES} bytes`)
      chunks.push(chunk)
    }
    const { status, headers } = answer
    return new Response([101, 204, 205, 304].includes(status) ? null : Buffer.concat(chunks), { status, headers })
  } catch (error) {
    throw error instanceof Unavailable ? error : unusable(reasonOf(error))
  }
}

/** What of the library's errors is the provider's or our own fault, and not that of who logs in. */
const PEER = new Set([
  'OAUTH_TIMEOUT',
  'OAUTH_ABORT',
  'OAUTH_RESPONSE_IS_NOT_CONFORM',
  'OAUTH_RESPONSE_IS_NOT_JSON',
  'OAUTH_HTTP_REQUEST_FORBIDDEN',
  'OAUTH_REQUEST_PROTOCOL_FORBIDDEN',
  'OAUTH_MISSING_SERVER_METADATA',
  'OAUTH_INVALID_SERVER_METADATA',
  'OAUTH_WWW_AUTHENTICATE_CHALLENGE',
])

/** Of the library's errors only what it calls them: their causes hold tokens. */
function told(error: unknown): RosterError {
  const cause = (error as { cause?: unknown }).cause
  if (cause instanceof Unavailable) return cause
  if (error instanceof oc.AuthorizationResponseError) return refused(`the provider says ${worded(error.error)}`)
  if (error instanceof oc.ResponseBodyError) {
    // A code that is no good is what this person brought; anything else means that the provider does not take us.
    return error.error === 'invalid_grant'
      ? refused('the provider says invalid_grant')
      : unusable(`it says ${worded(error.error)}`)
  }
  const reason = reasonOf(error)
  const { claim } = ((error as { cause?: { cause?: object } }).cause?.cause ?? {}) as { claim?: unknown }
  if (claim !== undefined) return refused(`${worded(claim)} is not as it must be`)
  return PEER.has(reason) || (error instanceof TypeError && !(error instanceof oc.ClientError))
    ? unusable(reason)
    : refused(reason)
}

function reasonOf(error: unknown): string {
  const { code, cause, name } = error as { code?: unknown; cause?: { code?: unknown; message?: unknown }; name?: string }
  if (cause instanceof Unavailable) return cause.message
  if (name === 'TimeoutError' || name === 'AbortError') return 'no answer in time'
  return worded(code ?? cause?.code ?? 'it cannot be read')
}

/** Words of others, as far as they are harmless in a log and on a page. */
const worded = (word: unknown): string => (typeof word === 'string' && /^[\w ]{1,64}$/.test(word) ? word : 'something else')

export const refused = (why: string) => new Unauthenticated(`The answer of the identity provider is not accepted: ${why}`)
const unusable = (why: string) => new Unavailable(`The identity provider cannot be used now: ${why}`)
