import { Invalid } from '../errors.ts'
import { isDue, pause } from './pauses.ts'

export const RESPONSE_LIMIT = 64 * 1024 * 1024
/** Values, weighted by text length. */
const LONG = 1_024
const TEXT = 64
const PIECE = 64 * 1024

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

/** Items become JSON at once, never held as objects. */
export class WrittenList {
  readonly pieces: Buffer[] = []
  #left: number

  constructor(limit: number = RESPONSE_LIMIT) {
    this.#left = limit
  }

  async add(items: readonly unknown[]): Promise<void> {
    if (items.length === 0) return
    const whole = [...(await jsonPieces(items, this.#left)).pieces]
    for (const { length } of whole) this.#left -= length
    whole[0] = whole[0]!.subarray(1)
    whole.push(whole.pop()!.subarray(0, -1))
    if (this.pieces.length > 0) this.pieces.push(COMMA)
    this.pieces.push(...whole)
  }
}
const COMMA = Buffer.from(',')

export const isLong = (value: object): boolean => rest(value, LONG) < 0

function rest(value: unknown, budget: number): number {
  if (typeof value === 'string') return budget - 1 - value.length / TEXT
  if (typeof value !== 'object' || value === null) return budget - 1
  if (value instanceof LazyList || value instanceof WrittenList) return -1
  let left = budget - 1
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

export class Pieces {
  readonly pieces: readonly Buffer[]
  constructor(pieces: readonly Buffer[]) {
    this.pieces = pieces
  }
}

interface Frame {
  readonly keys: readonly string[] | null
  readonly values: Pick<readonly unknown[], 'length' | 'at'>
  at: number
  begun: boolean
}

/** As JSON.stringify. Throws Invalid above `limit` bytes. */
export async function jsonPieces(value: object, limit: number = RESPONSE_LIMIT): Promise<Pieces> {
  const pieces: Buffer[] = []
  let bytes = 0
  let text = ''
  const push = (piece: Buffer) => {
    bytes += piece.length
    if (bytes > limit) throw new Invalid('page', `must be smaller: the response is larger than ${limit} bytes`)
    pieces.push(piece)
  }
  const flush = () => {
    push(Buffer.from(text))
    text = ''
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
    const isWritten = member instanceof WrittenList
    const written = inner ? opening(inner) : isWritten ? '[' : (JSON.stringify(member) as string | undefined)
    if (written === undefined && frame.keys) continue
    text += `${frame.begun ? ',' : ''}${key === undefined ? '' : `${JSON.stringify(key)}:`}${written ?? 'null'}`
    frame.begun = true
    if (inner) stack.push(inner)
    if (isWritten) {
      flush()
      for (const piece of member.pieces) push(piece)
      text = ']'
    }
    if (text.length < PIECE) continue
    flush()
    if (isDue()) await pause()
  }
  flush()
  return new Pieces(pieces)
}

const isBranch = (value: unknown): value is object =>
  !(value instanceof WrittenList) &&
  (value instanceof LazyList || (typeof value === 'object' && value !== null && isLong(value) && !hasOwnForm(value)))

const hasOwnForm = (value: object): boolean => 'toJSON' in value && typeof value.toJSON === 'function'

function frameOf(value: object): Frame {
  if (Array.isArray(value) || value instanceof LazyList) return { keys: null, values: value, at: 0, begun: false }
  return { keys: Object.keys(value), values: Object.values(value), at: 0, begun: false }
}

const opening = ({ keys }: Frame): string => (keys ? '{' : '[')
