import { newTrail } from '../../authorization/audit-event.ts'
import type { Context } from '../../authorization/context.ts'
import type { ScimReplay } from '../../authorization/ports.ts'
import { RosterError } from '../../platform/errors.ts'
import { parseQuery } from '../../platform/http/query.ts'
import { noteRefusal } from '../../platform/http/refusals.ts'
import type { HttpResponse } from '../../platform/http/types.ts'
import { isObject } from '../../platform/validation.ts'
import { notAllowed, notFound, notImplemented, optionsOf, scimError } from './errors.ts'
import { parseSearchQuery } from './query.ts'
import type { ScimRequest, ScimRoute } from './route.ts'
import { routes } from './routes.ts'

export interface ScimOperation extends Omit<ScimRequest, 'id'> {
  readonly method: string
  readonly path: readonly string[]
}

export const BULK = 'Bulk'

export async function dispatch({ method, path, ...request }: ScimOperation): Promise<HttpResponse> {
  // RFC 7644 3.11: a provider's key is no user.
  if (path[0] === 'Me') return notImplemented('This service knows no /Me: its clients are no users')
  const asRead = method === 'HEAD' ? 'GET' : method
  // Connection tests read the base address.
  const place = path.length === 0 ? ['ServiceProviderConfig'] : path
  const found = find(asRead, place)
  if (found) return found.row.run({ ...request, id: found.id })
  const isBulk = path.join('/') === BULK
  if (isBulk && method === 'POST') throw notFound()
  const own = isBulk ? ['POST'] : routes.filter(row => matches(row, place)).map(row => row.method)
  if (own.length === 0) throw notFound()
  const allowed = [...own, 'OPTIONS', ...(own.includes('GET') ? ['HEAD'] : [])].toSorted()
  return method === 'OPTIONS' ? optionsOf(allowed) : notAllowed(method, allowed)
}

function find(method: string, path: readonly string[]): { row: ScimRoute; id: string } | null {
  const row = routes.find(row => row.method === method && matches(row, path))
  return row ? { row, id: path[row.path.split('/').indexOf(':id')] ?? '' } : null
}

function matches(row: ScimRoute, path: readonly string[]): boolean {
  const parts = row.path.split('/')
  return (
    parts.length === path.length && parts.every((part, at) => part === path[at] || (part === ':id' && path[at] !== '.search'))
  )
}

/** Once, so that an encoded slash stays in its segment. */
export function decoded(path: string): string[] | null {
  try {
    const segments = path.split('/').map(decodeURIComponent)
    if (segments.at(-1) === '') segments.pop()
    return segments
  } catch {
    return null
  }
}

export function translated(error: unknown): HttpResponse {
  noteRefusal(error)
  if (error instanceof RosterError) return scimError(error)
  throw error
}

export interface RequestLine {
  readonly method: string
  readonly path: string
  readonly query: string
  body?: unknown
}

export async function withExchangeLog(
  context: Context,
  { iamid, named, run }: { iamid: string; named: RequestLine; run: (context: Context) => Promise<HttpResponse> },
): Promise<HttpResponse> {
  const [trail, at] = [newTrail(), new Date()]
  const keep = (status: number, answer: unknown) => {
    trail.over = true
    const isRead = named.method === 'GET' || named.method === 'HEAD' || named.path.endsWith('/.search')
    if (status < 400 && (isRead || named.path === `/${BULK}`)) return
    const { method, path, query, body } = named
    const asked = `${method} ${path}${query === '' ? '' : `?${query}`}`
    const left = trail.notTaken.length === 0 ? null : trail.notTaken.join('; ')
    const failure = status < 400 ? left : isObject(answer) && typeof answer.detail === 'string' ? answer.detail : 'Unforeseen'
    const about = { requestId: context.requestId, userid: useridOf(answer) ?? useridOf(body), resource: resourceOf(path, answer) }
    context.app.exchangeLog.record({ kind: 'scim', iamid, at, asked, ...about, request: body, answer, status, failure, trail })
  }
  try {
    const answer = await run({ ...context, trail }).catch(translated)
    keep(answer.status, answer.body)
    return answer
  } catch (error) {
    keep(500, undefined)
    throw error
  }
}

const useridOf = (resource: unknown): string | null =>
  isObject(resource) && typeof resource.userName === 'string' ? resource.userName : null

function resourceOf(path: string, answer: unknown): string | null {
  const [, type, id] = path.split('/')
  const made = isObject(answer) && typeof answer.id === 'string' ? answer.id : undefined
  return (type === 'Users' || type === 'Groups') && (id || made) ? `${type.slice(0, -1)}/${id || made}` : null
}

/** Drops If-Match, which named another version. */
export const replayScim: ScimReplay<Context> = async (context, { method, path, query, body }) => {
  if (context.actor.kind !== 'scim') throw new Error('Only a SCIM client asks by SCIM')
  const base = `${context.app.config.publicUrl}/scim/v2/${context.actor.iamid}`
  const run = async () =>
    dispatch({ context, base, method, path: decoded(path.slice(1)) ?? [], asked: parseSearchQuery(parseQuery(query)), body })
  const answer = await run().catch(translated)
  return { status: answer.status, body: answer.body ?? null }
}
