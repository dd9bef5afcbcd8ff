import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { openEmbedded } from '../../../src/platform/database/embedded.ts'
import { type Migration, migrate, migrationsOf } from '../../../src/platform/database/migrate.ts'
import { StorePool } from '../../../src/platform/database/pool.ts'
import { testDatabase } from '../../harness/database.ts'
import { needsServer } from './both.ts'

const first: Migration = { name: '1_first', sql: 'CREATE TABLE first (id int); -- a comment; with a semicolon', checksum: 'a' }
const second: Migration = {
  name: '2_second',
  sql: 'CREATE TABLE second (id int); INSERT INTO second VALUES (1), (2);',
  checksum: 'b',
}
const broken: Migration = { name: '3_broken', sql: 'CREATE TABLE third (id int); SELECT 1 / 0;', checksum: 'c' }

function migrations(open: () => Promise<{ pool: pg.Pool; shared: boolean; end(): Promise<void> }>): void {
  let opened: Awaited<ReturnType<typeof open>>
  let client: pg.PoolClient
  beforeAll(async () => {
    opened = await open()
    client = await opened.pool.connect()
  })
  afterEach(() => client.query('DROP TABLE IF EXISTS _prisma_migrations, first, second'))
  afterAll(async () => {
    client?.release()
    await opened?.end()
  })
  const run = (...wanted: Migration[]) => migrate(client, wanted, opened)
  const rows = async (text: string) => (await client.query(text)).rows

  it('are applied once, in order, and recorded as Prisma records them', async () => {
    expect(await run(first)).toEqual(['1_first'])
    expect(await run(first, second)).toEqual(['2_second'])
    expect(await run(first, second)).toEqual([])
    expect(await rows('SELECT id FROM second ORDER BY id')).toEqual([{ id: 1 }, { id: 2 }])
    const text =
      'SELECT migration_name, checksum, applied_steps_count, finished_at >= started_at AS finished, rolled_back_at, logs FROM _prisma_migrations ORDER BY started_at, migration_name'
    const recorded = { applied_steps_count: 1, finished: true, rolled_back_at: null, logs: null }
    expect(await rows(text)).toEqual([
      { migration_name: '1_first', checksum: 'a', ...recorded },
      { migration_name: '2_second', checksum: 'b', ...recorded },
    ])
  })

  it('leave nothing of one that fails, say which, and try it again', async () => {
    await expect(run(first, broken)).rejects.toThrow('The migration 3_broken failed and was rolled back: division by zero')
    expect(await rows("SELECT to_regclass('third') AS third, to_regclass('first')::text AS first")).toEqual([
      { third: null, first: 'first' },
    ])
    expect(await run(first, { ...broken, sql: 'SELECT 1' })).toEqual(['3_broken'])
  })

  it('refuse one that was edited after it was applied', async () => {
    await run(first)
    await expect(run({ ...first, checksum: 'edited' }, second)).rejects.toThrow('1_first was edited')
    expect(await rows("SELECT to_regclass('second') AS second")).toEqual([{ second: null }])
  })

  it('refuse a database of a newer build', async () => {
    await run(first, second)
    await expect(run(first)).rejects.toThrow('has the migration 2_second, which this build does not know')
  })

  it('refuse after one that another tool left half done, and forget those it rolled back', async () => {
    await run(first)
    await client.query("INSERT INTO _prisma_migrations (id, checksum, migration_name) VALUES ('x', 'b', '2_second')")
    await expect(run(first, second)).rejects.toThrow('2_second failed earlier')
    await client.query("UPDATE _prisma_migrations SET rolled_back_at = now() WHERE id = 'x'")
    expect(await run(first, second)).toEqual(['2_second'])
  })
}

describe('migrations (embedded)', () =>
  migrations(async () => ({ ...(await openEmbedded({ dataDir: 'memory://', warn() {}, lost() {} })), shared: false })))

describe.skipIf(!needsServer())('migrations (server)', () =>
  migrations(async () => {
    const { url, drop } = await testDatabase({ migrated: false })
    const pool = new StorePool({ connectionString: url, max: 8, connectionTimeoutMillis: 10_000 }, () => {})
    const end = async () => {
      await pool.end()
      await drop()
    }
    return { pool, shared: true, end }
  }),
)

describe("this build's migrations", () => {
  it('are named by time, and ordered by name', () => {
    const names = migrationsOf().map(({ name }) => name)
    expect(names.length).toBeGreaterThan(0)
    expect(names).toEqual([...names].sort())
    for (const name of names) expect(name).toMatch(/^\d{14}_[a-z0-9_]+$/)
  })

  it('make exactly what prisma/schema.prisma says', async () => {
    const script = new URL('../../../scripts/migrate.ts', import.meta.url).pathname
    const { stdout } = await promisify(execFile)(process.execPath, [script])
    expect(stdout.trim()).toBe('The migrations make exactly what prisma/schema.prisma says')
  })
})
