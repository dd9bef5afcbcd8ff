/** A total order, by cursor (keyset) or offset, from either end. */
import { Invalid } from '../errors.ts'
import { checkPart } from '../validation.ts'
import { mapInChunks } from './chunks.ts'
import type { SelectList } from './columns.ts'
import { countRows, estimateRows, exactCount } from './counts.ts'
import type { Cursors, Position } from './cursors.ts'
import { type Candidates, narrowed } from './narrowing.ts'
import type { Order } from './order.ts'
import type { Db } from './store.ts'

export const MAX_PAGE = 10_000
export const DEFAULT_PAGE = 25
const MAX_INT = 2_147_483_647

export interface PageArgs {
  readonly first?: number | null
  readonly after?: string | null
  readonly last?: number | null
  readonly before?: string | null
  readonly offset?: number | null
}

export interface Page<Node> {
  readonly edges: readonly { readonly cursor: string; readonly node: Node }[]
  readonly nodes: readonly Node[]
  readonly pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; startCursor: string | null; endCursor: string | null }
  /** With a bound: at most one more than it. */
  totalCount(bound?: number): Promise<number>
  /** Of the planner; null where lists are counted in batches. */
  readonly estimate: (() => Promise<number>) | null
}

export interface ListQuery<Row = object> {
  readonly columns: SelectList<Row>
  readonly from: string
  readonly where: readonly string[]
  readonly values: readonly unknown[]
  /** Columns computed for the page's rows only, as sub-selects of `page`. */
  readonly along?: string
  readonly alongValues?: readonly unknown[]
  readonly id: string
  readonly order: Order
  /** Planned for each call: for patterns. */
  readonly fresh?: boolean
  readonly countFrom?: string
  readonly narrowing?: readonly Candidates[]
}

export interface PageWindow {
  size: number
  backwards: boolean
  cursor: Position | null
  offset: number
  cursors: Cursors
}

/** One statement; one row more shows a next page. */
export async function readPage<Row extends object>(db: Db, list: ListQuery<Row>, args: PageArgs): Promise<Page<Row>> {
  const window = windowOf(db.cursors, args, list.order)
  const rows = (await rowsFromEnd<Row>(db, list, window)) ?? (await readWindow<Row>(db, list, window))
  return pageOf<Row>(rows, {
    window,
    order: list.order,
    totalCount: bound => (bound === undefined ? exactCount(db, list) : countRows(db, list, bound)),
    estimate: () => estimateRows(db, list),
  })
}

/** From this offset, reads from the nearer end. */
const FAR = 10_000

/** As forward. null where the beginning is nearer. */
async function rowsFromEnd<Row extends object>(
  db: Db,
  list: ListQuery<Row>,
  window: PageWindow,
): Promise<(Row & CursorColumns)[] | null> {
  const { offset, size } = window
  if (window.backwards || window.cursor || offset < FAR || offset < (await estimateRows(db, list)) / 2) return null
  const total = await exactCount(db, list)
  const left = Math.min(size + 1, total - offset)
  if (offset < total / 2) return null
  if (left <= 0) return []
  const behind = { ...window, backwards: true, size: left - 1, offset: total - offset - left }
  return (await readWindow<Row>(db, list, behind)).slice(0, left).toReversed()
}

/** In any order. For lists without `along`. */
export const rowsWithIds = <Row extends object>(
  db: Db,
  { columns, from, id }: Pick<ListQuery<Row>, 'columns' | 'from' | 'id'>,
  ids: readonly (string | number)[],
): Promise<Row[]> => db.query<Row>(`SELECT ${columns} FROM ${from} WHERE ${id} = ANY($1)`, [ids])

const ALONG = 4

export async function readWindow<Row extends object>(
  db: Db,
  list: ListQuery<Row>,
  window: PageWindow,
): Promise<(Row & CursorColumns)[]> {
  const most = list.along ? Math.ceil(db.rowsAtOnce / ALONG) : db.rowsAtOnce
  const rows: (Row & CursorColumns)[] = []
  for (let left = window.size + 1; left > 0; ) {
    const limit = Math.min(left, most)
    const piece = await readRows<Row>(db, list, { window: behind(rows.at(-1), window), limit })
    for (const row of piece) rows.push(row)
    left = piece.length < limit ? 0 : left - limit
  }
  return rows
}

const behind = (last: CursorColumns | undefined, window: PageWindow): PageWindow =>
  last ? { ...window, offset: 0, cursor: { value: String(last.cursorValue), id: String(last.cursorId) } } : window

async function readRows<Row extends object>(
  db: Db,
  list: ListQuery<Row>,
  { window, limit }: { window: PageWindow; limit: number },
): Promise<(Row & CursorColumns)[]> {
  const { order, id } = list
  const values = [...list.values, ...(list.alongValues ?? [])]
  const where = [...list.where]
  const down = order.descending !== window.backwards
  if (window.cursor) {
    values.push(window.cursor.value, window.cursor.id)
    where.push(afterCursor(list, { down, value: `$${values.length - 1}`, tie: `$${values.length}` }))
  }
  values.push(limit, window.offset)
  const direction = down ? 'DESC' : 'ASC'
  const { candidates, rows } = narrowed(list, where, {
    select: condition => `SELECT ${list.columns}, (${order.expression})::text AS "cursorValue", ${id}::text AS "cursorId"
    FROM ${list.from} ${condition}
    ORDER BY ${order.expression} ${direction}, ${id} ${direction} LIMIT $${values.length - 1}::int OFFSET $${values.length}::int`,
  })
  const text =
    list.along || candidates
      ? `${candidates} SELECT page.*${list.along ?? ''} FROM (${rows}) page
    ORDER BY page."cursorValue"::${sqlType(order)} ${direction}, page."cursorId"::${idType(order)} ${direction}`
      : rows
  return db.query<Row & CursorColumns>(text, values, { fresh: list.fresh ?? false })
}

