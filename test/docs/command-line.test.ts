// The commands of docs/operations/command-line.md run as they stand, with the program in place of `npm run`.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { EXIT } from '../../src/cli/exit.ts'
import { makeProgram } from '../../src/cli/program.ts'
import { blocks, readPage, runBlocks } from './shell.ts'

const text = readPage('docs/operations/command-line.md')
const main = new URL('../../src/cli/main.ts', import.meta.url).pathname
let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'roster-docs-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('what the commands print', async () => {
  const program = `DATA_DIR='${folder}/data' '${process.execPath}' '${main}'`
  const [version, checked, ...rest] = await runBlocks(folder, blocks(text, 'sh'), { 'npm run --silent roster --': program })
  expect(rest).toEqual([])
  expect(version).toMatch(/^\d+\.\d+\.\d+\nUsage: roster migrate /)
  expect(checked).toMatch(/^ok {7}settings: have no fault\nok {7}database: embedded, in .*\nWould apply \d+ migrations:\n/)
}, 60_000)

test('it has every command and every exit code', () => {
  const { commands } = makeProgram(async () => {})
  const missing = commands.map(command => command.name()).filter(name => !text.includes(`roster ${name}`))
  expect(missing).toEqual([])
  for (const code of Object.values(EXIT)) expect(text).toContain(`\n| ${code} | `)
})
