import { setImmediate } from 'node:timers/promises'
import type { Db } from './store.ts'

export const rowsInChunks = async <Entry, Row>(
  db: Pick<Db, 'rowsAtOnce'>,
  list: readonly Entry[],
  work: (piece: readonly Entry[]) => Promise<readonly Row[]>,
): Promise<Row[]> => (await inChunks<Entry, readonly Row[]>(list, db.rowsAtOnce, work)).flat()

export const rowsUntilNone = <Row>(
  db: Pick<Db, 'rowsAtOnce'>,
  change: (limit: number | null) => Promise<readonly Row[]>,
): Promise<Row[]> => allRows<Row>((_, size) => change(Number.isFinite(size) ? size : null), { before: [], size: db.rowsAtOnce })

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

const MAPPED = 200

export const mapInChunks = async <Entry, Result>(list: readonly Entry[], map: (entry: Entry) => Result): Promise<Result[]> =>
  list.length <= MAPPED ? list.map(map) : (await inChunks(list, MAPPED, async piece => piece.map(map))).flat()
