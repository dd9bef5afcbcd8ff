// Lists in addresses: a backslash escapes.
/** The query of an address. */
export type Search = Record<string, string | undefined>

export const escaped = (text: string, separators = ','): string =>
  text.replace(/./gsu, letter => (letter === '\\' || separators.includes(letter) ? `\\${letter}` : letter))

export const unescaped = (text: string): string => text.replace(/\\(.)/gsu, '$1')

/** The parts of a list, still escaped. */
export const partsOf = (text: string): string[] => text.match(/(?:\\.|[^,\\]|\\$)+/gsu) ?? []

export const listOf = (text: string): string[] => [...new Set(partsOf(text).map(unescaped))]

export const joined = (values: readonly string[]): string => values.map(value => escaped(value)).join(',')

/** The page that an address names. */
export function pageOf({ after, before }: Search, size = 50) {
  return !after && before ? { last: size, before } : { first: size, after: after || null }
}
