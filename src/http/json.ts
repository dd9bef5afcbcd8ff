/** JSON of long answers, written in pieces with pauses between them, so that writing it keeps nobody waiting. */
import { Invalid } from '../errors.ts'
import { isDue, pause } from './pauses.ts'

/** Bytes of one answer. */
export const ANSWER_LIMIT = 64 * 1024 * 1024
/** Items of a list from which a value is long. */
const LONG = 256
/** Characters of a piece. */
const PIECE = 64 * 1024
/** Levels that are written part by part; below, a part is a small one. */
const LEVELS = 12

/** Whether the value, or one of its members, is a list of many items. */
export function isLong(value: object): boolean {
  if (Array.isArray(value)) return value.length >= LONG
  for (const member of Object.values(value)) if (Array.isArray(member) && member.length >= LONG) return true
  return false
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
  readonly values: readonly unknown[]
  at: number
  /** Whether a member was written. */
  begun: boolean
}

/** The value as JSON.stringify writes it. Throws Invalid when that is longer than `limit` bytes. */
export async function jsonPieces(value: object, limit: number = ANSWER_LIMIT): Promise<Pieces> {
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
    const member = frame.values[frame.at]
    const key = frame.keys?.[frame.at]
    frame.at++
    const inner = stack.length < LEVELS && isBranch(member) ? frameOf(member) : null
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

const isBranch = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !('toJSON' in value && typeof value.toJSON === 'function')

function frameOf(value: object): Frame {
  if (Array.isArray(value)) return { keys: null, values: value, at: 0, begun: false }
  return { keys: Object.keys(value), values: Object.values(value), at: 0, begun: false }
}

const opening = ({ keys }: Frame): string => (keys ? '{' : '[')
