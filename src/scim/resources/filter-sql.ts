/** Filters and sorts as SQL. Values are always bound. Pure. */

import { foldCase, foldCaseSql } from '../../platform/case-folding.ts'
import type { Order } from '../../platform/database/order.ts'
import { Invalid } from '../../platform/errors.ts'
import { parseInstant } from '../../platform/instant.ts'
import { checkPart, checkStorable } from '../../platform/validation.ts'
import { resolve, type Target } from '../protocol/attribute-paths.ts'
import { ScimError } from '../protocol/errors.ts'
import { type Compare, type Filter, isLogical, type Presence, type ValueFilter } from '../protocol/filter.ts'
import { findAttribute, partOf, type ResourceType } from '../protocol/schema.ts'
import type { Attribute } from '../protocol/schema.types.ts'
import type { Column, ColumnMap } from './column-map.ts'
import { anyIn, type Bind, jsonOf, literal, member, orderedJson, present, singleJson } from './json-sql.ts'

const SYMBOLS = { eq: '=', ne: '<>', gt: '>', ge: '>=', lt: '<', le: '<=' } as const
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i
const isOrder = (op: Compare['op']): op is keyof typeof SYMBOLS => op in SYMBOLS

/**
 * Adds to `values`. Throws invalidFilter for attributes of no type; those of other types are absent (RFC 7644
 * 3.4.2.2).
 */
export function condition(
  places: ColumnMap,
  filter: Filter,
  { values, types = [] }: { values: unknown[]; types?: readonly ResourceType[] },
): string {
  const bind = (value: unknown) => `$${values.push(value)}`
  // Many joins take minutes to plan; each becomes a subquery.
  const alone = comparisonsIn(filter) > MANY ? (sql: string) => `((${sql}) IS TRUE)` : (sql: string) => `(${sql})`
  const isElsewhere = (path: string) => !describes(places.type, path) && types.some(type => describes(type, path))
  const all = (inner: Filter): string => {
    if (isLogical(inner)) return `(${inner.filters.map(all).join(inner.op === 'and' ? ' AND ' : ' OR ')})`
    if (inner.op === 'not') return `NOT ${all(inner.filter)}`
    if (isElsewhere(inner.attrPath)) return inner.op === '[]' ? 'false' : absent(inner)
    const target = resolve(places.type, inner.attrPath, 'invalidFilter')
    return alone(
      inner.op === '[]'
        ? valuePath(places, target, { filter: inner.valFilter, bind })
        : comparison(places, target, { filter: inner, bind }),
    )
  }
  return all(filter)
}

const MANY = 16
function comparisonsIn(filter: Filter): number {
  if (isLogical(filter)) return filter.filters.reduce((count, inner) => count + comparisonsIn(inner), 0)
  return filter.op === 'not' ? comparisonsIn(filter.filter) : 1
}

function describes(type: ResourceType, path: string): boolean {
  try {
    const { attribute, sub } = resolve(type, path)
    return attribute?.type !== 'any' && sub?.type !== 'any'
  } catch {
    return false
  }
}

/** Absent values satisfy `ne`. */
const absent = (filter: Leaf): string =>
  String(filter.op === 'pr' ? false : filter.compValue === null ? filter.op === 'eq' : filter.op === 'ne')

type Leaf = Compare | Presence
const fault = (rule: string) => new ScimError('invalidFilter', 'filter', rule)

const columnOf = (places: ColumnMap, { urn, attribute, sub }: Target): Column | undefined => {
  if (urn !== null || attribute === null) return undefined
  const name = attribute.name.toLowerCase()
  const whole = Object.hasOwn(places.columns, name) ? places.columns[name] : undefined
  if (whole?.kind === 'rows' || sub === null) return whole
  const part = `${name}.${sub.name.toLowerCase()}`
  return Object.hasOwn(places.columns, part) ? places.columns[part] : undefined
}

