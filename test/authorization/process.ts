// Roster as it is run: a process of its own, whose output is kept, on a store that can be opened when it has ended.
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openStore } from '../../src/platform/database/open.ts'
import type { Store } from '../../src/platform/database/store.ts'
import { compiled } from '../harness/compiled.ts'
import { serverUrl, testDatabase } from '../harness/database.ts'

export interface Process {
  url: string
  pid: number
  /** Where its store is when that is a database on a server. */
  databaseUrl: string | null
  /** Sends a signal and does not wait. */
  signal(signal: NodeJS.Signals): void
  /** Its exit code once it has ended; null when a signal did it. */
  ended: Promise<number | null>
  /** Ends it and answers with all it wrote. */
  stop(): Promise<string>
  /** The store it leaves; after `stop`. */
  open(): Promise<Store>
  clean(): Promise<void>
}

export async function startProcess(env: Record<string, string>): Promise<Process> {
  const dataDir = mkdtempSync(join(tmpdir(), 'roster-process-'))
  const database = serverUrl ? await testDatabase({ migrated: false }) : null
  const settings = {
    PORT: '0',
    DRAIN_SECONDS: '0',
    DATA_DIR: dataDir,
    SECRET_KEY: randomBytes(32).toString('base64'),
    ...(database && { DATABASE_URL: database.url }),
    ...env,
  }
  const main = new URL('../../src/main.ts', import.meta.url).pathname
  const child = spawn(process.execPath, [main], { env: { ...compiled, ...settings }, stdio: ['ignore', 'pipe', 'pipe'] })
  let written = ''
  const ended = once(child, 'close').then(([code]): number | null => code)
  const ready = new Promise<string>((resolve, reject) => {
    const take = (chunk: Buffer) => {
      written += chunk.toString('utf8')
      const url = /GraphQL +(http:\S+)\/graphql/.exec(written)?.[1]
      if (url) resolve(url)
    }
    child.stdout.on('data', take)
    child.stderr.on('data', take)
    child.once('close', () => reject(new Error(`Roster did not start: ${written}`)))
  })
  return {
    url: await ready,
    pid: child.pid!,
    databaseUrl: database?.url ?? null,
    signal: signal => void child.kill(signal),
    ended,
    async stop() {
      child.kill('SIGTERM')
      await ended
      return written
    },
    open: () => openStore({ databaseUrl: database?.url ?? null, dataDir }),
    async clean() {
      if (child.exitCode === null) child.kill('SIGKILL')
      await ended
      await database?.drop()
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}
