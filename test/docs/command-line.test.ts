// The commands of docs/operations/command-line.md run as they stand, with the program in place of `npm run`.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { EXIT } from '../../src/cli/exit.ts'
import { makeProgram } from '../../src/cli/program.ts'
import { bootApp, type TestApp } from '../harness/app.ts'
import { compiled } from '../harness/compiled.ts'
import { blocks, readPage, runBlocks } from './shell.ts'

const text = readPage('docs/operations/command-line.md')
const main = new URL('../../src/cli/main.ts', import.meta.url).pathname
let folder: string
let app: TestApp
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'roster-docs-'))
  app = await bootApp({ env: { ADMIN_PASSWORD: 'tour password' } })
}, 60_000)
afterAll(async () => {
  await app?.close()
  rmSync(folder, { recursive: true, force: true })
})

test('what the commands print', async () => {
  const settings = `DATA_DIR='${folder}/data' XDG_CONFIG_HOME='${folder}' NODE_COMPILE_CACHE='${compiled.NODE_COMPILE_CACHE}'`
  const [version, checked, entered, found, exported, ...rest] = await runBlocks(folder, blocks(text, 'sh'), {
    'npm run --silent roster --': `${settings} '${process.execPath}' '${main}'`,
    'http://127.0.0.1:4000': app.url,
    '"$ROSTER_ADMIN_PASSWORD"': "'tour password'",
  })
  expect(rest).toEqual([])
  expect(version).toMatch(/^\d+\.\d+\.\d+\nUsage: roster migrate /)
  expect(checked).toMatch(/^ok {7}settings: have no fault\nok {7}database: embedded, in .*\nWould apply \d+ migrations:\n/)
  expect(entered).toContain(`Logged in at ${app.url}/ as bim/admin, profile default.`)
  expect(entered).toContain(`bim/admin at ${app.url}/, with a credential of the kind LOGIN\n`)
  expect(found).toMatch(/^USER\tNAME\t.*\nbim\/admin\t.*\nbim\/admin has USER_ADMIN:\n {2}from a local grant, /)
  expect(JSON.parse(exported!)).toMatchObject({ iamid: 'bim', userid: 'admin' })
  expect(readFileSync(join(folder, 'users.csv'), 'utf8')).toMatch(/^iamid,userid,name,.*\r\nbim,admin,/)
  expect(readFileSync(join(folder, 'audit.jsonl'), 'utf8')).toContain('"event":"userCreated"')
}, 60_000)

test('it has every command and every exit code', () => {
  const { commands } = makeProgram(async () => {})
  const missing = commands.map(command => command.name()).filter(name => !text.includes(`roster ${name}`))
  expect(missing).toEqual([])
  for (const code of Object.values(EXIT)) expect(text).toContain(`\n| ${code} | `)
})
