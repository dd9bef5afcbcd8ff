import { type Environment, loadConfig, type SettingInfo, showConfig } from '../platform/config/config.ts'
import { checkDatabase } from '../platform/database/check.ts'
import type { Finding } from '../platform/finding.ts'
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
  const settings = checkSettings(env)
  const findings = isUsable(settings)
    ? [...settings, ...(await checkDatabase(loadConfig(env)))]
    : [...settings, { about: 'database', status: 'warning' as const, detail: 'not checked: correct the settings first' }]
  const exitCode = findings.some(({ status }) => status === 'fault') ? EXIT.failed : EXIT.done
  return { text: options.json ? json(findings) : findings.map(line).join(''), exitCode }
}

export function checkSettings(env: Environment): Finding[] {
  const faults = showConfig(env).flatMap(({ fault }) => fault ?? [])
  if (faults.length === 0) return [{ about: 'settings', status: 'ok', detail: 'have no fault' }]
  return faults.map(detail => ({ about: 'settings', status: 'fault', detail }))
}

export const isUsable = (findings: readonly Finding[]): boolean => findings.every(({ status }) => status !== 'fault')

function line({ about, status, detail, fix }: Finding): string {
  const remedy = fix === undefined ? '' : `${' '.repeat(9)}${fix}\n`
  return `${status.padEnd(7)}  ${about}: ${detail}\n${remedy}`
}
