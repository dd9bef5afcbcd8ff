// The GraphQL API of a running server.
import { setTimeout as wait } from 'node:timers/promises'
import type { Environment } from '../platform/config/config.ts'
import { EXIT, type ExitCode, Failure, usage } from './exit.ts'
import { profileName, readProfiles } from './profiles.ts'

export interface ClientOptions {
  readonly url?: string | undefined
  readonly profile?: string | undefined
  readonly allowHttp?: true | undefined
}

export interface Answer<Data> {
  readonly data: Data | null
  readonly errors: readonly { readonly message: string; readonly code: string }[]
}

export interface Client {
  readonly url: string
  /** Throws the first error as a Failure. */
  ask<Data>(query: string, variables?: object): Promise<Data>
  /** With `data` and all errors. */
  answer<Data>(query: string, variables?: object): Promise<Answer<Data>>
}

/** Milliseconds. */
const ANSWER = 120_000
const LOCAL = /^(localhost|127(\.\d+){3}|\[::1\])$/
const RETRIES = 5
const LONGEST_WAIT = 60

/** A profile's token goes only to its server. */
export function connect(env: Environment, options: ClientOptions): Client {
  const name = profileName(env, options.profile)
  const token = env.ROSTER_TOKEN || undefined
  const given = options.url ?? (env.ROSTER_URL || undefined)
  const profile = token && given ? undefined : readProfiles(env)[name]
  const address = given ?? profile?.url
  if (address === undefined) throw notLoggedIn(name)
  const url = checkedUrl(address, options)
  if (token) return clientOf(url, token)
  if (profile === undefined) throw notLoggedIn(name)
  if (profile.url !== url)
    throw new Failure(
      `The profile ${name} has a token of ${profile.url}, which is not sent to ${url}: roster login --url ${url} --profile NAME`,
      EXIT.denied,
    )
  return clientOf(url, profile.token)
}

const notLoggedIn = (name: string): Failure =>
  new Failure(`Not logged in (profile ${name}): use roster login --url URL, or set ROSTER_URL and ROSTER_TOKEN`, EXIT.denied)

/** Ends with a slash. Refuses plain HTTP. */
export function checkedUrl(text: string, { allowHttp }: ClientOptions): string {
  const url = URL.parse(text)
  if (url === null || !/^https?:$/.test(url.protocol)) throw usage(`The URL of the server must be like https://roster.example.`)
  if (url.username !== '' || url.password !== '') throw usage('The URL of the server must not have a user or a password.')
  if (url.protocol === 'http:' && !LOCAL.test(url.hostname) && !allowHttp)
    throw usage(`${url.origin} is not https, so that anybody on the way could read the credential: use https, or --allow-http.`)
  return `${url.origin}${url.pathname.replace(/\/?$/, '/')}`
}

export function clientOf(url: string, token: string | null): Client {
  const answer = async <Data>(query: string, variables: object = {}): Promise<Answer<Data>> => {
    for (let turn = 1; ; turn++) {
      const { response, body } = await send(url, token, { query, variables })
      const seconds = Number(response.headers.get('retry-after') ?? Number.NaN)
      const isBusy = (response.status === 429 || response.status === 503) && seconds <= LONGEST_WAIT
      if (isBusy && token !== null && turn < RETRIES) await wait(seconds * 1_000)
      else return read<Data>(url, response, body)
    }
  }
  return {
    url,
    answer,
    async ask<Data>(query: string, variables?: object) {
      const { data, errors } = await answer<Data>(query, variables)
      if (errors[0]) throw new Failure(explained(errors[0], url), exitOf(errors[0].code))
      return data as Data
    },
  }
}

async function send(url: string, token: string | null, body: object): Promise<{ response: Response; body: unknown }> {
  try {
    const response = await fetch(new URL('graphql', url), {
      method: 'POST',
      redirect: 'manual',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json',
        ...(token && { authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(ANSWER),
    })
    return { response, body: await response.json().catch(() => null) }
  } catch (error) {
    const { cause, name, message } = error as Error & { cause?: { code?: string; message?: string } }
    const reason = name === 'TimeoutError' ? `no answer within ${ANSWER / 1_000} s` : (cause?.code ?? cause?.message ?? message)
    throw new Failure(`The server at ${url} is unreachable: ${reason}`, EXIT.unreachable)
  }
}

interface Body {
  readonly data?: unknown
  readonly errors?: readonly { readonly message: string; readonly extensions?: { readonly code?: string } }[]
}

function read<Data>(url: string, { status, headers }: Response, body: unknown): Answer<Data> {
  if (status >= 300 && status < 400)
    throw new Failure(`${url} redirects to ${headers.get('location')}: use that as the URL`, EXIT.unreachable)
  const { data, errors = [] } = (body ?? {}) as Body
  if (data === undefined && errors.length === 0)
    throw new Failure(`What answers at ${url} is no Roster, or one that is away (status ${status})`, EXIT.unreachable)
  return {
    data: (data ?? null) as Data | null,
    errors: errors.map(({ message, extensions }) => ({ message, code: extensions?.code ?? '' })),
  }
}

const EXITS: Readonly<Record<string, ExitCode>> = {
  NOT_FOUND: EXIT.notFound,
  UNAUTHENTICATED: EXIT.denied,
  FORBIDDEN: EXIT.denied,
  UNAVAILABLE: EXIT.unreachable,
}
export const exitOf = (code: string): ExitCode => EXITS[code] ?? EXIT.failed

const explained = ({ message, code }: { message: string; code: string }, url: string): string =>
  code === 'UNAUTHENTICATED' ? `${message}\nThe token may have ended: roster login --url ${url}` : message
