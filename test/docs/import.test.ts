// The commands of docs/operations/import.md run as they stand.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
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
  const [people, staff, lines, ldif, reported, continued, ...rest] = await runBlocks(folder, blocks(page, 'sh'), {
    'npm run --silent roster --': `${settings.join(' ')} ROSTER_URL='${app.url}' ROSTER_TOKEN='${app.admin.token}' '${process.execPath}' '${main}' 2>&1`,
  })
  expect(people).toBe(
    'Dry run, nothing was changed. It would be: 2 created, 0 changed, 0 unchanged, 0 refused.\n2 created, 0 changed, 0 unchanged, 0 refused.\n',
  )
  expect(staff).toBe(blocks(page, 'text')[0])
  expect([lines, ldif]).toEqual(Array(2).fill('1 created, 0 changed, 0 unchanged, 0 refused.\n'))
  expect(reported).toBe(
    '0 created, 0 changed, 2 unchanged, 0 refused.\nline,userid,outcome,fields,faults\r\n2,ana,UNCHANGED,,\r\n3,ben,UNCHANGED,,\r\n',
  )
  expect(continued).toBe('0 created, 0 changed, 1 unchanged, 0 refused.\n')
  expect(readFileSync(join(folder, 'result.csv'), 'utf8').split('\r\n')).toHaveLength(5)
  expect(rest).toEqual([])
  const { data } = await app.graphql(
    '{ user(ref: {name: {userid: "dora"}}) { profile { name } authorizations groups { nodes { name } } } }',
  )
  expect(data.user).toEqual({
    profile: { name: 'Dora Silva' },
    authorizations: { department: ['7'] },
    groups: { nodes: [{ name: 'Sales' }] },
  })
}, 60_000)
