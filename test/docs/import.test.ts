// The commands of docs/operations/import.md run as they stand.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bootApp, type TestApp } from '../harness/app.ts'
import { compiled } from '../harness/compiled.ts'
import { blocks, readPage, runBlocks } from './shell.ts'

const main = new URL('../../src/cli/main.ts', import.meta.url).pathname
const page = readPage('docs/operations/import.md')
let folder: string
let app: TestApp
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'roster-import-docs-'))
  app = await bootApp()
}, 60_000)
afterAll(async () => {
  await app?.close()
  rmSync(folder, { recursive: true, force: true })
})

test('what the commands of the page print', async () => {
  const settings = Object.entries(compiled).map(([name, value]) => `${name}='${value}'`)
  const [people, staff] = await runBlocks(folder, blocks(page, 'sh'), {
    'npm run --silent roster --': `${settings.join(' ')} ROSTER_URL='${app.url}' ROSTER_TOKEN='${app.admin.token}' '${process.execPath}' '${main}' 2>&1`,
  })
  expect(people).toBe(
    'Dry run, nothing was changed. It would be: 2 created, 0 changed, 0 unchanged, 0 refused.\n2 created, 0 changed, 0 unchanged, 0 refused.\n',
  )
  expect(staff).toBe(blocks(page, 'text')[0])
}, 60_000)
