// Users of a file, batch by batch: the server plans and writes, this reads and reports.
import { setTimeout as wait } from 'node:timers/promises'
import type { Environment } from '../platform/config/config.ts'
import { canonical } from '../platform/validation.ts'
import { type Client, type ClientOptions, connect, exitOf } from './client.ts'
import { json, type Printed } from './command.ts'
import { IMPORT_USERS } from './documents.ts'
import { EXIT, type ExitCode, Failure, usage } from './exit.ts'
import { batchesOf, repeats } from './import.batches.ts'
import { readCsv } from './import.csv.ts'
import { type Entry, type Mapping, readMapping } from './import.fields.ts'
import { readJsonLines } from './import.jsonl.ts'
import { readLdif } from './import.ldif.ts'
import {
  addTo,
  emptyTally,
  type LineResult,
  mergedResults,
  openReport,
  type Report,
  summaryOf,
  type Tally,
} from './import.report.ts'
import { openSource, type Source } from './import.source.ts'
import { printable } from './table.ts'

export interface ImportOptions extends ClientOptions {
  readonly dryRun?: true | undefined
  readonly createOnly?: true | undefined
  readonly createGroups?: true | undefined
  readonly map?: readonly string[] | undefined
  readonly delimiter?: string | undefined
  readonly raw?: true | undefined
  readonly json?: true | undefined
  readonly format?: string | undefined
  readonly report?: string | undefined
  readonly continueFrom?: string | undefined
}

/** Faults that are kept and printed; the report has all. */
const KEPT = 1_000
const SHOWN = 20

interface Run {
  readonly tally: Tally
  readonly faulty: LineResult[]
  /** Of the last line that is done. */
  last: number
  interrupted: boolean
  /** Passwords left out. */
  leftOut: number
}

export async function importUsers(env: Environment, file: string, options: ImportOptions): Promise<Printed> {
  const client = connect(env, options)
  const mapping = readMapping(options.map ?? [])
  const from = firstLine(options)
  const format = formatOf(file, options)
  const delimiter = delimiterOf(options)
  const source = await openSource(file)
  const entries = { csv, jsonl: readJsonLines, ldif: readLdif }[format](source.texts, mapping, { delimiter, ...options })
  const report = options.report === undefined ? null : await openReport(options.report, { isContinued: from > 1 })
  const run: Run = { tally: emptyTally(), faulty: [], last: 0, interrupted: false, leftOut: 0 }
  try {
    await interruptibly(run, () => carriedOut(client, run, { entries: once(entries, from), source, report, options }))
  } finally {
    await report?.close()
  }
  return printed(run, options)
}

const csv = (texts: AsyncIterable<string>, mapping: Mapping, options: { delimiter: string; raw?: true | undefined }) =>
  readCsv(texts, { mapping, delimiter: options.delimiter, raw: options.raw === true })

interface Work {
  readonly entries: AsyncIterable<Entry>
  readonly source: Source
  readonly report: Report | null
  readonly options: ImportOptions
}

async function carriedOut(client: Client, run: Run, { entries, source, report, options }: Work): Promise<void> {
  for await (const batch of batchesOf(entries)) {
    if (run.interrupted) break
    const results = await sent(client, batch, options)
    await report?.write(results)
    note(run, results)
    run.leftOut += batch.filter(({ lacksPassword }) => lacksPassword).length
    showProgress(run, source)
  }
}

const FORMATS = ['csv', 'jsonl', 'ldif'] as const

function formatOf(file: string, { format }: ImportOptions): (typeof FORMATS)[number] {
  const name = format ?? (file === '-' ? 'csv' : file.slice(file.lastIndexOf('.') + 1).toLowerCase())
  const found = FORMATS.find(known => known === name)
  if (found === undefined) throw usage(`The name of the file must end with .csv, .jsonl or .ldif, or --format names one: ${file}`)
  return found
}

function firstLine({ continueFrom = '1' }: ImportOptions): number {
  if (!/^[1-9]\d{0,8}$/.test(continueFrom)) throw usage('--continue-from must be the number of a line')
  return Number(continueFrom)
}

