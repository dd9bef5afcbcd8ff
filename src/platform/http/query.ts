import { Invalid } from '../errors.ts'
import { pairs } from './text.ts'

/** bim-wire-rules "Names and limits" 4. */
const QUERY_PARAMETERS = 100

/** Throws Invalid: encoding, non-ASCII, NUL, brackets, over 100 parameters. */
export function parseQuery(raw: string): Map<string, string[]> {
  const parameters = new Map<string, string[]>()
  if (raw === '') return parameters
  // node decodes raw bytes as Latin-1.
  if (/[^\x21-\x7e]/.test(raw)) throw new Invalid('query', 'must be percent-encoded ASCII')
  for (const [name, value] of pairs(raw, 'query', QUERY_PARAMETERS)) {
    const values = parameters.get(name)
    if (values === undefined) parameters.set(name, [value])
    else values.push(value)
  }
  return parameters
}
