export type Cell = string | number | boolean | null | undefined

/** Makes control characters of terminals visible. */
export function printable(value: Cell): string {
  return String(value ?? '').replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not arrive
    /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    char => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** Aligned for people; for programs, values between tabs. */
export function table(head: readonly string[], rows: readonly (readonly Cell[])[], forTerminal: boolean): string {
  const lines = [head, ...rows.map(row => row.map(printable))]
  if (!forTerminal) return lines.map(line => `${line.join('\t')}\n`).join('')
  const widths = head.map((_, column) => Math.max(...lines.map(line => widthOf(line[column] ?? ''))))
  return lines
    .map(
      line =>
        `${line
          .map((text, column) => text + ' '.repeat(widths[column]! - widthOf(text)))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('')
}

/** One line for each value that there is. */
export function fields(values: readonly (readonly [label: string, value: Cell])[]): string {
  const present = values.filter(([, value]) => value !== null && value !== undefined && value !== '')
  const width = Math.max(0, ...present.map(([label]) => label.length))
  return present.map(([label, value]) => `${label.padEnd(width)}  ${printable(value)}\n`).join('')
}

const segments = new Intl.Segmenter()
const WIDE = /\p{Script=Han}|\p{Script=Hiragana}|\p{Script=Katakana}|\p{Script=Hangul}|\p{Emoji_Presentation}|[\uff01-\uff60]/u

function widthOf(text: string): number {
  let width = 0
  for (const { segment } of segments.segment(text)) width += WIDE.test(segment) ? 2 : 1
  return width
}