function comparison(places: ColumnMap, target: Target, { filter, bind }: { filter: Leaf; bind: Bind }): string {
  const { attribute, sub } = target
  const column = columnOf(places, target)
  if (column?.kind === 'rows') {
    if (filter.op === 'pr' && sub === null) return column.exists('true')
    if (filter.op !== 'pr' && filter.compValue === null && sub === null) return nothing(filter.op, column.exists('true'))
    return column.exists(columnLeaf(columnPart(column, sub?.name ?? 'value'), filter, bind))
  }
  if (column) return columnLeaf(column, filter, bind)
  if (attribute?.name === 'meta' || attribute?.returned === 'never') throw fault(`cannot ask for ${filter.attrPath}`)
  const json = isSchemas(target) ? schemasIn(places) : jsonOf(places, target, bind)
  if (attribute === null) return presence(filter, json)
  if (filter.op === 'pr' && sub === null) return present(json)
  if (filter.op !== 'pr' && filter.compValue === null && sub === null && (attribute.multiValued || attribute.type === 'any'))
    return nothing(filter.op, present(json))
  const part = sub ?? (attribute.type === 'complex' ? findAttribute(attribute.subAttributes ?? [], 'value') : attribute)
  if (!part) throw fault(`must name a part of ${attribute.name}`)
  const inside = (value: string) => (part === attribute ? singleJson(attribute, value) : member(value, part, bind))
  if (!attribute.multiValued && attribute.type !== 'any') return leaf(inside(json), { attribute: part, filter, bind })
  const found = part.name === 'value' ? byIndex(places, target, { filter, bind }) : ''
  return `${found}${anyIn(json, leaf(inside('e.v'), { attribute: part, filter, bind }))}`
}

const isSchemas = ({ urn, attribute }: Target): boolean => urn === null && attribute?.name === 'schemas'
const schemasIn = ({ type, document }: ColumnMap): string =>
  `(jsonb_build_array('${type.core.id}') || coalesce((SELECT jsonb_agg(k) FROM jsonb_object_keys(${document}) k WHERE starts_with(${foldCaseSql('k')}, 'urn:')), '[]'))`

function valuePath(places: ColumnMap, target: Target, { filter, bind }: { filter: ValueFilter; bind: Bind }): string {
  const { attribute } = target
  if (!attribute || target.sub !== null || !(attribute.multiValued || attribute.type === 'any'))
    throw fault('has a value path on what is not a list of values')
  const column = columnOf(places, target)
  const partLeaf = (inner: Leaf): string => {
    if (column?.kind === 'rows') return columnLeaf(columnPart(column, inner.attrPath), inner, bind)
    const part = partOf(attribute, inner.attrPath, places.type.strict)
    if (!part) throw fault(`asks for ${inner.attrPath}, which ${attribute.name} does not have`)
    return leaf(member('e.v', part, bind), { attribute: part, filter: inner, bind })
  }
  const all = (inner: ValueFilter): string => {
    if (isLogical(inner)) return `(${inner.filters.map(all).join(inner.op === 'and' ? ' AND ' : ' OR ')})`
    if (inner.op === 'not') return `NOT (${all(inner.filter)})`
    return `(${partLeaf(inner)})`
  }
  if (column?.kind === 'rows') return column.exists(all(filter))
  return `${byIndex(places, target, { filter: comparedValue(filter), bind })}${anyIn(jsonOf(places, target, bind), all(filter))}`
}

function comparedValue(filter: ValueFilter): Leaf | null {
  if (filter.op === 'and') return filter.filters.map(comparedValue).find(found => found !== null) ?? null
  return filter.op === 'eq' && filter.attrPath.toLowerCase() === 'value' ? filter : null
}

