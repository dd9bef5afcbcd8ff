import { Invalid } from '../platform/errors.ts'
import { parseJson } from '../platform/http/body.ts'
import type { Entry } from './import.fields.ts'

/** Of one request: below the limits of a body, and of one call. */
const LIMITS = { rows: 500, bytes: 400_000 }

/** In order, each as long as one request takes. A row too long for any is a fault. */
export async function* batchesOf(entries: AsyncIterable<Entry>, limits = LIMITS): AsyncGenerator<readonly Entry[]> {
  let batch: Entry[] = []
  let size = 0
  for await (const entry of entries) {
    const { entry: checked, length } = sized(entry, limits.bytes)
    if (batch.length > 0 && (batch.length === limits.rows || size + length > limits.bytes)) {
      yield batch
      batch = []
      size = 0
    }
    batch.push(checked)
    size += length
  }
  if (batch.length > 0) yield batch
}

interface Sized {
  readonly entry: Entry
  /** Bytes. */
  readonly length: number
}

/** A value that the server takes for no JSON of its own would refuse the whole batch. */
function sized(entry: Entry, limit: number): Sized {
  if (entry.row === null) return { entry, length: 0 }
  const text = JSON.stringify(entry.row)
  const length = Buffer.byteLength(text)
  const message = length > limit ? `The line has more than ${limit} bytes: split its lists over several imports` : refusalOf(text)
  if (message === null) return { entry, length }
  return { entry: { ...entry, row: null, faults: [{ field: 'line', message }] }, length: 0 }
}

function refusalOf(text: string): string | null {
  try {
    // As deep as it is in a request.
    parseJson(`{"variables":{"input":{"rows":[${text}]}}}`)
    return null
  } catch (error) {
    if (error instanceof Invalid) return error.message.replace(/^variables\.input\.rows\./, '')
    throw error
  }
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
