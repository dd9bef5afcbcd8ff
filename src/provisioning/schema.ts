/**
 * What a resource may hold, and how its attributes are named. Pure.
 * The walk of a write: body → resource.ts (POST, PUT) or operations.ts and patch.ts (PATCH) → a Document → the room of its noun, which
 * knows its columns. The walk of a read: filter.ts and condition.ts make SQL of what is asked.
 */
import { FORBIDDEN_KEYS, named } from '../http/text.ts'
import { Misspoken, type ScimType } from './faults.ts'
import { CORE_GROUP, CORE_USER, common, enterpriseSchema, groupSchema, userSchema } from './schema.core.ts'

/** RFC 7643 7; `any` is an attribute of an extension that only the provider knows. */
export interface Attribute {
  readonly name: string
  readonly type: 'string' | 'boolean' | 'dateTime' | 'complex' | 'reference' | 'binary' | 'any'
  readonly multiValued: boolean
  readonly description: string
  readonly required: boolean
  readonly caseExact: boolean
  readonly mutability: 'readOnly' | 'readWrite' | 'immutable' | 'writeOnly'
  readonly returned: 'always' | 'never' | 'default' | 'request'
  readonly uniqueness: 'none' | 'server'
  readonly subAttributes?: readonly Attribute[]
  readonly referenceTypes?: readonly string[]
}

export interface Schema {
  readonly id: string
  readonly name: string
  readonly description: string
  readonly attributes: readonly Attribute[]
}

/** A mapped extension: its attributes become attributes of the user, by `prefix.attribute`. */
export interface MappedSchema {
  readonly scimSchema: string
  readonly prefix: string
}

export interface ResourceType {
  readonly name: 'User' | 'Group'
  readonly endpoint: 'Users' | 'Groups'
  readonly core: Schema
  readonly extensions: readonly Schema[]
  /** Extensions that the IAM's configuration names and nobody describes. */
  readonly open: readonly string[]
  /** Only what is described or configured may stand in a resource; else the unknown is kept as it came. */
  readonly strict: boolean
}

/** A resource without what only we say: id, meta, schemas, groups. Extensions stand under their URN. */
export type Document = Record<string, unknown>

export const mappedSchemas = (config: Record<string, unknown>): readonly MappedSchema[] =>
  ((config.schema ?? {}) as { attributeSchema?: readonly MappedSchema[] }).attributeSchema ?? []

export function userType(config: Record<string, unknown>): ResourceType {
  const described = [CORE_USER, enterpriseSchema.id].map(id => id.toLowerCase())
  const open = mappedSchemas(config).map(({ scimSchema }) => scimSchema)
  return {
    name: 'User',
    endpoint: 'Users',
    core: userSchema,
    extensions: [enterpriseSchema],
    open: [...new Set(open)].filter(urn => !described.includes(urn.toLowerCase())),
    strict: config.strictScimSchema === true,
  }
}

export const groupType = (config: Record<string, unknown>): ResourceType => ({
  name: 'Group',
  endpoint: 'Groups',
  core: groupSchema,
  extensions: [],
  open: [],
  strict: config.strictScimSchema === true,
})

/** What an attribute path names. Without an attribute it is the whole extension `urn`. */
export interface Target {
  /** The extension; null for the core schema. */
  readonly urn: string | null
  readonly attribute: Attribute | null
  readonly sub: Attribute | null
}

export const findAttribute = (attributes: readonly Attribute[], name: string): Attribute | undefined => {
  const lower = name.toLowerCase()
  return attributes.find(attribute => attribute.name.toLowerCase() === lower)
}

/** The attributes at the top of a resource, beside its extensions. */
export const coreAttributes = (type: ResourceType): readonly Attribute[] => [...common, ...type.core.attributes]

const any = (name: string): Attribute => ({
  name,
  type: 'any',
  multiValued: false,
  description: '',
  required: false,
  caseExact: false,
  mutability: 'readWrite',
  returned: 'default',
  uniqueness: 'none',
})

/** The URN of an extension as we spell it, or null when the type has no such extension. */
export function extensionOf(type: ResourceType, urn: string): string | null {
  const lower = urn.toLowerCase()
  const known = [...type.extensions.map(({ id }) => id), ...type.open].find(id => id.toLowerCase() === lower)
  // What stands under a core schema is no extension: it would be kept where nobody reads it.
  const isCore = lower.startsWith('urn:ietf:params:scim:schemas:core:')
  return known ?? (type.strict || isCore || !/^urn:[\w.:%~-]{1,200}$/i.test(urn) ? null : urn)
}

export const attributesOfExtension = (type: ResourceType, urn: string): readonly Attribute[] | null =>
  type.extensions.find(({ id }) => id === urn)?.attributes ?? null

/**
 * Reads an attribute path (RFC 7644 3.10): `name`, `name.sub`, either behind `urn:…:`, or an extension's URN alone.
 * Throws Misspoken of `scimType` for what this type of resource does not have.
 */
export function resolve(type: ResourceType, path: string, scimType: ScimType = 'invalidPath'): Target {
  const fault = () =>
    new Misspoken(
      scimType,
      scimType === 'invalidFilter' ? 'filter' : 'path',
      `names ${named(path)}, which a ${type.name} does not have`,
    )
  if (!/^urn:/i.test(path)) return within(coreAttributes(type), null, path) ?? raise(fault())
  const core = type.core.id.toLowerCase()
  const lower = path.toLowerCase()
  if (lower.startsWith(`${core}:`)) return within(coreAttributes(type), null, path.slice(core.length + 1)) ?? raise(fault())
  const known = [...type.extensions.map(({ id }) => id), ...type.open].find(
    id => lower === id.toLowerCase() || lower.startsWith(`${id.toLowerCase()}:`),
  )
  // A URN holds colons and dots itself: of one that nobody described, the last part is the attribute.
  const urn = known ?? extensionOf(type, path.slice(0, path.lastIndexOf(':')))
  if (urn === null || urn.toLowerCase() === core) throw fault()
  if (lower === urn.toLowerCase()) return { urn, attribute: null, sub: null }
  const rest = path.slice(urn.length + 1)
  const described = attributesOfExtension(type, urn)
  if (described) return within(described, urn, rest) ?? raise(fault())
  if (!/^[A-Za-z$_][\w$-]{0,253}(\.[A-Za-z$_][\w$-]{0,253})?$/.test(rest)) throw fault()
  const [name, sub] = rest.split('.') as [string, string?]
  if (FORBIDDEN_KEYS.has(name) || (sub !== undefined && FORBIDDEN_KEYS.has(sub))) throw fault()
  return { urn, attribute: any(name), sub: sub === undefined ? null : any(sub) }
}

function within(attributes: readonly Attribute[], urn: string | null, path: string): Target | null {
  const [name, sub, ...rest] = path.split('.')
  const attribute = findAttribute(attributes, name!)
  if (!attribute || rest.length > 0) return null
  if (sub === undefined) return { urn, attribute, sub: null }
  const found = findAttribute(attribute.subAttributes ?? [], sub)
  return found ? { urn, attribute, sub: found } : null
}

function raise(error: Error): never {
  throw error
}

/** The URNs that a document's `schemas` names. */
export const schemasOf = (type: ResourceType, document: Document): string[] => [
  type.name === 'User' ? CORE_USER : CORE_GROUP,
  ...Object.keys(document).filter(key => /^urn:/i.test(key)),
]
