/**
 * SCIM 2.0 (RFC 7643, 7644, 9865) at /scim/v2/{iamid}. The walk: the path's IAM and the key make the actor, before a byte of the body
 * is read → a row of the table → a guarded service of users or groups → shape.ts, or the error in SCIM's words. One route takes every path
 * below the prefix, so that none can be asked for without the key, however it is spelled.
 */
import type { Context } from '../context.ts'
import { Invalid, NotFound, RosterError } from '../errors.ts'
import { parseBody } from '../http/body.ts'
import { parseQuery } from '../http/query.ts'
import type { Http, Translator, WireRequest, WireResponse } from '../http/wire.ts'
import { Misspoken } from '../provisioning/faults.ts'
import { askedByQuery } from './asked.ts'
import { bulk } from './bulk.ts'
import { scimError, unauthorized } from './errors.ts'
import type { Row } from './row.ts'
import { rows } from './table.ts'

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'QUERY']
const PREFIX = '/scim/v2'

export interface ScimDoor {
  readonly publicUrl: string
  /** The context of the IAM's SCIM client. Throws Unauthenticated, or Unavailable. */
  readonly contextOf: (request: WireRequest, iamid: string) => Promise<Context>
}

interface Locals extends Record<string, unknown> {
  context: Context
  iamid: string
}

export function registerScim(http: Http, door: ScimDoor): void {
  http.translate(PREFIX, outside)
  http.route({ method: METHODS, path: PREFIX, body: 'none', handler: async () => unauthorized() })
  http.route<Locals>({
    method: METHODS,
    path: `${PREFIX}/*`,
    // Parsed in `serve`, whose errors are known to be a client's.
    body: 'raw',
    authenticate: async request => {
      const iamid = segmentsOf(request.path)?.[0] ?? ''
      request.locals.context = await door.contextOf(request, iamid)
      request.locals.iamid = iamid
    },
    handler: request => serve(request, door).catch(translated),
  })
}

/** What happens before the client is known, or beside every route: a path that cannot be decoded, a method that nobody has. */
const outside: Translator = error =>
  ['UNAVAILABLE', 'INTERNAL_SERVER_ERROR', 'PAYLOAD_TOO_LARGE'].includes(error.code) ? scimError(error) : unauthorized()

function translated(error: unknown): WireResponse {
  if (error instanceof RosterError) return scimError(error)
  throw error
}

async function serve(request: WireRequest<Locals>, door: ScimDoor): Promise<WireResponse> {
  const [iamid, ...path] = segmentsOf(request.path) ?? []
  // The IAM that was asked for is the one that is served, whatever made of the path in between.
  if (iamid !== request.locals.iamid) throw nothing()
  const common = { context: request.locals.context, base: `${door.publicUrl}${PREFIX}/${iamid}` }
  const asked = askedByQuery(parseQuery(request.query))
  if (request.method === 'POST' && path.join('/') === 'Bulk')
    return bulk(bodyOf(request), ({ method, path, data, version }) => {
      const found = find(method, decoded(path.slice(1)) ?? [])
      if (!found) throw nothing()
      return found.row.run({ ...common, id: found.id, asked: nothingAsked, body: data, ifMatch: version })
    })
  const found = find(request.method === 'HEAD' ? 'GET' : request.method, path)
  if (!found) throw nothing()
  const { 'if-match': ifMatch, 'if-none-match': ifNoneMatch } = request.headers
  return found.row.run({ ...common, id: found.id, asked, body: bodyOf(request), ifMatch, ifNoneMatch })
}

const nothing = () => new NotFound('There is nothing here: see ResourceTypes')
/** Parts of Bulk answer without members and groups: nobody sees them. */
const nothingAsked = askedByQuery(new Map([['excludedAttributes', ['members,groups']]]))

function bodyOf({ body, headers }: WireRequest<Locals>): unknown {
  try {
    return Buffer.isBuffer(body) ? parseBody(body, headers, 'json') : undefined
  } catch (error) {
    throw error instanceof Invalid ? new Misspoken('invalidSyntax', error.field ?? 'body', error.rule) : error
  }
}

/** The row for segments below the IAM, each decoded already. */
function find(method: string, path: readonly string[]): { row: Row; id: string } | null {
  for (const row of rows) {
    const parts = row.path.split('/')
    if (row.method !== method || parts.length !== path.length) continue
    if (parts.every((part, at) => part === ':id' || part === path[at])) return { row, id: path[parts.indexOf(':id')] ?? '' }
  }
  return null
}

const segmentsOf = (path: string): string[] | null => decoded(path.split('/').slice(3).join('/'))

/** Each segment decoded once, so that an encoded slash stays a part of its segment; null when one cannot be. */
function decoded(path: string): string[] | null {
  try {
    const segments = path.split('/').map(decodeURIComponent)
    if (segments.at(-1) === '') segments.pop()
    return segments
  } catch {
    return null
  }
}
