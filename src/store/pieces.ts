/** Long lists, one bounded statement after the other inside one transaction: the process answers others in between. */
import { setImmediate } from 'node:timers/promises'

/** The results of `work` for at most `size` entries at a time, in the order of the list. */
export async function inPieces<Entry, Result>(
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
