import { type CsvError, parse } from 'csv-parse'
import { Failure, usage } from './exit.ts'
import { type Entry, entryOf, fieldsOfColumns, type Mapping } from './import.fields.ts'

/** Characters of one record. */
export const MAX_RECORD = 262_144

export interface CsvOptions {
  readonly mapping: Mapping
  readonly delimiter: string
  /** Keeps the apostrophe that an export puts before formulas. */
  readonly raw: boolean
}

/** RFC 4180 with a header. Lines are those on which records begin. Throws a Failure. */
export async function* readCsv(texts: AsyncIterable<string>, { mapping, delimiter, raw }: CsvOptions): AsyncGenerator<Entry> {
  let fields: (readonly string[])[] | null = null
  for await (const { line, record } of recordsOf(texts, delimiter)) {
    if (fields === null) fields = columnsOf(record, { mapping, delimiter })
    else yield rowOf(line, { record, fields, raw })
  }
  if (fields === null) throw usage('The file is empty: its first line names the columns.')
}

interface Parsed {
  readonly line: number
  readonly record: readonly string[]
}

/** Records before a fault are not lost, as they would be in a stream that fails. */
async function* recordsOf(texts: AsyncIterable<string>, delimiter: string): AsyncGenerator<Parsed> {
  let [next, empty] = [1, 0]
  const found: Parsed[] = []
  const parser = parse({
    ...{ delimiter, relax_column_count: true, skip_empty_lines: true, max_record_size: MAX_RECORD },
    on_record(record: readonly string[], { empty_lines }) {
      const line = next + empty_lines - empty
      empty = empty_lines
      next = line + 1 + breaksIn(record)
      found.push({ line, record })
      return null
    },
  }).resume()
  let failure: Error | null = null
  parser.on('error', error => {
    failure ??= error
  })
  const take = () => found.splice(0)
  for await (const text of texts) {
    await new Promise<void>(resolve => parser.write(text, () => resolve()))
    yield* take()
    if (failure !== null) throw explained(failure, next)
  }
  await new Promise<void>(resolve => parser.end(() => resolve()).once('error', () => resolve()))
  yield* take()
  if (failure !== null) throw explained(failure, next)
}

const breaksIn = (record: readonly string[]): number =>
  record.reduce((sum, value) => sum + (value.match(/\r\n|\r|\n/g)?.length ?? 0), 0)

function columnsOf(header: readonly string[], { mapping, delimiter }: Pick<CsvOptions, 'mapping' | 'delimiter'>) {
  const other = [',', ';', '\t'].find(one => one !== delimiter && header.length === 1 && header[0]!.includes(one))
  if (other !== undefined)
    throw usage(
      `The header is one column: pass --delimiter ${other === '\t' ? 'tab' : JSON.stringify(other)} if that is what separates them.`,
    )
  return fieldsOfColumns(header, mapping)
}

/** The opposite of what an export does to formulas. */
const GUARDED = /^'(?=[=+\-@\t\r\n\uff0b\uff0d\uff1d\uff20])/

function rowOf(
  line: number,
  { record, fields, raw }: { record: readonly string[]; fields: readonly (readonly string[])[]; raw: boolean },
): Entry {
  if (record.length !== fields.length) {
    const message = `The line has ${record.length} values and the header ${fields.length}: quote values that have the delimiter`
    return { line, userid: '', row: null, faults: [{ field: 'line', message }] }
  }
  const cells = record.flatMap((value, at) => {
    const text = raw ? value : value.replace(GUARDED, '')
    return fields[at]!.map(field => [field, text] as const)
  })
  return entryOf(line, cells)
}

const REASONS: Readonly<Record<string, string>> = {
  CSV_MAX_RECORD_SIZE: `has more than ${MAX_RECORD} characters: is a quotation mark missing?`,
  CSV_QUOTE_NOT_CLOSED: 'has a quotation mark that is not closed',
}

function explained(error: unknown, line: number): unknown {
  const code = (error as CsvError).code as string | undefined
  if (error instanceof Failure || typeof code !== 'string' || !/^CSV_|^INVALID_/.test(code)) return error
  const reason = REASONS[code] ?? 'is not valid CSV: a value with a quotation mark must be quoted, and its marks doubled'
  return new Failure(`The record that begins in line ${line} ${reason}.`)
}
