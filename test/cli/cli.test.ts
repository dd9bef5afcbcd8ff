import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { makeProgram } from '../../src/cli/program.ts'
import { showConfig } from '../../src/platform/config/config.ts'
import { cli } from './process.ts'

describe('config', () => {
  test('prints every setting with its meaning and default', async () => {
    const { stdout, stderr, exitCode } = await cli(['config'])
    expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 })
    for (const { name, meaning, unset } of showConfig({}))
      expect(stdout).toContain(`${name} = ${unset}  (default)\n  ${meaning}\n`)
    expect(stdout).not.toContain('FAULT')
  })

  test('prints present values, masks secrets, marks every fault and fails', async () => {
    const { stdout, exitCode } = await cli(['config'], {
      PORT: '99999',
      GRANTS: 'documented',
      ADMIN_PASSWORD: 'geheim',
      DATABASE_URL: 'postgresql://roster:geheim@db.example/roster',
    })
    expect(exitCode).toBe(1)
    expect(stdout).toContain('PORT = 99999  (set; default: 4000)\n')
    expect(stdout).toContain('  FAULT: PORT must be a whole number from 0 to 65535: ')
    expect(stdout).toContain('  FAULT: SECRET_KEY is required with DATABASE_URL: ')
    expect(stdout).toContain('GRANTS = documented  (set; default: strict)\n')
    expect(stdout).toContain('ADMIN_PASSWORD = ****  (set; ')
    expect(stdout).toContain('DATABASE_URL = postgresql://****@db.example/roster  (set; ')
    expect(stdout).toContain('\n2 settings have faults: Roster would not start.\n')
    expect(stdout).not.toContain('geheim')
  })
})

const commands = makeProgram(async () => {}).commands

describe('help', () => {
  test.each([[['help']], [['--help']], [['-h']]])('%j lists the commands and the exit codes', async args => {
    const { stdout, stderr, exitCode } = await cli(args)
    expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 })
    for (const command of commands) expect(stdout).toMatch(new RegExp(`^  ${command.name()} `, 'm'))
    expect(stdout).toMatch(/^ {2}2 {4}the command line cannot be read; of plan: there are changes$/m)
  })

  test.each([[['config', '--help']], [['help', 'config']]])('%j describes the command', async args => {
    const { stdout, stderr, exitCode } = await cli(args)
    expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 })
    expect(stdout).toMatch(/^Usage: roster config /)
    expect(stdout).toMatch(/^Examples:\n {2}roster config\n/m)
  })

  test('every command has a description', () => {
    const all = commands.flatMap(command => [command, ...command.commands])
    expect(all.filter(command => command.description() === '').map(command => command.name())).toEqual([])
  })

  test('--version prints the version', async () => {
    expect((await cli(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
  })
})

test.each([
  [[], /^Usage: roster /],
  [['nothing'], /^Unknown command 'nothing'/],
  [['confg'], /^Unknown command 'confg'\n\(Did you mean config\?\)/],
  [['__proto__'], /^Unknown command '__proto__'/],
  [['config', 'nothing'], /^(Unknown command 'nothing'|Too many arguments for 'config')/],
  [['--port', '1'], /^Unknown option '--port'/],
  [['migrate', 'now'], /^Too many arguments for 'migrate'/],
  [['sync'], /^Required option '--iam <id>' not specified/],
])('%j is refused with the way to the help', async (args, reason) => {
  const { stdout, stderr, exitCode } = await cli(args)
  expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: 2 })
  expect(stderr).toMatch(reason)
  if (args.length > 0) expect(stderr).toContain('roster help')
})

test('bin/roster runs from anywhere, also by a link', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'roster-bin-'))
  try {
    const link = join(folder, 'roster')
    symlinkSync(new URL('../../bin/roster', import.meta.url).pathname, link)
    const { stdout } = await promisify(execFile)(link, ['--version'], { cwd: folder })
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
