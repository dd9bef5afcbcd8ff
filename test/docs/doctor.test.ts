// The commands of docs/operations/doctor.md run as they stand, and the page has what they find.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { compiled } from '../harness/compiled.ts'
import { blocks, readPage, runBlocks } from './shell.ts'

const text = readPage('docs/operations/doctor.md')
const main = new URL('../../src/cli/main.ts', import.meta.url).pathname
const folder = mkdtempSync(join(tmpdir(), 'roster-doctor-docs-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('what the commands print', async () => {
  const settings = `DATA_DIR='${folder}/data' PORT=0 NODE_COMPILE_CACHE='${compiled.NODE_COMPILE_CACHE}'`
  const [printed] = await runBlocks(folder, blocks(text, 'sh'), {
    'npm run --silent roster --': `${settings} '${process.execPath}' '${main}'`,
  })
  const json = printed!.indexOf('[')
  expect(printed!.slice(0, json)).toMatch(/^STATUS\tABOUT\tDETAIL\tFIX\nok\tsettings\thave no fault\t\n/)
  const findings = JSON.parse(printed!.slice(json)) as { about: string; status: string }[]
  expect(findings.filter(({ status }) => status === 'fault')).toEqual([])
  for (const { about } of findings.filter(({ about: name }) => !['database', 'store'].includes(name)))
    expect(text).toContain(`| \`${about}\` |`)
}, 60_000)
