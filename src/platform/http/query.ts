import { Invalid } from '../errors.ts'
import { pairs } from './text.ts'

/** bim-wire-rules "Names and limits" 4. */
const QUERY_PARAMETERS = 100

/**
 * The parameters of a raw query string: every name with its values, in the order sent.
 * Throws Invalid for broken percent encoding, raw non-ASCII, NUL, brackets in a name, or more than 100 parameters.
 */
export function parseQuery(raw: string): Map<string, string[]> {
  const parameters = new Map<string, string[]>()
  if (raw === '') return parameters
  // Node hands raw bytes over as Latin-1: taken as they are they would be other letters than the ones sent.
  if (/[^\x21-\x7e]/.test(raw)) throw new Invalid('query', 'must be percent-encoded ASCII')
  for (const [name, value] of pairs(raw, 'query', QUERY_PARAMETERS)) {
    const values = parameters.get(name)
    if (values === undefined) parameters.set(name, [value])
    else values.push(value)
  }
  return parameters
}
