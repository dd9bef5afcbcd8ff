/** Where a document holds what a path names, as SQL on its JSON. Names of schemas stand in the text, all others are bound. Pure. */

import type { Target } from '../protocol/attribute-paths.ts'
import type { Attribute } from '../protocol/schema.types.ts'
import type { ColumnMap } from './column-map.ts'

export type Bind = (value: unknown) => string

/** A name of our own schemas: no quote can stand in it. */
export const literal = (name: string): string => `'${name.replace(/[^\w$]/g, '')}'`
/** The name of an extension is whatever the IAM's configuration says: a quote in it is doubled. */
const quoted = (urn: string): string => `'${urn.replaceAll("'", "''")}'`

/** The value of a key that is compared without case: what no schema describes is kept as it was spelled. */
const spelled = (json: string, name: string): string =>
  `(SELECT k.value FROM (SELECT ${json} AS j) o, jsonb_each(CASE WHEN jsonb_typeof(o.j) = 'object' THEN o.j END) k
    WHERE lower(k.key) = lower(${name}::text) LIMIT 1)`

/** A part of a value. */
export const member = (json: string, { name, type }: Attribute, bind: Bind): string =>
  type === 'any' ? spelled(json, bind(name)) : `${json}->${literal(name)}`

/** What a target names: an attribute, or with none a whole extension. */
export function jsonOf({ type, document }: ColumnMap, { urn, attribute, unqualified }: Target, bind: Bind): string {
  const whole = `(${document})`
  if (urn === null) return member(whole, attribute!, bind)
  const isDescribed = type.extensions.some(({ id }) => id === urn)
  const extension = isDescribed ? `${whole}->${bind(urn)}::text` : spelled(whole, bind(urn))
  if (attribute === null) return extension
  const inside = member(extension, attribute, bind)
  return unqualified ? `coalesce(${spelled(whole, bind(attribute.name))}, ${inside})` : inside
}

/** The same in the text of an order, which has no parameters: of described attributes only. */
export const orderedJson = ({ document }: ColumnMap, { urn, attribute }: Target): string =>
  `${urn === null ? `(${document})` : `(${document})->${quoted(urn)}`}->${literal(attribute!.name)}`

/** A value of an undescribed list may be an object with its own \`value\` (RFC 7643 2.4). */
export const singleJson = ({ type }: Attribute, json: string): string =>
  type === 'any' ? `(CASE WHEN jsonb_typeof(${json}) = 'object' THEN ${json}->'value' ELSE ${json} END)` : json

/** Whether a value \`e.v\` of the list satisfies the condition; a single value is a list of one. */
export const anyIn = (json: string, condition: string): string =>
  `EXISTS (SELECT 1 FROM (SELECT ${json} AS j) l, jsonb_array_elements(CASE WHEN l.j IS NULL THEN '[]'::jsonb
    WHEN jsonb_typeof(l.j) = 'array' THEN l.j ELSE jsonb_build_array(l.j) END) e(v) WHERE ${condition})`

export const present = (json: string): string => `coalesce(${json} NOT IN ('null', '""', '[]', '{}'), false)`
