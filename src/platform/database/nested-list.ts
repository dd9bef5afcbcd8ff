import DataLoader from 'dataloader'
import { groupOne } from './batch.ts'
import { inChunks, rowsInChunks } from './chunks.ts'
import type { Cursors } from './cursors.ts'
import type { Order } from './order.ts'
import {
  afterCursor,
  type CursorColumns,
  type ListQuery,
  type Page,
  type PageArgs,
  type PageWindow,
  pageOf,
  readWindow,
  windowOf,
} from './pagination.ts'
import type { Db } from './store.ts'

export interface NestedList<Row = object> extends Omit<ListQuery<Row>, 'fresh' | 'alongValues'> {
  readonly order: Order & { readonly type: 'text' | 'int' }
  readonly owner: string
  readonly ownerType: 'int' | 'uuid' | 'text'
  /** An index on (owner, order, id), for owners of very many. */
  readonly isIndexed?: boolean
}

export const listOf = <Row>({ owner, ownerType, ...list }: NestedList<Row>, id: number | string): ListQuery<Row> => ({
  ...list,
  where: [...list.where, `${owner} = $${list.values.length + 1}::${ownerType}`],
  values: [...list.values, id],
})

interface NestedRequest<Owner> {
  readonly owner: Owner
  readonly window: PageWindow
}

export class NestedListLoader<Owner extends number | string, Row extends object> {
  readonly #list: NestedList<Row>
  readonly #cursors: Cursors
  readonly #pages: DataLoader<NestedRequest<Owner>, Page<Row>, string>
  readonly #counts: DataLoader<Owner, number>

  constructor(db: Db, list: NestedList<Row>) {
    this.#list = list
    this.#cursors = db.cursors
    this.#counts = new DataLoader(async owners =>
      groupOne(owners, await rowsInChunks(db, owners, piece => countEach(db, list, piece)), row => row.owner).map(
        row => row?.count ?? 0,
      ),
    )
    this.#pages = new DataLoader(async asked => this.#read(db, asked), { cacheKeyFn: JSON.stringify })
  }

  async of(owner: Owner, args: PageArgs): Promise<Page<Row>> {
    return this.#pages.load({ owner, window: windowOf(this.#cursors, args, this.#list.order) })
  }

  prime(owner: Owner, size: number, rows: readonly (Row & CursorColumns)[]): void {
    const window = windowOf(this.#cursors, { first: size }, this.#list.order)
    this.#pages.prime({ owner, window }, this.#pageOf(owner, window, rows))
  }

  #pageOf(owner: Owner, window: PageWindow, rows: readonly (Row & CursorColumns)[]): Page<Row> {
    return pageOf<Row>(rows, { window, order: this.#list.order, totalCount: () => this.#counts.load(owner) })
  }

  async #read(db: Db, asked: readonly NestedRequest<Owner>[]): Promise<Page<Row>[]> {
    const alike = Map.groupBy(asked, ({ window }) => `${window.backwards} ${window.cursor !== null}`)
    const found = new Map<NestedRequest<Owner>, Page<Row>>()
    await Promise.all(
      [...alike.values()].map(async some => {
        const rows = Map.groupBy(await this.#rowsOf(db, some), row => row.place)
        for (const [place, one] of some.entries()) found.set(one, this.#pageOf(one.owner, one.window, rows.get(place) ?? []))
      }),
    )
    return asked.map(one => found.get(one)!)
  }

  async #rowsOf(db: Db, asked: readonly NestedRequest<Owner>[]): Promise<(Row & CursorColumns & { place: number })[]> {
    const places = asked.map((one, place) => ({ ...one, place }))
    const isWide = ({ window }: NestedRequest<Owner>) => window.size >= db.rowsAtOnce
    const narrow = places.filter(one => !isWide(one))
    const found = await inChunks(narrow, Math.ceil(db.rowsAtOnce / ROWS_OF_WINDOW), async piece =>
      (await readEach<Row>(db, this.#list, piece)).map(row => ({ ...row, place: piece[row.place]!.place })),
    )
    const wide = await inChunks(places.filter(isWide), 1, async ([one]) =>
      (await readWindow<Row>(db, listOf(this.#list, one!.owner), one!.window)).map(row => ({ ...row, place: one!.place })),
    )
    return [...found, ...wide].flat()
  }
}

const ROWS_OF_WINDOW = 4

/** One row more shows a next page. */
function readEach<Row>(
  db: Db,
  list: NestedList<Row>,
  asked: readonly NestedRequest<unknown>[],
): Promise<(Row & CursorColumns & { place: number })[]> {
  const { order, id, owner, ownerType } = list
  const { backwards, cursor } = asked[0]!.window
  const down = order.descending !== backwards
  const direction = down ? 'DESC' : 'ASC'
  // An array: other indexes cannot give this order.
  const [owned, fence, first] = list.isIndexed
    ? [`${owner} = ANY(ARRAY[w.owner])`, '', `"ownerValue" ${direction}, `]
    : [`${owner} = w.owner`, 'OFFSET 0', '']
  const ownerValue = list.isIndexed ? `, ${owner} AS "ownerValue"` : ''
  const n = list.values.length
  const cursors = cursor === null ? '' : `, $${n + 4}::text[], $${n + 5}::text[]`
  const after = cursor === null ? [] : [afterCursor(list, { down, value: 'w.value', tie: 'w.id' })]
  return db.query(
    `SELECT (w.place - 1)::int AS place, found.*
       FROM unnest($${n + 1}::${ownerType}[], $${n + 2}::int[], $${n + 3}::int[]${cursors})
            WITH ORDINALITY w(owner, size, skip${cursor === null ? '' : ', value, id'}, place)
      CROSS JOIN LATERAL (
        SELECT page.*${list.along ?? ''}, row_number() OVER ()::int AS rank FROM (
          SELECT * FROM (
            SELECT ${list.columns}, ${order.expression} AS "cursorValue", ${id} AS "cursorId"${ownerValue} FROM ${list.from}
             WHERE ${[owned, ...list.where, ...after].join(' AND ')} ${fence}) owned
           ORDER BY ${first}"cursorValue" ${direction}, "cursorId" ${direction} LIMIT w.size OFFSET w.skip) page) found
      ORDER BY w.place, found.rank`,
    [
      ...list.values,
      asked.map(one => one.owner),
      asked.map(one => one.window.size + 1),
      asked.map(one => one.window.offset),
      ...(cursor === null ? [] : [asked.map(one => one.window.cursor!.value), asked.map(one => one.window.cursor!.id)]),
    ],
  )
}

const countEach = <Owner>(db: Db, list: NestedList, owners: readonly Owner[]): Promise<{ owner: Owner; count: number }[]> =>
  db.query(
    `SELECT ${list.owner} AS owner, count(*)::int AS count FROM ${list.countFrom ?? list.from}
      WHERE ${[...list.where, `${list.owner} = ANY($${list.values.length + 1}::${list.ownerType}[])`].join(' AND ')} GROUP BY 1`,
    [...list.values, owners],
  )
