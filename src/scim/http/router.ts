/**
 * The key makes the actor before the body is read.
 * One route takes all paths, so none escapes it.
 */
import { newTrail } from '../../authorization/audit-event.ts'
import type { Context } from '../../authorization/context.ts'
import { Invalid, RosterError } from '../../platform/errors.ts'
import { parseBody } from '../../platform/http/body.ts'
import { parseQuery } from '../../platform/http/query.ts'
import { ANONYMOUS_BODY_LIMIT } from '../../platform/http/read-body.ts'
import type { HttpRequest, HttpResponse, HttpServer, Translator } from '../../platform/http/types.ts'
import { ScimError } from '../protocol/errors.ts'
import { type NewUser, newUsers } from '../resources/new-users.service.ts'
import { bulk, type Dispatch, type Operation } from './bulk.ts'
import { discoveryEndpoint, notFiltered, SCIM_BODY_LIMIT, staticDiscovery } from './discovery.routes.ts'
import { BULK, decoded, dispatch, type RequestLine, translated, withExchangeLog } from './dispatch.ts'
import { notFound, scimError, unauthorized } from './errors.ts'
import { parseSearchQuery } from './query.ts'
import type { ScimRequest } from './route.ts'
import { routes } from './routes.ts'
import { createdUser } from './users.routes.ts'

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'QUERY']
const PREFIX = '/scim/v2'

export interface ScimDeps {
  readonly publicUrl: string
  readonly contextOf: (request: HttpRequest, iamid: string) => Promise<Context>
}

interface Locals extends Record<string, unknown> {
  context: Context | null
  iamid: string
}

export function registerScim(http: HttpServer, deps: ScimDeps): void {
  http.translate(PREFIX, outside)
  http.route({ method: METHODS, path: PREFIX, body: 'none', handler: async () => unauthorized() })
  http.route<Locals>({
    method: METHODS,
    path: `${PREFIX}/*`,
    below: [BULK, ...routes.map(row => row.path)].map(path => `${PREFIX}/:iamid/${path}`),
    body: 'raw',
    bodyLimit: ({ locals }) => (locals.context ? SCIM_BODY_LIMIT : ANONYMOUS_BODY_LIMIT),
    authenticate: async request => {
      const [iamid = '', ...path] = segmentsOf(request.path) ?? []
      const isPublic = request.headers.authorization === undefined && isRead(request.method) && discoveryEndpoint(path) !== null
      request.locals.context = isPublic && iamid !== '' ? null : await deps.contextOf(request, iamid)
      request.locals.iamid = iamid
    },
    handler: request => serve(request, deps).catch(translated),
  })
}

const isRead = (method: string): boolean => method === 'GET' || method === 'HEAD'

const outside: Translator = error =>
  ['UNAVAILABLE', 'INTERNAL_SERVER_ERROR', 'PAYLOAD_TOO_LARGE', 'TOO_MANY_REQUESTS'].includes(error.code)
    ? scimError(error)
    : unauthorized()

async function serve(request: HttpRequest<Locals>, deps: ScimDeps): Promise<HttpResponse> {
  const { context, iamid } = request.locals
  const [named, ...path] = segmentsOf(request.path) ?? []
  // Guards against paths changed on the way.
  if (named !== iamid) throw notFound()
  if (context === null) return withoutKey(request, deps, path)
  const below = `/${request.path.split('/').slice(4).join('/')}`
  const exchange: RequestLine = { method: request.method, path: below, query: request.query }
  return withExchangeLog(context, {
    iamid,
    named: exchange,
    run: async context => {
      const common = { context, base: `${deps.publicUrl}${PREFIX}/${iamid}` }
      const asked = parseSearchQuery(parseQuery(request.query))
      exchange.body = bodyOf(request)
      if (request.method === 'POST' && path.join('/') === BULK) return bulk(exchange.body, common.base, part(common))
      const { 'if-match': ifMatch, 'if-none-match': ifNoneMatch } = request.headers
      return dispatch({ ...common, method: request.method, path, asked, body: exchange.body, ifMatch, ifNoneMatch })
    },
  })
}

function withoutKey(request: HttpRequest<Locals>, deps: ScimDeps, path: readonly string[]): HttpResponse {
  const place = discoveryEndpoint(path)
  if (place === null) throw notFound()
  if (parseSearchQuery(parseQuery(request.query)).filter !== undefined) throw notFiltered()
  return staticDiscovery(place, `${deps.publicUrl}${PREFIX}/${encodeURIComponent(request.locals.iamid)}`, path[1] ?? '')
}

const noQuery = parseSearchQuery(new Map([['excludedAttributes', ['members,groups']]]))

function part({ context, base }: Pick<ScimRequest, 'context' | 'base'>): Dispatch {
  const logged = ({ method, path, data: body }: Operation, run: (context: Context) => Promise<HttpResponse>) =>
    withExchangeLog(context, { iamid: iamidOf(context), named: { method, path, query: '', body }, run })
  return {
    one: operation => {
      const { method, path, data: body, version: ifMatch } = operation
      return logged(operation, context =>
        dispatch({ context, base, method, path: decoded(path.slice(1)) ?? [], asked: noQuery, body, ifMatch }),
      )
    },
    newUsers: async operations => {
      const bodies = operations.map(({ data }) => data)
      const made = await newUsers.create({ ...context, trail: newTrail() }, { bodies }).catch(refused)
      const answerOf = async ({ user, event, notTaken }: NewUser, { trail }: Context) => {
        trail?.events.push(event)
        trail?.notTaken.push(...notTaken)
        return createdUser(base, user, noQuery)
      }
      return Promise.all(
        operations.map((operation, n) => {
          const one = made?.[n]
          return one ? logged(operation, context => answerOf(one, context)) : null
        }),
      )
    },
  }
}

/** One after the other, each has its own error. */
function refused(error: unknown): null {
  if (error instanceof RosterError) return null
  throw error
}

const iamidOf = ({ actor }: Context): string => (actor.kind === 'scim' ? actor.iamid : '')

function bodyOf({ body, headers }: HttpRequest<Locals>): unknown {
  try {
    return Buffer.isBuffer(body) ? parseBody(body, headers, 'json') : undefined
  } catch (error) {
    throw error instanceof Invalid ? new ScimError('invalidSyntax', error.field ?? 'body', error.rule) : error
  }
}

const segmentsOf = (path: string): string[] | null => decoded(path.split('/').slice(3).join('/'))
