import { type Cells, type Columns, cellsOf, type RecordOf } from './columns.ts'
import type { Db } from './store.ts'

/** At most one row, found and locked by itself. */
export interface Lookup<Found> {
  readonly sql: string
  readonly values: readonly unknown[]
  read(cells: readonly unknown[]): Found
}

const cellsOfMaps = new WeakMap<Columns, Cells<never>>()

/** `from`: FROM, WHERE and the lock. */
export function lookup<Map extends Columns>(columns: Map, from: string, values: readonly unknown[]): Lookup<RecordOf<Map>> {
  const cells = (cellsOfMaps.get(columns) as Cells<RecordOf<Map>> | undefined) ?? cellsOf(columns)
  cellsOfMaps.set(columns, cells as never)
  return { sql: `SELECT json_build_array(${cells.sql}) FROM ${from}`, values, read: found => cells.read(found, 0, {}) }
}

type Found<Wanted> = { [At in keyof Wanted]: Wanted[At] extends Lookup<infer Row> ? Row | null : never }

/** In one statement; locks are taken in order. */
export async function lookUp<const Wanted extends readonly Lookup<unknown>[]>(db: Db, ...wanted: Wanted): Promise<Found<Wanted>> {
  const values: unknown[] = []
  const parts = wanted.map(({ sql, values: own }) => {
    const before = values.length
    values.push(...own)
    return before === 0 ? `(${sql})` : `(${sql.replace(/\$(\d+)/g, (_, place) => `$${Number(place) + before}`)})`
  })
  const rows = await db.query<{ found: (unknown[] | null)[] }>(`SELECT json_build_array(${parts.join(', ')}) AS found`, values)
  return rows[0]!.found.map((cells, at) => cells && wanted[at]!.read(cells)) as Found<Wanted>
}
