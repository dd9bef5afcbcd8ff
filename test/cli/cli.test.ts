import { describe, expect, test } from 'vitest'
import { commands } from '../../src/cli/commands.ts'
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

describe('help', () => {
  test.each([[['help']], [['--help']], [['-h']], [['config', '--help']]])('%j lists the commands', async args => {
    const { stdout, stderr, exitCode } = await cli(args)
    expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 })
    for (const [name, { summary }] of Object.entries(commands)) expect(stdout).toMatch(new RegExp(`^  ${name} +${summary}$`, 'm'))
  })
})

test.each([
  [[], 'A command is missing.'],
  [['nothing'], 'There is no such command.'],
  [['__proto__'], 'There is no such command.'],
  [['config', 'help'], 'One command at a time.'],
  [['--port', '1'], "Unknown option '--port'."],
  [['--help=x'], "Option '-h, --help' does not take an argument."],
])('%j is refused with the help', async (args, reason) => {
  const { stdout, stderr, exitCode } = await cli(args)
  expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: 2 })
  expect(stderr).toMatch(/^Usage: /m)
  expect(stderr.split('\n')[0]).toBe(reason)
})
