// The only place of the page that talks to the server: /graphql of the origin that served the page.
import type { ExecutionResult } from 'graphql'
import type { Credential } from './credential.ts'

type Operation = { query: string; variables?: unknown; operationName?: string | null }

/**
 * Sends one operation. An answer with GraphQL errors is an answer; throws only when the server cannot be reached or speaks no JSON.
 */
export async function send<Data>(operation: Operation, headers: Record<string, string> = {}): Promise<ExecutionResult<Data>> {
  const response = await fetch('/graphql', {
    method: 'POST',
    headers: { accept: 'application/graphql-response+json, application/json', 'content-type': 'application/json', ...headers },
    body: JSON.stringify(operation),
    credentials: 'omit',
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

/** Signs a local user in. Throws an Error whose message is for the person. */
export async function signIn(userid: string, password: string): Promise<Credential> {
  const input = { iamid: 'bim', userid, password }
  const answer = await send<{ logIn: { token: string } | null }>({ query: LOG_IN, operationName: 'LogIn', variables: { input } })
  const token = dataOf(answer).logIn?.token
  if (!token) throw new Error('The answer has no token.')
  return { ...(await identify(token)), issued: true }
}

/** Ends a token that `signIn` issued. One that was pasted lives on: somebody else may be using it. */
export async function signOut(credential: Credential): Promise<void> {
  if (credential.issued) await send({ query: 'mutation LogOut { logOut { revokedTokens } }' }, bearer(credential.secret))
}

const WHO = '{ viewer { user { userid } } }'
type Who = { viewer: { user: { userid: string } } | null }

/** Whose token or API key this is. Throws an Error whose message is for the person. */
export async function identify(secret: string): Promise<Credential> {
  const userid = dataOf(await send<Who>({ query: WHO }, bearer(secret))).viewer?.user.userid
  if (userid === undefined) throw new Error('The answer does not tell whose token this is.')
  return { secret, userid, issued: false }
}

/** Whether an answer says that the caller is not known: also what a wrong password given within an operation is answered. */
export const isUnauthenticated = (answer: ExecutionResult<unknown>) =>
  answer.errors?.some(error => error.extensions?.code === 'UNAUTHENTICATED') ?? false

/** Whether the server no longer takes this token or API key. */
export const isRefused = async (secret: string) => isUnauthenticated(await send<Who>({ query: WHO }, bearer(secret)))
