/** Many operations in one request (RFC 7644 3.7): each is a request of its own, with its own transaction and its own audit. */
import { Conflict, RosterError, TooLarge } from '../errors.ts'
import type { WireResponse } from '../http/wire.ts'
import { Misspoken } from '../provisioning/faults.ts'
import { isObject, memberOf } from '../provisioning/resource.ts'
import { MAX_BULK } from './discovery.ts'
import { SCIM_JSON, scimError } from './errors.ts'

export interface Operation {
  readonly method: string
  /** Such as `/Users/<id>`. */
  readonly path: string
  readonly bulkId: string | null
  readonly data: unknown
  readonly version: string | undefined
}
/** Runs one operation, as if it had come alone. */
export type Dispatch = (operation: Operation) => Promise<WireResponse>

const REQUEST = 'urn:ietf:params:scim:api:messages:2.0:BulkRequest'
const RESPONSE = 'urn:ietf:params:scim:api:messages:2.0:BulkResponse'
const REFERENCE = /^bulkId:(.+)$/

/** What a bulkId came to: the new resource's id, or null when it was not made. */
type Made = Map<string, string | null>

/** In the order given, except that an operation waits for the resources it refers to. */
export async function bulk(body: unknown, dispatch: Dispatch): Promise<WireResponse> {
  const { operations, failOnErrors } = parseBulk(body)
  const coming = new Set(operations.flatMap(({ bulkId }) => bulkId ?? []))
  const made: Made = new Map()
  const results: object[] = []
  let waiting = operations
  let errors = 0
  const isReady = (operation: Operation) => referencesOf(operation).every(id => made.has(id) || !coming.has(id))
  while (waiting.length > 0 && errors < failOnErrors) {
    // Those left refer to each other in a circle (RFC 7644 3.7.1): none can be first.
    const at = waiting.findIndex(isReady)
    const operation = waiting[Math.max(at, 0)]!
    waiting = waiting.filter(other => other !== operation)
    const answer = await (at === -1 ? circular() : resolved(operation, made, dispatch)).catch(refused)
    if (answer.status >= 300) errors++
    if (operation.bulkId !== null) made.set(operation.bulkId, idOf(answer))
    results.push(resultOf(operation, answer))
  }
  return { status: 200, headers: { 'content-type': SCIM_JSON }, body: { schemas: [RESPONSE], Operations: results } }
}

function parseBulk(body: unknown): { operations: Operation[]; failOnErrors: number } {
  if (!isObject(body)) throw new Misspoken('invalidSyntax', 'body', 'must be a JSON object')
  const [schemas, listed, failOnErrors] = ['schemas', 'Operations', 'failOnErrors'].map(name => memberOf(body, name))
  if (!Array.isArray(schemas) || !schemas.includes(REQUEST))
    throw new Misspoken('invalidSyntax', 'schemas', `must be a list with ${REQUEST}`)
  if (!Array.isArray(listed)) throw new Misspoken('invalidSyntax', 'Operations', 'must be a list')
  if (listed.length > MAX_BULK) throw new TooLarge(`Operations must have at most ${MAX_BULK} entries`)
  if (failOnErrors != null && !(Number.isSafeInteger(failOnErrors) && (failOnErrors as number) >= 1))
    throw new Misspoken('invalidValue', 'failOnErrors', 'must be an integer from 1')
  const operations = listed.map(parseOperation)
  const ids = operations.flatMap(({ bulkId }) => bulkId ?? [])
  if (new Set(ids).size < ids.length) throw new Misspoken('invalidValue', 'bulkId', 'must not be given twice')
  return { operations, failOnErrors: (failOnErrors as number | null) ?? Number.POSITIVE_INFINITY }
}

function parseOperation(given: unknown): Operation {
  if (!isObject(given)) throw new Misspoken('invalidSyntax', 'Operations', 'must be objects')
  const [method, path, bulkId, version] = ['method', 'path', 'bulkId', 'version'].map(name => memberOf(given, name))
  if (typeof method !== 'string' || !/^(POST|PUT|PATCH|DELETE)$/i.test(method))
    throw new Misspoken('invalidSyntax', 'method', 'must be POST, PUT, PATCH or DELETE')
  if (typeof path !== 'string' || !path.startsWith('/')) throw new Misspoken('invalidSyntax', 'path', 'must begin with a slash')
  if (bulkId != null && (typeof bulkId !== 'string' || bulkId === ''))
    throw new Misspoken('invalidSyntax', 'bulkId', 'must be a string')
  if (bulkId == null && method.toUpperCase() === 'POST') throw new Misspoken('invalidSyntax', 'bulkId', 'is required for POST')
  if (version != null && typeof version !== 'string') throw new Misspoken('invalidSyntax', 'version', 'must be a string')
  return {
    method: method.toUpperCase(),
    path,
    // Only what makes a resource can be referred to.
    bulkId: (bulkId as string | undefined) ?? null,
    data: memberOf(given, 'data'),
    version: (version as string | null) ?? undefined,
  }
}

function referencesOf({ path, data }: Operation): string[] {
  const found: string[] = []
  const look = (value: unknown): void => {
    if (typeof value === 'string') found.push(...(REFERENCE.exec(value)?.slice(1) ?? []))
    else if (Array.isArray(value)) value.forEach(look)
    else if (isObject(value)) Object.values(value).forEach(look)
  }
  look(data)
  path.split('/').forEach(look)
  return found
}

/** With ids in the place of references. Throws Misspoken for one that came to nothing. */
async function resolved(operation: Operation, made: Made, dispatch: Dispatch): Promise<WireResponse> {
  const replace = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(replace)
    if (isObject(value)) return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, replace(inner)]))
    const reference = typeof value === 'string' ? REFERENCE.exec(value)?.[1] : undefined
    if (reference === undefined) return value
    const id = made.get(reference)
    if (id == null) throw new Misspoken('invalidValue', 'bulkId', 'refers to a resource that was not made in this request')
    return id
  }
  const path = operation.path.split('/').map(replace).join('/')
  return dispatch({ ...operation, path, data: replace(operation.data) })
}

async function circular(): Promise<WireResponse> {
  throw new Conflict('The operation waits, by its bulkIds, for one that waits for it')
}

/** One that fails does not end the others; what nobody foresaw does. */
function refused(error: unknown): WireResponse {
  if (error instanceof RosterError) return scimError(error)
  throw error
}

const idOf = ({ status, body }: WireResponse): string | null =>
  status === 201 && isObject(body) && typeof body.id === 'string' ? body.id : null

function resultOf({ method, bulkId, path }: Operation, { status, headers = {}, body }: WireResponse): object {
  const location = isObject(body) && isObject(body.meta) ? body.meta.location : headers.location
  return {
    method,
    ...(bulkId !== null && { bulkId }),
    ...(headers.etag !== undefined && { version: headers.etag }),
    ...(location !== undefined ? { location } : { path }),
    status: String(status),
    ...(status >= 300 && { response: body }),
  }
}
