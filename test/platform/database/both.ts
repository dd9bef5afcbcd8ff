import { describe } from 'vitest'
import { openStore, type StoreLog } from '../../../src/platform/database/open.ts'
import type { Store } from '../../../src/platform/database/store.ts'
import { serverUrl, testDatabase } from '../../harness/database.ts'

/** Says on the console why tests do not run, instead of only counting them as skipped. */
export function needsServer(): boolean {
  if (!serverUrl)
    console.warn('Skipped: these tests need a PostgreSQL server; set ROSTER_TEST_DATABASE_URL to one where databases may be made')
  return serverUrl !== null
}

/** The same tests on the embedded store and, where there is a server, on a database of its own there. */
export function onBothStores(name: string, tests: (open: (log?: StoreLog) => Promise<Store>) => void): void {
  describe(`${name} (embedded)`, () => tests(log => openStore({ databaseUrl: null, dataDir: 'memory://', ...(log && { log }) })))
  describe.skipIf(!needsServer())(`${name} (server)`, () => tests(openOnServer))
}

async function openOnServer(log?: StoreLog): Promise<Store> {
  const { url, drop } = await testDatabase({ migrated: true })
  const store = await openStore({ databaseUrl: url, dataDir: 'memory://', ...(log && { log }) })
  const close = async () => {
    await store.close()
    await drop()
  }
  return { ...store, close }
}
