import { foldCase, foldCaseSql } from '../../platform/case-folding.ts'
import type { Target } from '../protocol/attribute-paths.ts'
import type { Attribute } from '../protocol/schema.types.ts'
import type { ColumnMap } from './column-map.ts'

export type Bind = (value: unknown) => string

/** Schema names contain no quote. */
export const literal = (name: string): string => `'${name.replace(/[^\w$]/g, '')}'`
/** Configured names may contain quotes. */
const quoted = (urn: string): string => `'${urn.replaceAll("'", "''")}'`

const spelled = (json: string, name: string, bind: Bind): string =>
  `(SELECT k.value FROM (SELECT ${json} AS j) o, jsonb_each(CASE WHEN jsonb_typeof(o.j) = 'object' THEN o.j END) k
    WHERE ${foldCaseSql('k.key')} = ${bind(foldCase(name))}::text LIMIT 1)`

export const member = (json: string, { name, type }: Attribute, bind: Bind): string =>
  type === 'any' ? spelled(json, name, bind) : `${json}->${literal(name)}`

export function jsonOf({ type, document }: ColumnMap, { urn, attribute, unqualified }: Target, bind: Bind): string {
  const whole = `(${document})`
  if (urn === null) return member(whole, attribute!, bind)
  const isDescribed = type.extensions.some(({ id }) => id === urn)
  const extension = isDescribed ? `${whole}->${bind(urn)}::text` : spelled(whole, urn, bind)
  if (attribute === null) return extension
  const inside = member(extension, attribute, bind)
  return unqualified ? `coalesce(${spelled(whole, attribute.name, bind)}, ${inside})` : inside
}

export const orderedJson = ({ document }: ColumnMap, { urn, attribute }: Target): string =>
  `${urn === null ? `(${document})` : `(${document})->${quoted(urn)}`}->${literal(attribute!.name)}`

/** Values may be objects with \`value\` (RFC 7643 2.4). */
export const singleJson = ({ type }: Attribute, json: string): string =>
  type === 'any' ? `(CASE WHEN jsonb_typeof(${json}) = 'object' THEN ${json}->'value' ELSE ${json} END)` : json

export const anyIn = (json: string, condition: string): string =>
  `EXISTS (SELECT 1 FROM (SELECT ${json} AS j) l, jsonb_array_elements(CASE WHEN l.j IS NULL THEN '[]'::jsonb
    WHEN jsonb_typeof(l.j) = 'array' THEN l.j ELSE jsonb_build_array(l.j) END) e(v) WHERE ${condition})`

export const present = (json: string): string => `coalesce(${json} NOT IN ('null', '""', '[]', '{}'), false)`
