import { integer, selectList, text } from '../../platform/database/columns.ts'
import type { Order } from '../../platform/database/order.ts'
import type { ListQuery } from '../../platform/database/pagination.ts'
import { ScimError } from '../protocol/errors.ts'
import { parseFilter } from '../protocol/filter.parser.ts'
import type { Filter } from '../protocol/filter.ts'
import type { ColumnMap } from './column-map.ts'
import { condition, orderBy } from './filter-sql.ts'
import type { SearchRequest } from './search.ts'

export function listOf(
  places: ColumnMap,
  iamid: string,
  { filter, sortBy, descending = false }: SearchRequest,
): ListQuery<{ id: number }> {
  const values: unknown[] = [iamid]
  const where = [`${places.where} = $1`]
  if (filter !== undefined) where.push(condition(places, parseFilter(filter), { values }))
  const { from, rowid } = places
  const order: Order = sortBy
    ? orderBy(places, sortBy, descending)
    : { name: `scim ${places.type.name}`, expression: rowid, type: 'int', descending }
  return { columns: selectList({ id: integer(rowid) }), from, where, values, id: rowid, order, fresh: true }
}

/** RFC 7644 3.4.3. Attributes of another type are absent (3.4.2.2). */
export function listOfAll(
  all: readonly ColumnMap[],
  iamid: string,
  { filter, sortBy, descending = false }: SearchRequest,
): ListQuery<{ type: 'User' | 'Group'; id: number }> {
  const values: unknown[] = [iamid]
  const parsed: Filter | null = filter === undefined ? null : parseFilter(filter)
  const orders = all.map(places => orderOf(places, sortBy, descending))
  const order = orders.find(order => order !== null)
  if (sortBy && !order) throw new ScimError('invalidPath', 'sortBy', 'must name an attribute of a User or a Group')
  const parts = all.map((places, at) => {
    const types = all.map(({ type }) => type)
    const where = parsed === null ? '' : ` AND ${condition(places, parsed, { values, types })}`
    const key = orders[at]?.expression ?? (order?.type === 'timestamptz' ? 'NULL::timestamptz' : "'1'")
    const place = `${places.rowid}::bigint * ${all.length} + ${at}`
    return `SELECT '${places.type.name}' AS type, ${places.rowid} AS id, ${place} AS place, ${order ? key : 'NULL'} AS key
      FROM ${places.from} WHERE ${places.where} = $1${where}`
  })
  return {
    columns: selectList({ type: text<'User' | 'Group'>('r.type'), id: integer('r.id') }),
    from: `(${parts.join(' UNION ALL ')}) r`,
    where: [],
    values,
    id: 'r.place',
    order: {
      name: `root ${sortBy ?? ''}`,
      expression: order ? (order.type === 'text' ? '(r.key COLLATE "C")' : 'r.key') : 'r.place',
      type: order?.type ?? 'bigint',
      descending,
    },
    fresh: true,
  }
}

function orderOf(places: ColumnMap, sortBy: string | undefined, descending: boolean): Order | null {
  if (!sortBy) return null
  try {
    return orderBy(places, sortBy, descending)
  } catch (error) {
    if (error instanceof ScimError) return null
    throw error
  }
}
