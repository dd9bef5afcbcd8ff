// An invalid command line exits with 2.
import { parseArgs } from 'node:util'
import { nodeVersionError } from '../platform/node-version.ts'
import type { Values } from './command.ts'
import { commands, helpText } from './commands.ts'

process.exitCode = await run(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  return 1
})

async function run(args: string[]): Promise<number> {
  const tooOld = nodeVersionError(process.versions.node)
  if (tooOld !== null) throw new Error(tooOld)
  const { words, values, wantsHelp, fault } = read(args)
  const own = wantsHelp && words[0] !== undefined && Object.hasOwn(commands, words[0]) ? commands[words[0]]!.help : undefined
  if (own !== undefined) {
    process.stdout.write(own)
    return 0
  }
  const name = wantsHelp ? 'help' : words[0]
  if (fault === undefined && name !== undefined && Object.hasOwn(commands, name)) {
    const { text, exitCode } = await commands[name]!.run(process.env, values, words[1])
    process.stdout.write(text)
    return exitCode
  }
  const reason = fault ?? (name === undefined ? 'A command is missing.' : 'There is no such command.')
  process.stderr.write(`${reason}\n\n${helpText()}`)
  return 2
}

function read(args: string[]): { words: string[]; values: Values; wantsHelp: boolean; fault?: string } {
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: { ...commands[args.find(word => !word.startsWith('-')) ?? '']?.options, help: { type: 'boolean', short: 'h' } },
    })
    const { help: wantsHelp, ...rest } = values
    const most = commands[positionals[0] ?? '']?.help === undefined ? 1 : 2
    if (positionals.length > most) return { words: [], values: {}, wantsHelp: false, fault: 'One command at a time.' }
    return { words: positionals, values: rest as Values, wantsHelp: wantsHelp === true }
  } catch (error) {
    return { words: [], values: {}, wantsHelp: false, fault: `${unknown(error)}.` }
  }
}

function unknown(error: unknown): string {
  return error instanceof Error ? error.message.replace(/\.(?: .*)?$/s, '') : String(error)
}
