/** As terraform's, `plan` has 2 for changes, and 1 for a command line that cannot be read. */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  changes: 2,
  notFound: 3,
  denied: 4,
  unreachable: 5,
  partly: 6,
  interrupted: 130,
} as const
export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

export const EXIT_HELP = `
Exit codes:
  0    done
  1    refused or failed; a check found a fault
  2    the command line cannot be read; of plan: there are changes
  3    there is no such user, group, key or identity source
  4    no log-in, or it may not do this
  5    the server or the database cannot be reached
  6    some lines of an import were refused; the others are done
  130  interrupted`

/** With a message for the terminal. */
export class Failure extends Error {
  readonly exitCode: ExitCode
  constructor(message: string, exitCode: ExitCode = EXIT.failed) {
    super(message)
    this.exitCode = exitCode
  }
}

export const usage = (message: string): Failure => new Failure(message, EXIT.usage)

export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof Failure) return error.exitCode
  return error instanceof Error && 'code' in error && error.code === 'UNAVAILABLE' ? EXIT.unreachable : EXIT.failed
}
