import { foldCase } from '../../platform/case-folding.ts'
import { FORBIDDEN_KEYS } from '../../platform/http/text.ts'
import { CORE_GROUP, CORE_USER, common, enterpriseSchema, groupSchema, userSchema } from './schema.core.ts'
import type { Attribute, Schema } from './schema.types.ts'

export interface MappedSchema {
  readonly scimSchema: string
  readonly prefix: string
}

export interface ResourceType {
  readonly name: 'User' | 'Group'
  readonly endpoint: 'Users' | 'Groups'
  readonly core: Schema
  readonly extensions: readonly Schema[]
  readonly open: readonly string[]
  readonly strict: boolean
}

/** Without id, meta, schemas and groups. Extensions are under their URN. */
export type Document = Record<string, unknown>

export const mappedSchemas = (config: Record<string, unknown>): readonly MappedSchema[] =>
  ((config.schema ?? {}) as { attributeSchema?: readonly MappedSchema[] }).attributeSchema ?? []

export function userType(config: Record<string, unknown>): ResourceType {
  const described = [CORE_USER, enterpriseSchema.id].map(id => foldCase(id))
  const open = mappedSchemas(config).map(({ scimSchema }) => scimSchema)
  return {
    name: 'User',
    endpoint: 'Users',
    core: userSchema,
    extensions: [enterpriseSchema],
    open: [...new Set(open)].filter(urn => !described.includes(foldCase(urn))),
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
  const lower = foldCase(name)
  return attributes.find(attribute => foldCase(attribute.name) === lower)
}

export const coreAttributes = (type: ResourceType): readonly Attribute[] => [...common, ...type.core.attributes]

const NAME = /^[A-Za-z$_][\w$-]{0,253}$/

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

export function partOf(attribute: Attribute, name: string, strict: boolean): Attribute | null {
  const parts = attribute.subAttributes ?? []
  const described = findAttribute(parts, name)
  if (described) return described
  const isOpen = attribute.type === 'any' || (!strict && parts.some(({ mutability }) => mutability === 'readWrite'))
  return isOpen ? undescribed(name) : null
}

export function extensionOf(type: ResourceType, urn: string): string | null {
  const lower = foldCase(urn)
  const known = [...type.extensions.map(({ id }) => id), ...type.open].find(id => foldCase(id) === lower)
  const isCore = lower.startsWith('urn:ietf:params:scim:schemas:core:')
  return known ?? (type.strict || isCore || !/^urn:[\w.:%~-]{1,200}$/i.test(urn) ? null : urn)
}

export const attributesOfExtension = (type: ResourceType, urn: string): readonly Attribute[] | null =>
  type.extensions.find(({ id }) => id === urn)?.attributes ?? null

export const schemasOf = (type: ResourceType, document: Document): string[] => [
  type.name === 'User' ? CORE_USER : CORE_GROUP,
  ...Object.keys(document).filter(key => /^urn:/i.test(key)),
]
