/** Read along with a row, for the loaders. */

import { mapInChunks } from './chunks.ts'
import { type Columns, cellsOf, type RecordOf } from './columns.ts'
import { type ListQuery, type Page, type PageArgs, readPage } from './pagination.ts'
import type { Db } from './store.ts'

type Cells = readonly unknown[]

export interface Edge<Row, Loaders> {
  /** Of the record `page`. */
  readonly sql: string
  readonly prime: (loaders: Loaders, row: Row, found: Cells | null) => unknown
}
export type Edges<Row, Loaders> = Readonly<Record<string, Edge<Row, Loaders>>>

export function oneAlong<Map extends Columns, Row, Loaders>(
  columns: Map,
  from: string,
  give: (loaders: Loaders, row: Row, found: RecordOf<Map> | null) => unknown,
): Edge<Row, Loaders> {
  const cells = cellsOf(columns)
  return {
    sql: `SELECT json_build_array(${cells.sql}) FROM ${from}`,
    prime: (loaders, row, found) => give(loaders, row, found && cells.read(found, 0, {})),
  }
}

export function manyAlong<Map extends Columns, Row, Loaders>(
  columns: Map,
  { from, order }: { from: string; order: string },
  give: (loaders: Loaders, row: Row, found: RecordOf<Map>[]) => unknown,
): Edge<Row, Loaders> {
  const cells = cellsOf(columns)
  return {
    sql: `SELECT coalesce(json_agg(json_build_array(${cells.sql}) ORDER BY ${order}), '[]') FROM ${from}`,
    prime: (loaders, row, found) =>
      give(
        loaders,
        row,
        (found as Cells[]).map(one => cells.read(one, 0, {})),
      ),
  }
}

const columnsOf = (edges: Edges<never, never>, wanted: readonly string[]): string =>
  wanted.map(name => `, (${edges[name]!.sql}) AS "${name}Along"`).join('')

export interface Along<Loaders> {
  readonly wanted: readonly string[]
  readonly loaders: Loaders
}
interface Reading<Row, Loaders> {
  readonly edges: Edges<Row, Loaders>
  readonly along: Along<Loaders> | undefined
}

/** As `readPage`, in one statement with the edges. */
export async function readPageAlong<Row extends object, Loaders>(
  db: Db,
  list: ListQuery<Row>,
  { edges, along, ...args }: PageArgs & Reading<Row, Loaders>,
): Promise<Page<Row>> {
  if (!along || along.wanted.length === 0) return readPage(db, list, args)
  const page = await readPage(db, { ...list, along: (list.along ?? '') + columnsOf(edges, along.wanted) }, args)
  await mapInChunks(page.nodes, row => primeEdges(along.loaders, edges, row))
  return page
}

export async function readOneAlong<Row extends object, Loaders>(
  db: Db,
  { text, values }: { text: string; values: readonly unknown[] },
  { edges, along }: Reading<Row, Loaders>,
): Promise<Row | null> {
  const isAlone = !along || along.wanted.length === 0
  const [row] = await db.query<Row>(isAlone ? text : `SELECT page.*${columnsOf(edges, along.wanted)} FROM (${text}) page`, values)
  return row ? (isAlone ? row : primeEdges(along.loaders, edges, row)) : null
}

/** Looks up the owner only of an empty page. */
export async function listOfExisting<Row>(
  { id, iamid }: { readonly id?: number | null; readonly iamid?: string | null },
  read: (id: number) => Promise<Page<Row>>,
  require: () => Promise<{ readonly id: number }>,
): Promise<Page<Row>> {
  if (id == null || iamid != null) return read((await require()).id)
  const page = await read(id)
  if (page.nodes.length === 0) await require()
  return page
}

/** Takes the edges off the row. */
function primeEdges<Row extends object, Loaders>(loaders: Loaders, edges: Edges<Row, Loaders>, row: Row): Row {
  const along = row as Record<string, Cells | null | undefined>
  for (const [name, edge] of Object.entries(edges)) {
    const column = `${name}Along`
    if (along[column] === undefined) continue
    edge.prime(loaders, row, along[column])
    along[column] = undefined
  }
  return row
}
