// Records what the statements of a run select: the columns that the database describes, by the line of src that sends the statement.
// row-types.ts compares them with the row types when the run ends.
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { atPrimary, type Db, type Store } from '../../src/platform/database/store.ts'
import type { SentRow } from './row-faults.ts'

const directory = (run: string): string => join(tmpdir(), `${run}.rows`)
const ROWS_READ = 100

/** By their text. */
const senders = new Map<string, readonly string[]>()
const recorded = new Set<string>()
/** Null: this run records nothing. */
let folder: string | null = null

/** The same store, whose statements are recorded where the run wants it. */
export function recordingRows(store: Store): Store {
  if (folder === null) return store
  const of = (db: Db): Db => ({
    ...db,
    query: (text, values, options) => {
      if (!senders.has(text)) senders.set(text, linesOf(new Error().stack ?? ''))
      return db.query(text, values, options)
    },
  })
  const db = of(store.db)
  const reads = atPrimary({ db })
  return { ...store, db, reads: () => reads, transaction: work => store.transaction(db => work(of(db))) }
}

const linesOf = (stack: string): string[] =>
  stack.split('\n').flatMap(line => {
    const found = /\/(src\/[\w./-]+\.ts):(\d+)/.exec(line)
    return found ? [`${found[1]}:${found[2]}`] : []
  })

/** Before any connection: each keeps the function that it was made with. db.query returns rows only: the descriptions are node-postgres'. */
export function recordRows(run: string): void {
  folder = directory(run)
  mkdirSync(folder, { recursive: true })
  const { query } = pg.Client.prototype as { query: (...sent: unknown[]) => unknown }
  pg.Client.prototype.query = function (this: pg.Client, ...sent: unknown[]) {
    const answer = query.apply(this, sent)
    const [first] = sent as [string | { text?: string }]
    const text = typeof first === 'string' ? first : (first.text ?? '')
    if (answer instanceof Promise && senders.has(text)) answer.then(result => record(text, result)).catch(() => {})
    return answer
  } as never
}

function record(text: string, { fields, rows }: pg.QueryResult<Record<string, unknown>>): void {
  // A test that reads a plan sends EXPLAIN with the text of a statement.
  if (!fields || fields.length === 0 || text.startsWith('EXPLAIN')) return
  const some = rows.slice(0, ROWS_READ)
  const row: SentRow = {
    senders: senders.get(text)!,
    text: text.replaceAll(/\s+/g, ' ').slice(0, 200),
    fields: fields.map(({ name, dataTypeID, tableID, columnID }) => ({
      name,
      type: dataTypeID,
      column: tableID === 0 ? null : `${tableID}.${columnID}`,
      isNull: some.some(one => one[name] === null),
    })),
  }
  const key = JSON.stringify([row.senders, row.fields])
  if (recorded.has(key)) return
  recorded.add(key)
  appendFileSync(join(folder!, `${process.pid}.jsonl`), `${JSON.stringify(row)}\n`)
}

/** Those of a whole run, each once. */
export function takeSentRows(run: string): SentRow[] {
  const path = directory(run)
  if (!existsSync(path)) return []
  const lines = readdirSync(path).flatMap(name => readFileSync(join(path, name), 'utf8').trim().split('\n'))
  rmSync(path, { recursive: true })
  return [...new Set(lines)].map(line => JSON.parse(line) as SentRow)
}
