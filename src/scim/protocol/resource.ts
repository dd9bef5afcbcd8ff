import { foldCase } from '../../platform/case-folding.ts'
import { Invalid } from '../../platform/errors.ts'
import { FORBIDDEN_KEYS, named } from '../../platform/http/text.ts'
import { isObject } from '../../platform/validation.ts'
import { ScimError } from './errors.ts'
import { attributesOfExtension, coreAttributes, type Document, extensionOf, findAttribute, type ResourceType } from './schema.ts'
import type { Attribute } from './schema.types.ts'

/** Bytes of a document; values of a list. */
const MAX_DOCUMENT = 65_536
const MAX_VALUES = 1000

export const isUnassigned = (value: unknown): boolean => value == null || (Array.isArray(value) && value.length === 0)

/** Drops read-only attributes (RFC 7644 3.3, 3.5.1) and passwords. */
export function checkResource(type: ResourceType, body: unknown): Document {
  if (!isObject(body)) throw new ScimError('invalidSyntax', 'body', 'must be a JSON object')
  if (!hasSchema(body, type.core.id)) throw new ScimError('invalidSyntax', 'schemas', `must be a list with ${type.core.id}`)
  const foreign = (memberOf(body, 'schemas') as unknown[]).find(
    schema => typeof schema !== 'string' || (foldCase(schema) !== foldCase(type.core.id) && !extensionOf(type, schema)),
  )
  if (type.strict && foreign !== undefined)
    throw new ScimError('invalidSyntax', 'schemas', `names ${named(String(foreign))}, which is not configured for this IAM`)
  const document: Document = {}
  const given = new Set<string>()
  for (const [key, value] of Object.entries(body)) {
    const [name, checked] = checkMember(type, key, value)
    if (checked === undefined) continue
    if (given.has(foldCase(name))) throw new ScimError('invalidSyntax', named(name), 'must not be given twice')
    given.add(foldCase(name))
    document[name] = checked
  }
  return document
}

export function hasSchema(body: Record<string, unknown>, urn: string): boolean {
  const schemas = memberOf(body, 'schemas')
  return Array.isArray(schemas) && schemas.some(schema => typeof schema === 'string' && foldCase(schema) === foldCase(urn))
}

export function memberOf(body: Record<string, unknown>, name: string): unknown {
  const key = Object.keys(body).find(key => foldCase(key) === foldCase(name))
  return key === undefined ? undefined : body[key]
}

function checkMember(type: ResourceType, key: string, value: unknown): [name: string, value: unknown] {
  if (FORBIDDEN_KEYS.has(key)) throw new ScimError('invalidSyntax', named(key), 'is not allowed as a key')
  if (/^urn:/i.test(key)) {
    const urn = extensionOf(type, key)
    if (urn === null || foldCase(urn) === foldCase(type.core.id))
      throw new ScimError('invalidSyntax', named(key), 'is not a schema that is configured for this IAM')
    return [urn, checkExtension(type, urn, value)]
  }
  const attribute = findAttribute(coreAttributes(type), key)
  if (attribute) return [attribute.name, checkWritable(attribute, value, type.strict)]
  if (type.strict) throw new ScimError('invalidSyntax', named(key), `is not an attribute of a ${type.name}`)
  return [key, checkAny(key, value)]
}

export function checkWritable(attribute: Attribute, value: unknown, strict: boolean): unknown {
  if (attribute.mutability === 'readOnly' || attribute.mutability === 'writeOnly') return undefined
  return checkValue(attribute, value, { field: attribute.name, strict })
}

export function checkExtension(type: ResourceType, urn: string, value: unknown): Document | undefined {
  if (value === null) return undefined
  if (!isObject(value)) throw new ScimError('invalidValue', named(urn), 'must be an object')
  const described = attributesOfExtension(type, urn)
  const document: Document = {}
  for (const [key, inner] of Object.entries(value)) {
    if (FORBIDDEN_KEYS.has(key)) throw new ScimError('invalidSyntax', named(key), 'is not allowed as a key')
    const attribute = described && findAttribute(described, key)
    if (described && !attribute && type.strict) throw new ScimError('invalidSyntax', named(key), `is not an attribute of ${urn}`)
    const checked = attribute ? checkWritable(attribute, inner, type.strict) : checkAny(key, inner)
    if (checked !== undefined) document[attribute ? attribute.name : key] = checked
  }
  return Object.keys(document).length === 0 ? undefined : document
}

export function checkValue(attribute: Attribute, value: unknown, { field, strict }: { field: string; strict: boolean }): unknown {
  if (isUnassigned(value)) return undefined
  if (!attribute.multiValued) {
    // Entra ID sends manager as a list.
    const single = attribute.type === 'complex' && Array.isArray(value) && value.length === 1 ? value[0] : value
    return checkSingle(attribute, single, { field, strict })
  }
  const values = (Array.isArray(value) ? value : [value]).filter(entry => entry !== null)
  if (values.length > MAX_VALUES && attribute.name !== 'members')
    throw new Invalid(field, `must have at most ${MAX_VALUES} values`)
  const checked = values
    .map(entry => checkSingle(attribute, entry, { field, strict }))
    .filter(entry => attribute.name === 'members' || !isObject(entry) || Object.keys(entry).length > 0)
  const primaries = checked.filter(entry => isObject(entry) && entry.primary === true)
  if (primaries.length > 1) throw new ScimError('invalidValue', field, 'must have at most one primary value')
  return checked.length === 0 ? undefined : checked
}

