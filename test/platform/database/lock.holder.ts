// A process of its own that opens an embedded store, says so, and holds it until it is killed.
import { openStore } from '../../../src/platform/database/open.ts'

try {
  const store = await openStore({ databaseUrl: null, dataDir: process.argv[2] ?? '' })
  const text = process.argv[3]
  if (text) await store.db.query(text)
  process.send?.('open')
  process.on('message', () => store.close().then(() => process.exit(0)))
} catch (error) {
  process.send?.(error instanceof Error ? error.message : String(error))
  process.exit(1)
}
