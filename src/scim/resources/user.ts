import { USER_COLUMNS } from '../../domain/users/user.ts'
import type { ProfileInput } from '../../generated/inputs.ts'
import { foldCase } from '../../platform/case-folding.ts'
import { orNull, type RecordOf, text } from '../../platform/database/columns.ts'
import { canonical, checkAttributeKey, checkAttributeValue, checkList, isObject } from '../../platform/validation.ts'
import { resolve } from '../protocol/attribute-paths.ts'
import { ScimError } from '../protocol/errors.ts'
import { valueAt } from '../protocol/patch.ts'
import { ENTERPRISE_USER } from '../protocol/schema.core.ts'
import { type Document, mappedSchemas, type ResourceType } from '../protocol/schema.ts'

const { id, iamid, userid, disabled, disabledBy, createdAt, updatedAt } = USER_COLUMNS
const { name, email, phone, about, location, organization, position, sqlUser } = USER_COLUMNS

export const SCIM_USER_COLUMNS = {
  ...{ id, iamid, userid, disabled, disabledBy, createdAt, updatedAt },
  ...{ name, email, phone, about, location, organization, position, sqlUser },
  scimId: orNull(text('u.scim_id::text')),
}

export interface ScimUserRecord extends RecordOf<typeof SCIM_USER_COLUMNS> {
  readonly document: Document
  readonly groups?: readonly { value: string; display: string }[]
}

export const userDocument = ({ userid, disabled, document }: ScimUserRecord): Document => ({
  userName: userid,
  ...document,
  active: !disabled,
})

export const userFacts = (user: ScimUserRecord): unknown => [user.scimId, userDocument(user)]

/** Of a new user, for the audit log. */
export const createdFacts = ({ scimId, name, email, disabled }: ScimUserRecord, attributes: readonly string[]) => ({
  ...{ scimId, name, email, disabled },
  attributes,
})

type Field = Exclude<keyof ProfileInput, 'preferences' | 'externalUserIds'>
/** Defaults of `schema.profile`; the first present wins. */
const PROFILE: Record<Field, readonly string[]> = {
  name: ['displayName', 'name.formatted'],
  email: ['emails'],
  phone: ['phoneNumbers'],
  about: [],
  location: ['addresses.formatted', 'addresses.locality'],
  organization: [`${ENTERPRISE_USER}:organization`],
  position: ['title'],
  sqlUser: [],
}

export const usualPath = (field: string): string | undefined =>
  Object.hasOwn(PROFILE, field) ? PROFILE[field as Field][0] : undefined

/** Clears fields that the provider stops sending. */
export function profileOf(type: ResourceType, config: Record<string, unknown>, document: Document): ProfileInput {
  const { profile: mapped = {} } = (config.schema ?? {}) as { profile?: Partial<Record<Field, string>> }
  const fields = (Object.keys(PROFILE) as Field[]).flatMap(field => {
    const paths = [...(mapped[field] === undefined ? [] : [mapped[field]]), ...PROFILE[field]]
    return paths.length === 0 ? [] : [[field, textAt(type, document, paths)] as const]
  })
  const profile: ProfileInput = Object.fromEntries(fields)
  return { ...profile, name: profile.name ?? partsOfName(document) ?? String(document.userName) }
}

function textAt(type: ResourceType, document: Document, paths: readonly string[]): string | null {
  for (const path of paths) {
    const value = pathValue(type, document, path)
    if (typeof value === 'string' && value.trim() !== '') return value.trim()
  }
  return null
}

function pathValue(type: ResourceType, document: Document, path: string): unknown {
  try {
    return valueAt(document, resolve(type, path))
  } catch (error) {
    if (error instanceof ScimError) return undefined
    throw error
  }
}

function partsOfName({ name }: Document): string | null {
  const parts = isObject(name) ? [name.givenName, name.familyName] : []
  const text = parts
    .filter(part => typeof part === 'string')
    .join(' ')
    .trim()
  return text === '' ? null : text
}

export interface ScimAttribute {
  readonly key: string
  readonly keyKey: string
  readonly value: string
}

/** `prefix.attribute` of mapped schemas (iam-rules, "SCIM"). Throws Invalid. */
export function attributesOf(config: Record<string, unknown>, document: Document): ScimAttribute[] {
  const found = mappedSchemas(config).flatMap(({ scimSchema, prefix }) =>
    Object.entries(membersOf(document, scimSchema)).flatMap(([name, value]) => flat(`${prefix}.${name}`, value)),
  )
  const once = new Map<string, ScimAttribute>()
  for (const [key, value] of checkList('attributes', found)) {
    const keyKey = canonical(checkAttributeKey(key, 'attribute'))
    once.set(JSON.stringify([keyKey, value]), { key, keyKey, value: checkAttributeValue(value, key) })
  }
  return [...once.values()]
}

function membersOf(document: Document, scimSchema: string): Document {
  const lower = foldCase(scimSchema)
  if (lower.endsWith(':core:2.0:user'))
    return Object.fromEntries(Object.entries(document).filter(([name]) => !/^urn:/i.test(name)))
  const urn = Object.keys(document).find(key => foldCase(key) === lower)
  return urn !== undefined && isObject(document[urn]) ? document[urn] : {}
}

function flat(key: string, value: unknown): [key: string, value: string][] {
  if (Array.isArray(value)) return value.flatMap(entry => flat(key, entry))
  if (isObject(value)) {
    if (value.value !== undefined) return flat(key, value.value)
    return Object.entries(value).flatMap(([part, inner]) => flat(`${key}.${part}`, inner))
  }
  return value === null || value === '' ? [] : [[key, String(value)]]
}