/** A weaker condition for the index; empty without one. */
function byIndex(
  { indexed }: ColumnMap,
  { urn, attribute }: Target,
  { filter, bind }: { filter: Leaf | null; bind: Bind },
): string {
  const found = urn === null && attribute && Object.hasOwn(indexed, attribute.name) ? indexed[attribute.name] : undefined
  if (!found || filter?.op !== 'eq' || typeof filter.compValue !== 'string') return ''
  return `${found(bind(foldCase(storable(filter.compValue))))} AND `
}

function columnPart(column: Extract<Column, { kind: 'rows' }>, name: string): Column {
  const part = Object.hasOwn(column.parts, name.toLowerCase()) ? column.parts[name.toLowerCase()] : undefined
  if (!part) throw fault(`cannot ask for ${name}`)
  return part
}

function presence(filter: Leaf, json: string): string {
  if (filter.op !== 'pr') throw fault('must name an attribute of the extension')
  return present(json)
}

function leaf(
  json: string,
  { attribute: { name, type, caseExact }, filter, bind }: { attribute: Attribute; filter: Leaf; bind: Bind },
): string {
  if (filter.op === 'pr') return present(json)
  const { op, compValue } = filter
  if (compValue === null) return nothing(op, present(json))
  if (type === 'complex') throw fault(`must name a part of ${filter.attrPath}`)
  const wanted = type === 'boolean' && typeof compValue === 'string' ? asBoolean(compValue) : compValue
  if (typeof wanted === 'boolean') {
    if (!['boolean', 'any'].includes(type) || (op !== 'eq' && op !== 'ne'))
      throw fault(`cannot compare ${filter.attrPath} with ${op} to a boolean`)
    if (name === 'primary' && type === 'boolean') return `coalesce(${json} = 'true', false) ${SYMBOLS[op]} ${wanted}`
    return `coalesce(${json} ${SYMBOLS[op]} '${wanted}', ${op === 'ne'})`
  }
  if (typeof wanted === 'number') {
    if (type !== 'any' || !isOrder(op)) throw fault(`cannot compare ${filter.attrPath} with ${op} to a number`)
    return `coalesce(CASE jsonb_typeof(${json}) WHEN 'number' THEN (${json} #>> '{}')::numeric ${SYMBOLS[op]} ${bind(wanted)}::numeric END, ${op === 'ne'})`
  }
  if (type === 'boolean') throw fault(`must compare ${filter.attrPath} to true or false`)
  const text = `(${json} #>> '{}')`
  return textLeaf(caseExact ? text : foldCaseSql(text), { op, wanted: storable(wanted), bind, exact: caseExact })
}

function textLeaf(
  text: string,
  { op, wanted, bind, exact }: { op: Compare['op']; wanted: string; bind: Bind; exact: boolean },
): string {
  const value = `${bind(exact ? wanted : foldCase(wanted))}::text`
  if (isOrder(op)) return `coalesce(${text} COLLATE "C" ${SYMBOLS[op]} ${value}, ${op === 'ne'})`
  if (op === 'co') return `coalesce(strpos(${text}, ${value}) > 0, false)`
  if (op === 'sw') return `coalesce(starts_with(${text}, ${value}), false)`
  return `coalesce(right(${text}, length(${value})) = ${value}, false)`
}