export const afterCursor = (
  { order, id }: Pick<ListQuery, 'order' | 'id'>,
  { down, value, tie }: { down: boolean; value: string; tie: string },
): string => `(${order.expression}, ${id}) ${down ? '<' : '>'} (${value}::${sqlType(order)}, ${tie}::${idType(order)})`

const sqlType = ({ type }: Order): string => (type === 'text' ? 'text COLLATE "C"' : type)
const idType = (order: Order): string => order.idType ?? 'bigint'

export interface CursorColumns {
  readonly cursorValue: string | number
  readonly cursorId: string | number
  readonly place?: number
  readonly rank?: number
}

export function pageOf<Row extends object>(
  rows: readonly (Row & CursorColumns)[],
  { window, order, ...counts }: { window: PageWindow; order: Order } & Counts,
): Page<Row> {
  const more = rows.length > window.size
  const shown = rows.slice(0, window.size)
  if (window.backwards) shown.reverse()
  const cursorAt = (index: number): string | null => {
    const row = shown[index]
    return row ? window.cursors.encode(order, { value: String(row.cursorValue), id: String(row.cursorId) }) : null
  }
  const pageInfo = {
    hasNextPage: window.backwards ? window.cursor !== null : more,
    hasPreviousPage: window.backwards ? more : window.cursor !== null || window.offset > 0,
    get startCursor() {
      return cursorAt(0)
    },
    get endCursor() {
      return cursorAt(shown.length - 1)
    },
  }
  return makePage<Row>(shown, { cursorAt: index => cursorAt(index)!, pageInfo, ...counts })
}

function makePage<Node>(
  nodes: readonly Node[],
  {
    cursorAt,
    pageInfo,
    totalCount,
    estimate = null,
  }: { cursorAt: (index: number) => string; pageInfo: Page<Node>['pageInfo'] } & Counts,
): Page<Node> {
  return {
    nodes,
    get edges() {
      return nodes.map((node, index) => ({
        get cursor() {
          return cursorAt(index)
        },
        node,
      }))
    },
    pageInfo,
    totalCount,
    estimate,
  }
}

export async function mapPage<A, B>(page: Page<A>, map: (node: A) => B): Promise<Page<B>> {
  let edges: Page<A>['edges'] | undefined
  const cursorAt = (index: number) => {
    edges ??= page.edges
    return edges[index]!.cursor
  }
  return makePage(await mapInChunks(page.nodes, map), {
    cursorAt,
    pageInfo: page.pageInfo,
    totalCount: page.totalCount,
    estimate: page.estimate,
  })
}

interface Counts {
  readonly totalCount: (bound?: number) => Promise<number>
  readonly estimate?: (() => Promise<number>) | null
}

export function windowOf(cursors: Cursors, args: PageArgs, order: Order): PageWindow {
  const { first, after, last, before, offset } = args
  if (first != null && last != null) throw new Invalid('last', 'cannot be combined with first: page from one end')
  if (after != null && (last != null || before != null)) throw new Invalid('after', 'requires first; before requires last')
  if (before != null && first != null) throw new Invalid('before', 'requires last; after requires first')
  if (offset != null && (after != null || before != null)) throw new Invalid('offset', 'cannot be combined with a cursor')
  const backwards = last != null || before != null
  const cursor = after ?? before
  return {
    size: checkSize(backwards ? 'last' : 'first', (backwards ? last : first) ?? DEFAULT_PAGE),
    backwards,
    cursor: cursor == null ? null : cursors.decode(after != null ? 'after' : 'before', order, cursor),
    offset: checkOffset(offset ?? 0),
    cursors,
  }
}

export function checkSize(field: string, size: number): number {
  if (!Number.isInteger(size) || size < 1 || size > MAX_PAGE) throw new Invalid(field, `must be an integer from 1 to ${MAX_PAGE}`)
  return size
}

export function checkOffset(offset: number): number {
  if (!Number.isInteger(offset) || offset < 0 || offset > MAX_INT)
    throw new Invalid('offset', `must be an integer from 0 to ${MAX_INT}`)
  return offset
}

/** Skips null and undefined; `$` is the parameter. */
export function conditions(all: readonly (readonly [text: string, value: unknown])[]): Pick<ListQuery, 'where' | 'values'> {
  const asked = all.filter(([, value]) => value != null)
  return {
    where: asked.map(([text], index) => text.replace('$', () => `$${index + 1}`)),
    values: asked.map(([, value]) => value),
  }
}

export const partPattern = (field: string, part: string | null | undefined): string | null =>
  part ? `%${checkPart(field, part).replace(/[\\%_]/g, '\\$&')}%` : null
