import { type Config, type Environment, loadConfig } from '../platform/config/config.ts'
import { migrateStore } from '../platform/database/open.ts'
import { type PlannedMigration, planMigrations } from '../platform/database/plan.ts'
import { RosterError } from '../platform/errors.ts'
import { json, type Printed } from './command.ts'
import { EXIT } from './exit.ts'

interface Options {
  readonly plan?: true | undefined
  readonly json?: true | undefined
}

/** Of steps that take long. */
const log = { info: (message: string) => process.stderr.write(`${message}\n`), warn() {}, error() {} }

export async function migrate(env: Environment, options: Options): Promise<Printed> {
  const config = loadConfig(env)
  const work = options.plan ? plan(config, options) : apply(config, options)
  return work.catch(error => {
    throw config.databaseUrl === null ? withHint(error) : error
  })
}

async function apply({ databaseUrl, dataDir }: Config, options: Options): Promise<Printed> {
  const applied = await migrateStore({ databaseUrl, dataDir, log })
  if (options.json) return { text: json({ applied }), exitCode: EXIT.done }
  if (applied.length === 0) return { text: 'No migration is pending.\n', exitCode: EXIT.done }
  const names = applied.map(name => `  ${name}\n`).join('')
  return { text: `Applied ${counted(applied.length)}:\n${names}`, exitCode: EXIT.done }
}

async function plan(config: Config, options: Options): Promise<Printed> {
  const pending = await planMigrations(config)
  if (options.json) return { text: json({ pending }), exitCode: EXIT.done }
  if (pending.length === 0) return { text: 'No migration is pending.\n', exitCode: EXIT.done }
  return { text: `Would apply ${counted(pending.length)}:\n${pending.map(described).join('')}`, exitCode: EXIT.done }
}

const counted = (count: number): string => `${count} migration${count === 1 ? '' : 's'}`

function described({ name, steps, from }: PlannedMigration): string {
  if (steps.length === 0) return `  ${name}\n`
  const left = steps.slice(from).map((what, at) => `    step ${from + at + 1} of ${steps.length}: ${what}\n`)
  return `  ${name}, in steps that do not block writes:\n${left.join('')}`
}

/** Most often a running server has the embedded database open. */
function withHint(error: unknown): unknown {
  if (error instanceof RosterError || !(error instanceof Error)) return error
  return new Error(`${error.message}\nNothing was changed. A server applies pending migrations when it starts.`)
}
