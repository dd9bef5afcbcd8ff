import { type Environment, loadConfig } from '../platform/config/config.ts'
import { migrateStore } from '../platform/database/open.ts'
import { RosterError } from '../platform/errors.ts'
import type { Printed } from './command.ts'

/** Of steps that take long. */
const log = { info: (message: string) => process.stderr.write(`${message}\n`), warn() {}, error() {} }

export async function migrate(env: Environment): Promise<Printed> {
  const { databaseUrl, dataDir } = loadConfig(env)
  const applied = await migrateStore({ databaseUrl, dataDir, log }).catch(error => {
    throw databaseUrl === null ? withHint(error) : error
  })
  if (applied.length === 0) return { text: 'No migration is pending.\n', exitCode: 0 }
  const names = applied.map(name => `  ${name}\n`).join('')
  return { text: `Applied ${applied.length} migration${applied.length === 1 ? '' : 's'}:\n${names}`, exitCode: 0 }
}

/** Most often a running server has the embedded database open. */
function withHint(error: unknown): unknown {
  if (error instanceof RosterError || !(error instanceof Error)) return error
  return new Error(`${error.message}\nNothing was changed. A server applies pending migrations when it starts.`)
}
