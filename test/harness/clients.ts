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

const NPM_MS = 200_000
/** What a hook that installs may take: another file may install before it. */
export const INSTALL_MS = 480_000

export const installTypeScript = (): Promise<void> => install(SOURCES, CLIENTS)
export const installRelay = (): Promise<void> => install(join(SOURCES, 'relay'), RELAY)

/** Copies a package and installs what its lock file names, unless it is installed. One process at a time. */
export async function install(source: string, folder: string): Promise<void> {
  const installed = join(folder, 'node_modules/.installed.json')
  const busy = `${folder.replace(/\/$/, '')}.busy`
  await mkdir(folder, { recursive: true })
  await turn(busy)
  try {
    await cp(source, folder, { recursive: true, filter: path => !path.includes('node_modules') })
    const lock = await readFile(join(source, 'package-lock.json'), 'utf8')
    if ((await readFile(installed, 'utf8').catch(() => null)) === lock) return
    await run('npm', ['ci', '--silent', '--prefer-offline'], { cwd: folder, timeout: NPM_MS })
    await writeFile(installed, lock)
  } finally {
    await rm(busy, { recursive: true })
  }
}

/** Test files run in several processes. Waits until the folder can be made, or until its maker must have ended. */
async function turn(busy: string): Promise<void> {
  for (;;) {
    const made = await mkdir(busy).then(
      () => true,
      () => false,
    )
    if (made) return
    const { mtimeMs } = await stat(busy).catch(() => ({ mtimeMs: Date.now() }))
    if (Date.now() - mtimeMs > NPM_MS + 10_000) await rm(busy, { recursive: true, force: true })
    await setTimeout(100)
  }
}

export async function installPython(): Promise<void> {
  if (existsSync(join(PYTHON, 'bin/openapi-python-client'))) return
  await run('python3', ['-m', 'venv', PYTHON], { timeout: 20_000 })
  await run(join(PYTHON, 'bin/pip'), ['install', '-q', '--disable-pip-version-check', GENERATOR], { timeout: 40_000 })
}
