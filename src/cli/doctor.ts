// What is wrong with this instance, and how to mend it. Changes nothing.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { performAdmin } from '../api/admin/commands.ts'
import { asOperator } from '../app.ts'
import { type Config, type Environment, loadConfig } from '../platform/config/config.ts'
import { checkDatabase } from '../platform/database/check.ts'
import { planMigrations } from '../platform/database/plan.ts'
import type { Finding } from '../platform/finding.ts'
import { askServer, commandOf } from './admin.client.ts'
import { json, type Printed } from './command.ts'
import { checkSettings, isUsable } from './config.ts'
import { checkFiles, hasStore } from './doctor.files.ts'
import { checkMail, checkPublicUrl, checkServer } from './doctor.network.ts'
import { EXIT } from './exit.ts'
import { findingsTable } from './findings.print.ts'

interface Options {
  readonly sources?: true | undefined
  readonly json?: true | undefined
}

/** Milliseconds. */
const SHORT = 20_000
const LONG = 60_000

export interface Diagnosis extends Printed {
  /** A check that took too long goes on: the process has to end. */
  readonly isLate: boolean
}

export async function doctor(env: Environment, options: Options): Promise<Diagnosis> {
  const run = new Run()
  const findings = await run.all(env, options.sources === true)
  const text = options.json ? json(findings) : findingsTable(findings, process.stdout.isTTY === true)
  return { text, exitCode: isUsable(findings) ? EXIT.done : EXIT.failed, isLate: run.isLate }
}

class Run {
  isLate = false

  async all(env: Environment, sources: boolean): Promise<Finding[]> {
    const settings = checkSettings(env)
    if (!isUsable(settings))
      return [...settings, { about: 'all else', status: 'warning', detail: 'not checked: correct the settings first' }]
    const config = loadConfig(env)
    const beside = [
      this.#check('disk space', SHORT, async () => checkFiles(config)),
      this.#check('mail', SHORT, () => checkMail(config)),
      this.#check('server', SHORT, () => checkServer(config)),
      ...(env.PUBLIC_URL ? [this.#check('public URL', SHORT, () => checkPublicUrl(config))] : []),
    ]
    const database = await this.#check('database', LONG, () => checkDatabase(config))
    const stored = isUsable(database)
      ? await this.#check('store', LONG, () => checkStore(config, sources))
      : [notChecked('the database has a fault')]
    return [...settings, ...database, ...stored, ...(await Promise.all(beside)).flat()]
  }

  /** A failure is a finding: the others go on. */
  async #check(about: string, limit: number, work: () => Promise<Finding[]>): Promise<Finding[]> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<Finding[]>(resolve => {
      timer = setTimeout(() => {
        this.isLate = true
        const detail = `not checked: that did not end within ${limit / 1000} s`
        resolve([{ about, status: 'fault', detail, fix: 'What it waits for does not answer: try again, and look at its log.' }])
      }, limit)
    })
    return Promise.race([work().catch(error => [failed(about, error)]), late]).finally(() => clearTimeout(timer))
  }
}

function failed(about: string, error: unknown): Finding {
  const { message } = error as Error
  return { about, status: 'fault', detail: `cannot be checked: ${message}`, fix: 'Mend what the message names.' }
}

const notChecked = (because: string): Finding => ({ about: 'store', status: 'warning', detail: `not checked: ${because}` })

async function checkStore(config: Config, sources: boolean): Promise<Finding[]> {
  const { databaseUrl, dataDir, secretKey } = config
  const command = commandOf('check', sources)
  if (databaseUrl === null) {
    if (dataDir === 'memory://' || !hasStore(dataDir))
      return [{ about: 'store', status: 'ok', detail: 'the first start makes it' }]
    const answer = await askServer(dataDir, command)
    if (answer !== null) return JSON.parse(answer) as Finding[]
    if (secretKey === null && !existsSync(join(dataDir, 'secret.key'))) return [KEY_LOST]
  }
  const pending = await planMigrations(config)
  const migrations = databaseUrl === null ? [pendingIn(pending.length)] : []
  if (pending.length > 0) return [...migrations, notChecked('opening it would apply the pending migrations')]
  const stored = await asOperator(config, 'roster doctor', operator => performAdmin(operator, command))
  return [...migrations, ...(JSON.parse(stored) as Finding[])]
}

const KEY_LOST: Finding = {
  about: 'stored secrets',
  status: 'fault',
  detail: 'secret.key is missing in DATA_DIR, and SECRET_KEY is not set',
  fix: 'Restore the file or set SECRET_KEY to the same key. The next start makes another key, which opens none of them.',
}

const pendingIn = (count: number): Finding => ({
  about: 'migrations',
  status: 'ok',
  detail: count === 0 ? 'none is pending' : `${count} pending: \`roster migrate --plan\` lists them, the next start applies them`,
})
