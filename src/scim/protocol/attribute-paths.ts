import { foldCase } from '../../platform/case-folding.ts'
import { named } from '../../platform/http/text.ts'
import { isObject } from '../../platform/validation.ts'
import { ScimError, type ScimType } from './errors.ts'
import {
  attributesOfExtension,
  coreAttributes,
  type Document,
  extensionOf,
  findAttribute,
  partOf,
  type ResourceType,
  undescribed,
} from './schema.ts'
import type { Attribute } from './schema.types.ts'

/** Without an attribute: the whole extension `urn`. */
export interface Target {
  readonly urn: string | null
  readonly attribute: Attribute | null
  readonly sub: Attribute | null
  /** Without URN; a core attribute of that name wins. */
  readonly unqualified?: true
}

/** Case-insensitive (RFC 7643 2.1). */
export function keyOf(holder: Document, name: string): string {
  if (Object.hasOwn(holder, name)) return name
  const lower = foldCase(name)
  return Object.keys(holder).find(key => foldCase(key) === lower) ?? name
}

/** `name`, `name.sub`, with or without URN. Throws ScimError when unknown. */
export function resolve(type: ResourceType, path: string, scimType: ScimType = 'invalidPath'): Target {
  const fault = () =>
    new ScimError(
      scimType,
      scimType === 'invalidFilter' ? 'filter' : 'path',
      `names ${named(path)}, which a ${type.name} does not have`,
    )
  const { strict } = type
  if (!/^urn:/i.test(path)) return unqualified(type, path) ?? raise(fault())
  const core = foldCase(type.core.id)
  const lower = foldCase(path)
  if (lower.startsWith(`${core}:`))
    return within(coreAttributes(type), { urn: null, path: path.slice(core.length + 1), strict }) ?? raise(fault())
  const urn = urnIn(type, path)
  if (urn === null || foldCase(urn) === core) throw fault()
  if (lower === foldCase(urn)) return { urn, attribute: null, sub: null }
  const described = attributesOfExtension(type, urn)
  return (
    within(described ?? [], { urn, path: path.slice(urn.length + 1), strict: strict && described !== null }) ?? raise(fault())
  )
}

function urnIn(type: ResourceType, path: string): string | null {
  const lower = foldCase(path)
  const known = [...type.extensions.map(({ id }) => id), ...type.open]
    .filter(id => lower === foldCase(id) || lower.startsWith(`${foldCase(id)}:`))
    .toSorted((a, b) => b.length - a.length)[0]
  if (known !== undefined) return known
  // URNs contain colons and dots: the last part is the attribute.
  const isWhole = lower.endsWith(`:${foldCase(type.name)}`) && path.split(':').length > 2
  return extensionOf(type, isWhole ? path : path.slice(0, path.lastIndexOf(':')))
}

/** Entra ID writes `manager` without URN. */
function unqualified(type: ResourceType, path: string): Target | null {
  const name = path.split('.')[0]!
  const isCore = findAttribute(coreAttributes(type), name) !== undefined
  const extension = isCore ? undefined : type.extensions.find(({ attributes }) => findAttribute(attributes, name))
  if (!extension) return within(coreAttributes(type), { urn: null, path, strict: type.strict })
  const target = within(extension.attributes, { urn: extension.id, path, strict: type.strict })
  return target && { ...target, unqualified: true }
}

function within(
  attributes: readonly Attribute[],
  { urn, path, strict }: { urn: string | null; path: string; strict: boolean },
): Target | null {
  const [name, sub, ...rest] = path.split('.')
  const attribute = findAttribute(attributes, name!) ?? (strict ? null : undescribed(name!))
  if (!attribute || rest.length > 0) return null
  if (sub === undefined) return { urn, attribute, sub: null }
  const part = partOf(attribute, sub, strict)
  return part && { urn, attribute, sub: part }
}

export function withExtensionsOf(type: ResourceType, document: Document): ResourceType {
  const own = new Set([...type.extensions.map(({ id }) => id), ...type.open].map(id => foldCase(id)))
  const held = Object.keys(document).filter(key => /^urn:/i.test(key) && !own.has(foldCase(key)))
  return held.length === 0 ? type : { ...type, open: [...type.open, ...held] }
}

export function located(document: Document, target: Target): Target {
  const { attribute, sub } = target
  if (attribute === null) return target
  const urn = target.unqualified && Object.hasOwn(document, keyOf(document, attribute.name)) ? null : target.urn
  const isMoved = urn !== target.urn
  const base = urn === null ? document : document[keyOf(document, urn)]
  const holder: Document = isObject(base) ? base : {}
  const spelled =
    isMoved || attribute.type === 'any' ? { ...undescribed(attribute.name)!, name: keyOf(holder, attribute.name) } : attribute
  return {
    urn: urn === null ? null : keyOf(document, urn),
    attribute: spelled,
    sub: sub && (isMoved ? undescribed(sub.name) : sub),
  }
}

function raise(error: Error): never {
  throw error
}

export function wholeExtension(type: ResourceType, key: string): string | null {
  const lower = foldCase(key)
  const known = [type.core.id, ...type.extensions.map(({ id }) => id), ...type.open].some(id => lower.startsWith(foldCase(id)))
  return known ? null : extensionOf(type, key)
}
