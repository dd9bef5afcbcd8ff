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

export interface RelyingParty {
  readonly options: OpenidOptions
  readonly clientSecret: string | null
  readonly outbound: Outbound
}

const TIMEOUT_MS = 5_000
const MAX_BYTES = 1_000_000
/** Discovery cache. Keys are read at each log-in: they rotate. */
const DISCOVERY_MS = 60_000
const MAX_KEPT = 1_000
/** Asymmetric only: HS256 would let the client secret sign, `none` anyone. */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519']

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
  // Otherwise the library trusts TLS instead of the signature.
  oc.enableNonRepudiationChecks(provider)
  return provider
}

function configuration(clientId: string, clientSecret: string | null, metadata: oc.ServerMetadata): oc.Configuration {
  const secret = clientSecret ?? undefined
  // The default is Basic (Discovery 3, token_endpoint_auth_methods_supported).
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
  // An empty list would reject everyone.
  id_token_signing_alg_values_supported: options.supportedIdTokenSigningAlgorithms?.length
    ? [...options.supportedIdTokenSigningAlgorithms]
    : ['RS256'],
  ...(options.userInfoEndpoint !== undefined && { userinfo_endpoint: options.userInfoEndpoint }),
})

/** HTTP only when configured: secrets travel here. */
export const isFetchable = (url: string, { enableSSL }: OpenidOptions): boolean => {
  const protocol = URL.parse(url)?.protocol
  return protocol === 'https:' || (protocol === 'http:' && enableSSL === false)
}

const cached = new Map<string, { until: number; metadata: Promise<oc.ServerMetadata> }>()

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

export function documentAt(discoverUrl: string): { url: URL; issuer: string } {
  const url = new URL(discoverUrl)
  const at = url.pathname.indexOf(WELL_KNOWN)
  if (at < 0) url.pathname = `${unslashed(url.pathname)}${WELL_KNOWN}openid-configuration`
  const [before, after = ''] = at < 0 ? [url.pathname.slice(0, url.pathname.indexOf(WELL_KNOWN))] : partsOf(url.pathname, at)
  return { url, issuer: unslashed(`${url.origin}${before}${after}`) }
}

/** Path before (Discovery 4) or behind it (RFC 8414, 3.1). */
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
  // Discovery 4.3: the issuer must match.
  const isRight = options.issuer === undefined ? sameIssuer(metadata.issuer, issuer) : metadata.issuer === options.issuer
  if (!isRight)
    throw noValidAnswer(
      `${part.name}: its issuer is ${shown(metadata.issuer)}, expected is ${options.issuer ?? issuer} (if that issuer is right, set config.options.issuer to it together with discoverUrl, or set the endpoints instead of discoverUrl)`,
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

const shown = (issuer: string): string => (/^[\x21-\x7e]{1,300}$/.test(issuer) ? issuer : 'another, which is no URL')

const failed =
  (part: Part) =>
  (error: unknown): never => {
    throw error instanceof OutboundError ? unanswered(part.name, part.option, error) : error
  }

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
    // Without the challenge the library reads the more exact body.
    const left = ['content-length', 'set-cookie', ...(part === PARTS.token ? ['www-authenticate'] : [])]
    const given = Object.entries(answered.headers).filter(([name]) => !left.includes(name))
    return new Response([101, 204, 205, 304].includes(status) ? null : new Uint8Array(content), {
      status,
      headers: given.map(([name, value]): [string, string] => [name, String(value)]),
    })
  }
}