function checkSingle(attribute: Attribute, value: unknown, { field, strict }: { field: string; strict: boolean }): unknown {
  switch (attribute.type) {
    case 'complex':
      return checkComplex(attribute, value, { field, strict })
    case 'boolean':
      return checkBoolean(value, field)
    case 'any':
      return checkAny(field, value)
    default:
      if (typeof value !== 'string') throw new ScimError('invalidValue', field, 'must be a string')
      return value
  }
}

/** Entra ID sends `"True"` and `"False"`. */
function checkBoolean(value: unknown, field: string): boolean {
  if (typeof value === 'boolean') return value
  if (typeof value === 'string' && /^(true|false)$/i.test(value)) return value.toLowerCase() === 'true'
  throw new ScimError('invalidValue', field, 'must be true or false')
}

function checkComplex(attribute: Attribute, value: unknown, { field, strict }: { field: string; strict: boolean }): unknown {
  const parts = attribute.subAttributes ?? []
  // Entra ID sends manager as a string.
  if (typeof value === 'string' && findAttribute(parts, 'value')) return { value }
  if (!isObject(value)) throw new ScimError('invalidValue', field, 'must be an object')
  const checked: Document = {}
  for (const [key, inner] of Object.entries(value)) {
    if (FORBIDDEN_KEYS.has(key)) throw new ScimError('invalidSyntax', named(key), 'is not allowed as a key')
    const part = findAttribute(parts, key)
    if (!part && strict) throw new ScimError('invalidSyntax', `${field}.${named(key)}`, 'is not in the schema')
    const name = part?.name ?? key
    const kept = part
      ? part.mutability === 'readOnly'
        ? undefined
        : checkValue(part, inner, { field: `${field}.${name}`, strict })
      : checkAny(key, inner)
    if (kept !== undefined) checked[name] = kept
  }
  return checked
}

function checkAny(field: string, value: unknown): unknown {
  if (isUnassigned(value)) return undefined
  if (!['string', 'number', 'boolean', 'object'].includes(typeof value))
    throw new ScimError('invalidValue', field, 'must be JSON')
  if (isObject(value) && Object.values(value).every(isUnassigned)) return undefined
  return value
}

export function checkDocument(type: ResourceType, given: Document): Document {
  const document = tidied(type, given)
  for (const attribute of type.core.attributes)
    if (attribute.required && !(typeof document[attribute.name] === 'string' && document[attribute.name] !== ''))
      throw new ScimError('invalidValue', attribute.name, 'is required and must be a string')
  if (Buffer.byteLength(JSON.stringify(document)) > MAX_DOCUMENT)
    throw new ScimError('invalidValue', 'body', `must be at most ${MAX_DOCUMENT} bytes without its members`)
  return document
}

function tidied(type: ResourceType, given: Document): Document {
  const document = tidy(coreAttributes(type), given)
  for (const { id, attributes } of type.extensions) {
    if (!isObject(document[id])) continue
    const inside = tidy(attributes, document[id])
    if (Object.keys(inside).length > 0) document[id] = inside
    else delete document[id]
  }
  return document
}

function tidy(attributes: readonly Attribute[], given: Document): Document {
  const holder = { ...given }
  for (const attribute of attributes) {
    const held = holder[attribute.name]
    if (attribute.type !== 'complex' || held === undefined) continue
    if (Array.isArray(held)) holder[attribute.name] = once(attribute, held)
    // Entra ID removes a manager by "".
    else if (isObject(held) && (Object.values(held).every(isUnassigned) || held.value === '')) delete holder[attribute.name]
  }
  return holder
}

/** One value of each type (RFC 7643 2.4). */
function once(attribute: Attribute, values: readonly unknown[]): unknown[] {
  const found = new Map<string, unknown>()
  for (const value of values) {
    const key = sameness(attribute, value)
    const first = found.get(key)
    const isPrimary = [first, value].some(one => isObject(one) && one.primary === true)
    const merged = isObject(first) && isObject(value) ? { ...first, ...value, ...(isPrimary && { primary: true }) } : value
    found.set(key, merged)
  }
  return [...found.values()]
}

export const sortKeys = (value: unknown): string =>
  JSON.stringify(isObject(value) ? Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)) : value)

/** `value` and `type`, else all parts. */
export function sameness({ subAttributes = [] }: Attribute, value: unknown): string {
  if (!isObject(value) || value.value === undefined) return sortKeys(value)
  const folded = (name: string): unknown => {
    const held = value[name] ?? null
    return typeof held === 'string' && findAttribute(subAttributes, name)?.caseExact === false ? foldCase(held) : held
  }
  return JSON.stringify([folded('value'), folded('type')])
}
