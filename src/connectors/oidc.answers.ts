import type { OutboundResponse } from '../platform/outbound/http-request.ts'
import { isObject } from '../platform/validation.ts'
import { noValidAnswer } from './oidc.faults.ts'

type Json = Record<string, unknown>

export interface Part {
  readonly name: string
  readonly option: string
}
export const PARTS = {
  discovery: { name: 'the discovery document', option: 'config.options.discoverUrl' },
  token: { name: 'the token endpoint', option: 'config.options.tokenEndpoint' },
  keys: { name: 'the keys (jwks_uri)', option: 'config.options.jwksUri' },
  userInfo: { name: 'the user info endpoint', option: 'config.options.userInfoEndpoint' },
} as const satisfies Record<string, Part>

/** Throws ProviderFault unless it is 200 with a JSON object. */
export function objectOf({ name, option }: Part, { status, body }: Pick<OutboundResponse, 'status' | 'body'>): Json {
  if (status >= 300 && status < 400)
    throw noValidAnswer(
      `${name}: it answers with the redirect ${status}, which is not followed: ${option} must be the last address`,
    )
  if (status !== 200) throw noValidAnswer(`${name}: it answers with the status ${status}: is ${option} its address`)
  let found: unknown
  try {
    found = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
  } catch {
    throw noValidAnswer(`${name}: its answer is no JSON: is ${option} its address`)
  }
  if (!isObject(found)) throw noValidAnswer(`${name}: its answer is no JSON object: is ${option} its address`)
  return found
}

export function textIn(part: Part, { answer, member, mend }: { answer: Json; member: string; mend: string }): string {
  const value = answer[member]
  if (typeof value === 'string' && value !== '') return value
  const what = value === undefined ? 'is missing' : value === null ? 'is null' : value === '' ? 'is empty' : 'is no text'
  throw noValidAnswer(`${part.name}: ${member} ${what} (${mend})`)
}

/** Optional (RFC 6749, 5.1); some providers send null. */
const NULLABLE = ['scope', 'expires_in', 'refresh_token'] as const

export function tokenResponse(answered: OutboundResponse): Buffer {
  if (answered.status !== 200) return errorResponse(answered)
  const answer = objectOf(PARTS.token, answered)
  for (const member of NULLABLE) if (answer[member] === null) delete answer[member]
  textIn(PARTS.token, { answer, member: 'access_token', mend: 'RFC 6749, 5.1: the provider must send it' })
  textIn(PARTS.token, { answer, member: 'token_type', mend: 'RFC 6749, 5.1: the provider must send it' })
  textIn(PARTS.token, { answer, member: 'id_token', mend: 'the client must be allowed the scope openid there' })
  return Buffer.from(JSON.stringify(answer))
}

/** An error of RFC 6749, 5.2. Throws ProviderFault for others. */
function errorResponse({ status, body }: OutboundResponse): Buffer {
  if (status < 400 || status >= 500) objectOf(PARTS.token, { status, body })
  try {
    if (typeof (JSON.parse(body.toString('utf8')) as Json | null)?.error === 'string') return body
  } catch {}
  throw noValidAnswer(
    `the token endpoint: it answers with the status ${status} and no error of RFC 6749: is config.options.tokenEndpoint its address`,
  )
}

export function keysResponse(answered: OutboundResponse): Buffer {
  const { keys } = objectOf(PARTS.keys, answered)
  if (!Array.isArray(keys) || keys.length === 0 || !keys.every(isObject))
    throw noValidAnswer('the keys (jwks_uri): keys is no list of keys (RFC 7517, 5), or an empty one')
  return answered.body
}
