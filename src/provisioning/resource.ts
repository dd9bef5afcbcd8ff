/** A resource as a provider sends it, checked and spelled as the schemas spell it (RFC 7643 2). Pure. */
import { Invalid } from '../errors.ts'
import { FORBIDDEN_KEYS, named } from '../http/text.ts'
import { Misspoken } from './faults.ts'
import {
  type Attribute,
  attributesOfExtension,
  coreAttributes,
  type Document,
  extensionOf,
  findAttribute,
  type ResourceType,
} from './schema.ts'

/** The most that a document holds, as bytes of its text, and a list of values of a user, as entries. */
const MAX_DOCUMENT = 65_536
const MAX_VALUES = 1000

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Whether it counts as unassigned (RFC 7643 2.5). */
export const isUnassigned = (value: unknown): boolean => value == null || (Array.isArray(value) && value.length === 0)

/** A whole resource, of POST or PUT. What is read-only is left out, as RFC 7644 3.3 and 3.5.1 want it; so is a password. */
export function checkResource(type: ResourceType, body: unknown): Document {
  if (!isObject(body)) throw new Misspoken('invalidSyntax', 'body', 'must be a JSON object')
  const schemas = memberOf(body, 'schemas')
  if (
    !Array.isArray(schemas) ||
    !schemas.some(schema => typeof schema === 'string' && schema.toLowerCase() === type.core.id.toLowerCase())
  )
    throw new Misspoken('invalidSyntax', 'schemas', `must be a list with ${type.core.id}`)
  const foreign = schemas.find(
    schema => typeof schema !== 'string' || (schema.toLowerCase() !== type.core.id.toLowerCase() && !extensionOf(type, schema)),
  )
  if (type.strict && foreign !== undefined)
    throw new Misspoken('invalidSyntax', 'schemas', `names ${named(String(foreign))}, which is not configured for this IAM`)
  const document: Document = {}
  for (const [key, value] of Object.entries(body)) {
    const [name, checked] = checkMember(type, key, value)
    if (checked === undefined) continue
    if (Object.hasOwn(document, name)) throw new Misspoken('invalidSyntax', named(name), 'must not be given twice')
    document[name] = checked
  }
  return document
}

/** The value of a name, however it is capitalised (RFC 7643 2.1). */
export function memberOf(body: Record<string, unknown>, name: string): unknown {
  const key = Object.keys(body).find(key => key.toLowerCase() === name.toLowerCase())
  return key === undefined ? undefined : body[key]
}

function checkMember(type: ResourceType, key: string, value: unknown): [name: string, value: unknown] {
  if (FORBIDDEN_KEYS.has(key)) throw new Misspoken('invalidSyntax', named(key), 'is not allowed as a key')
  if (/^urn:/i.test(key)) {
    const urn = extensionOf(type, key)
    if (urn === null || urn.toLowerCase() === type.core.id.toLowerCase())
      throw new Misspoken('invalidSyntax', named(key), 'is not a schema that is configured for this IAM')
    return [urn, checkExtension(type, urn, value)]
  }
  const attribute = findAttribute(coreAttributes(type), key)
  if (attribute) return [attribute.name, checkWritable(attribute, value, type.strict)]
  if (type.strict) throw new Misspoken('invalidSyntax', named(key), `is not an attribute of a ${type.name}`)
  return [key, checkAny(key, value)]
}

/** Undefined for what is not the provider's to write. */
export function checkWritable(attribute: Attribute, value: unknown, strict: boolean): unknown {
  if (attribute.mutability === 'readOnly' || attribute.mutability === 'writeOnly') return undefined
  return checkValue(attribute, value, attribute.name, strict)
}

export function checkExtension(type: ResourceType, urn: string, value: unknown): Document | undefined {
  if (value === null) return undefined
  if (!isObject(value)) throw new Misspoken('invalidValue', named(urn), 'must be an object')
  const described = attributesOfExtension(type, urn)
  const document: Document = {}
  for (const [key, inner] of Object.entries(value)) {
    if (FORBIDDEN_KEYS.has(key)) throw new Misspoken('invalidSyntax', named(key), 'is not allowed as a key')
    const attribute = described && findAttribute(described, key)
    if (described && !attribute && type.strict) throw new Misspoken('invalidSyntax', named(key), `is not an attribute of ${urn}`)
    const checked = attribute ? checkWritable(attribute, inner, type.strict) : checkAny(key, inner)
    if (checked !== undefined) document[attribute ? attribute.name : key] = checked
  }
  return Object.keys(document).length === 0 ? undefined : document
}

