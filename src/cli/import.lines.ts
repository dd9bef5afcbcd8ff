/** Characters of one line, and of what one line of people may have. */
export const MAX_LINE = 262_144

export interface Line {
  /** From 1. */
  readonly line: number
  /** Null if it is longer than MAX_LINE. */
  readonly text: string | null
}

/** Lines without their ends, LF or CRLF; memory is bounded whatever their length. */
export async function* linesOf(texts: AsyncIterable<string>): AsyncGenerator<Line> {
  let line = 1
  let rest = ''
  let isLong = false
  for await (const text of texts) {
    const pieces = (rest + text).split('\n')
    rest = pieces.pop()!
    for (const piece of pieces) {
      yield lineOf(line++, piece, isLong)
      isLong = false
    }
    if (rest.length > MAX_LINE) {
      isLong = true
      rest = ''
    }
  }
  if (rest !== '' || isLong) yield lineOf(line, rest, isLong)
}

const lineOf = (line: number, text: string, isLong: boolean): Line => ({
  line,
  text: isLong || text.length > MAX_LINE ? null : text.endsWith('\r') ? text.slice(0, -1) : text,
})
