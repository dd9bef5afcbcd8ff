import { type Environment, type SettingInfo, showConfig } from '../platform/config/config.ts'
import { ADMIN_HELP, admin } from './admin.ts'
import type { Command, Printed } from './command.ts'
import { migrate } from './migrate.ts'
import { rotateSecrets } from './secrets.ts'
import { syncIam } from './sync.ts'

export const commands: Record<string, Command> = {
  config: {
    summary: 'print every setting, its meaning and its present value; exit code 1 if one has a fault',
    action: 'NONE',
    run: configCommand,
  },
  migrate: {
    summary: 'apply pending migrations to DATABASE_URL or the embedded database without serving it, and print their names',
    action: 'NONE',
    run: migrate,
  },
  secrets: {
    summary:
      're-encrypt the stored secrets of all IAMs with SECRET_KEY, reading them with SECRET_KEY_PREVIOUS; exit code 1 if one cannot be read',
    action: 'iam:reseal',
    run: rotateSecrets,
  },
  sync: {
    summary: 'sync the directory of --iam ID; --dry-run only reports; --url uses a running gateway, with a token in ROSTER_TOKEN',
    action: 'iam:sync',
    options: { iam: { type: 'string' }, 'dry-run': { type: 'boolean' }, url: { type: 'string' } },
    run: syncIam,
  },
  admin: {
    summary: 'unlock, set-password or create an administrator; see admin --help',
    action: 'user:unlock',
    help: ADMIN_HELP,
    options: { user: { type: 'string' }, address: { type: 'string' }, grant: { type: 'boolean' }, generate: { type: 'boolean' } },
    run: admin,
  },
  help: { summary: 'print this list', action: 'NONE', run: () => ({ text: helpText(), exitCode: 0 }) },
}

export function helpText(): string {
  const width = Math.max(...Object.keys(commands).map(name => name.length))
  const lines = Object.entries(commands).map(([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}\n`)
  return `Usage: node src/cli/main.ts <command>\n\n${lines.join('')}`
}

function configCommand(env: Environment): Printed {
  const settings = showConfig(env)
  const faults = settings.filter(({ fault }) => fault !== null).length
  const end =
    faults === 0
      ? ''
      : `\n${faults === 1 ? 'One setting has a fault' : `${faults} settings have faults`}: Roster would not start.\n`
  return { text: `${settings.map(paragraph).join('\n')}${end}`, exitCode: faults === 0 ? 0 : 1 }
}

function paragraph({ name, meaning, shown, isSet, unset, fault }: SettingInfo): string {
  const origin = isSet ? `(set; default: ${unset})` : '(default)'
  const lines = [`${name} = ${shown}  ${origin}`, `  ${meaning}`]
  if (fault !== null) lines.push(`  FAULT: ${fault}`)
  return `${lines.join('\n')}\n`
}
