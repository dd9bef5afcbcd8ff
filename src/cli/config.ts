import { type Environment, loadConfig, type SettingInfo, showConfig } from '../platform/config/config.ts'
import { checkDatabase } from '../platform/database/check.ts'
import type { Finding } from '../platform/database/findings.ts'
import { json, type Printed } from './command.ts'
import { EXIT } from './exit.ts'

interface Options {
  readonly json?: true | undefined
}

export function showSettings(env: Environment, options: Options): Printed {
  const settings = showConfig(env)
  const faults = settings.filter(({ fault }) => fault !== null).length
  const exitCode = faults === 0 ? EXIT.done : EXIT.failed
  if (options.json) return { text: json(settings.map(({ unset, ...setting }) => ({ ...setting, default: unset }))), exitCode }
  const end =
    faults === 0
      ? ''
      : `\n${faults === 1 ? 'One setting has a fault' : `${faults} settings have faults`}: Roster would not start.\n`
  return { text: `${settings.map(paragraph).join('\n')}${end}`, exitCode }
}

function paragraph({ name, meaning, shown, isSet, unset, fault }: SettingInfo): string {
  const origin = isSet ? `(set; default: ${unset})` : '(default)'
  const lines = [`${name} = ${shown}  ${origin}`, `  ${meaning}`]
  if (fault !== null) lines.push(`  FAULT: ${fault}`)
  return `${lines.join('\n')}\n`
}

export async function checkConfig(env: Environment, options: Options): Promise<Printed> {
  const findings = await check(env)
  const exitCode = findings.some(({ status }) => status === 'fault') ? EXIT.failed : EXIT.done
  return { text: options.json ? json(findings) : findings.map(line).join(''), exitCode }
}

async function check(env: Environment): Promise<Finding[]> {
  const faults = showConfig(env).flatMap(({ fault }) => fault ?? [])
  if (faults.length > 0)
    return [
      ...faults.map(detail => ({ about: 'settings', status: 'fault' as const, detail })),
      { about: 'database', status: 'warning', detail: 'not checked: correct the settings first' },
    ]
  return [{ about: 'settings', status: 'ok', detail: 'have no fault' }, ...(await checkDatabase(loadConfig(env)))]
}

function line({ about, status, detail, fix }: Finding): string {
  const remedy = fix === undefined ? '' : `${' '.repeat(9)}${fix}\n`
  return `${status.padEnd(7)}  ${about}: ${detail}\n${remedy}`
}
