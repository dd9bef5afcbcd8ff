import { createReadStream, createWriteStream, existsSync, renameSync, rmSync } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createGzip } from 'node:zlib'
import type { StoreCopy } from '../api/admin/copy.ts'
import { type Environment, loadConfig } from '../platform/config/config.ts'
import { backupLines, restoreLines } from '../platform/database/backup.ts'
import { withConnection } from '../platform/database/open.ts'
import { askServer, commandOf } from './admin.client.ts'
import type { Printed } from './command.ts'
import { rememberBackup } from './doctor.files.ts'

/** Password hashes are in it: only its owner may read it. */
const MODE = 0o600

/** Writes a gzipped backup. The file appears when it is whole. */
export async function backup(env: Environment, file: string): Promise<Printed> {
  if (existsSync(file)) throw new Error(`${file} exists: name another file, or remove it first`)
  const { databaseUrl, dataDir } = loadConfig(env)
  const part = `${file}.part`
  const copy = databaseUrl === null && dataDir !== 'memory://' ? await copyOfServer(dataDir) : null
  let rows = -2
  try {
    await withConnection({ databaseUrl, dataDir: copy?.directory ?? dataDir }, async client => {
      async function* text() {
        for await (const line of backupLines(client)) {
          rows++
          yield `${line}\n`
        }
      }
      await pipeline(Readable.from(text()), createGzip(), createWriteStream(part, { mode: MODE, flush: true }))
    })
    renameSync(part, file)
    if (databaseUrl === null) rememberBackup(dataDir, new Date())
  } finally {
    rmSync(part, { force: true })
    if (copy) rmSync(copy.directory, { recursive: true, force: true })
  }
  const beside = copy ? `Requests waited ${copy.heldMs} ms for the copy of the running store. ` : ''
  return {
    text: `Wrote ${rows} rows to ${file}. ${beside}To read its secrets, SECRET_KEY is needed as well: keep it elsewhere.\n`,
    exitCode: 0,
  }
}

/** Milliseconds. */
const COPY = 600_000

/** Null when no server runs on the embedded store. */
async function copyOfServer(dataDir: string): Promise<StoreCopy | null> {
  const answer = await askServer(dataDir, commandOf('copy'), COPY)
  return answer === null ? null : (JSON.parse(answer) as StoreCopy)
}

/** Into an empty store; all or nothing. */
export async function restore(env: Environment, file: string): Promise<Printed> {
  if (!existsSync(file)) throw new Error(`there is no file ${file}`)
  const { databaseUrl, dataDir } = loadConfig(env)
  const rows = await withConnection({ databaseUrl, dataDir }, client => restoreLines(client, linesIn(file)))
  return { text: `Restored ${rows} rows. Start Roster with the SECRET_KEY of the backup.\n`, exitCode: 0 }
}

async function* linesIn(file: string): AsyncGenerator<string> {
  const source = createReadStream(file)
  const unzipped = source.pipe(createGunzip())
  source.on('error', error => unzipped.destroy(error))
  unzipped.setEncoding('utf8')
  let rest = ''
  try {
    for await (const chunk of unzipped) {
      const lines = `${rest}${chunk}`.split('\n')
      rest = lines.pop() ?? ''
      yield* lines
    }
  } catch (error) {
    throw error instanceof Error && 'errno' in error ? new Error(`${file} cannot be read: ${error.message}`) : error
  }
  if (rest !== '') yield rest
}
