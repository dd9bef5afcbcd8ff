import type { CommandUnknownOpts } from '@commander-js/extra-typings'

export interface Printed {
  text: string
  exitCode: number
}

/** `done` prints the result. */
export type Register = (program: CommandUnknownOpts, done: (printed: Printed) => Promise<void>) => void

export const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`

export const examples = (...lines: readonly string[]): string => `\nExamples:\n${lines.map(line => `  ${line}\n`).join('')}`
