/** JSON of long answers, written in pieces with pauses between them, so that writing it keeps nobody waiting. */
import { Invalid } from '../errors.ts'
import { isDue, pause } from './pauses.ts'

/** Bytes of one answer. */
export const RESPONSE_LIMIT = 64 * 1024 * 1024
/** Values, each with its text in units of TEXT characters, from which a value is long. */
const LONG = 1_024
const TEXT = 64
/** Characters of a piece. */
const PIECE = 64 * 1024

/** A list whose items are made when they are read, so that a long one is never made as a whole. */
export class LazyList<Entry = unknown> {
  readonly length: number
  readonly #entries: readonly Entry[]
  readonly #make: (entry: Entry, index: number) => unknown

  constructor(entries: readonly Entry[], make: (entry: Entry, index: number) => unknown) {
    this.length = entries.length
    this.#entries = entries
    this.#make = make
  }

  at(index: number): unknown {
    return this.#make(this.#entries[index]!, index)
  }

  map(change: (item: unknown, index: number) => unknown): LazyList<Entry> {
    return new LazyList(this.#entries, (entry, index) => change(this.#make(entry, index), index))
  }

  *[Symbol.iterator](): Iterator<unknown> {
    for (let index = 0; index < this.length; index++) yield this.at(index)
  }

  toJSON(): unknown[] {
    return [...this]
  }
}

/** Whether JSON.stringify would take long for the value: it holds many values at any depth, long texts, or a LazyList, of unknown size. */
export const isLong = (value: object): boolean => rest(value, LONG) < 0

/** What is left of `room` behind the value; below 0, the rest of the value is not looked at. */
function rest(value: unknown, room: number): number {
  if (typeof value === 'string') return room - 1 - value.length / TEXT
  if (typeof value !== 'object' || value === null) return room - 1
  if (value instanceof LazyList) return -1
  let left = room - 1
  if (Array.isArray(value)) {
    left -= value.length
    for (let at = 0; at < value.length && left >= 0; at++) left = rest(value[at], left)
    return left
  }
  for (const key in value) {
    left = rest((value as Record<string, unknown>)[key], left)
    if (left < 0) break
  }
  return left
}

/** A body in pieces, which are sent one after the other. */
export class Pieces {
  readonly pieces: readonly Buffer[]
  constructor(pieces: readonly Buffer[]) {
    this.pieces = pieces
  }
}

interface Frame {
  /** Null for a list. */
  readonly keys: readonly string[] | null
  readonly values: Pick<readonly unknown[], 'length' | 'at'>
  at: number
  /** Whether a member was written. */
  begun: boolean
}

/** The value as JSON.stringify writes it. Throws Invalid when that is longer than `limit` bytes. */
export async function jsonPieces(value: object, limit: number = RESPONSE_LIMIT): Promise<Pieces> {
  const pieces: Buffer[] = []
  let bytes = 0
  let text = ''
  const flush = () => {
    const piece = Buffer.from(text)
    text = ''
    bytes += piece.length
    if (bytes > limit) throw new Invalid('page', `must be smaller: the answer is larger than ${limit} bytes`)
    pieces.push(piece)
  }
  const stack: Frame[] = [frameOf(value)]
  text += opening(stack[0]!)
  while (stack.length > 0) {
    const frame = stack.at(-1)!
    if (frame.at === frame.values.length) {
      text += frame.keys ? '}' : ']'
      stack.pop()
      continue
    }
    const member = frame.values.at(frame.at)
    const key = frame.keys?.[frame.at]
    frame.at++
    const inner = isBranch(member) ? frameOf(member) : null
    const written = inner ? opening(inner) : (JSON.stringify(member) as string | undefined)
    if (written === undefined && frame.keys) continue
    text += `${frame.begun ? ',' : ''}${key === undefined ? '' : `${JSON.stringify(key)}:`}${written ?? 'null'}`
    frame.begun = true
    if (inner) stack.push(inner)
    if (text.length < PIECE) continue
    flush()
    if (isDue()) await pause()
  }
  flush()
  return new Pieces(pieces)
}

/** Whether the value is written part by part. */
const isBranch = (value: unknown): value is object =>
  value instanceof LazyList || (typeof value === 'object' && value !== null && isLong(value) && !hasOwnForm(value))

const hasOwnForm = (value: object): boolean => 'toJSON' in value && typeof value.toJSON === 'function'

function frameOf(value: object): Frame {
  if (Array.isArray(value) || value instanceof LazyList) return { keys: null, values: value, at: 0, begun: false }
  return { keys: Object.keys(value), values: Object.values(value), at: 0, begun: false }
}

const opening = ({ keys }: Frame): string => (keys ? '{' : '[')
