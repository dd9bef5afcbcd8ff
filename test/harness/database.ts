// Flow: before the suite, an empty migrated store is made once per build (a dump for the embedded store; a template database on a
// server); testStore() then opens a fresh copy of it in well under a second, and drops it when closed.
import { createHash, randomUUID } from 'node:crypto'
import pg from 'pg'
import { makeTemplate } from '../../src/platform/database/embedded.template.ts'
import { migrate, migrationsOf } from '../../src/platform/database/migrate.ts'
import { openStore, type StoreLog } from '../../src/platform/database/open.ts'
import type { Store } from '../../src/platform/database/store.ts'
import { recordingRows, recordRows } from './sent-rows.ts'

/** A PostgreSQL where databases may be made and dropped; null = everything runs on the embedded store. */
export const serverUrl = process.env.ROSTER_TEST_DATABASE_URL || null

/** A busy machine is not silent: statements are counted. */
const SILENCE = 30_000

/** All databases of one run begin with it, so that the end of the run finds those that a killed test left. */
const RUN = 'ROSTER_TEST_RUN'
if (process.env.ROSTER_TEST_ROWS && process.env[RUN]) recordRows(process.env[RUN])

/** vitest's globalSetup: returns what is to be done at the end. */
export default async function prepare(): Promise<() => Promise<void>> {
  process.env[RUN] = `roster_test_${process.pid}_${randomUUID().slice(0, 8)}`
  await makeTemplate()
  if (serverUrl) await makeTemplateDatabase()
  if (process.env.CI) process.env.ROSTER_TEST_ROWS ??= '1'
  return async () => {
    if (process.env.ROSTER_TEST_ROWS) await compareRows()
    if (serverUrl) await dropDatabases()
  }
}

/** Throws when a row type is not what its statement selects. */
async function compareRows(): Promise<void> {
  const { checkRows } = await import('./row-check.ts')
  const store = await testStore()
  try {
    const { faults, compared, unseen } = await checkRows(process.env[RUN]!, store)
    console.log(`Row types: ${compared} of ${compared + unseen.length} compared with what their statements select`)
    if (process.env.ROSTER_TEST_ROWS === 'unseen') console.log(unseen.join('\n'))
    if (faults.length > 0) throw new Error(`Row types differ from what their statements select:\n${faults.join('\n')}`)
  } finally {
    await store.close()
  }
}

const dropDatabases = (): Promise<void> =>
  administer(async client => {
    const left = await client.query<{ datname: string }>('SELECT datname FROM pg_database WHERE starts_with(datname, $1)', [
      process.env[RUN],
    ])
    for (const { datname } of left.rows) await client.query(`DROP DATABASE IF EXISTS "${datname}" WITH (FORCE)`)
  })

/** A fresh, empty, migrated store of its own: embedded, or on the server when there is one. Close it. */
export async function testStore(options: { log?: StoreLog; pool?: number } = {}): Promise<Store> {
  if (!serverUrl) {
    await makeTemplate()
    return recordingRows(await openStore({ databaseUrl: null, dataDir: 'memory://', ...options }))
  }
  const database = await testDatabase({ migrated: true })
  const store = recordingRows(await openStore({ databaseUrl: database.url, dataDir: 'memory://', silence: SILENCE, ...options }))
  return {
    ...store,
    close: async () => {
      await store.close()
      await database.drop()
    },
  }
}

/** A fresh database on the server: a copy of the template, or an empty one. Only where serverUrl is set. */
export async function testDatabase({ migrated }: { migrated: boolean }): Promise<{ url: string; drop(): Promise<void> }> {
  const name = `${process.env[RUN] ?? 'roster_test'}_${randomUUID().slice(0, 8)}`
  await administer(client => client.query(`CREATE DATABASE "${name}" TEMPLATE ${migrated ? templateName() : 'template0'}`))
  return { url: urlOf(name), drop: () => administer(client => client.query(`DROP DATABASE IF EXISTS "${name}" WITH (FORCE)`)) }
}

function templateName(): string {
  const sums = migrationsOf().map(({ checksum }) => checksum)
  return `roster_template_${createHash('sha256').update(sums.join()).digest('hex').slice(0, 12)}`
}

/** Made under another name and renamed when whole: two runs at once must not copy half a template. */
async function makeTemplateDatabase(): Promise<void> {
  await administer(async client => {
    const there = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [templateName()])
    if (there.rowCount) return
    const draft = await testDatabase({ migrated: false })
    const inside = new pg.Client(draft.url)
    await inside.connect()
    await migrate(inside, migrationsOf(), { shared: true })
    await seeFewUsers(inside)
    await inside.end()
    const name = new URL(draft.url).pathname.slice(1)
    await client.query(`ALTER DATABASE "${name}" RENAME TO ${templateName()}`).catch(async (error: pg.DatabaseError) => {
      await draft.drop()
      if (error.code !== '42P04') throw error
    })
  })
}

/** What autovacuum last saw before a first sync: to the planner, no IAM but bim has users, and no group members. */
async function seeFewUsers(client: pg.Client): Promise<void> {
  await client.query(`
    INSERT INTO users (iamid, userid, userid_key, name, name_key)
      SELECT 'bim', 'u' || n, 'u' || n, 'U ' || n, 'u ' || n FROM generate_series(1, 20) n;
    INSERT INTO groups (iamid, name, name_key) SELECT 'bim', 'G ' || n, 'g ' || n FROM generate_series(1, 5) n;
    INSERT INTO memberships (user_id, group_id, sources) SELECT u.id, g.id, '{bim}' FROM users u, groups g WHERE g.id = u.id % 5 + 1;`)
  await client.query('ANALYZE')
  await client.query(`
    DELETE FROM memberships; DELETE FROM groups; DELETE FROM users;
    SELECT setval(pg_get_serial_sequence(t, c), 1, false)
      FROM (VALUES ('users', 'id'), ('users', 'profile_id'), ('groups', 'id'), ('memberships', 'id')) s(t, c)`)
}

function urlOf(database: string): string {
  const url = new URL(serverUrl ?? '')
  url.pathname = database
  return url.href
}

async function administer(work: (client: pg.Client) => Promise<unknown>): Promise<void> {
  if (!serverUrl) throw new Error('ROSTER_TEST_DATABASE_URL is not set')
  const client = new pg.Client(serverUrl)
  await client.connect()
  try {
    await work(client)
  } finally {
    await client.end()
  }
}
