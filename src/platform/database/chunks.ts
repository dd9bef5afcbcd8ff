/** Long lists, one bounded statement after the other inside one transaction: the process answers others in between. */
import { setImmediate } from 'node:timers/promises'
import type { Db } from './store.ts'

/** The rows of a statement for a list, in pieces of as many entries as the store takes at once. */
export const rowsInChunks = async <Entry, Row>(
  db: Pick<Db, 'rowsAtOnce'>,
  list: readonly Entry[],
  work: (piece: readonly Entry[]) => Promise<readonly Row[]>,
): Promise<Row[]> => (await inChunks<Entry, readonly Row[]>(list, db.rowsAtOnce, work)).flat()

/** The rows of a change that is made until it finds fewer than the store takes at once; `limit` is for LIMIT, where null is none. */
export const rowsUntilNone = <Row>(
  db: Pick<Db, 'rowsAtOnce'>,
  change: (limit: number | null) => Promise<readonly Row[]>,
): Promise<Row[]> => allRows<Row>((_, size) => change(Number.isFinite(size) ? size : null), { before: [], size: db.rowsAtOnce })

/** The results of `work` for at most `size` entries at a time, in the order of the list. */
export async function inChunks<Entry, Result>(
  list: readonly Entry[],
  size: number,
  work: (piece: readonly Entry[]) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = []
  for (let from = 0; from < list.length; from += size) {
    if (from > 0) await setImmediate()
    results.push(await work(list.length <= size ? list : list.slice(from, from + size)))
  }
  return results
}

/** All rows behind those of `before`: `read` finds at most `size` behind the last one. */
export async function allRows<Row>(
  read: (last: Row | null, size: number) => Promise<readonly Row[]>,
  { before, size }: { before: readonly Row[]; size: number },
): Promise<Row[]> {
  const rows = [...before]
  for (let more = true; more; ) {
    const piece = await read(rows.at(-1) ?? null, size)
    for (const row of piece) rows.push(row)
    more = piece.length === size
    if (more) await setImmediate()
  }
  return rows
}

/** Entries that are mapped without a pause. */
const MAPPED = 200

/** What `map` returns for each entry, with a pause after every few hundred. */
export const mapInChunks = async <Entry, Result>(list: readonly Entry[], map: (entry: Entry) => Result): Promise<Result[]> =>
  list.length <= MAPPED ? list.map(map) : (await inChunks(list, MAPPED, async piece => piece.map(map))).flat()
