/** The servers that are compared, each with eight connections to one database. */
import { type ChildProcess, execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { freePort } from '../../scripts/demo/free-port.ts'
import type { Target } from '../lib/load.ts'
import { path, ready, startNode, stop } from '../lib/processes.ts'
import { logIn, startRoster } from '../lib/roster.ts'
import { step } from '../lib/run.ts'
import type { Flavour } from './workloads.ts'

export interface Server extends Target {
  readonly flavour: Flavour
  readonly child: ChildProcess
  readonly pid: number
  stop(): Promise<void>
}

/** All that can be started, in the order in which they are asked. */
export async function startServers(database: string): Promise<Server[]> {
  const raw = await start('raw', path('bench/compare/raw.ts'), { DATABASE_URL: database }, '/bim/iam/bim/user/nobody')
  const postgraphile = await installPostGraphile()
  const other = postgraphile
    ? [await start('PostGraphile', postgraphile, { DATABASE_URL: database, GRAPHILE_ENV: 'production' }, '/')]
    : []
  const { url, child, pid } = await startRoster({ DATABASE_URL: database })
  return [raw, ...other, { flavour: 'Roster', url, child, pid, token: await logIn(url), stop: () => stop(child) }]
}

async function start(flavour: Flavour, file: string, env: Record<string, string>, probe: string): Promise<Server> {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const child = startNode(file, { ...env, PORT: String(port) })
  child.stdout!.resume()
  await ready(child, url + probe)
  return { flavour, url, token: '', child, pid: child.pid!, stop: () => stop(child) }
}

const SOURCE = path('bench/postgraphile')
/** Not below bench/: it is no source of this repository. */
const FOLDER = path('dist/postgraphile')
const INSTALL_MS = 300_000

/** Its server, or null where npm cannot install it. */
async function installPostGraphile(): Promise<string | null> {
  await cp(SOURCE, FOLDER, { recursive: true, filter: name => !name.includes('node_modules') })
  const lock = await readFile(join(SOURCE, 'package-lock.json'), 'utf8')
  const installed = join(FOLDER, 'node_modules/.installed.json')
  if (!existsSync(installed) || (await readFile(installed, 'utf8')) !== lock) {
    step('Installing PostGraphile')
    try {
      await promisify(execFile)('npm', ['ci', '--silent', '--prefer-offline'], { cwd: FOLDER, timeout: INSTALL_MS })
    } catch (error) {
      step(`PostGraphile is left out: npm cannot install it (${String(error).split('\n', 1)[0]})`)
      return null
    }
    await writeFile(installed, lock)
  }
  return join(FOLDER, 'server.mjs')
}

export const postGraphileVersion = async (): Promise<string> =>
  JSON.parse(await readFile(join(FOLDER, 'node_modules/postgraphile/package.json'), 'utf8').catch(() => '{}')).version ??
  'not installed'
