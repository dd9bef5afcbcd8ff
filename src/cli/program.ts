import { readFileSync } from 'node:fs'
import { Argument, Command, CommanderError, type CommandUnknownOpts } from '@commander-js/extra-typings'
import { registerClientCommands } from './client.commands.ts'
import { examples, type Printed, type Register } from './command.ts'
import { completionScript, SHELLS, type Shell } from './completion.ts'
import { registerDeclaredCommands } from './declared.commands.ts'
import { EXIT, EXIT_HELP, type ExitCode, exitCodeOf } from './exit.ts'
import { registerStoreCommands } from './store.commands.ts'

/** Returns the exit code. */
export async function runProgram(args: readonly string[]): Promise<number> {
  let exitCode: number = EXIT.done
  const program = makeProgram(async printed => {
    exitCode = printed.exitCode
    await write(printed.text)
  })
  // A reader such as `head` may close the pipe early.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? EXIT.done : EXIT.failed))
  try {
    await program.parseAsync(args, { from: 'user' })
    return exitCode
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : refused(args, EXIT.usage)
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    return refused(args, exitCodeOf(error))
  }
}

/** The exit code 2 of plan means changes alone. */
const refused = ([first, second]: readonly string[], code: ExitCode): ExitCode =>
  code === EXIT.changes && (first === 'plan' || (first === 'iam' && second === 'plan')) ? EXIT.failed : code

export function makeProgram(done: (printed: Printed) => Promise<void>): CommandUnknownOpts {
  const program = new Command('roster')
    .description('Identity gateway: the server, and the commands of its operators and administrators.')
    .version(versionOf(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print the help of a command')
    .showHelpAfterError('`roster help` lists the commands, `roster COMMAND --help` describes one.')
    .configureOutput({
      outputError: (text, print) => print(text.replace(/^error: (.)/, (_, first: string) => first.toUpperCase())),
    })
    .exitOverride()
  registerStoreCommands(program, done)
  registerClientCommands(program, done)
  registerDeclaredCommands(program, done)
  registerCompletion(program, done)
  return program.addHelpText('after', EXIT_HELP)
}

const registerCompletion: Register = (program, done) => {
  program
    .command('completion')
    .addArgument(new Argument('<shell>', 'the shell').choices(SHELLS))
    .description('print a script that completes commands, options and values in a shell')
    .addHelpText(
      'after',
      examples('eval "$(roster completion bash)"', 'source <(roster completion zsh)', 'roster completion fish | source'),
    )
    .action(async shell => {
      await done({ text: completionScript(shell as Shell, program), exitCode: EXIT.done })
    })
}

function versionOf(): string {
  return JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version
}

function write(text: string): Promise<void> {
  return new Promise(resolve => {
    if (text === '') resolve()
    else process.stdout.write(text, () => resolve())
  })
}