function columnLeaf(column: Column, filter: Leaf, bind: Bind): string {
  if (column.kind === 'rows') throw fault('must name a part of the list')
  const { kind, sql } = column
  if (filter.op === 'pr') return kind === 'boolean' ? 'true' : `${sql} IS NOT NULL`
  const { op, compValue } = filter
  if (compValue === null) return nothing(op, kind === 'boolean' ? 'true' : `${sql} IS NOT NULL`)
  if (kind === 'boolean') {
    const wanted = typeof compValue === 'string' ? asBoolean(compValue) : compValue
    if (typeof wanted !== 'boolean' || (op !== 'eq' && op !== 'ne'))
      throw fault(`must compare ${filter.attrPath} to true or false`)
    return `(${sql}) ${SYMBOLS[op]} ${wanted}`
  }
  if (typeof compValue !== 'string') throw fault(`must compare ${filter.attrPath} to a string`)
  if (kind === 'time') {
    const time = isOrder(op) ? timeOf(compValue) : null
    if (!isOrder(op) || time === null)
      throw fault(`must compare ${filter.attrPath} by eq, ne, gt, ge, lt or le to a date and time`)
    return `${sql} ${SYMBOLS[op]} ${bind(time)}::timestamptz`
  }
  if (kind === 'uuid' && (op === 'eq' || op === 'ne')) {
    const found = UUID.test(compValue) ? `${sql} = ${bind(compValue)}::uuid` : 'false'
    return op === 'eq' ? found : `NOT (${found})`
  }
  // Plain for the index: keys are never null.
  if (kind === 'key' && isOrder(op)) return `${sql} ${SYMBOLS[op]} ${bind(part(compValue))}::text`
  if (kind === 'exact' && op === 'eq') return `(${sql} IS NOT NULL AND ${sql} = ${bind(storable(compValue))}::text)`
  if (kind === 'key') return textLeaf(sql, { op, wanted: part(compValue), bind, exact: true })
  return textLeaf(kind === 'uuid' ? `${sql}::text` : sql, { op, wanted: storable(compValue), bind, exact: true })
}

function nothing(op: Compare['op'], isPresent: string): string {
  if (op !== 'eq' && op !== 'ne') throw fault('compares with null: only eq and ne can')
  return op === 'eq' ? `NOT (${isPresent})` : isPresent
}

function timeOf(text: string): string | null {
  const time = parseInstant(text)
  return time !== null && time.getUTCFullYear() >= 1 ? time.toISOString() : null
}

const asBoolean = (text: string): string | boolean => (/^(true|false)$/i.test(text) ? text.toLowerCase() === 'true' : text)
const storable = (text: string): string => refused(() => checkStorable('filter', text))
const part = (text: string): string => refused(() => checkPart('filter', text))
function refused<T>(check: () => T): T {
  try {
    return check()
  } catch (error) {
    throw error instanceof Invalid ? fault(error.rule) : error
  }
}

/** Absent values last when ascending (RFC 7644 3.4.2.3). */
export function orderBy(places: ColumnMap, sortBy: string, descending: boolean): Order {
  const target = resolve(places.type, sortBy)
  const column = columnOf(places, target)
  const { urn, attribute, sub } = target
  const unsortable = new ScimError('invalidPath', 'sortBy', 'must name a single value, or a list of values that has one')
  if (column?.kind === 'rows') throw unsortable
  if (column?.kind === 'time') return { name: `scim ${sortBy}`, expression: column.sql, type: 'timestamptz', descending }
  const isMade = attribute?.name === 'meta' || isSchemas(target)
  const known = attribute !== null && attribute.type !== 'any' && attribute.returned !== 'never' && !isMade
  const leafed = sub ?? (attribute?.type === 'complex' ? findAttribute(attribute.subAttributes ?? [], 'value') : attribute)
  if (!column && (!known || !leafed || (urn !== null && !places.type.extensions.some(({ id }) => id === urn)))) throw unsortable
  const text = column ? `(${column.sql})::text` : foldCaseSql(textOf(places, target, leafed!))
  return {
    name: `scim ${sortBy}`,
    expression: `(CASE WHEN ${text} IS NULL THEN '1' ELSE '0' || ${text} END COLLATE "C")`,
    type: 'text',
    descending,
  }
}

function textOf(places: ColumnMap, target: Target, leafed: Attribute): string {
  const whole = orderedJson(places, target)
  const single = target.attribute!.multiValued
    ? `coalesce(jsonb_path_query_first(${whole}, '$[*] ? (@.primary == true)'), ${whole}->0)`
    : whole
  return leafed === target.attribute ? `(${single} #>> '{}')` : `(${single}->>${literal(leafed.name)})`
}
