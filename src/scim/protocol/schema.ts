/**
 * What a resource may hold, and how its attributes are named. Pure.
 * Flow of a write: body → resource.ts (POST, PUT) or operations.ts and patch.ts (PATCH) → a Document → the module of its noun, which
 * knows its columns. Flow of a read: filter.ts and filter-sql.ts make SQL of what is asked.
 */
import { FORBIDDEN_KEYS } from '../../platform/http/text.ts'
import { CORE_GROUP, CORE_USER, common, enterpriseSchema, groupSchema, userSchema } from './schema.core.ts'
import type { Attribute, Schema } from './schema.types.ts'

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

export const findAttribute = (attributes: readonly Attribute[], name: string): Attribute | undefined => {
  const lower = name.toLowerCase()
  return attributes.find(attribute => attribute.name.toLowerCase() === lower)
}

/** The attributes at the top of a resource, beside its extensions. */
export const coreAttributes = (type: ResourceType): readonly Attribute[] => [...common, ...type.core.attributes]

const NAME = /^[A-Za-z$_][\w$-]{0,253}$/

/** An attribute that no schema describes, of this name; null where the name is not one (RFC 7643 2.1). */
export const undescribed = (name: string): Attribute | null =>
  !NAME.test(name) || FORBIDDEN_KEYS.has(name)
    ? null
    : {
        name,
        type: 'any',
        multiValued: false,
        description: '',
        required: false,
        caseExact: false,
        mutability: 'readWrite',
        returned: 'default',
        uniqueness: 'none',
      }

/** A part of an attribute; one that no schema describes only where resources may hold such. */
export function partOf(attribute: Attribute, name: string, strict: boolean): Attribute | null {
  const parts = attribute.subAttributes ?? []
  const described = findAttribute(parts, name)
  if (described) return described
  const isOpen = attribute.type === 'any' || (!strict && parts.some(({ mutability }) => mutability === 'readWrite'))
  return isOpen ? undescribed(name) : null
}

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

/** The URNs that a document's `schemas` names. */
export const schemasOf = (type: ResourceType, document: Document): string[] => [
  type.name === 'User' ? CORE_USER : CORE_GROUP,
  ...Object.keys(document).filter(key => /^urn:/i.test(key)),
]
