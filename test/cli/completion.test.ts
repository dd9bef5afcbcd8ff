// The scripts of `roster completion` in the shells themselves: bash is there, zsh and fish where they are installed.
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CommandUnknownOpts } from '@commander-js/extra-typings'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { completionScript, SHELLS, type Shell } from '../../src/cli/completion.ts'
import { makeProgram } from '../../src/cli/program.ts'
import { cli } from './process.ts'

const folder = mkdtempSync(join(tmpdir(), 'roster-completion-'))
const scriptOf = (shell: Shell) => join(folder, `roster.${shell}`)
const program = makeProgram(async () => {})
beforeAll(() => {
  for (const shell of SHELLS) writeFileSync(scriptOf(shell), completionScript(shell, program))
  writeFileSync(join(folder, 'backup of today.gz'), '')
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const has = (shell: Shell): boolean => {
  const found = spawnSync(shell, ['-c', 'exit 0']).status === 0
  if (!found) console.warn(`SKIPPED: completion in ${shell}, which is not installed`)
  return found
}
const run = (shell: Shell, code: string): string[] => {
  const plain = { bash: ['--norc'], zsh: ['-f'], fish: ['--no-config'] }[shell]
  const env = { PATH: process.env.PATH, HOME: folder, LD_LIBRARY_PATH: process.env.LD_LIBRARY_PATH }
  const text = execFileSync(shell, [...plain, '-c', code], { cwd: folder, encoding: 'utf8', env })
  return text.split('\n').filter(line => line !== '')
}
const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`

/** What a shell offers at the end of a line. */
const ASK: Record<Shell, (line: string) => string[]> = {
  bash(line) {
    const words = line.split(/ |(=)/).filter(word => word !== undefined)
    const code = `compopt() { echo FILES; }; source ${scriptOf('bash')}; COMP_WORDS=(${words.map(quoted).join(' ')})
      COMP_CWORD=${words.length - 1}; _roster; printf '%s\\n' "\${COMPREPLY[@]}"`
    return run('bash', code)
  },
  zsh(line) {
    const words = line.split(' ')
    const code = `compdef() { }; compset() { }; _files() { print FILES }; _describe() { print -l -- \${(P)2} }
      source ${scriptOf('zsh')}; words=(${words.map(quoted).join(' ')}); CURRENT=${words.length}; _roster`
    const last = words.at(-1)!.replace(/^.*=/, '')
    const offered = run('zsh', code).map(word => word.replace(/:.*$/, ''))
    return offered.filter(word => word === 'FILES' || word.startsWith(last))
  },
  fish(line) {
    const offered = run('fish', `source ${scriptOf('fish')}; complete -C ${quoted(line)}`).map(word => word.split('\t')[0]!)
    return offered.map(word => (word === 'backup of today.gz' ? 'FILES' : word))
  },
}

interface Command {
  readonly line: string
  readonly names: string[]
  readonly options: string[]
}
const commandsOf = (command: CommandUnknownOpts, line: string): Command[] => [
  { line, names: command.commands.map(inner => inner.name()), options: command.options.map(option => option.long!) },
  ...command.commands.flatMap(inner => commandsOf(inner, `${line} ${inner.name()}`)),
]

describe.each(SHELLS.filter(has))('%s', shell => {
  const ask = (line: string) => ASK[shell](line).toSorted()

  test('every command offers its commands, and every one its options', () => {
    const all = commandsOf(program, 'roster')
    expect(all.length).toBeGreaterThan(30)
    for (const { line, names, options } of all) {
      if (names.length > 0) expect(ask(`${line} `), line).toEqual(expect.arrayContaining(names))
      const offered = ask(`${line} --`)
      expect(offered, line).toEqual(expect.arrayContaining([...options, '--help']))
    }
  }, 60_000)

  test('what has begun narrows it; values of options and arguments are offered at their places', () => {
    expect(ask('roster con')).toEqual(['config'])
    expect(ask('roster export ')).toEqual(['audit', 'groups', 'users'])
    expect(ask('roster export --format ')).toEqual(['csv', 'jsonl'])
    expect(ask('roster export users --format j')).toEqual(['jsonl'])
    expect(ask('roster completion z')).toEqual(['zsh'])
    expect(ask('roster help exp')).toEqual(['export'])
    expect(ask('roster user --he')).toEqual(['--help'])
  })

  test('the value of an option is no command, and no argument either', () => {
    expect(ask('roster iam list --profile plan --limit ')).toEqual([])
    expect(ask('roster export --profile config --format c')).toEqual(['csv'])
    expect(ask('roster why export --for')).toEqual([])
    expect(ask('roster nonsense ')).toEqual(ask('roster '))
  })

  test('files are offered where a file is taken', () => {
    for (const line of ['roster backup ', 'roster audit prune --export ', 'roster query --file ', 'roster iam plan '])
      expect(ask(line), line).toContain('FILES')
    expect(ask('roster migrate ')).toEqual([])
  })
})

test('bash takes a value after =', () => {
  expect(ASK.bash('roster export --format=')).toEqual(['csv', 'jsonl'])
  expect(ASK.bash('roster export --format=j')).toEqual(['jsonl'])
  expect(ASK.bash('roster export --format=csv users --ra')).toEqual(['--raw'])
})

test.skipIf(spawnSync('script', ['--version']).status !== 0)('a tab in a bash that waits for a person', () => {
  const typed = `PS1='> '; source ${scriptOf('bash')}; roster() { echo "[$*]"; }\nroster com\tba\t\nroster backup ba\t\nexit\n`
  const { stdout } = spawnSync('script', ['-qec', 'bash --norc --noprofile -i', '/dev/null'], {
    cwd: folder,
    input: typed,
    encoding: 'utf8',
    env: { PATH: process.env.PATH, TERM: 'dumb' },
    timeout: 20_000,
  })
  expect(stdout).toContain('[completion bash]')
  expect(stdout).toContain('[backup backup of today.gz]')
})

test('the command prints it, and refuses a shell that it does not know', async () => {
  const { stdout, exitCode } = await cli(['completion', 'bash'])
  expect({ stdout, exitCode }).toEqual({ stdout: completionScript('bash', program), exitCode: 0 })
  const refused = await cli(['completion', 'tcsh'])
  expect(refused).toMatchObject({
    stdout: '',
    exitCode: 2,
    stderr: expect.stringContaining('Allowed choices are bash, zsh, fish'),
  })
})