/** The value as it is kept, or undefined when it is unassigned. */
export function checkValue(attribute: Attribute, value: unknown, field: string, strict: boolean): unknown {
  if (isUnassigned(value)) return undefined
  if (!attribute.multiValued) {
    // A manager as a list of one (Entra ID).
    const single = attribute.type === 'complex' && Array.isArray(value) && value.length === 1 ? value[0] : value
    return checkSingle(attribute, single, field, strict)
  }
  const values = (Array.isArray(value) ? value : [value]).filter(entry => entry !== null)
  // Members are rows, and as many as a body holds.
  if (values.length > MAX_VALUES && attribute.name !== 'members')
    throw new Invalid(field, `must have at most ${MAX_VALUES} values`)
  const checked = values
    .map(entry => checkSingle(attribute, entry, field, strict))
    .filter(entry => attribute.name === 'members' || !isObject(entry) || Object.keys(entry).length > 0)
  const primaries = checked.filter(entry => isObject(entry) && entry.primary === true)
  if (primaries.length > 1) throw new Misspoken('invalidValue', field, 'must have at most one primary value')
  return checked.length === 0 ? undefined : checked
}

function checkSingle(attribute: Attribute, value: unknown, field: string, strict: boolean): unknown {
  switch (attribute.type) {
    case 'complex':
      return checkComplex(attribute, value, field, strict)
    case 'boolean':
      return checkBoolean(value, field)
    case 'any':
      return checkAny(field, value)
    default:
      if (typeof value !== 'string') throw new Misspoken('invalidValue', field, 'must be a string')
      return value
  }
}

/** Entra ID sends `"True"` and `"False"`. */
function checkBoolean(value: unknown, field: string): boolean {
  if (typeof value === 'boolean') return value
  if (typeof value === 'string' && /^(true|false)$/i.test(value)) return value.toLowerCase() === 'true'
  throw new Misspoken('invalidValue', field, 'must be true or false')
}

function checkComplex(attribute: Attribute, value: unknown, field: string, strict: boolean): unknown {
  const parts = attribute.subAttributes ?? []
  // A manager as a string (Entra ID), and a list of plain addresses: the one part that a value can be.
  if (typeof value === 'string' && findAttribute(parts, 'value')) return { value }
  if (!isObject(value)) throw new Misspoken('invalidValue', field, 'must be an object')
  const checked: Document = {}
  for (const [key, inner] of Object.entries(value)) {
    if (FORBIDDEN_KEYS.has(key)) throw new Misspoken('invalidSyntax', named(key), 'is not allowed as a key')
    const part = findAttribute(parts, key)
    if (!part && strict) throw new Misspoken('invalidSyntax', `${field}.${named(key)}`, 'is not in the schema')
    const name = part?.name ?? key
    const kept = part
      ? part.mutability === 'readOnly'
        ? undefined
        : checkValue(part, inner, `${field}.${name}`, strict)
      : checkAny(key, inner)
    if (kept !== undefined) checked[name] = kept
  }
  return checked
}

/** Whatever JSON it is: nobody described it. The door has looked at keys and characters, also deep inside. */
function checkAny(field: string, value: unknown): unknown {
  if (isUnassigned(value)) return undefined
  if (!['string', 'number', 'boolean', 'object'].includes(typeof value))
    throw new Misspoken('invalidValue', field, 'must be JSON')
  return value
}

/** What a document comes to in the end: not too large, and with what its schema requires. */
export function checkDocument(type: ResourceType, document: Document): Document {
  for (const attribute of type.core.attributes)
    if (attribute.required && !(typeof document[attribute.name] === 'string' && document[attribute.name] !== ''))
      throw new Misspoken('invalidValue', attribute.name, 'is required and must be a string')
  if (Buffer.byteLength(JSON.stringify(document)) > MAX_DOCUMENT)
    throw new Misspoken('invalidValue', 'body', `must be at most ${MAX_DOCUMENT} bytes without its members`)
  return document
}
