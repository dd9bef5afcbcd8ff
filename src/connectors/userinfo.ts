/**
 * The external user info endpoint (reference: external-user-info-endpoint): `GET uri?userid=…` answers with a person's groups and
 * attributes. Only 200 with the documented JSON is an answer; whatever else comes is told as a reason, and nobody loses anything by it.
 */
import { request as http } from 'node:http'
import { request as https, type RequestOptions } from 'node:https'

export interface UserInfoConfig {
  readonly uri: string
  readonly useAuth?: boolean
  readonly authentication?: { readonly username?: string }
  readonly ca?: string
  readonly cert?: string
  readonly rejectUnauthorized?: boolean
  /** Milliseconds for the whole exchange, waiting for one's turn included. */
  readonly timeoutMs?: number
}
export interface UserInfoSecrets {
  readonly password?: string
  /** PEM, for the client certificate `cert`. */
  readonly key?: string
}

/** What the endpoint says. Groups or attributes that its answer leaves out were not spoken of. */
export interface UserInfo {
  readonly groups?: readonly string[]
  readonly authorizations?: Readonly<Record<string, readonly string[]>>
}
export type UserInfoAnswer = { readonly info: UserInfo } | { readonly failure: string }

const TIMEOUT_MS = 5_000
const MAX_BYTES = 1_000_000

/** How long one answer may be waited for, from now. */
export const limitOf = ({ timeoutMs = TIMEOUT_MS }: UserInfoConfig): AbortSignal => AbortSignal.timeout(timeoutMs)

/** Asks about one person. Never throws: a failure says what came instead of an answer, without the credentials. */
export async function askUserInfo(
  config: UserInfoConfig,
  secrets: UserInfoSecrets,
  userid: string,
  limit: AbortSignal = limitOf(config),
): Promise<UserInfoAnswer> {
  const url = new URL(config.uri)
  url.searchParams.set('userid', userid)
  const asked = await get(url, optionsOf(config, secrets), limit).catch((error: NodeJS.ErrnoException) => ({
    failure: reasonOf(error),
  }))
  return 'failure' in asked ? asked : read(asked)
}

function optionsOf(
  { useAuth = true, authentication, ca, cert, rejectUnauthorized }: UserInfoConfig,
  { password, key }: UserInfoSecrets,
): RequestOptions {
  const { username } = authentication ?? {}
  return {
    headers: { accept: 'application/json' },
    agent: false,
    ...(useAuth && username !== undefined && password !== undefined && { auth: `${username}:${password}` }),
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && key !== undefined && { cert, key }),
    ...(rejectUnauthorized !== undefined && { rejectUnauthorized }),
  }
}

interface Answered {
  readonly status: number
  readonly body: Buffer
}

/** Redirects are not followed: they are no answer, and would take the credentials elsewhere. */
function get(url: URL, options: RequestOptions, signal: AbortSignal): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const send = url.protocol === 'https:' ? https : http
    const asked = send(url, { ...options, signal }, response => {
      const chunks: Buffer[] = []
      let size = 0
      response.on('data', (chunk: Buffer) => {
        size += chunk.length
        if (size > MAX_BYTES) asked.destroy(new Error(`The answer is longer than ${MAX_BYTES} bytes`))
        else chunks.push(chunk)
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks) }))
      response.on('aborted', () => reject(new Error('The answer was cut off')))
      response.on('error', reject)
    })
    asked.on('error', reject)
    // Node takes a switch of protocols that nobody asked for for an end without an error. Whatever else happened comes first.
    asked.on('close', () => reject(new Error('The connection was closed without an answer')))
    asked.end()
  })
}

function reasonOf(error: NodeJS.ErrnoException): string {
  if (error.name === 'AbortError' || error.name === 'TimeoutError') return 'No answer in time'
  return error.code ?? error.message
}

function read({ status, body }: Answered): UserInfoAnswer {
  if (status !== 200) return { failure: `The answer has the status ${status}` }
  try {
    return answerOf(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body)))
  } catch {
    return { failure: 'The answer is no JSON' }
  }
}

/** Holds an answer's JSON to the documented form. */
export function answerOf(said: unknown): UserInfoAnswer {
  if (!isObject(said)) return { failure: 'The answer is no object' }
  const { groups, authorizations } = said
  if (groups !== undefined && !isGroups(groups)) return { failure: 'groups must be a list of {"name": text}' }
  if (authorizations !== undefined && !isAuthorizations(authorizations))
    return { failure: 'authorizations must be an object of lists of texts' }
  if (groups === undefined && authorizations === undefined) return { failure: 'The answer has neither groups nor authorizations' }
  return { info: { ...(groups && { groups: groups.map(group => group.name) }), ...(authorizations && { authorizations }) } }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isGroups = (value: unknown): value is { name: string }[] =>
  Array.isArray(value) && value.every(group => isObject(group) && typeof group.name === 'string')
const isAuthorizations = (value: unknown): value is Record<string, string[]> =>
  isObject(value) &&
  Object.values(value).every(values => Array.isArray(values) && values.every(entry => typeof entry === 'string'))
