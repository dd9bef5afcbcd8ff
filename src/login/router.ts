// The walk of an invitation: the link of the mail -> GET /login?token=… shows whom the store has under it and asks for a password ->
// POST /login sets it -> done. Only the token of the query is looked at: name, userid, and whatever asks for a redirect are
// anybody's words. Nobody is signed in here, so a page made to be sent from elsewhere gains nothing.
import { type Code, RosterError } from '../errors.ts'
import type { Http, WireRequest, WireResponse } from '../http/wire.ts'
import {
  deadLinkPage,
  donePage,
  foreignFormPage,
  type Instance,
  type Invited,
  type Provider,
  passwordPage,
  welcomePage,
} from './pages.ts'

export interface LoginDeps extends Instance {
  /** The page of whoever is signed in already; null for anybody else. */
  signedIn(request: WireRequest): Promise<WireResponse | null>
  /** The IAMs to offer. */
  providers(request: WireRequest): Promise<readonly Provider[]>
  /** Whom a working invitation is for; null for an unknown, used or expired one. */
  readInvitation(request: WireRequest, token: string): Promise<Invited | null>
  /** Sets the password and uses the invitation up. Throws Invalid('password', …) when the policy refuses it. */
  acceptInvitation(request: WireRequest, input: { token: string; password: string }): Promise<Invited>
}

/** Bytes: a token and two passwords of 1,024 characters, each up to twelve when percent-encoded. */
const BODY_LIMIT = 32 * 1024
/** Characters; what is longer is no token, and not worth a look-up. */
const TOKEN_LIMIT = 200
/** What a service says of a link that stopped working between the page and the form. */
const dead = new Set<Code>(['NOT_FOUND', 'UNAUTHENTICATED', 'FORBIDDEN', 'CONFLICT', 'REFUSED'])
/** What the person can only wait for. */
const busy: Partial<Record<Code, number>> = { TOO_MANY_REQUESTS: 429, UNAVAILABLE: 503 }

export function registerLogin(http: Http, deps: LoginDeps): void {
  http.route({ method: 'GET', path: '/login', body: 'none', handler: request => show(deps, request) })
  http.route({ method: 'POST', path: '/login', bodyLimit: BODY_LIMIT, handler: request => submit(deps, request) })
}

async function show(deps: LoginDeps, request: WireRequest): Promise<WireResponse> {
  // Not parseQuery: a link that a mail program broke in its name still has a token, and a page is kinder than a 400.
  const tokens = new URLSearchParams(request.query).getAll('token')
  if (tokens.length === 0) return (await deps.signedIn(request)) ?? welcomePage(deps, await deps.providers(request))
  const token = tokens.length === 1 ? tokens[0]! : ''
  const invited = await find(deps, request, token)
  return invited === null ? deadLinkPage(deps) : passwordPage(deps, invited, token)
}

async function submit(deps: LoginDeps, request: WireRequest): Promise<WireResponse> {
  if (isForeign(request)) return foreignFormPage(deps)
  const { token, password, confirmation } = fieldsOf(request.body)
  const invited = await find(deps, request, token)
  if (invited === null) return deadLinkPage(deps)
  const again = (status: number, message: string) => passwordPage(deps, invited, token, { status, message })
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

async function find(deps: LoginDeps, request: WireRequest, token: string): Promise<Invited | null> {
  if (token === '' || token.length > TOKEN_LIMIT) return null
  try {
    return await deps.readInvitation(request, token)
  } catch (error) {
    if (error instanceof RosterError && (error.code === 'BAD_USER_INPUT' || dead.has(error.code))) return null
    throw error
  }
}

/**
 * Sec-Fetch-Site and not Origin: under the page's own no-referrer policy browsers send `Origin: null` with its form. A client without
 * the header is no browser that another site could use; the token in the form is what counts.
 */
function isForeign({ headers }: WireRequest): boolean {
  const site = headers['sec-fetch-site']
  return site !== undefined && site !== 'same-origin' && site !== 'none'
}

function fieldsOf(body: unknown): { token: string; password: string; confirmation: string } {
  const fields: Record<string, unknown> = typeof body === 'object' && body !== null ? { ...body } : {}
  const text = (name: string) => (typeof fields[name] === 'string' ? fields[name] : '')
  return { token: text('token'), password: text('password'), confirmation: text('confirmation') }
}
