// The commands of docs/operations/files.md run as they stand, with its file, and the program in place of `npm run`.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bootApp, type TestApp } from '../harness/app.ts'
import { compiled } from '../harness/compiled.ts'
import { blocks, readPage, runBlocks } from './shell.ts'

const main = new URL('../../src/cli/main.ts', import.meta.url).pathname
let folder: string
let app: TestApp
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'roster-files-'))
  app = await bootApp()
}, 60_000)
afterAll(async () => {
  await app?.close()
  rmSync(folder, { recursive: true, force: true })
})

test('what the commands print', async () => {
  const page = readPage('docs/operations/files.md')
  writeFileSync(join(folder, 'corp.yaml'), blocks(page, 'yaml')[0]!)
  const settings = `ROSTER_URL='${app.url}' ROSTER_TOKEN='${app.admin.token}' NODE_COMPILE_CACHE='${compiled.NODE_COMPILE_CACHE}'`
  const [exported, applied, ...rest] = await runBlocks(folder, blocks(page, 'sh'), {
    'npm run --silent roster --': `env ${settings} '${process.execPath}' '${main}'`,
  })
  expect(rest).toEqual([])
  expect(exported).toBe('No changes.\n')
  expect(applied).toContain('+ corp  create\n')
  expect(applied).toContain('  ~ config.credentials.bind_pw: a secret is sent\n')
  expect(applied).toContain('the environment variable CORP_PASSWORD is not set')
  expect(applied).toMatch(/Created corp\.\nNo changes\.\n$/)
}, 60_000)
