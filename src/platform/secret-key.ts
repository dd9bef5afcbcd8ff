import { randomBytes, randomUUID } from 'node:crypto'
import { chmodSync, closeSync, fsyncSync, linkSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { makeDirectories } from './directories.ts'

const LENGTH = 32

/**
 * SECRET_KEY, or embedded a generated file (mode 600, base64).
 * Server processes share one. Throws for an invalid file.
 */
export function instanceKey(config: { secretKey: Buffer | null; databaseUrl: string | null; dataDir: string }): Buffer {
  if (config.secretKey) return config.secretKey
  if (config.databaseUrl !== null) throw new Error('SECRET_KEY is required with DATABASE_URL: 32 random bytes in base64')
  if (config.dataDir === 'memory://') return randomBytes(LENGTH)
  const file = join(config.dataDir, 'secret.key')
  const kept = read(file)
  if (kept !== null) return checked(file, kept)
  makeDirectories(config.dataDir)
  place(file, randomBytes(LENGTH).toString('base64'))
  return checked(file, read(file) ?? '')
}

function read(file: string): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw new Error(`The instance's key ${file} cannot be read: ${(error as NodeJS.ErrnoException).code}`, { cause: error })
  }
}

function checked(file: string, text: string): Buffer {
  const key = Buffer.from(text.trim(), 'base64')
  if (key.length !== LENGTH || key.toString('base64') !== text.trim())
    throw new Error(
      `The instance's key ${file} must be ${LENGTH} bytes in base64, and is not: restore it from a backup. (Without it, stored IAM passwords and client secrets cannot be read; delete the file only if you have none.)`,
    )
  try {
    chmodSync(file, 0o600)
  } catch {
    // A mounted file may be read-only.
  }
  return key
}

/** Atomic, never overwrites. */
function place(file: string, text: string): void {
  const draft = `${file}.${randomUUID()}`
  const handle = openSync(draft, 'wx', 0o600)
  try {
    writeSync(handle, `${text}\n`)
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
  try {
    linkSync(draft, file)
  } catch (error) {
    // EEXIST: another process. Else no links here: renaming is atomic too.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') renameSync(draft, file)
  } finally {
    rmSync(draft, { force: true })
  }
}
