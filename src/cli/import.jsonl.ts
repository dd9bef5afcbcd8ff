import { isObject } from '../platform/validation.ts'
import { type Cell, type Entry, entryOf, type Fault, fieldsOf, type Mapping } from './import.fields.ts'
import { linesOf, MAX_LINE } from './import.lines.ts'

/** One object a line, with the fields of an export or of the mutation. */
export async function* readJsonLines(texts: AsyncIterable<string>, mapping: Mapping): AsyncGenerator<Entry> {
  for await (const { line, text } of linesOf(texts)) {
    if (text === null) yield refused(line, `The line has more than ${MAX_LINE} characters`)
    else if (text.trim() !== '') yield entryOfJson(line, text, mapping)
  }
}

const refused = (line: number, message: string, field = 'line'): Entry => ({
  ...{ line, userid: '', row: null, faults: [{ field, message }] },
})

function entryOfJson(line: number, text: string, mapping: Mapping): Entry {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return refused(line, 'The line is not JSON: write one object on each line')
  }
  if (!isObject(value)) return refused(line, 'The line is no JSON object')
  const { profile, ...rest } = value
  const cells: Cell[] = []
  const unknown: Fault[] = []
  const members = [...Object.entries(rest), ...(isObject(profile) ? Object.entries(profile) : [])]
  for (const [name, content] of members) {
    const fields = fieldsOf(name, mapping)
    if (fields === null) unknown.push({ field: 'line', message: unknownMember(name) })
    for (const field of fields ?? []) cells.push([field, content])
  }
  if (profile != null && !isObject(profile)) unknown.push({ field: 'profile', message: 'profile must be an object' })
  const entry = entryOf(line, cells)
  return unknown.length === 0 ? entry : { ...entry, row: null, faults: [...unknown, ...entry.faults] }
}

const unknownMember = (name: string): string =>
  `The member ${JSON.stringify(name.slice(0, 64))} is unknown: map it with --map NAME=FIELD, or leave it out with --map NAME=`
