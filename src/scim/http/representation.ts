/** Serialization (RFC 7643 3.1, RFC 7644 3.9, 3.14). */

import { LazyList } from '../../platform/http/json.ts'
import type { HttpResponse } from '../../platform/http/types.ts'
import { isObject } from '../../platform/validation.ts'
import { keyOf, resolve, type Target, withExtensionsOf } from '../protocol/attribute-paths.ts'
import { type Document, groupType, type ResourceType, schemasOf, userType } from '../protocol/schema.ts'
import { etagMatches, etagOf } from '../resources/etag.ts'
import { groupDocument, groupFacts, type ScimGroupRecord } from '../resources/group.ts'
import type { SearchResult } from '../resources/search.ts'
import { type ScimUserRecord, userDocument, userFacts } from '../resources/user.ts'
import { SCIM_JSON } from './errors.ts'
import type { SearchParams } from './query.ts'

export interface Serialized {
  readonly location: string
  readonly version: string
  readonly resource: Document
}
type Member = NonNullable<ScimGroupRecord['members']>[number]

/** From this size, members are serialized while written, to save memory. */
const MANY = 100

export function serializeUser(base: string, user: ScimUserRecord): Serialized {
  const type = userType({})
  const document = userDocument(user)
  const groups = user.groups?.map(({ value, display }) => ({ value, $ref: `${base}/Groups/${value}`, display, type: 'direct' }))
  const inside = { ...document, ...(groups && groups.length > 0 && { groups }) }
  return serialize(type, { base, facts: { ...user, id: user.scimId!, version: etagOf(userFacts(user), user.groups) }, inside })
}

export function serializeGroup(base: string, group: ScimGroupRecord): Serialized {
  const members = group.members && eachOf(group.members, member => serializeMember(base, member))
  const inside = { ...groupDocument(group), ...(members && { members }) }
  return serialize(groupType({}), { base, facts: { ...group, id: group.scimid, version: etagOf(groupFacts(group)) }, inside })
}

const eachOf = <Entry>(list: readonly Entry[], shape: (entry: Entry) => Document): readonly Document[] | LazyList<Entry> =>
  list.length < MANY ? list.map(shape) : new LazyList(list, shape)

const serializeMember = (base: string, { value, display }: Member): Document => ({
  value,
  $ref: `${base}/Users/${value}`,
  display,
  type: 'User',
})

interface Facts {
  readonly id: string
  readonly version: string
  readonly createdAt: Date
  readonly updatedAt: Date
}

function serialize(
  type: ResourceType,
  { base, facts: { id, version, createdAt, updatedAt }, inside }: { base: string; facts: Facts; inside: Document },
): Serialized {
  const location = `${base}/${type.endpoint}/${id}`
  const meta = { resourceType: type.name, created: createdAt, lastModified: updatedAt, location, version }
  return { location, version, resource: { schemas: schemasOf(type, inside), id, ...inside, meta } }
}

export function answer({
  status,
  type,
  shaped,
  asked,
}: {
  status: 200 | 201
  type: ResourceType
  shaped: Serialized
  asked: SearchParams
}): HttpResponse {
  const { location, version } = shaped
  return {
    status,
    headers: { 'content-type': SCIM_JSON, etag: version, location },
    body: projected(type, shaped.resource, asked),
  }
}

export function resourceResponse(
  type: ResourceType,
  { shaped, asked, ifNoneMatch }: { shaped: Serialized; asked: SearchParams; ifNoneMatch: string | undefined },
): HttpResponse {
  if (ifNoneMatch !== undefined && etagMatches(ifNoneMatch, shaped.version))
    return { status: 304, headers: { etag: shaped.version } }
  return answer({ status: 200, type, shaped, asked })
}

export const listResponse = <Row>(
  type: ResourceType,
  { found, shape, asked }: { found: SearchResult<Row>; shape: (row: Row) => Serialized; asked: SearchParams },
): HttpResponse => listOf(found, asked, row => inList(type, shape(row), asked))

export const inList = (type: ResourceType, { resource }: Serialized, asked: SearchParams): Document =>
  projected(type, resource, asked)

