/** Tables as Markdown, printed and kept in RESULTS.md: each benchmark replaces its own section there. */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, release, totalmem, type } from 'node:os'
import { path } from './processes.ts'
import { say } from './run.ts'

/** Of what ran before: more than a few tenths spoils rates. */
const [loadBefore] = loadavg()
const RESULTS = path('bench/RESULTS.md')
const HEAD = '# Results\n\nWritten by the benchmarks; [README.md](README.md) says what each measures.\n'

/** Two decimals under 10, one under 100, none above. */
export const number = (value: number): string =>
  Number.isFinite(value)
    ? Math.abs(value) < 9.995
      ? value.toFixed(2)
      : Math.abs(value) < 99.95
        ? value.toFixed(1)
        : Math.round(value).toLocaleString('en')
    : '–'

export type Cells = readonly (string | number)[]
export function table(head: readonly string[], rows: readonly Cells[]): string {
  const line = (cells: Cells) => `| ${cells.map(cell => (typeof cell === 'number' ? number(cell) : cell)).join(' | ')} |`
  const numeric = rows[0]?.map(cell => typeof cell === 'number') ?? []
  return [line(head), `|${head.map((_, n) => (numeric[n] ? '--:' : '---')).join('|')}|`, ...rows.map(line)].join('\n')
}

export const met = (isMet: boolean): string => (isMet ? 'yes' : '**no**')

/** Prints a section; a whole run also writes it to RESULTS.md. */
export function report(title: string, versions: readonly string[], parts: readonly string[], isWhole = true): void {
  const text = [`## ${title}\n`, `${machine(versions)}\n`, ...parts.map(part => `${part}\n`)].join('\n')
  say(`\n${text}`)
  if (!isWhole) return
  const kept = existsSync(RESULTS)
    ? readFileSync(RESULTS, 'utf8')
        .split(/^(?=## )/m)
        .slice(1)
    : []
  const at = kept.findIndex(section => section.startsWith(`## ${title}\n`))
  if (at === -1) kept.push(text)
  else kept[at] = text
  writeFileSync(RESULTS, [HEAD, ...kept.map(section => section.trimEnd())].join('\n').trimEnd().concat('\n'))
}

function machine(versions: readonly string[]): string {
  const [cpu] = cpus()
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: path('.'), encoding: 'utf8' }).trim()
  const hardware = `${cpus().length} × ${cpu?.model.trim()}, ${(totalmem() / 2 ** 30).toFixed(0)} GB, ${type()} ${release().split('-', 1)[0]}, load ${loadBefore!.toFixed(1)} before`
  const day = new Date().toISOString().slice(0, 16).replace('T', ' ')
  return `${day} UTC, commit ${commit}. ${hardware}. Node ${process.versions.node}, ${versions.join(', ')}.`
}