function delimiterOf({ delimiter = ',' }: ImportOptions): string {
  const found = delimiter === 'tab' ? '\t' : delimiter
  if (found.length !== 1 || /["\r\n]/.test(found)) throw usage('--delimiter must be one character, or tab')
  return found
}

/** Lines before `from` are read all the same: their userids must not come again. */
async function* once(entries: AsyncIterable<Entry>, from: number): AsyncGenerator<Entry> {
  const check = repeats()
  for await (const entry of entries) {
    const checked = entry.row === null ? entry : check(entry, canonical(entry.userid.slice(0, 600)))
    if (entry.line >= from) yield checked
  }
}

function note(run: Run, results: readonly LineResult[]): void {
  addTo(run.tally, results)
  const faulty = results.filter(({ outcome }) => outcome === 'REFUSED')
  run.faulty.push(...faulty.slice(0, Math.max(0, KEPT - run.faulty.length)))
  run.last = results.at(-1)!.line
}

async function interruptibly(run: Run, work: () => Promise<void>): Promise<void> {
  const interrupt = () => {
    run.interrupted = true
  }
  const signals = ['SIGINT', 'SIGTERM'] as const
  for (const signal of signals) process.once(signal, interrupt)
  try {
    await work()
  } catch (error) {
    if (run.last === 0 || !(error instanceof Failure)) throw error
    throw new Failure(`${error.message}\n${doneUpTo(run)}`, error.exitCode)
  } finally {
    for (const signal of signals) process.off(signal, interrupt)
    if (process.stderr.isTTY) process.stderr.write('\r\u001b[K')
  }
}

const doneUpTo = ({ last }: Run): string =>
  `The lines up to ${last} are done. Give the command again, which leaves them as they are, or go on with --continue-from ${last + 1}.`

/** Milliseconds before each try of a batch, such as while the server restarts. */
const TRIES = [0, 1_000, 2_000, 4_000, 8_000]
const PASSING = ['UNAVAILABLE', 'TOO_MANY_REQUESTS', 'CONFLICT']

async function sent(client: Client, batch: readonly Entry[], options: ImportOptions): Promise<LineResult[]> {
  const rows = batch.flatMap(({ row }) => row ?? [])
  if (rows.length === 0) return mergedResults(batch, [])
  const existing = options.createOnly ? 'KEEP' : 'UPDATE'
  const input = { rows, existing, createGroups: options.createGroups === true, dryRun: options.dryRun === true }
  let failure: Failure | null = null
  for (const pause of TRIES) {
    await wait(pause)
    try {
      const { data, errors } = await client.answer<{ importUsers: { rows: LineResult[] } | null }>(IMPORT_USERS, { input })
      if (data?.importUsers) return mergedResults(batch, data.importUsers.rows)
      const { message, code } = errors[0]!
      failure = new Failure(message, exitOf(code))
      if (!PASSING.includes(code) || (code === 'CONFLICT' && pause > 0)) throw failure
    } catch (error) {
      if (!(error instanceof Failure) || error.exitCode !== EXIT.unreachable) throw error
      failure = error
    }
  }
  throw failure!
}

const BAR = 30

function showProgress({ tally, last }: Run, { size, read }: Source): void {
  if (!process.stderr.isTTY) return
  const share = size ? Math.min(1, read() / size) : 0
  const bar = size ? `[${'#'.repeat(Math.round(share * BAR)).padEnd(BAR, '.')}] ` : ''
  const { created, changed, refused } = tally
  process.stderr.write(`\r${bar}line ${last}: ${created} created, ${changed} changed, ${refused} refused\u001b[K`)
}

function printed(run: Run, options: ImportOptions): Printed {
  const { tally, faulty, last, interrupted } = run
  const dryRun = options.dryRun === true
  const exitCode: ExitCode = interrupted ? EXIT.interrupted : tally.refused > 0 ? EXIT.partly : EXIT.done
  if (interrupted) process.stderr.write(`Stopped. ${last === 0 ? 'No line is done.' : doneUpTo(run)}\n`)
  if (run.leftOut > 0)
    process.stderr.write(
      `${run.leftOut} passwords are in a form that cannot be imported, and were left out: invite these users\n`,
    )
  if (options.json) {
    const faults = faulty.map(({ line, userid, faults }) => ({ line, userid, faults }))
    return { text: json({ dryRun, ...tally, lastLine: last, isComplete: !interrupted, faults }), exitCode }
  }
  for (const { line, userid, faults } of faulty.slice(0, SHOWN))
    for (const { message } of faults)
      process.stderr.write(`${printable(`line ${line}${userid && ` (${userid})`}: ${message}`)}\n`)
  if (tally.refused > SHOWN) process.stderr.write(`… and ${tally.refused - SHOWN} more lines: --report FILE has all\n`)
  return { text: summaryOf(tally, dryRun), exitCode }
}
