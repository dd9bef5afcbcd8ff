/**
 * A store as JSON Lines: a header, the rows of each table in the order of its primary key, and an end with a
 * checksum. Equal stores give equal lines, on either kind of database.
 */
import { createHash } from 'node:crypto'
import type pg from 'pg'
import { Invalid } from '../errors.ts'
import { migrationsOf } from './migrate.ts'

const FORMAT = 'roster backup 1'
const ROWS = 500

interface Header {
  readonly format: string
  /** The newest migration of the store. */
  readonly migration: string
  readonly sequences: Readonly<Record<string, string>>
}

interface Table {
  readonly name: string
  /** Quoted; without generated ones. */
  readonly columns: string
  readonly key: string
}

const TABLES = `SELECT c.relname AS name,
    (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) FROM pg_attribute a
      WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '') AS columns,
    (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY k.n) FROM pg_index i
       CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY k(attnum, n) JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum
      WHERE i.indrelid = c.oid AND i.indisprimary) AS key
  FROM pg_class c WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r' AND c.relname <> '_prisma_migrations'
  ORDER BY c.relname`

const SEQUENCES = `SELECT sequencename AS name, last_value::text AS last FROM pg_sequences
  WHERE schemaname = current_schema() AND last_value IS NOT NULL ORDER BY sequencename`

const newestMigration = (): string => migrationsOf().at(-1)!.name

/** Reads one snapshot; others go on writing. */
export async function* backupLines(client: pg.ClientBase): AsyncGenerator<string> {
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
  const hash = createHash('sha256')
  const line = (text: string): string => {
    hash.update(`${text}\n`)
    return text
  }
  try {
    const sequences = await client.query<{ name: string; last: string }>(SEQUENCES)
    const header: Header = {
      format: FORMAT,
      migration: newestMigration(),
      sequences: Object.fromEntries(sequences.rows.map(({ name, last }) => [name, last])),
    }
    yield line(JSON.stringify(header))
    const tables = await client.query<Table>(TABLES)
    for (const table of tables.rows) for await (const row of rowsOf(client, table)) yield line(row)
    yield JSON.stringify({ sha256: hash.digest('hex') })
  } finally {
    await client.query('COMMIT')
  }
}

/** Rows stay text: JavaScript would round large numbers. */
async function* rowsOf(client: pg.ClientBase, { name, columns, key }: Table): AsyncGenerator<string> {
  await client.query(
    `DECLARE rows NO SCROLL CURSOR FOR SELECT row_to_json(r)::text AS row FROM (SELECT ${columns} FROM "${name}" ORDER BY ${key}) r`,
  )
  for (;;) {
    const { rows } = await client.query<{ row: string }>(`FETCH ${ROWS} FROM rows`)
    for (const { row } of rows) yield `${JSON.stringify(name)}:${row}`
    if (rows.length < ROWS) break
  }
  await client.query('CLOSE rows')
}

/** Into an empty store of the same migrations, whole or not at all. Returns the number of rows. Throws Invalid. */
export async function restoreLines(client: pg.ClientBase, lines: AsyncIterable<string>): Promise<number> {
  await client.query('BEGIN')
  try {
    const count = await restore(client, lines)
    await client.query('COMMIT')
    await client.query('ANALYZE')
    return count
  } catch (error) {
    await client.query('ROLLBACK')
    throw error
  }
}

async function restore(client: pg.ClientBase, lines: AsyncIterable<string>): Promise<number> {
  const { rows: tables } = await client.query<Table>(TABLES)
  await checkEmpty(client)
  const again = await withoutConstraints(client, tables)
  const hash = createHash('sha256')
  const writer = new RowWriter(client, new Map(tables.map(table => [table.name, table])))
  let header: Header | null = null
  let isWhole = false
  for await (const line of lines) {
    if (isWhole) throw new Invalid('file', 'goes on after its end')
    if (line.startsWith('{"sha256":')) {
      isWhole = JSON.parse(line).sha256 === hash.digest('hex')
      if (!isWhole) throw new Invalid('file', 'was changed: its checksum is another one')
      continue
    }
    hash.update(`${line}\n`)
    if (header === null) header = headerOf(line)
    else await writer.add(line)
  }
  if (!isWhole) throw new Invalid('file', 'is not complete: its end is missing')
  await writer.flush()
  await again()
  for (const [name, last] of Object.entries(header?.sequences ?? {}))
    await client.query('SELECT setval(quote_ident($1)::regclass, $2::bigint)', [name, last])
  return writer.count
}

function headerOf(line: string): Header {
  const header = parsed(line) as Partial<Header> | null
  if (header?.format !== FORMAT) throw new Invalid('file', 'is not a backup of Roster')
  if (header.migration !== newestMigration())
    throw new Invalid(
      'file',
      `is of a Roster with the migration ${header.migration}, this one has ${newestMigration()}: restore it with that version, then upgrade`,
    )
  return header as Header
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return null
  }
}

async function checkEmpty(client: pg.ClientBase): Promise<void> {
  const { rows } = await client.query<{ filled: boolean }>('SELECT EXISTS (SELECT FROM users) AS filled')
  if (rows[0]!.filled) throw new Invalid('store', 'must be empty: restore into a new database or data directory')
}

/** Returns what puts the constraints back, which checks them. */
async function withoutConstraints(client: pg.ClientBase, tables: readonly Table[]): Promise<() => Promise<void>> {
  const names = tables.map(({ name }) => `"${name}"`)
  const { rows: keys } = await client.query<{ table: string; name: string; definition: string }>(
    `SELECT conrelid::regclass::text AS table, quote_ident(conname) AS name, pg_get_constraintdef(oid) AS definition
       FROM pg_constraint WHERE contype = 'f' AND connamespace = current_schema()::regnamespace`,
  )
  for (const { table, name } of keys) await client.query(`ALTER TABLE ${table} DROP CONSTRAINT ${name}`)
  for (const name of names) await client.query(`ALTER TABLE ${name} DISABLE TRIGGER USER`)
  await client.query(`TRUNCATE ${names.join(', ')}`)
  return async () => {
    for (const name of names) await client.query(`ALTER TABLE ${name} ENABLE TRIGGER USER`)
    for (const { table, name, definition } of keys)
      await client.query(`ALTER TABLE ${table} ADD CONSTRAINT ${name} ${definition}`)
  }
}

class RowWriter {
  readonly #client: pg.ClientBase
  readonly #tables: ReadonlyMap<string, Table>
  #table: Table | null = null
  #rows: string[] = []
  count = 0

  constructor(client: pg.ClientBase, tables: ReadonlyMap<string, Table>) {
    this.#client = client
    this.#tables = tables
  }

  async add(line: string): Promise<void> {
    const [, name = ''] = /^"(\w+)":\{/.exec(line) ?? []
    const table = this.#tables.get(name)
    if (!table) throw new Invalid('file', `has a line of no table after ${this.count} rows`)
    if (table !== this.#table || this.#rows.length >= ROWS) await this.flush()
    this.#table = table
    this.#rows.push(line.slice(name.length + 3))
    this.count++
  }

  async flush(): Promise<void> {
    if (this.#table === null || this.#rows.length === 0) return
    const { name, columns } = this.#table
    await this.#client.query(
      `INSERT INTO "${name}" (${columns}) SELECT ${columns} FROM json_populate_recordset(NULL::"${name}", $1::json)`,
      [`[${this.#rows.join(',')}]`],
    )
    this.#rows = []
  }
}
