import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { type Config, ConfigError, loadConfig, showConfig } from '../../../src/platform/config/config.ts'
import type { Setting } from '../../../src/platform/config/parse.ts'
import { SECRETS } from '../../../src/platform/config/secret-files.ts'
import { settings } from '../../../src/platform/config/settings.ts'

const folder = mkdtempSync(join(tmpdir(), 'roster-secret-files-'))
afterAll(() => rmSync(folder, { recursive: true }))
let made = 0
const file = (content: string): string => {
  const path = join(folder, String(made++))
  writeFileSync(path, content)
  return path
}

const key = Buffer.alloc(32, 7).toString('base64')
const values: Record<string, string> = {
  DATABASE_URL: 'postgresql://roster:geheim@db.example/roster',
  ADMIN_PASSWORD: 'geheim mit Leerzeichen ',
  SECRET_KEY: key,
  SECRET_KEY_PREVIOUS: Buffer.alloc(32, 8).toString('base64'),
  SMTP_URL: 'smtp://u:geheim@mail.example',
}
/** A secret that is added later is one that a file may give too. */
const secretOf = (name: string): string => values[name] ?? values.DATABASE_URL!

const load = (env: Record<string, string>): Config | readonly string[] => {
  try {
    return loadConfig(env)
  } catch (error) {
    if (error instanceof ConfigError) return error.faults
    throw error
  }
}
/** What other settings need beside them. */
const base = (name: string): Record<string, string> => ({
  ...(!name.startsWith('SECRET_KEY') && { SECRET_KEY: key }),
  ...(/^DATABASE_(DIRECT|READ)_URL$/.test(name) && { DATABASE_URL: values.DATABASE_URL! }),
})

test('every secret setting may be given as a file', () => {
  const secret = Object.entries<Setting<never>>(settings as never).filter(([, { secret }]) => secret !== undefined)
  // Credentials in PUBLIC_URL are a fault; it is masked for that alone.
  expect(secret.map(([name]) => name).filter(name => name !== 'PUBLIC_URL')).toEqual(SECRETS)
})

describe.each(SECRETS.map(name => [name, secretOf(name)] as const))('%s_FILE', (name, value) => {
  test.each([
    ['without a newline', value],
    ['with one', `${value}\n`],
    ['with one of Windows', `${value}\r\n`],
  ])('is as if its content were set: %s', (_, content) => {
    const given = load({ ...base(name), [name]: value })
    expect(given).not.toBeInstanceOf(Array)
    expect(load({ ...base(name), [`${name}_FILE`]: file(content) })).toEqual(given)
  })

  test('loses one newline alone', () => {
    expect(load({ ...base(name), [`${name}_FILE`]: file(`${value}\n\n`) })).toEqual(load({ ...base(name), [name]: `${value}\n` }))
  })

  test('and the setting itself are a fault, also when they are the same', () => {
    const env = { ...base(name), [name]: value, [`${name}_FILE`]: file(value) }
    expect(load(env)).toEqual([expect.stringContaining(`${name} and ${name}_FILE must not both be set: leave one of them unset`)])
  })

  test.each([
    ['missing', () => join(folder, 'missing'), 'must be a file that Roster can read'],
    ['a folder', () => folder, 'must be a file that Roster can read'],
    ['empty', () => file('\n'), 'must not be empty'],
    ['too long', () => file('x'.repeat(20_000)), 'must have at most 16384 bytes'],
  ])('that is %s is a fault, which names the setting and not the content', (_, path, fault) => {
    const faults = load({ ...base(name), [`${name}_FILE`]: path() })
    expect(faults).toContainEqual(expect.stringMatching(new RegExp(`^${name}_FILE ${fault}`)))
  })

  test('is masked as the setting is', () => {
    const shown = (env: Record<string, string>) => showConfig(env).find(setting => setting.name === name)
    expect(shown({ [`${name}_FILE`]: file(value) })).toEqual(shown({ [name]: value }))
    expect(shown({ [`${name}_FILE`]: file(value) })?.shown).not.toContain(value)
  })
})

test("the operator's guide names each", () => {
  const guide = readFileSync(new URL('../../../docs/guides/operator.md', import.meta.url), 'utf8')
  for (const name of SECRETS) expect(guide).toContain(`\`${name}_FILE\``)
})

test('an empty NAME_FILE is as if unset', () => {
  expect(load(Object.fromEntries(SECRETS.map(name => [`${name}_FILE`, ''])))).toEqual(load({}))
})
