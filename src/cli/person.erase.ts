// Erases one person on a running server, call by call.
import type { Environment } from '../platform/config/config.ts'
import { type Client, type ClientOptions, connect } from './client.ts'
import { json, type Printed } from './command.ts'
import { EXIT, Failure, usage } from './exit.ts'
import { userRef } from './lists.ts'
import { onTerminal } from './secret-input.ts'
import { table } from './table.ts'

export interface EraseOptions extends ClientOptions {
  readonly dryRun?: true | undefined
  readonly yes?: true | undefined
  readonly json?: true | undefined
}

interface Erased {
  readonly pseudonym: string
  readonly endCursor: string | null
  readonly tables: readonly { readonly table: string; readonly rows: number }[]
}

const ERASE = `mutation ($input: EraseUserInput!) { eraseUser(input: $input) { pseudonym endCursor tables { table rows } } }`

export async function erasePerson(env: Environment, reference: string, options: EraseOptions): Promise<Printed> {
  if (!options.dryRun && !options.yes && !process.stdin.isTTY)
    throw usage('--yes is needed where no terminal asks. --dry-run counts what would be erased.')
  const client = connect(env, options)
  const ref = userRef(reference)
  if (!options.dryRun && !options.yes) {
    const found = await eraseAll(client, { ref, dryRun: true })
    process.stderr.write(`${printed(found, true)}\n`)
    const answer = await onTerminal(ask => ask(`This cannot be undone. Erase ${reference}? yes or no: `), false)
    if (answer.trim() !== 'yes') throw new Failure('Nothing was erased.')
  }
  const dryRun = options.dryRun === true
  const erased = await eraseAll(client, { ref, dryRun })
  const { pseudonym, tables } = erased
  return { text: options.json ? json({ pseudonym, dryRun, tables }) : printed(erased, dryRun), exitCode: EXIT.done }
}

/** An interrupted erasure is begun again: what is erased stays so. */
async function eraseAll(client: Client, input: { ref: object; dryRun: boolean }): Promise<Erased> {
  const rows = new Map<string, number>()
  for (let after: string | null = null; ; ) {
    const { eraseUser: one }: { eraseUser: Erased } = await client.ask(ERASE, { input: { ...input, after } })
    for (const each of one.tables) rows.set(each.table, (rows.get(each.table) ?? 0) + each.rows)
    after = one.endCursor
    if (after === null) return { ...one, tables: [...rows].map(([name, count]) => ({ table: name, rows: count })) }
    if (process.stderr.isTTY) process.stderr.write(`${[...rows.values()].reduce((sum, count) => sum + count, 0)} rows …\n`)
  }
}

function printed({ pseudonym, tables }: Erased, dryRun: boolean): string {
  const rows = tables.map(each => [each.table, each.rows])
  const end = dryRun ? 'Nothing was changed.' : `The person is ${pseudonym} now.`
  return `${table(['TABLE', dryRun ? 'WOULD BE ERASED' : 'ERASED'], rows, process.stdout.isTTY === true)}${end}\n`
}
