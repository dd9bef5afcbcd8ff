// Replies of the embedded database leave nothing behind: a process that runs for weeks must not grow with its statements.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { openStore } from '../../../src/platform/database/open.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void
const heap = () => {
  collect()
  return process.memoryUsage().heapUsed / 1e6
}

test('replies are not kept', async () => {
  const store = await openStore({ databaseUrl: null, dataDir: 'memory://' })
  const read = () => store.db.query('SELECT i, repeat($1, 20) AS text FROM generate_series(1, 1000) i', ['x'])
  const change = () => store.transaction(db => db.query('SELECT 1'))
  for (let round = 0; round < 20; round++) await read()
  const before = heap()
  for (let round = 0; round < 200; round++) {
    await read()
    await change()
  }
  // 200,000 rows; kept, they take about 50 MB.
  expect(heap() - before).toBeLessThan(10)
  await store.close()
}, 60_000)
