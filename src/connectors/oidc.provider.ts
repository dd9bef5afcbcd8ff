/** A provider as the library takes it: its metadata, discovered or given, and how it is asked. */
import * as oc from 'openid-client'
import { type Outbound, OutboundError } from '../platform/outbound/connect.ts'
import { sendRequest } from '../platform/outbound/http-request.ts'
import { keysResponse, objectOf, PARTS, type Part, textIn, tokenResponse } from './oidc.answers.ts'
import { noValidAnswer, unanswered } from './oidc.faults.ts'

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

/** Who is asked, as which client, and by which connections. Without a secret Roster is a public client, which PKCE protects. */
export interface RelyingParty {
  readonly options: OpenidOptions
  readonly clientSecret: string | null
  readonly outbound: Outbound
}

/** For each answer of a provider. */
const TIMEOUT_MS = 5_000
const MAX_BYTES = 1_000_000
/** How long what was discovered holds. Keys are not part of it: they are read at each log-in, so that they may change at any moment. */
const DISCOVERY_MS = 60_000
/** Documents that are kept; the oldest goes first. */
const MAX_KEPT = 1_000
/** Asymmetric ones only: with HS256 the client's secret would be enough to sign as anybody, with `none` nothing would be needed. */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519']

/** Throws ProviderFault. */
export async function providerOf(relying: RelyingParty): Promise<oc.Configuration> {
  const { options, clientSecret } = relying
  const known = options.discoverUrl === undefined ? manual(options) : await discovered(relying, options.discoverUrl)
  for (const member of ['authorization_endpoint', 'token_endpoint', 'jwks_uri'] as const)
    if (!isFetchable(known[member]!, options))
      throw noValidAnswer(`${member} is not https, which needs config.options.enableSSL false`)
  const listed = known.id_token_signing_alg_values_supported ?? ['RS256']
  const allowed = listed.filter(name => ALGORITHMS.includes(name))
  if (allowed.length === 0)
    throw noValidAnswer(
      `the discovery document: id_token_signing_alg_values_supported has no asymmetric algorithm (have the provider sign the ID tokens of this client with ${ALGORITHMS[0]})`,
    )
  const provider = configuration(options.clientId, clientSecret, { ...known, id_token_signing_alg_values_supported: allowed })
  provider[oc.customFetch] = fetchBy(relying, known)
  provider.timeout = TIMEOUT_MS / 1000
  if (options.enableSSL === false) oc.allowInsecureRequests(provider)
  // Without it the library believes an ID token because it came over TLS, by any signature.
  oc.enableNonRepudiationChecks(provider)
  return provider
}

