import type { Entry } from './import.fields.ts'

/** Rows and characters of one request: below the limits of a body, and of one call. */
const LIMITS = { rows: 500, characters: 400_000 }

/** In order, each as long as one request takes. A row too long for any is a fault. */
export async function* batchesOf(entries: AsyncIterable<Entry>, limits = LIMITS): AsyncGenerator<readonly Entry[]> {
  let batch: Entry[] = []
  let size = 0
  for await (const entry of entries) {
    const checked = withinLimit(entry, limits.characters)
    const length = lengthOf(checked)
    if (batch.length > 0 && (batch.length === limits.rows || size + length > limits.characters)) {
      yield batch
      batch = []
      size = 0
    }
    batch.push(checked)
    size += length
  }
  if (batch.length > 0) yield batch
}

const lengthOf = ({ row }: Entry): number => (row === null ? 0 : Buffer.byteLength(JSON.stringify(row)))

function withinLimit(entry: Entry, limit: number): Entry {
  if (lengthOf(entry) <= limit) return entry
  const message = `The line has more than ${limit} bytes: split its lists over several imports`
  return { ...entry, row: null, faults: [{ field: 'line', message }] }
}

/** Remembered userids: about 50 bytes each. */
const REMEMBERED = 1_000_000

/** Finds the second line of a userid, over all batches. */
export function repeats(): (entry: Entry, key: string) => Entry {
  const lines = new Map<string, number>()
  return (entry, key) => {
    const before = lines.get(key)
    if (before === undefined) {
      if (lines.size < REMEMBERED) lines.set(key, entry.line)
      return entry
    }
    const message = `userid repeats line ${before}: keep one of the two lines`
    return { ...entry, row: null, faults: [{ field: 'userid', message }] }
  }
}
