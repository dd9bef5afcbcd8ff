// The command of docs/operations/pruning.md runs as it stands, on a store of its own.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openStore } from '../../src/platform/database/open.ts'
import { compiled } from '../harness/compiled.ts'
import { blocks, readPage, runBlocks } from './shell.ts'

const text = readPage('docs/operations/pruning.md')
const main = new URL('../../src/cli/main.ts', import.meta.url).pathname
const folder = mkdtempSync(join(tmpdir(), 'roster-pruning-docs-'))
const store = { databaseUrl: null, dataDir: join(folder, 'data') }
beforeAll(async () => {
  const { db, close } = await openStore(store)
  const at = new Date(Date.now() - 500 * 86_400_000)
  const past = { event: 'userUpdated', action: 'user:updateProfile', outcome: 'done', actorKind: 'user', actorName: 'bim/ann' }
  await db.prisma.auditEvent.create({ data: { ...past, at, targetType: 'user', targetId: '1', requestId: 'r' } })
  await close()
}, 60_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('what the command prints, and does', async () => {
  const settings = `DATA_DIR='${store.dataDir}' NODE_COMPILE_CACHE='${compiled.NODE_COMPILE_CACHE}'`
  const command = blocks(text, 'sh')
  expect(command).toHaveLength(1)
  const places = { 'npm run --silent roster --': `${settings} '${process.execPath}' '${main}'` }
  const [moved] = await runBlocks(folder, command, places)
  expect(moved).toBe('Moved 1 audit event to audit-archive.jsonl.\n')
  expect(JSON.parse(readFileSync(join(folder, 'audit-archive.jsonl'), 'utf8'))).toMatchObject({ actor_name: 'bim/ann' })
  const [none] = await runBlocks(folder, command, places)
  expect(none).toBe('No audit event is older than 400 days.\n')
}, 60_000)
