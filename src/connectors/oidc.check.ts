import { randomUUID } from 'node:crypto'
import * as oc from 'openid-client'
import { faultOf } from '../platform/outbound/connect.ts'
import { sendRequest } from '../platform/outbound/http-request.ts'
import { keysResponse, PARTS } from './oidc.answers.ts'
import { detailOf, exchangeFault, noValidAnswer, ProviderFault, unanswered } from './oidc.faults.ts'
import { isFetchable, providerOf, type RelyingParty } from './oidc.provider.ts'

export interface CheckedProvider {
  readonly issuer: string | null
  readonly signingAlgorithms: readonly string[] | null
  readonly keys: number | null
  readonly client: 'ACCEPTED' | 'REJECTED' | 'UNKNOWN' | null
  readonly userInfo: boolean | null
  readonly failures: readonly string[]
}

const TIMEOUT_MS = 5_000
const MAX_BYTES = 1_000_000

export async function checkProvider(relying: RelyingParty, redirectUri: string): Promise<CheckedProvider> {
  const failures: string[] = []
  const tried = async <T>(work: () => Promise<T>): Promise<T | null> => {
    try {
      return await work()
    } catch (error) {
      failures.push(detailOf(error))
      return null
    }
  }
  const provider = await tried(() => providerOf(relying))
  if (provider === null) return { issuer: null, signingAlgorithms: null, keys: null, client: null, userInfo: null, failures }
  const { issuer, jwks_uri, userinfo_endpoint, id_token_signing_alg_values_supported } = provider.serverMetadata()
  const [keys, client, userInfo] = await Promise.all([
    tried(() => countKeys(relying, jwks_uri!)),
    tried(() => tryClient(provider, redirectUri)),
    userinfo_endpoint === undefined ? null : tried(() => tryUserInfo(relying, userinfo_endpoint)),
  ])
  if (client?.failure) failures.push(client.failure)
  const signingAlgorithms = id_token_signing_alg_values_supported ?? null
  return { issuer, signingAlgorithms, keys, client: client?.state ?? null, userInfo, failures }
}

async function get(
  { outbound }: RelyingParty,
  { address, part, headers }: { address: string; part: (typeof PARTS)['keys' | 'userInfo']; headers: Record<string, string> },
) {
  const limits = { signal: AbortSignal.timeout(TIMEOUT_MS), maxBytes: MAX_BYTES }
  return sendRequest(outbound, new URL(address), { ...limits, headers: { accept: 'application/json', ...headers } }).catch(
    error => Promise.reject(unanswered(part.name, part.option, faultOf(error, 'no valid answer'))),
  )
}

async function countKeys(relying: RelyingParty, address: string): Promise<number> {
  const answered = await get(relying, { address, part: PARTS.keys, headers: {} })
  return (JSON.parse(keysResponse(answered).toString('utf8')) as { keys: unknown[] }).keys.length
}

/** A rejected code shows that the client was accepted (RFC 6749, 5.2). */
async function tryClient(
  provider: oc.Configuration,
  redirectUri: string,
): Promise<{ state: 'ACCEPTED' | 'REJECTED' | 'UNKNOWN'; failure?: string }> {
  try {
    const code = { code: `roster-test-${randomUUID()}`, redirect_uri: redirectUri, code_verifier: oc.randomPKCECodeVerifier() }
    await oc.genericGrantRequest(provider, 'authorization_code', code)
    return { state: 'UNKNOWN' }
  } catch (error) {
    const code = error instanceof oc.ResponseBodyError ? error.error : null
    if (code === 'invalid_grant') return { state: 'ACCEPTED' }
    const fault = exchangeFault(error)
    if (code === null && fault instanceof ProviderFault) throw fault
    return code === 'invalid_client' || code === 'unauthorized_client'
      ? { state: 'REJECTED', failure: detailOf(fault) }
      : { state: 'UNKNOWN' }
  }
}

/** An invalid token: rejecting it proves the endpoint (RFC 6750, 3.1). */
async function tryUserInfo(relying: RelyingParty, address: string): Promise<boolean> {
  if (!isFetchable(address, relying.options))
    throw noValidAnswer('the user info endpoint is not https, which needs config.options.enableSSL false')
  const { status } = await get(relying, { address, part: PARTS.userInfo, headers: { authorization: 'Bearer roster-test' } })
  if (status >= 400 && status < 500 && status !== 404) return true
  throw noValidAnswer(
    `the user info endpoint: it answers a wrong access token with the status ${status} instead of 401: is config.options.userInfoEndpoint its address`,
  )
}
