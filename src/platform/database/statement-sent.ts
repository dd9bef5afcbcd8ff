import { channel } from 'node:diagnostics_channel'

export interface SentStatement {
  readonly text: string
  readonly answer: Promise<unknown>
}

/** Publishes each SentStatement, within its request. */
export const statementSent = channel('roster:statement')

/** Longer texts are cut before they are read. */
const READ = 2_000
const VERB = /\b(SELECT|INSERT|UPDATE|DELETE|MERGE|BEGIN|COMMIT|ROLLBACK|SET|LISTEN|NOTIFY)\b/i
const TABLE = /\b(?:FROM|INTO|UPDATE|JOIN)\s+(?:ONLY\s+)?(?:"?public"?\.)?"?([a-z_]+)"?/i

/** Such as `SELECT users`: never a value. */
export function summaryOf(text: string): string {
  const read = text.slice(0, READ)
  const verb = VERB.exec(read)?.[1]?.toUpperCase() ?? 'STATEMENT'
  const table = TABLE.exec(read)?.[1]
  return table === undefined ? verb : `${verb} ${table}`
}
