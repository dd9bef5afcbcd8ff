import type { Environment } from '../platform/config/config.ts'
import { type Client, type ClientOptions, connect } from './client.ts'
import { json, type Printed } from './command.ts'
import { EXIT, Failure, usage } from './exit.ts'
import { objectOf } from './query.ts'
import { nameOf } from './reference.ts'
import { type Cell, fields, table } from './table.ts'

export interface ListOptions extends ClientOptions {
  readonly search?: string | undefined
  readonly filter?: string | undefined
  readonly limit?: string | undefined
  readonly after?: string | undefined
  readonly user?: string | undefined
  readonly json?: true | undefined
}

// biome-ignore lint/suspicious/noExplicitAny: the documents are compared with the schema by a test
export type Row = Readonly<Record<string, any>>

export interface Page {
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null }
  readonly nodes: readonly Row[]
}

export interface ListOf {
  readonly document: string
  readonly field: string
  readonly columns: Readonly<Record<string, (row: Row) => Cell>>
}

const DEFAULT = 25
const MOST = 10_000

export async function list(env: Environment, { document, field, columns }: ListOf, options: ListOptions): Promise<Printed> {
  const first = options.limit === undefined ? DEFAULT : Number(options.limit)
  if (!Number.isInteger(first) || first < 1 || first > MOST)
    throw usage(`--limit must be a whole number from 1 to ${MOST}; roster export has no limit.`)
  const page = await pageOf(connect(env, options), { document, field }, { first, ...variablesOf(options) })
  const { hasNextPage, endCursor } = page.pageInfo
  if (options.json) return { text: json({ nodes: page.nodes, pageInfo: page.pageInfo }), exitCode: EXIT.done }
  if (hasNextPage) process.stderr.write(`There are more: --limit ${MOST}, or --after ${endCursor}\n`)
  const rows = page.nodes.map(row => Object.values(columns).map(column => column(row)))
  return { text: table(Object.keys(columns), rows, process.stdout.isTTY), exitCode: EXIT.done }
}

export async function pageOf(client: Client, { document, field }: Omit<ListOf, 'columns'>, variables: object): Promise<Page> {
  const data = await client.ask<Record<string, Page | null>>(document, variables)
  const page = data[field]
  if (!page) throw new Failure(`This credential may not list ${field}`, EXIT.denied)
  return page
}

export function variablesOf({ search, filter, after, user }: ListOptions): object {
  const ref = user === undefined ? undefined : userRef(user)
  return { search, after, ref, filter: objectOf('--filter', filter) }
}

export function userRef(text: string): object {
  const name = nameOf(text)
  if (name === null) throw usage('A user is USERID or IAMID/USERID.')
  return { name: { iamid: name.iamid, userid: name.name } }
}

export function groupRef(text: string): object {
  const name = nameOf(text)
  if (name === null) throw usage('A group is NAME or IAMID/NAME.')
  return { name }
}

export interface OneOf {
  readonly document: string
  readonly field: string
  readonly variables: object
  /** Such as `user bim/ana`. */
  readonly what: string
  readonly shown: (row: Row) => readonly (readonly [string, Cell])[]
}

export async function show(env: Environment, one: OneOf, options: ListOptions): Promise<Printed> {
  const row = await readOne(connect(env, options), one)
  return { text: options.json ? json(row) : fields(one.shown(row)), exitCode: EXIT.done }
}

/** Throws with exit code 3 where there is none. */
export async function readOne(client: Client, { document, field, variables, what }: Omit<OneOf, 'shown'>): Promise<Row> {
  const data = await client.ask<Record<string, Row | null>>(document, variables)
  const row = data[field]
  if (!row || Object.keys(row).length === 0) throw new Failure(`There is no ${what}`, EXIT.notFound)
  return row
}
