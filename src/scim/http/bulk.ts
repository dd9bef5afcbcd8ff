import { Conflict, RosterError, TooLarge } from '../../platform/errors.ts'
import type { HttpResponse } from '../../platform/http/types.ts'
import { canonical, isObject } from '../../platform/validation.ts'
import { ScimError } from '../protocol/errors.ts'
import { hasSchema, memberOf } from '../protocol/resource.ts'
import { MAX_BULK } from './discovery.routes.ts'
import { SCIM_JSON, scimError } from './errors.ts'

export interface Operation {
  readonly method: string
  readonly path: string
  readonly bulkId: string | null
  readonly data: unknown
  readonly version: string | undefined
}
export interface Dispatch {
  one(operation: Operation): Promise<HttpResponse>
  /** Of users with different names; null for those that `one` has to answer. */
  newUsers(operations: readonly Operation[]): Promise<readonly (HttpResponse | null)[]>
}

const REQUEST = 'urn:ietf:params:scim:api:messages:2.0:BulkRequest'
const RESPONSE = 'urn:ietf:params:scim:api:messages:2.0:BulkResponse'
const REFERENCE = /^bulkId:(.+)$/
const QUOTED = /"bulkId:([^"\\]+)"/g

/** Users of one transaction. */
const TOGETHER = 100
/** A longer userName is refused. */
const NAME_LENGTH = 254

type CreatedResource = Map<string, string | null>

/** In order, except that operations wait for the resources they reference. */
export async function bulk(body: unknown, base: string, dispatch: Dispatch): Promise<HttpResponse> {
  const { operations, failOnErrors } = parseBulk(body)
  const coming = new Set(operations.flatMap(({ bulkId }) => bulkId ?? []))
  const made: CreatedResource = new Map()
  const results: object[] = []
  let waiting = operations
  let errors = 0
  const references = new Map(operations.map(operation => [operation, referencesOf(operation)]))
  const isReady = (operation: Operation) => references.get(operation)!.every(id => made.has(id) || !coming.has(id))
  const settle = (operation: Operation, [asked, answer]: [Operation, HttpResponse]) => {
    if (answer.status >= 300) errors++
    if (operation.bulkId !== null) made.set(operation.bulkId, idOf(answer))
    results.push(resultOf(base, asked, answer))
  }
  while (waiting.length > 0 && errors < failOnErrors) {
    const together = failOnErrors === Number.POSITIVE_INFINITY ? newUsers(waiting, references) : []
    if (together.length > 1) {
      waiting = waiting.slice(together.length)
      const answers = await dispatch.newUsers(together)
      for (const [n, operation] of together.entries())
        settle(operation, answers[n] ? [operation, answers[n]] : await resolved(operation, made, dispatch))
      continue
    }
    // The remaining ones are circular (RFC 7644 3.7.1).
    const at = firstReady(waiting, isReady)
    const operation = waiting[Math.max(at, 0)]!
    waiting = waiting.filter(other => other !== operation)
    settle(operation, at === -1 ? [operation, circular()] : await resolved(operation, made, dispatch))
  }
  return { status: 200, headers: { 'content-type': SCIM_JSON }, body: { schemas: [RESPONSE], Operations: results } }
}

/** The first operations, where they create users with different names and refer to nothing: their order makes no difference. */
function newUsers(waiting: readonly Operation[], references: ReadonlyMap<Operation, readonly string[]>): Operation[] {
  const names = new Set<string>()
  const next = waiting.slice(0, TOGETHER)
  const end = next.findIndex(operation => {
    const { method, path, data } = operation
    const name = isObject(data) ? memberOf(data, 'userName') : null
    if (method !== 'POST' || path !== '/Users' || references.get(operation)!.length > 0) return true
    if (typeof name !== 'string' || name.length > NAME_LENGTH || names.has(canonical(name))) return true
    names.add(canonical(name))
    return false
  })
  return end === -1 ? next : next.slice(0, end)
}

function firstReady(waiting: readonly Operation[], isReady: (operation: Operation) => boolean): number {
  const held = new Set<string>()
  return waiting.findIndex(operation => {
    if (isReady(operation) && !held.has(operation.path)) return true
    if (operation.method !== 'POST') held.add(operation.path)
    return false
  })
}