function configuration(clientId: string, clientSecret: string | null, metadata: oc.ServerMetadata): oc.Configuration {
  const secret = clientSecret ?? undefined
  // A provider that does not list its methods takes Basic (Discovery 3, token_endpoint_auth_methods_supported).
  const methods: unknown = metadata.token_endpoint_auth_methods_supported
  const post = Array.isArray(methods) && !methods.includes('client_secret_basic')
  const proof = secret === undefined ? oc.None() : post ? oc.ClientSecretPost(secret) : oc.ClientSecretBasic(secret)
  return new oc.Configuration(metadata, clientId, secret, proof)
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
export const isFetchable = (url: string, { enableSSL }: OpenidOptions): boolean => {
  const protocol = URL.parse(url)?.protocol
  return protocol === 'https:' || (protocol === 'http:' && enableSSL === false)
}

const cached = new Map<string, { until: number; metadata: Promise<oc.ServerMetadata> }>()

/** Many who begin at once ask once. A failure is not kept. */
async function discovered(relying: RelyingParty, discoverUrl: string): Promise<oc.ServerMetadata> {
  const { issuer = '', enableSSL } = relying.options
  const name = JSON.stringify([discoverUrl, issuer, enableSSL === false])
  const found = cached.get(name)
  if (found !== undefined && found.until > Date.now()) return found.metadata
  const metadata = discover(relying, discoverUrl)
  cached.delete(name)
  cached.set(name, { until: Date.now() + DISCOVERY_MS, metadata })
  if (cached.size > MAX_KEPT) cached.delete(cached.keys().next().value!)
  metadata.catch(() => cached.delete(name))
  return metadata
}

const WELL_KNOWN = '/.well-known/'

/** Where the document is, and the issuer that it must name: one rule for every form of the address. */
export function documentAt(discoverUrl: string): { url: URL; issuer: string } {
  const url = new URL(discoverUrl)
  const at = url.pathname.indexOf(WELL_KNOWN)
  if (at < 0) url.pathname = `${unslashed(url.pathname)}${WELL_KNOWN}openid-configuration`
  const [before, after = ''] = at < 0 ? [url.pathname.slice(0, url.pathname.indexOf(WELL_KNOWN))] : partsOf(url.pathname, at)
  return { url, issuer: unslashed(`${url.origin}${before}${after}`) }
}

/** RFC 8414, 3.1 puts the issuer's path behind the well-known one, OpenID Connect Discovery 4 in front of it. */
function partsOf(pathname: string, at: number): [string, string] {
  const behind = pathname.indexOf('/', at + WELL_KNOWN.length)
  return [unslashed(pathname.slice(0, at)), behind < 0 ? '' : unslashed(pathname.slice(behind))]
}

function unslashed(text: string): string {
  let end = text.length
  while (text[end - 1] === '/') end--
  return text.slice(0, end)
}

async function discover(relying: RelyingParty, discoverUrl: string): Promise<oc.ServerMetadata> {
  const { options, outbound } = relying
  const part = PARTS.discovery
  const { url, issuer } = documentAt(discoverUrl)
  const limits = { signal: AbortSignal.timeout(TIMEOUT_MS), maxBytes: MAX_BYTES, headers: { accept: 'application/json' } }
  const document = objectOf(part, await sendRequest(outbound, url, limits).catch(failed(part)))
  const metadata = {
    ...document,
    issuer: textIn(part, { answer: document, member: 'issuer', mend: 'Discovery 3 requires it' }),
  } as oc.ServerMetadata
  // Discovery 4.3: a document that names another issuer than the one it was found at is not to be used.
  const isRight = options.issuer === undefined ? sameIssuer(metadata.issuer, issuer) : metadata.issuer === options.issuer
  if (!isRight)
    throw noValidAnswer(
      `${part.name}: its issuer is ${shown(metadata.issuer)}, expected is ${options.issuer ?? issuer} (if that issuer is right, set config.options.issuer to it beside discoverUrl, or give the endpoints instead of discoverUrl)`,
    )
  for (const member of ['authorization_endpoint', 'token_endpoint', 'jwks_uri'])
    textIn(part, { answer: document, member, mend: 'it is needed to log in; give all endpoints instead of discoverUrl' })
  const { id_token_signing_alg_values_supported: algorithms } = document
  if (algorithms !== undefined && !Array.isArray(algorithms))
    throw noValidAnswer(`${part.name}: id_token_signing_alg_values_supported is no list`)
  return metadata
}

const sameIssuer = (named: string, expected: string): boolean => {
  const url = URL.parse(named)
  return url !== null && url.search === '' && url.hash === '' && unslashed(url.href) === expected
}

/** An issuer of a document, for the log. */
const shown = (issuer: string): string => (/^[\x21-\x7e]{1,300}$/.test(issuer) ? issuer : 'another, which is no URL')

const failed =
  (part: Part) =>
  (error: unknown): never => {
    throw error instanceof OutboundError ? unanswered(part.name, part.option, error) : error
  }

/** How the library asks: through the outbound connections, bounded in time and bytes, redirects left alone. */
export function fetchBy(
  { outbound }: Pick<RelyingParty, 'outbound'>,
  { token_endpoint, jwks_uri }: Pick<oc.ServerMetadata, 'token_endpoint' | 'jwks_uri'>,
): oc.CustomFetch {
  return async (url, { method, headers, body, signal }) => {
    const part = url === token_endpoint ? PARTS.token : url === jwks_uri ? PARTS.keys : PARTS.userInfo
    const limit = AbortSignal.timeout(TIMEOUT_MS)
    const answered = await sendRequest(outbound, new URL(url), {
      method,
      headers,
      body: body == null ? undefined : String(body),
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
      maxBytes: MAX_BYTES,
    }).catch(failed(part))
    const content = part === PARTS.token ? tokenResponse(answered) : part === PARTS.keys ? keysResponse(answered) : answered.body
    const { status } = answered
    // Without the challenge the library reads the error in the body, which is more exact.
    const left = ['content-length', 'set-cookie', ...(part === PARTS.token ? ['www-authenticate'] : [])]
    const given = Object.entries(answered.headers).filter(([name]) => !left.includes(name))
    return new Response([101, 204, 205, 304].includes(status) ? null : new Uint8Array(content), {
      status,
      headers: given.map(([name, value]): [string, string] => [name, String(value)]),
    })
  }
}
