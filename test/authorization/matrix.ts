// Reads matrix.txt, the table of who may do what, and says how the cells of a row differ from it.
import { readFileSync } from 'node:fs'

export const columns = [
  'anonymous',
  'self',
  'other',
  'USER_ADMIN',
  'AUDIT',
  'GOVERNANCE',
  'APPLICATION_ADMIN',
  'IMPERSONATE_USER',
  'disabled',
  'impersonation',
  'key',
] as const

export type Column = (typeof columns)[number]

export interface Row {
  id: string
  method: string
  path: string
  /** A status, `R` (allowed, redacted), `-` (does not apply) or `=` (as the field behind it). */
  cells: Record<Column, string>
}

export function readMatrix(): Row[] {
  const text = readFileSync(new URL('./matrix.txt', import.meta.url), 'utf8')
  const [head = '', ...lines] = text.split('\n').filter(line => line !== '' && !line.startsWith('#'))
  const heading = head.split(/\s+/).slice(2)
  if (heading.join() !== columns.join()) throw new Error(`matrix.txt: the columns are ${heading.join(', ')}`)
  return lines.map(line => {
    const [id = '', method = '', path = '', ...cells] = line.trimEnd().split(/\s+/)
    if (cells.length !== columns.length) throw new Error(`matrix.txt: row ${id} has ${cells.length} cells`)
    return { id, method, path, cells: Object.fromEntries(columns.map((column, at) => [column, cells[at]!])) as Row['cells'] }
  })
}