function parseBulk(body: unknown): { operations: Operation[]; failOnErrors: number } {
  if (!isObject(body)) throw new ScimError('invalidSyntax', 'body', 'must be a JSON object')
  const [listed, failOnErrors] = ['Operations', 'failOnErrors'].map(name => memberOf(body, name))
  if (!hasSchema(body, REQUEST)) throw new ScimError('invalidSyntax', 'schemas', `must be a list with ${REQUEST}`)
  if (!Array.isArray(listed)) throw new ScimError('invalidSyntax', 'Operations', 'must be a list')
  if (listed.length > MAX_BULK) throw new TooLarge(`Operations must have at most ${MAX_BULK} entries`)
  if (failOnErrors != null && !(Number.isSafeInteger(failOnErrors) && (failOnErrors as number) >= 0))
    throw new ScimError('invalidValue', 'failOnErrors', 'must be an integer from 0, which sets no limit')
  const operations = listed.map(parseOperation)
  const ids = operations.flatMap(({ bulkId }) => bulkId ?? [])
  if (new Set(ids).size < ids.length) throw new ScimError('invalidValue', 'bulkId', 'must not be given twice')
  return { operations, failOnErrors: (failOnErrors as number | null) || Number.POSITIVE_INFINITY }
}

function parseOperation(given: unknown): Operation {
  if (!isObject(given)) throw new ScimError('invalidSyntax', 'Operations', 'must be objects')
  const [method, path, bulkId, version] = ['method', 'path', 'bulkId', 'version'].map(name => memberOf(given, name))
  if (typeof method !== 'string' || !/^(POST|PUT|PATCH|DELETE)$/i.test(method))
    throw new ScimError('invalidSyntax', 'method', 'must be POST, PUT, PATCH or DELETE')
  if (typeof path !== 'string' || !path.startsWith('/')) throw new ScimError('invalidSyntax', 'path', 'must begin with a slash')
  if (bulkId != null && (typeof bulkId !== 'string' || bulkId === ''))
    throw new ScimError('invalidSyntax', 'bulkId', 'must be a string')
  if (bulkId == null && method.toUpperCase() === 'POST') throw new ScimError('invalidSyntax', 'bulkId', 'is required for POST')
  if (version != null && typeof version !== 'string') throw new ScimError('invalidSyntax', 'version', 'must be a string')
  return {
    method: method.toUpperCase(),
    path,
    bulkId: (bulkId as string | undefined) ?? null,
    data: memberOf(given, 'data'),
    version: (version as string | null) ?? undefined,
  }
}

function referencesOf({ path, data }: Operation): string[] {
  const found: string[] = []
  const look = (value: unknown, name = ''): void => {
    if (typeof value === 'string') found.push(...(REFERENCE.exec(value)?.slice(1) ?? []))
    if (typeof value === 'string' && isPath(name)) found.push(...[...value.matchAll(QUOTED)].map(([, id]) => id!))
    else if (Array.isArray(value)) for (const entry of value) look(entry)
    else if (isObject(value)) for (const [name, inner] of Object.entries(value)) look(inner, name)
  }
  look(data)
  for (const segment of path.split('/')) look(segment)
  return found
}

const isPath = (name: string): boolean => name.toLowerCase() === 'path'

async function resolved(operation: Operation, made: CreatedResource, dispatch: Dispatch): Promise<[Operation, HttpResponse]> {
  let asked = operation
  try {
    asked = withIds(operation, made)
    return [asked, await dispatch.one(asked)]
  } catch (error) {
    return [asked, rejected(error)]
  }
}

function withIds(operation: Operation, made: CreatedResource): Operation {
  const idOf = (reference: string): string => {
    const id = made.get(reference)
    if (id == null) throw new ScimError('invalidValue', 'bulkId', 'refers to a resource that was not created in this request')
    return id
  }
  const replace = (value: unknown, name = ''): unknown => {
    if (Array.isArray(value)) return value.map(entry => replace(entry))
    if (isObject(value)) return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, replace(inner, name)]))
    if (typeof value !== 'string') return value
    const reference = REFERENCE.exec(value)?.[1]
    if (reference !== undefined) return idOf(reference)
    return isPath(name) ? value.replace(QUOTED, (_, reference: string) => `"${idOf(reference)}"`) : value
  }
  const path = operation.path.split('/').map(segment => replace(segment))
  return { ...operation, path: path.join('/'), data: replace(operation.data) }
}

const circular = (): HttpResponse => scimError(new Conflict('Circular bulkId reference: split the request'))

function rejected(error: unknown): HttpResponse {
  if (error instanceof RosterError) return scimError(error)
  throw error
}

const idOf = ({ status, body }: HttpResponse): string | null =>
  status === 201 && isObject(body) && typeof body.id === 'string' ? body.id : null

/** RFC 7644 3.7: no location for a failed POST. */
function resultOf(base: string, { method, bulkId, path }: Operation, { status, headers = {}, body }: HttpResponse): object {
  const known = isObject(body) && isObject(body.meta) ? body.meta.location : headers.location
  const location = known ?? (method === 'POST' ? undefined : `${base}${path}`)
  return {
    method,
    ...(bulkId !== null && { bulkId }),
    ...(headers.etag !== undefined && { version: headers.etag }),
    ...(location !== undefined && { location }),
    status: String(status),
    ...(status >= 300 && { response: body }),
  }
}
