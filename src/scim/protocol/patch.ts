/** RFC 7644 3.5.2.1 to 3.5.2.3, on a copy. */

import { foldCase } from '../../platform/case-folding.ts'
import { isObject } from '../../platform/validation.ts'
import { keyOf, located } from './attribute-paths.ts'
import { ScimError } from './errors.ts'
import { impliedBy, matches } from './filter.ts'
import type { PatchOperation } from './patch-operations.ts'
import { checkExtension, checkValue, checkWritable, isUnassigned, sameness, sortKeys } from './resource.ts'
import { type Document, findAttribute, type ResourceType } from './schema.ts'
import type { Attribute } from './schema.types.ts'

export function patched(type: ResourceType, document: Document, steps: readonly PatchOperation[]): Document {
  const next = structuredClone(document)
  for (const step of steps) apply(type, next, step)
  return next
}

function apply(type: ResourceType, document: Document, given: PatchOperation): void {
  const target = located(document, given.target)
  const step = { ...given, target }
  const { urn, attribute } = target
  if (urn !== null && attribute === null) {
    changeExtension(type, document, { urn, step })
    return
  }
  const holder = urn === null ? document : isObject(document[urn]) ? document[urn] : {}
  change(type, holder, { attribute: attribute!, step })
  if (urn !== null) keep(document, urn, holder)
}

function changeExtension(
  type: ResourceType,
  document: Document,
  { urn, step: { op, value } }: { urn: string; step: PatchOperation },
): void {
  if (op === 'remove' || value === null) {
    delete document[urn]
    return
  }
  const given = checkExtension(type, urn, value) ?? {}
  const before = isObject(document[urn]) ? document[urn] : {}
  const named = new Set(Object.keys(value as Document).map(key => foldCase(key)))
  const kept = Object.entries(before).filter(([name]) => !named.has(foldCase(name)))
  keep(document, urn, { ...Object.fromEntries(kept), ...given })
}

function change(type: ResourceType, holder: Document, { attribute, step }: { attribute: Attribute; step: PatchOperation }): void {
  if (step.filter !== null) changeSome(type, holder, { attribute, step })
  else if (step.target.sub !== null) changePart(type, { holder, attribute, part: step.target.sub, step })
  else changeWhole(type, holder, { attribute, step })
}

function changeWhole(
  type: ResourceType,
  holder: Document,
  { attribute, step: { op, value } }: { attribute: Attribute; step: PatchOperation },
): void {
  const { name } = attribute
  if (op === 'remove') {
    if (attribute.required) throw new ScimError('mutability', 'path', `names ${name}, which is required`)
    // Entra ID removes list values by `value`.
    if (isList(attribute, holder) && !isUnassigned(value))
      keep(holder, name, without(attribute, listOf(holder[name]), checkList(type, attribute, value)))
    else delete holder[name]
    return
  }
  const given = checkWritable(attribute, value, type.strict)
  if (given === undefined) {
    if (op === 'replace') delete holder[name]
  } else if (isList(attribute, holder) && op === 'add')
    keep(holder, name, joined(attribute, listOf(holder[name]), [given].flat()))
  else if (isSingleComplex(attribute, holder) && isObject(given)) {
    const parts = value as Document
    const cleared = isObject(value) ? Object.keys(parts).filter(key => isUnassigned(parts[key])) : []
    const before = Object.entries(holder[name] as Document).filter(
      ([part]) => !cleared.some(key => foldCase(key) === foldCase(part)),
    )
    const kept = Object.entries(given).filter(([, part]) => !isUnassigned(part))
    keep(holder, name, { ...Object.fromEntries(before), ...Object.fromEntries(kept) })
  } else holder[name] = given
}

const isList = ({ multiValued, type, name }: Attribute, holder: Document): boolean =>
  multiValued || (type === 'any' && Array.isArray(holder[name]))

const isSingleComplex = ({ type, multiValued, name }: Attribute, holder: Document): boolean =>
  (type === 'complex' || type === 'any') && !multiValued && isObject(holder[name])

function changePart(
  type: ResourceType,
  { holder, attribute, part, step }: { holder: Document; attribute: Attribute; part: Attribute; step: PatchOperation },
): void {
  if (!isList(attribute, holder)) {
    const whole = isObject(holder[attribute.name]) ? { ...(holder[attribute.name] as Document) } : {}
    setPart(type, whole, { part, step })
    keep(holder, attribute.name, whole)
    return
  }
  const values = listOf(holder[attribute.name])
  if (values.length === 0 && step.op === 'replace') throw noTarget(attribute)
  const targets = values.length === 0 && step.op === 'add' ? [{}] : values
  const changed = targets.map(value => withPart(type, value, { part, step }))
  keep(holder, attribute.name, atMostOnePrimary(attribute, changed).filter(isNotEmpty))
}

