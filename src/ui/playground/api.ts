// The page's only network access: /graphql of its origin, and sign-out.
import type { ExecutionResult } from 'graphql'
import { pathTo } from './base.ts'
import type { Credential } from './credential.ts'

type Operation = { query: string; variables?: unknown; operationName?: string | null }

/** `session` sends the cookie. Throws when unreachable. */
export async function send<Data>(
  operation: Operation,
  headers: Record<string, string> = {},
  { session = false } = {},
): Promise<ExecutionResult<Data>> {
  const response = await fetch(pathTo('/graphql'), {
    method: 'POST',
    headers: { accept: 'application/graphql-response+json, application/json', 'content-type': 'application/json', ...headers },
    body: JSON.stringify(operation),
    credentials: session ? 'same-origin' : 'omit',
  }).catch(() => {
    throw new Error('The server does not answer. Is it still running?')
  })
  return response.json().catch(() => {
    throw new Error(`The server answered ${response.status} without JSON.`)
  })
}

export const bearer = (secret: string) => ({ Authorization: `Bearer ${secret}` })

function dataOf<Data>(answer: ExecutionResult<Data>): Data {
  if (answer.errors?.length || !answer.data) throw new Error(answer.errors?.[0]?.message ?? 'The answer has no data.')
  return answer.data
}

const LOG_IN = 'mutation LogIn($input: LogInInput!) { logIn(input: $input) { token tokenExpiration } }'

export async function signIn(userid: string, password: string): Promise<Credential> {
  const input = { iamid: 'bim', userid, password }
  const answer = await send<{ logIn: { token: string } | null }>({ query: LOG_IN, operationName: 'LogIn', variables: { input } })
  const token = dataOf(answer).logIn?.token
  if (!token) throw new Error('The answer has no token.')
  return { ...(await identify(token)), issued: true }
}

/** Returns the next address. Pasted tokens stay valid. */
export async function signOut({ secret, issued, iamid }: Credential): Promise<string | null> {
  if (secret === null) return signOutSession(iamid)
  if (issued) await send({ query: 'mutation LogOut { logOut { revokedTokens } }' }, bearer(secret))
  return null
}

async function signOutSession(iamid: string): Promise<string> {
  const failed = new Error('The server does not answer: you are still signed in.')
  const response = await fetch(pathTo(`/login/${encodeURIComponent(iamid)}/logout`), {
    method: 'POST',
    headers: { accept: 'application/json' },
    credentials: 'same-origin',
  }).catch(() => Promise.reject(failed))
  if (!response.ok) throw failed
  const { location } = (await response.json()) as { location: string }
  return location
}

const WHO = '{ viewer { user { userid iamid } } }'
type Who = { viewer: { user: { userid: string; iamid: string } } | null }

function whoIn(answer: ExecutionResult<Who>): { userid: string; iamid: string } {
  const user = dataOf(answer).viewer?.user
  if (user === undefined) throw new Error('The response does not name the user of this token.')
  return user
}

export async function identify(secret: string): Promise<Credential> {
  return { secret, issued: false, ...whoIn(await send<Who>({ query: WHO }, bearer(secret))) }
}

export async function identifySession(): Promise<Credential> {
  return { secret: null, issued: false, ...whoIn(await send<Who>({ query: WHO }, {}, { session: true })) }
}

export const isUnauthenticated = (answer: ExecutionResult<unknown>) =>
  answer.errors?.some(error => error.extensions?.code === 'UNAUTHENTICATED') ?? false

export const isRefused = async ({ secret }: Credential) =>
  isUnauthenticated(await send<Who>({ query: WHO }, secret === null ? {} : bearer(secret), { session: secret === null }))
