/** external-user-info-endpoint: anything but 200 with its JSON is a failure. */

import { faultOf, type Outbound, type TlsOptions } from '../platform/outbound/connect.ts'
import { type OutboundResponse, sendRequest } from '../platform/outbound/http-request.ts'
import { isObject } from '../platform/validation.ts'

export interface UserInfoConfig {
  readonly uri: string
  readonly useAuth?: boolean
  readonly authentication?: { readonly username?: string }
  readonly ca?: string
  readonly cert?: string
  readonly rejectUnauthorized?: boolean
  /** Milliseconds, queueing included. */
  readonly timeoutMs?: number
}
export interface UserInfoSecrets {
  readonly password?: string
  readonly key?: string
}

/** Omitted groups or attributes stay unchanged. */
export interface UserInfo {
  readonly groups?: readonly string[]
  readonly authorizations?: Readonly<Record<string, readonly string[]>>
}
export type UserInfoResponse = { readonly info: UserInfo } | { readonly failure: string }

const TIMEOUT_MS = 5_000
const MAX_BYTES = 1_000_000

export const limitOf = ({ timeoutMs = TIMEOUT_MS }: UserInfoConfig): AbortSignal => AbortSignal.timeout(timeoutMs)

/** Never throws: failures are values, without credentials. */
export async function callUserInfo(
  outbound: Outbound,
  {
    config,
    secrets,
    userid,
    limit = limitOf(config),
  }: { config: UserInfoConfig; secrets: UserInfoSecrets; userid: string; limit?: AbortSignal },
): Promise<UserInfoResponse> {
  const url = new URL(config.uri)
  url.searchParams.set('userid', userid)
  const asked = await sendRequest(outbound, url, {
    headers: headersOf(config, secrets),
    tls: tlsOf(config, secrets),
    signal: limit,
    maxBytes: MAX_BYTES,
  }).catch(error => ({ failure: faultOf(error, 'no valid answer').message }))
  return 'failure' in asked ? asked : read(asked)
}

function headersOf({ useAuth = true, authentication }: UserInfoConfig, { password }: UserInfoSecrets): Record<string, string> {
  const { username } = authentication ?? {}
  const accept = { accept: 'application/json' }
  if (!useAuth || username === undefined || password === undefined) return accept
  return { ...accept, authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` }
}

function tlsOf({ ca, cert, rejectUnauthorized }: UserInfoConfig, { key }: UserInfoSecrets): TlsOptions {
  return { ca, rejectUnauthorized, ...(cert !== undefined && key !== undefined && { cert, key }) }
}

function read({ status, body }: OutboundResponse): UserInfoResponse {
  if (status !== 200) return { failure: `The answer has the status ${status}` }
  try {
    return answerOf(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body)))
  } catch {
    return { failure: 'The answer is no JSON' }
  }
}

export function answerOf(value: unknown): UserInfoResponse {
  if (!isObject(value)) return { failure: 'The answer is no object' }
  const { groups, authorizations } = value
  if (groups !== undefined && !isGroups(groups)) return { failure: 'groups must be a list of {"name": text}' }
  if (authorizations !== undefined && !isAuthorizations(authorizations))
    return { failure: 'authorizations must be an object of lists of texts' }
  if (groups === undefined && authorizations === undefined) return { failure: 'The answer has neither groups nor authorizations' }
  return { info: { ...(groups && { groups: groups.map(group => group.name) }), ...(authorizations && { authorizations }) } }
}

const isGroups = (value: unknown): value is { name: string }[] =>
  Array.isArray(value) && value.every(group => isObject(group) && typeof group.name === 'string')
const isAuthorizations = (value: unknown): value is Record<string, string[]> =>
  isObject(value) &&
  Object.values(value).every(values => Array.isArray(values) && values.every(entry => typeof entry === 'string'))
