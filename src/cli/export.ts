import type { Environment } from '../platform/config/config.ts'
import { connect } from './client.ts'
import { csvLine, type Value, writeTo } from './csv.ts'
import { EXPORT_AUDIT, EXPORT_GROUPS, EXPORT_USERS } from './documents.ts'
import { Failure } from './exit.ts'
import { type ListOptions, pageOf, type Row, variablesOf } from './lists.ts'

export interface ExportOptions extends ListOptions {
  readonly format?: string | undefined
  readonly raw?: true | undefined
}

interface Exported {
  readonly document: string
  readonly field: string
  /** By name. */
  readonly columns: Readonly<Record<string, (row: Row) => Value>>
}

/** Below the cost that queues. */
const PAGE = 250

const own = (...names: readonly string[]) => Object.fromEntries(names.map(name => [name, (row: Row): Value => row[name]]))
const ofProfile = (...names: readonly string[]) =>
  Object.fromEntries(names.map(name => [name, (row: Row): Value => row.profile[name]]))

export const EXPORTS: Readonly<Record<string, Exported>> = {
  users: {
    document: EXPORT_USERS,
    field: 'users',
    columns: {
      ...own('iamid', 'userid'),
      ...ofProfile('name', 'email', 'phone', 'location', 'organization', 'position', 'createdAt'),
      ...own('kind', 'disabled', 'lastLogin', 'permissions', 'authorizations', 'globalUserId'),
    },
  },
  groups: {
    document: EXPORT_GROUPS,
    field: 'groups',
    columns: own('iamid', 'name', 'gid', 'email', 'description', 'permissions', 'authorizations'),
  },
  audit: {
    document: EXPORT_AUDIT,
    field: 'auditEvents',
    columns: own(
      ...['at', 'event', 'action', 'outcome', 'actor', 'onBehalfOf', 'credential', 'targetType', 'targetId', 'targetName'],
      ...['before', 'after', 'reason', 'requestId'],
    ),
  },
}

/** Holds one page at a time. */
export async function exportRows(env: Environment, what: string, options: ExportOptions): Promise<void> {
  const exported = EXPORTS[what]!
  const client = connect(env, options)
  const asCsv = options.format !== 'jsonl'
  const names = Object.keys(exported.columns)
  const filters = variablesOf(options)
  let after = options.after ?? null
  let count = 0
  if (asCsv && after === null) await writeTo(process.stdout, csvLine(names))
  for (;;) {
    const { nodes, pageInfo } = await pageOf(client, exported, { ...filters, after, first: PAGE }).catch(error => {
      throw error instanceof Failure && after !== null
        ? new Failure(`${error.message}${continued(after, count)}`, error.exitCode)
        : error
    })
    const lines = nodes.map(row => {
      const values = Object.values(exported.columns).map(column => column(row) ?? null)
      if (asCsv) return csvLine(values, { raw: options.raw === true })
      return `${JSON.stringify(Object.fromEntries(names.map((name, at) => [name, values[at]])))}\n`
    })
    await writeTo(process.stdout, lines.join(''))
    count += nodes.length
    after = pageInfo.endCursor
    if (!pageInfo.hasNextPage || after === null) break
  }
  process.stderr.write(`${count} ${count === 1 ? 'row' : 'rows'}\n`)
}

const continued = (after: string, count: number): string => `\n${count} rows are complete; the rest follows with --after ${after}`
