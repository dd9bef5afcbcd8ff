import type { Action } from '../authorization/policy.ts'
import type { Environment } from '../platform/config/config.ts'

export interface Printed {
  text: string
  exitCode: number
}

export type Values = Readonly<Record<string, string | boolean | undefined>>

export interface Command {
  summary: string
  action: Action | 'NONE'
  /** A rejection prints to standard error, with exit code 1. */
  run(env: Environment, values: Values, subcommand?: string): Printed | Promise<Printed>
  help?: string
  options?: Readonly<Record<string, { type: 'string' | 'boolean' }>>
}
