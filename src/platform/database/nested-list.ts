import DataLoader from 'dataloader'
import { groupOne } from './batch.ts'
import { inChunks, rowsInChunks } from './chunks.ts'
import { type Columns, cellsOf } from './columns.ts'
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
  /** Those of `columns`: a window is then read as one JSON array, of the named ones only. */
  readonly cells?: Columns
}

export const listOf = <Row>({ owner, ownerType, ...list }: NestedList<Row>, id: number | string): ListQuery<Row> => ({
  ...list,
  where: [...list.where, `${owner} = $${list.values.length + 1}::${ownerType}`],
  values: [...list.values, id],
})

interface NestedRequest<Owner> {
  readonly owner: Owner
  readonly window: PageWindow
  /** Columns of `cells`; all without. */
  readonly names?: readonly string[] | undefined
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

  async of(owner: Owner, args: PageArgs, names?: readonly string[]): Promise<Page<Row>> {
    return this.#pages.load({ owner, window: windowOf(this.#cursors, args, this.#list.order), names })
  }

  prime(owner: Owner, size: number, rows: readonly (Row & CursorColumns)[]): void {
    const window = windowOf(this.#cursors, { first: size }, this.#list.order)
    this.#pages.prime({ owner, window }, this.#pageOf(owner, window, rows))
  }

  #pageOf(owner: Owner, window: PageWindow, rows: readonly (Row & CursorColumns)[]): Page<Row> {
    return pageOf<Row>(rows, { window, order: this.#list.order, totalCount: () => this.#counts.load(owner) })
  }

  async #read(db: Db, asked: readonly NestedRequest<Owner>[]): Promise<Page<Row>[]> {
    const alike = Map.groupBy(asked, ({ window, names }) => `${window.backwards} ${window.cursor !== null} ${names}`)
    const found = new Map<NestedRequest<Owner>, Page<Row>>()
    await Promise.all(
      [...alike.values()].map(async some => {
        const rows = Map.groupBy(await this.#rowsOf(db, some), row => row.place)
        for (const [place, one] of some.entries()) found.set(one, this.#pageOf(one.owner, one.window, rows.get(place) ?? []))
      }),
    )
    return asked.map(one => found.get(one)!)
  }

  async #rowsOf(db: Db, asked: readonly NestedRequest<Owner>[]): Promise<Placed<Row>[]> {
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

type Placed<Row> = Row & CursorColumns & { place: number }

async function readEach<Row>(db: Db, list: NestedList<Row>, asked: readonly NestedRequest<unknown>[]): Promise<Placed<Row>[]> {
  if (!list.cells) {
    const windows = `SELECT page.*${list.along ?? ''}, row_number() OVER ()::int AS rank FROM`
    return readWindows<Placed<Row>>(db, list, { asked, windows, rest: 'ORDER BY w.place, found.rank' })
  }
  const { names = Object.keys(list.cells) } = asked[0]!
  const read = cellsOf(Object.fromEntries(names.map(name => [name, { ...list.cells![name]!, sql: `page."${name}"` }])))
  const cells = ['page."cursorValue"', 'page."cursorId"', read.sql].filter(sql => sql !== '').join(', ')
  const windows = `SELECT coalesce(json_agg(json_build_array(${cells})), '[]') AS rows FROM`
  const found = await readWindows<{ place: number; rows: unknown[][] }>(db, list, { asked, windows, rest: '' })
  return found.flatMap(({ place, rows }) =>
    rows.map(row => read.read(row, 2, { cursorValue: row[0], cursorId: row[1], place }) as unknown as Placed<Row>),
  )
}

/** One row more shows a next page. */
function readWindows<Row>(
  db: Db,
  list: NestedList<unknown>,
  { asked, windows, rest }: { asked: readonly NestedRequest<unknown>[]; windows: string; rest: string },
): Promise<Row[]> {
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
        ${windows} (
          SELECT * FROM (
            SELECT ${list.columns}, ${order.expression} AS "cursorValue", ${id} AS "cursorId"${ownerValue} FROM ${list.from}
             WHERE ${[owned, ...list.where, ...after].join(' AND ')} ${fence}) owned
           ORDER BY ${first}"cursorValue" ${direction}, "cursorId" ${direction} LIMIT w.size OFFSET w.skip) page) found
      ${rest}`,
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
