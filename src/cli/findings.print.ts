import type { Finding } from '../platform/finding.ts'
import { printable, table } from './table.ts'

/** For people a remedy is below its finding; for programs it is a column. */
export function findingsTable(findings: readonly Finding[], forTerminal: boolean): string {
  if (!forTerminal)
    return table(
      ['STATUS', 'ABOUT', 'DETAIL', 'FIX'],
      findings.map(({ status, about, detail, fix }) => [status, about, detail, fix]),
      false,
    )
  const width = Math.max(...findings.map(({ about }) => printable(about).length))
  const lines = findings.map(({ status, about, detail, fix }) => {
    const line = `${status.padEnd(7)}  ${printable(about).padEnd(width)}  ${printable(detail)}\n`
    return fix === undefined ? line : `${line}${' '.repeat(11 + width)}→ ${printable(fix)}\n`
  })
  return `${lines.join('')}\n${summary(findings)}\n`
}

function summary(findings: readonly Finding[]): string {
  const count = (status: Finding['status'], noun: string) => {
    const number = findings.filter(finding => finding.status === status).length
    return number === 0 ? [] : [`${number} ${noun}${number === 1 ? '' : 's'}`]
  }
  const parts = [...count('fault', 'fault'), ...count('warning', 'warning')]
  return parts.length === 0 ? 'Nothing is wrong.' : `${parts.join(', ')}.`
}