/** By index or cursor (RFC 7644 3.4.2, RFC 9865 2). */
export function listOf<Row>(found: SearchResult<Row>, asked: SearchParams, resource: (row: Row) => Document): HttpResponse {
  const { total, rows, startIndex, nextCursor, previousCursor } = found
  const cursors = { ...(previousCursor !== null && { previousCursor }), ...(nextCursor !== null && { nextCursor }) }
  return {
    status: 200,
    headers: { 'content-type': SCIM_JSON },
    body: {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:ListResponse'],
      totalResults: total,
      itemsPerPage: rows.length,
      ...(asked.cursor === undefined ? { startIndex } : cursors),
      Resources: new LazyList(rows, resource),
    },
  }
}

/** `id` and `schemas` always (RFC 7643 7, "returned"). */
function projected(type: ResourceType, resource: Document, { attributes, excluded }: SearchParams): Document {
  if (attributes.length > 0) {
    const shown: Document = { schemas: resource.schemas, id: resource.id }
    for (const target of targets(type, resource, attributes)) copy(resource, shown, target)
    return shown
  }
  const left = { ...resource }
  for (const target of targets(type, resource, excluded)) if (target.attribute?.returned !== 'always') drop(left, target)
  return left
}

/** Unknown names select nothing (RFC 7644 3.9). */
function targets(type: ResourceType, resource: Document, paths: readonly string[]): Target[] {
  if (paths.length === 0) return []
  const held = withExtensionsOf(type, resource)
  const known = cache.get(paths) ?? new Map<string, Target[]>()
  cache.set(paths, known)
  const name = held.open.join()
  const found = known.get(name) ?? paths.flatMap(path => targetsOf(held, path))
  known.set(name, found)
  return found
}

const cache = new WeakMap<readonly string[], Map<string, Target[]>>()

function targetsOf(type: ResourceType, path: string): Target[] {
  try {
    const target = resolve(type, path)
    return target.unqualified ? [target, { ...target, urn: null }] : [target]
  } catch {
    return []
  }
}

function copy(from: Document, to: Document, { urn, attribute, sub }: Target): void {
  if (urn !== null) {
    const name = keyOf(from, urn)
    const inside = from[name]
    if (!isObject(inside)) return
    if (attribute === null) to[name] = inside
    else {
      const part = isObject(to[name]) ? { ...(to[name] as Document) } : {}
      copy(inside, part, { urn: null, attribute, sub })
      to[name] = part
    }
    return
  }
  const name = keyOf(from, attribute!.name)
  if (!Object.hasOwn(from, name)) return
  const pick = (value: unknown, beside: unknown): unknown => {
    const part = isObject(value) ? keyOf(value, sub!.name) : ''
    return isObject(value) && Object.hasOwn(value, part)
      ? { ...(isObject(beside) ? beside : {}), [part]: value[part] }
      : (beside ?? {})
  }
  const [held, before] = [from[name], to[name]]
  if (sub === null) to[name] = held
  else if (isList(held)) to[name] = held.map((value, index) => pick(value, isList(before) ? before.at(index) : undefined))
  else to[name] = pick(held, before)
}

function drop(from: Document, { urn, attribute, sub }: Target): void {
  if (urn !== null && attribute !== null) {
    const key = keyOf(from, urn)
    if (isObject(from[key])) {
      const inside = { ...(from[key] as Document) }
      drop(inside, { urn: null, attribute, sub })
      from[key] = inside
    }
    return
  }
  const name = keyOf(from, urn ?? attribute!.name)
  if (sub === null) delete from[name]
  else {
    const without = (value: unknown) =>
      isObject(value) ? Object.fromEntries(Object.entries(value).filter(([part]) => part !== keyOf(value, sub.name))) : value
    const held = from[name]
    if (isList(held)) from[name] = held.map(without)
    else if (isObject(held)) from[name] = without(held)
  }
}

const isList = (value: unknown): value is unknown[] | LazyList => Array.isArray(value) || value instanceof LazyList
