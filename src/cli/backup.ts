import { createReadStream, createWriteStream, existsSync, renameSync, rmSync } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createGzip } from 'node:zlib'
import { type Environment, loadConfig } from '../platform/config/config.ts'
import { backupLines, restoreLines } from '../platform/database/backup.ts'
import { withConnection } from '../platform/database/open.ts'
import type { Printed } from './command.ts'
import { rememberBackup } from './doctor.files.ts'

/** Password hashes are in it: only its owner may read it. */
const MODE = 0o600

/** Writes a gzipped backup. The file appears when it is whole. */
export async function backup(env: Environment, file: string): Promise<Printed> {
  if (existsSync(file)) throw new Error(`${file} exists: name another file, or remove it first`)
  const { databaseUrl, dataDir } = loadConfig(env)
  const part = `${file}.part`
  let rows = -2
  try {
    await withConnection({ databaseUrl, dataDir }, async client => {
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
  }
  return {
    text: `Wrote ${rows} rows to ${file}. To read its secrets, SECRET_KEY is needed as well: keep it elsewhere.\n`,
    exitCode: 0,
  }
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
