// Log-in and invitation pages. Only the token of the query is read. Invitations sign nobody in, so cross-site
// forms gain nothing.
import { type Code, ERROR_CODES, RosterError } from '../../platform/errors.ts'
import { cookieLine, isSameOrigin, sessionCookie } from '../../platform/http/cookies.ts'
import type { HttpRequest, HttpResponse, HttpServer } from '../../platform/http/types.ts'
import { ownAddress } from './handshake.ts'
import {
  deadLinkPage,
  donePage,
  foreignFormPage,
  type Instance,
  type InvitedUser,
  type Problem,
  passwordPage,
  pathOf,
  type SignInOption,
  welcomePage,
} from './pages.ts'

export interface LoginDeps extends Instance {
  signedIn(request: HttpRequest): Promise<HttpResponse | null>
  entrances(request: HttpRequest): Promise<readonly SignInOption[]>
  readonly sessionLife: number
  logIn(request: HttpRequest, input: { iamid: string; userid: string; password: string }): Promise<{ token: string }>
  readInvitation(request: HttpRequest, token: string): Promise<InvitedUser | null>
  /** Throws Invalid when the policy rejects the password. */
  acceptInvitation(request: HttpRequest, input: { token: string; password: string }): Promise<InvitedUser>
}

const TOKEN_LIMIT = 200
const dead = new Set<Code>(['NOT_FOUND', 'UNAUTHENTICATED', 'FORBIDDEN', 'CONFLICT', 'REFUSED'])
const busy: Partial<Record<Code, number>> = { TOO_MANY_REQUESTS: 429, UNAVAILABLE: 503 }

export function registerLogin(http: HttpServer, deps: LoginDeps): void {
  http.route({ method: 'GET', path: '/login', body: 'none', handler: request => show(deps, request) })
  http.route({ method: 'POST', path: '/login', handler: request => submit(deps, request) })
}

async function show(deps: LoginDeps, request: HttpRequest): Promise<HttpResponse> {
  // Unlike parseQuery, tolerates links that mail programs broke.
  const tokens = new URLSearchParams(request.query).getAll('token')
  if (tokens.length === 0) return welcome(deps, request)
  const token = tokens.length === 1 ? tokens[0]! : ''
  const invited = await find(deps, request, token)
  return invited === null ? deadLinkPage(deps) : passwordPage(deps, invited, { token })
}

async function welcome(deps: LoginDeps, request: HttpRequest): Promise<HttpResponse> {
  const returnTo = returnPath(deps, new URLSearchParams(request.query).get('returnTo') ?? '')
  const signedIn = await deps.signedIn(request)
  if (signedIn === null) return welcomePage(deps, { entrances: await deps.entrances(request), returnTo })
  return returnTo === '' ? signedIn : { status: 303, headers: { location: returnTo, 'cache-control': 'no-store' } }
}

/** Empty unless it is a path of Roster. */
const returnPath = ({ publicUrl }: Instance, path: string): string => (ownAddress(publicUrl, path) === null ? '' : path)

async function submit(deps: LoginDeps, request: HttpRequest): Promise<HttpResponse> {
  if (isForeign(request)) return foreignFormPage(deps)
  const { token, password, confirmation, ...account } = fieldsOf(request.body)
  if (token === '' && (account.userid !== '' || account.iamid !== '')) return signIn(deps, request, { ...account, password })
  const invited = await find(deps, request, token)
  if (invited === null) return deadLinkPage(deps)
  const again = (status: number, message: string) => passwordPage(deps, invited, { token, fault: { status, message } })
  if (password === '') return again(400, 'Please choose a password.')
  if (password !== confirmation) return again(400, 'The two passwords are not the same.')
  try {
    return donePage(deps, await deps.acceptInvitation(request, { token, password }))
  } catch (error) {
    if (!(error instanceof RosterError)) throw error
    if (error.code === 'BAD_USER_INPUT' && error.field === 'password') return again(400, `Your ${error.message}.`)
    if (error.code === 'BAD_USER_INPUT' || dead.has(error.code)) return deadLinkPage(deps)
    const status = busy[error.code]
    if (status === undefined) throw error
    const wait = again(status, 'Roster is busy. Your password was not set: please try again in a moment.')
    return error.retryAfter === undefined ? wait : { ...wait, headers: { ...wait.headers, 'retry-after': error.retryAfter } }
  }
}

async function signIn(
  deps: LoginDeps,
  request: HttpRequest,
  { iamid, userid, password, returnTo: given }: { iamid: string; userid: string; password: string; returnTo: string },
): Promise<HttpResponse> {
  const returnTo = returnPath(deps, given)
  const again = async (refusal: Problem) => welcomePage(deps, { entrances: await deps.entrances(request), returnTo, refusal })
  // Prevents log-in by a foreign site.
  if (!isSameOrigin(request.headers, deps.publicUrl)) return foreignFormPage(deps)
  if (userid === '') return again({ status: 400, message: 'Please type your user name.', iamid, userid })
  try {
    const { token } = await deps.logIn(request, { iamid, userid, password })
    const cookie = cookieLine(deps.publicUrl, {
      name: sessionCookie(deps.publicUrl),
      value: token,
      path: '/',
      life: deps.sessionLife,
    })
    return {
      status: 303,
      headers: { location: returnTo || `${pathOf(deps.publicUrl)}/`, 'set-cookie': [cookie], 'cache-control': 'no-store' },
    }
  } catch (error) {
    if (!(error instanceof RosterError) || error.code === 'INTERNAL_SERVER_ERROR') throw error
    const { status } = ERROR_CODES[error.code]
    const answer = await again({ status, message: `${error.message}.`, iamid, userid })
    return error.retryAfter === undefined
      ? answer
      : { ...answer, headers: { ...answer.headers, 'retry-after': error.retryAfter } }
  }
}

async function find(deps: LoginDeps, request: HttpRequest, token: string): Promise<InvitedUser | null> {
  if (token === '' || token.length > TOKEN_LIMIT) return null
  try {
    return await deps.readInvitation(request, token)
  } catch (error) {
    if (error instanceof RosterError && (error.code === 'BAD_USER_INPUT' || dead.has(error.code))) return null
    throw error
  }
}

/** Uses Sec-Fetch-Site: under no-referrer browsers send `Origin: null`. */
function isForeign({ headers }: HttpRequest): boolean {
  const site = headers['sec-fetch-site']
  return site !== undefined && site !== 'same-origin' && site !== 'none'
}

function fieldsOf(body: unknown) {
  const fields: Record<string, unknown> = typeof body === 'object' && body !== null ? { ...body } : {}
  const text = (name: string) => (typeof fields[name] === 'string' ? fields[name] : '')
  return {
    token: text('token'),
    password: text('password'),
    confirmation: text('confirmation'),
    iamid: text('iamid'),
    returnTo: text('returnTo'),
    // Phones append white space; userids never have it.
    userid: text('userid').trim(),
  }
}
