// Flow of a command: `npm run config` or `node src/cli/main.ts <command>` -> main reads the line -> the row of commands.ts -> what it
// prints and its exit code.
import type { Action } from '../authorization/policy.ts'
import type { Environment } from '../platform/config/config.ts'

export interface Printed {
  text: string
  exitCode: number
}

/** Options as parseArgs read them. */
export type Values = Readonly<Record<string, string | boolean | undefined>>

export interface Command {
  /** For the list of commands. */
  summary: string
  /** The action of the policy that it asks for; NONE where neither store nor service is reached. */
  action: Action | 'NONE'
  /** A rejection is printed on standard error, with exit code 1. */
  run(env: Environment, values: Values, subcommand?: string): Printed | Promise<Printed>
  /** Its own help, where it has commands of its own. */
  help?: string
  /** Beside --help. */
  options?: Readonly<Record<string, { type: 'string' | 'boolean' }>>
}