function changeSome(
  type: ResourceType,
  holder: Document,
  { attribute, step }: { attribute: Attribute; step: PatchOperation },
): void {
  const { op, filter } = step
  const { sub } = step.target
  const held = holder[attribute.name]
  const values = attribute.multiValued || held === undefined ? listOf(held) : [held].flat()
  const chosen = values.map(value => matches(filter!, value, attribute))
  // Replacing by nothing removes; adding nothing does nothing (RFC 7643 2.5).
  const isNothing = op !== 'remove' && sub === null && isUnassigned(step.value)
  if (isNothing && op === 'add') return
  if (isNothing && !chosen.includes(true)) throw noTarget(attribute)
  if ((op === 'remove' && sub === null) || isNothing) {
    keep(
      holder,
      attribute.name,
      values.filter((_, index) => !chosen[index]),
    )
    return
  }
  if (!chosen.includes(true)) {
    if (op === 'remove') return
    // Entra ID patches missing values; the filter describes them.
    const implied = op === 'add' || filter!.op === 'eq' ? impliedBy(filter!) : null
    if (implied === null) throw noTarget(attribute)
    if (isUnassigned(step.value)) return
    const made = checkValue({ ...attribute, multiValued: false }, implied, {
      field: attribute.name,
      strict: type.strict,
    }) as Document
    values.push(sub === null ? merged(type, made, { attribute, step }) : withPart(type, made, { part: sub, step }))
    chosen.push(true)
  } else {
    const change = (value: unknown) =>
      sub === null ? merged(type, value, { attribute, step }) : withPart(type, value, { part: sub, step })
    for (const [index, value] of values.entries()) if (chosen[index]) values[index] = change(value)
  }
  const settled = onePrimary(values, index => chosen[index]!)
  keep(holder, attribute.name, atMostOnePrimary(attribute, settled).filter(isNotEmpty))
}

function merged(
  type: ResourceType,
  value: unknown,
  { attribute, step: { value: given } }: { attribute: Attribute; step: PatchOperation },
): unknown {
  const checked = checkValue({ ...attribute, multiValued: false }, given, { field: attribute.name, strict: type.strict })
  return isObject(value) && isObject(checked) ? { ...value, ...checked } : (checked ?? value)
}

function withPart(type: ResourceType, value: unknown, { part, step }: { part: Attribute; step: PatchOperation }): unknown {
  const whole = isObject(value) ? { ...value } : { value }
  setPart(type, whole, { part, step })
  return whole
}

function setPart(
  type: ResourceType,
  whole: Document,
  { part, step: { op, value } }: { part: Attribute; step: PatchOperation },
): void {
  const given = op === 'remove' ? undefined : checkValue(part, value, { field: part.name, strict: type.strict })
  const name = part.type === 'any' ? keyOf(whole, part.name) : part.name
  if (given === undefined) delete whole[name]
  else whole[name] = given
}

const noTarget = (attribute: Attribute) => new ScimError('noTarget', 'path', `matches no value of ${attribute.name}`)
const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? [...value] : [])
const isNotEmpty = (value: unknown): boolean => !(isObject(value) && Object.keys(value).length === 0)
const checkList = (type: ResourceType, attribute: Attribute, value: unknown): unknown[] =>
  [checkValue(attribute, value, { field: attribute.name, strict: type.strict }) ?? []].flat()

function keep(holder: Document, name: string, value: unknown): void {
  if (isUnassigned(value) || !isNotEmpty(value)) delete holder[name]
  else holder[name] = value
}

function joined(attribute: Attribute, values: readonly unknown[], added: readonly unknown[]): unknown[] {
  const all = [...values]
  const places = new Map(all.map((value, at) => [sameness(attribute, value), at]))
  const fresh = new Set<number>()
  for (const value of added) {
    const at = places.get(sameness(attribute, value)) ?? all.length
    const merged = isObject(all[at]) && isObject(value) ? { ...all[at], ...value } : value
    if (at < all.length && sortKeys(merged) === sortKeys(all[at])) continue
    all[at] = merged
    places.set(sameness(attribute, value), at)
    fresh.add(at)
  }
  return onePrimary(all, at => fresh.has(at))
}

/** A new primary replaces the former (RFC 7644 3.5.2). */
function onePrimary(values: unknown[], isNew: (index: number) => boolean): unknown[] {
  const isPrimary = (value: unknown) => isObject(value) && value.primary === true
  if (!values.some((value, index) => isNew(index) && isPrimary(value))) return values
  return values.map((value, index) => (isPrimary(value) && !isNew(index) ? { ...(value as Document), primary: false } : value))
}

function atMostOnePrimary(attribute: Attribute, values: unknown[]): unknown[] {
  if (values.filter(value => isObject(value) && value.primary === true).length > 1)
    throw new ScimError('invalidValue', attribute.name, 'must have at most one primary value')
  return values
}

/** By lookup: both lists may be long. */
function without({ subAttributes = [] }: Attribute, values: readonly unknown[], given: readonly unknown[]): unknown[] {
  const inexact = new Set(subAttributes.filter(({ caseExact }) => !caseExact).map(({ name }) => name))
  const worded = (value: Document, parts: readonly string[]): string =>
    JSON.stringify(
      parts.map(part => {
        const held = value[part]
        return typeof held === 'string' && inexact.has(part) ? JSON.stringify(foldCase(held)) : sortKeys(held ?? null)
      }),
    )
  const plain = new Set(given.filter(gone => !isObject(gone)).map(sortKeys))
  const byParts = Map.groupBy(given.filter(isObject), gone => JSON.stringify(Object.keys(gone).sort()))
  const asked = [...byParts].map(([parts, gone]) => {
    const names: string[] = JSON.parse(parts)
    return { names, words: new Set(gone.map(one => worded(one, names))) }
  })
  return values.filter(value =>
    isObject(value) ? !asked.some(({ names, words }) => words.has(worded(value, names))) : !plain.has(sortKeys(value)),
  )
}

export function valueAt(document: Document, target: PatchOperation['target']): unknown {
  const { urn, attribute, sub } = located(document, target)
  const holder = urn === null ? document : document[urn]
  if (!isObject(holder) || attribute === null) return undefined
  const held = Object.hasOwn(holder, attribute.name) ? holder[attribute.name] : undefined
  const single = Array.isArray(held) ? (held.find(value => isObject(value) && value.primary === true) ?? held[0]) : held
  if (!isObject(single)) return single
  const key = keyOf(single, (sub ?? findAttribute(attribute.subAttributes ?? [], 'value'))?.name ?? 'value')
  return Object.hasOwn(single, key) ? single[key] : undefined
}
