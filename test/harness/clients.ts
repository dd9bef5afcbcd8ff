// Installs clients and what generates them; once for all passes, since clients depend on no database.
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cp, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

export const run = promisify(execFile)
const SOURCES = fileURLToPath(new URL('../clients/', import.meta.url))
/** Not below test/: the packages have tests of their own. */
export const CLIENTS = fileURLToPath(new URL('../../dist/clients/', import.meta.url))
/** 0.29.1 writes clients that do not import: bodies of several types lack `Unset`. */
const GENERATOR = 'openapi-python-client==0.25.3'
/** Apart from the other clients: the compiler is large. */
export const RELAY = fileURLToPath(new URL('../../dist/relay/', import.meta.url))
export const bin = (name: string) => join(CLIENTS, 'node_modules/.bin', name)
/** Kept with the packages, so that it is made once. */
export const PYTHON = join(CLIENTS, 'node_modules/.python')

/** Null, or why not. */
export const failure = (work: Promise<unknown>): Promise<string | null> =>
  work.then(
    () => null,
    (error: Error) => error.message.split('\n', 1)[0]!,
  )

const BUSY = `${CLIENTS.slice(0, -1)}.busy`
const INSTALL_MS = 100_000

/** Installs what the lock file of test/clients names, unless it is installed. One process at a time. */
export async function installTypeScript(): Promise<void> {
  await mkdir(CLIENTS, { recursive: true })
  await turn()
  try {
    await installFrom(SOURCES, CLIENTS)
  } finally {
    await rm(BUSY, { recursive: true })
  }
}

/** The same for test/clients/relay, which one test file has for itself. */
export const installRelay = (): Promise<void> => installFrom(join(SOURCES, 'relay'), RELAY)

async function installFrom(sources: string, place: string): Promise<void> {
  const installed = join(place, 'node_modules/.installed.json')
  await cp(sources, place, { recursive: true })
  const lock = await readFile(join(sources, 'package-lock.json'), 'utf8')
  if ((await readFile(installed, 'utf8').catch(() => null)) === lock) return
  await run('npm', ['ci', '--silent'], { cwd: place, timeout: INSTALL_MS })
  await writeFile(installed, lock)
}

/** Test files run in several processes. Waits until a folder can be made, or until its maker must have ended. */
async function turn(): Promise<void> {
  for (;;) {
    const made = await mkdir(BUSY).then(
      () => true,
      () => false,
    )
    if (made) return
    const { mtimeMs } = await stat(BUSY).catch(() => ({ mtimeMs: Date.now() }))
    if (Date.now() - mtimeMs > INSTALL_MS + 10_000) await rm(BUSY, { recursive: true, force: true })
    await setTimeout(100)
  }
}

export async function installPython(): Promise<void> {
  if (existsSync(join(PYTHON, 'bin/openapi-python-client'))) return
  await run('python3', ['-m', 'venv', PYTHON], { timeout: 20_000 })
  await run(join(PYTHON, 'bin/pip'), ['install', '-q', '--disable-pip-version-check', GENERATOR], { timeout: 40_000 })
}
