// A migration in steps: each stays when a later one fails, and the next start continues there.
import pg from 'pg'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openEmbedded } from '../../../src/platform/database/embedded.ts'
import { type Migration, migrate } from '../../../src/platform/database/migrate.ts'
import { serverUrl, testDatabase } from '../../harness/database.ts'

const steps = (third: string): Migration => ({
  name: '1_steps',
  checksum: 'a',
  sql: `-- What it is for.
-- step: a table
CREATE TABLE people (id int PRIMARY KEY, name text);
INSERT INTO people SELECT i FROM generate_series(1, 10) i;
-- step: names
DO $$ BEGIN
  FOR low IN 0..9 LOOP
    UPDATE people SET name = 'n' || id WHERE id = low + 1;
    COMMIT;
    IF low % 5 = 4 THEN RAISE INFO 'names, % of 10', low + 1; END IF;
  END LOOP;
END $$;
-- step: an index
${third}`,
})
const INDEX = 'CREATE INDEX CONCURRENTLY people_name ON people (name)'

let client: pg.ClientBase
let end: () => Promise<void>
let address: string | undefined
beforeEach(async () => {
  if (serverUrl) {
    const { url, drop } = await testDatabase({ migrated: false })
    address = url
    const own = new pg.Client(url)
    await own.connect()
    client = own
    end = async () => {
      await own.end()
      await drop()
    }
    return
  }
  const opened = await openEmbedded({ dataDir: 'memory://', warn() {}, lost() {} })
  const own = await opened.pool.connect()
  client = own
  end = async () => {
    own.release()
    await opened.end()
  }
})
afterEach(() => end())

const shared = serverUrl !== null
const run = (migration: Migration, info?: (message: string) => void) =>
  migrate(client, [migration], { shared, ...(info && { info }) })
const recorded = async () =>
  (await client.query('SELECT applied_steps_count AS steps, finished_at IS NOT NULL AS done FROM _prisma_migrations')).rows
const indexes = async () => (await client.query(`SELECT indexname FROM pg_indexes WHERE indexname = 'people_name'`)).rowCount

test('is applied once, outside a transaction, and says how far it is', async () => {
  const logged: string[] = []
  expect(await run(steps(INDEX), message => logged.push(message))).toEqual(['1_steps'])
  expect(logged).toEqual(['Migration 1_steps: names, 5 of 10', 'Migration 1_steps: names, 10 of 10'])
  expect(await recorded()).toEqual([{ steps: 3, done: true }])
  expect(await indexes()).toBe(1)
  expect(await run(steps(INDEX))).toEqual([])
})

test('continues with the step that failed', async () => {
  await expect(run(steps('SELECT 1 / 0'))).rejects.toThrow(
    '1_steps was interrupted, and the next start continues it: division by zero',
  )
  expect(await recorded()).toEqual([{ steps: 2, done: false }])
  expect((await client.query('SELECT count(name)::int AS count FROM people')).rows).toEqual([{ count: 10 }])
  expect(await run(steps(INDEX))).toEqual(['1_steps'])
  expect(await recorded()).toEqual([{ steps: 3, done: true }])
})

test('is not continued when it was edited', async () => {
  await expect(run(steps('SELECT 1 / 0'))).rejects.toThrow('1_steps')
  await expect(run({ ...steps(INDEX), checksum: 'b' })).rejects.toThrow('was edited after it had been applied')
})

// A process that waits with a statement would hold up CREATE INDEX CONCURRENTLY of the other for good.
test.skipIf(!serverUrl)('two processes that start at once', async () => {
  const other = new pg.Client(address!)
  await other.connect()
  const both = [client, other].map(each => migrate(each, [steps(INDEX)], { shared }))
  expect((await Promise.all(both)).flat()).toEqual(['1_steps'])
  expect(await recorded()).toEqual([{ steps: 3, done: true }])
  await other.end()
})
