// Installs what generates clients; once for all passes, since clients depend on no database.
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

export const run = promisify(execFile)
const SOURCES = fileURLToPath(new URL('../clients/', import.meta.url))
/** Not below test/: the packages have tests of their own. */
export const CLIENTS = fileURLToPath(new URL('../../dist/clients/', import.meta.url))
/** 0.29.1 writes clients that do not import: bodies of several types lack `Unset`. */
const GENERATOR = 'openapi-python-client==0.25.3'
export const bin = (name: string) => join(CLIENTS, 'node_modules/.bin', name)
/** Kept with the packages, so that it is made once. */
export const PYTHON = join(CLIENTS, 'node_modules/.python')

/** Null, or why not. */
export const failure = (work: Promise<unknown>): Promise<string | null> =>
  work.then(
    () => null,
    (error: Error) => error.message.split('\n', 1)[0]!,
  )

export async function installTypeScript(): Promise<void> {
  await cp(SOURCES, CLIENTS, { recursive: true })
  if (!existsSync(bin('openapi-typescript'))) await run('npm', ['ci', '--silent'], { cwd: CLIENTS, timeout: 40_000 })
}

export async function installPython(): Promise<void> {
  if (existsSync(join(PYTHON, 'bin/openapi-python-client'))) return
  await run('python3', ['-m', 'venv', PYTHON], { timeout: 20_000 })
  await run(join(PYTHON, 'bin/pip'), ['install', '-q', '--disable-pip-version-check', GENERATOR], { timeout: 40_000 })
}
