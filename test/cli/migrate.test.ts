// Migrations without a server: what is pending is applied and printed, and a database that is in use or newer stays as it is.
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterEach, expect, test } from 'vitest'
import { openEmbedded } from '../../src/platform/database/embedded.ts'
import { migrate, migrationsOf } from '../../src/platform/database/migrate.ts'
import { openStore } from '../../src/platform/database/open.ts'
import { serverUrl, testDatabase } from '../harness/database.ts'
import { cli } from './process.ts'

const names = migrationsOf().map(({ name }) => name)
const printed = (applied: readonly string[]) =>
  `Applied ${applied.length} migration${applied.length === 1 ? '' : 's'}:\n${applied.map(name => `  ${name}\n`).join('')}`

const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

interface Database {
  readonly env: Record<string, string>
  /** Runs on a connection of its own. */
  readonly inside: (work: (client: pg.ClientBase) => Promise<unknown>) => Promise<void>
}

async function embedded(): Promise<Database> {
  const dataDir = mkdtempSync(join(tmpdir(), 'roster-migrate-'))
  ends.push(() => rmSync(dataDir, { recursive: true, force: true }))
  return {
    env: { DATA_DIR: dataDir },
    async inside(work) {
      const { pool, end } = await openEmbedded({ dataDir, warn() {}, lost() {} })
      const client = await pool.connect()
      await work(client).finally(() => client.release())
      await end()
    },
  }
}

async function server(): Promise<Database> {
  const { url, drop } = await testDatabase({ migrated: false })
  ends.push(drop)
  return {
    env: { DATABASE_URL: url, SECRET_KEY: randomBytes(32).toString('base64') },
    async inside(work) {
      const client = new pg.Client({ connectionString: url })
      await client.connect()
      await work(client).finally(() => client.end())
    },
  }
}

const empty = serverUrl ? server : embedded

test('an empty database gets all migrations, once', async () => {
  const { env } = await empty()
  expect(await cli(['migrate'], env)).toEqual({ stdout: printed(names), stderr: '', exitCode: 0 })
  expect(await cli(['migrate'], env)).toEqual({ stdout: 'No migration is pending.\n', stderr: '', exitCode: 0 })
}, 120_000)

test('an older database gets what it lacks', async () => {
  const { env, inside } = await empty()
  await inside(client => migrate(client, migrationsOf().slice(0, -1), { shared: false }))
  expect(await cli(['migrate'], env)).toEqual({ stdout: printed(names.slice(-1)), stderr: '', exitCode: 0 })
}, 120_000)

test('a database of a newer build is refused', async () => {
  const { env, inside } = await empty()
  const future = { name: '99990101000000_future', sql: 'CREATE TABLE future ()', checksum: 'x' }
  await inside(client => migrate(client, [future], { shared: false }))
  const { stdout, stderr, exitCode } = await cli(['migrate'], env)
  expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: 1 })
  expect(stderr).toContain('The database has the migration 99990101000000_future, which this build does not know')
}, 120_000)

test.skipIf(serverUrl)(
  'an embedded database that a server holds is refused with a remedy',
  async () => {
    const { env } = await embedded()
    const store = await openStore({ databaseUrl: null, dataDir: env.DATA_DIR! })
    ends.push(() => store.close())
    const { stdout, stderr, exitCode } = await cli(['migrate'], env)
    expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: 1 })
    expect(stderr.split('\n')).toEqual([
      `The data directory ${env.DATA_DIR} is in use by process ${process.pid}. Stop it first, or set DATA_DIR to another directory (two processes on one store would lose data)`,
      'Nothing was changed. A server applies pending migrations when it starts.',
      '',
    ])
  },
  120_000,
)

test('settings with a fault are refused before a database is opened', async () => {
  const { stderr, exitCode } = await cli(['migrate'], { DATABASE_URL: 'postgresql://roster:geheim@127.0.0.1:1/roster' })
  expect({ stderr, exitCode }).toEqual({
    stderr: expect.stringContaining('SECRET_KEY is required with DATABASE_URL'),
    exitCode: 1,
  })
  expect(stderr).not.toContain('geheim')
})
