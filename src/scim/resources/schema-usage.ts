import { foldCase } from '../../platform/case-folding.ts'
import { findAttribute, type ResourceType, undescribed } from '../protocol/schema.ts'
import type { Attribute, Schema } from '../protocol/schema.types.ts'
import type { UsedAttribute } from './schema-usage.store.ts'

const MAX_ATTRIBUTES = 1000

export function describedBy(type: ResourceType, held: readonly UsedAttribute[]): ResourceType {
  const inside = (urn: string | null) => held.filter(one => one.urn?.toLowerCase() === urn?.toLowerCase())
  const known = new Set(type.extensions.map(({ id }) => foldCase(id)))
  const urns = [...type.open, ...held.flatMap(({ urn }) => urn ?? [])]
  const others = new Map(urns.filter(urn => !known.has(foldCase(urn))).map(urn => [foldCase(urn), urn]))
  for (const urn of type.open) others.set(foldCase(urn), urn)
  return {
    ...type,
    core: extended(
      type.core,
      held.filter(({ urn }) => urn === null),
    ),
    extensions: [
      ...type.extensions.map(schema => extended(schema, inside(schema.id))),
      ...[...others.values()].map(id =>
        extended({ id, name: id, description: `Attributes that the client adds to a ${type.name}`, attributes: [] }, inside(id)),
      ),
    ],
    open: [],
  }
}

function extended(schema: Schema, held: readonly UsedAttribute[]): Schema {
  const unknown = held.filter(({ name }) => !findAttribute(schema.attributes, name))
  const byName = Map.groupBy(unknown, ({ name }) => foldCase(name))
  const seen = [...byName.values()].slice(0, MAX_ATTRIBUTES).flatMap(same => described(same) ?? [])
  return { ...schema, attributes: [...schema.attributes, ...seen] }
}

function described(held: readonly UsedAttribute[]): Attribute | null {
  const attribute = undescribed(held[0]!.name)
  if (attribute === null) return null
  const parts = [...new Map(held.flatMap(one => one.parts).map(part => [foldCase(part), part])).values()]
  const subAttributes = parts.flatMap(part => {
    const sub = undescribed(part)
    return sub === null ? [] : [{ ...sub, type: 'string' as const, description: MAX_SAMPLES }]
  })
  const type = typeOf(new Set(held.flatMap(({ types }) => types)))
  return {
    ...attribute,
    type,
    multiValued: held.some(({ multi }) => multi),
    description: MAX_SAMPLES,
    ...(type === 'complex' && { subAttributes }),
  }
}

const MAX_SAMPLES = 'Sent by the client; no schema describes it'

function typeOf(types: ReadonlySet<string>): Attribute['type'] {
  const [only, ...more] = [...types].filter(type => type !== 'null')
  if (only === undefined || more.length > 0) return 'string'
  return only === 'object' ? 'complex' : only === 'boolean' ? 'boolean' : only === 'number' ? 'decimal' : 'string'
}
