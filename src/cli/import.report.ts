import { open } from 'node:fs/promises'
import { csvLine } from './csv.ts'
import { usage } from './exit.ts'
import type { Entry, Fault } from './import.fields.ts'

export interface LineResult {
  readonly line: number
  readonly userid: string
  readonly outcome: 'CREATED' | 'CHANGED' | 'UNCHANGED' | 'REFUSED'
  readonly fields: readonly string[]
  readonly faults: readonly Fault[]
}

export interface Tally {
  created: number
  changed: number
  unchanged: number
  refused: number
}
export const emptyTally = (): Tally => ({ created: 0, changed: 0, unchanged: 0, refused: 0 })

export function addTo(tally: Tally, results: readonly LineResult[]): void {
  for (const { outcome } of results) tally[outcome.toLowerCase() as keyof Tally]++
}

/** In the order of the batch; `answered` has those of its rows. */
export function mergedResults(batch: readonly Entry[], answered: readonly LineResult[]): LineResult[] {
  const next = answered.values()
  return batch.map(({ line, userid, row, faults }) =>
    row === null ? { line, userid, outcome: 'REFUSED', fields: [], faults } : next.next().value!,
  )
}

const HEADER = csvLine(['line', 'userid', 'outcome', 'fields', 'faults'])

export const reportLine = ({ line, userid, outcome, fields, faults }: LineResult): string =>
  csvLine([line, userid, outcome, fields, faults.map(({ message }) => message)])

export function summaryOf({ created, changed, unchanged, refused }: Tally, dryRun: boolean): string {
  const counts = `${created} created, ${changed} changed, ${unchanged} unchanged, ${refused} refused`
  return dryRun ? `Dry run, nothing was changed. It would be: ${counts}.\n` : `${counts}.\n`
}

export interface Report {
  write(results: readonly LineResult[]): Promise<void>
  close(): Promise<void>
}

/** Of its owner alone: it has personal data. Throws a usage Failure if it exists, unless the import goes on. */
export async function openReport(path: string, { isContinued }: { isContinued: boolean }): Promise<Report> {
  const handle = await open(path, isContinued ? 'a' : 'wx', 0o600).catch((error: NodeJS.ErrnoException) => {
    throw usage(
      error.code === 'EEXIST'
        ? `The report ${path} exists: name another file, or remove it.`
        : `The report ${path} cannot be written: ${error.code}`,
    )
  })
  if ((await handle.stat()).size === 0) await handle.appendFile(HEADER)
  return {
    write: results => handle.appendFile(results.map(reportLine).join('')),
    close: () => handle.close(),
  }
}
