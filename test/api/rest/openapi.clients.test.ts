// Clients in TypeScript and Python, generated from the document that a running Roster serves, each making five calls. Their generators
// refuse TypeScript 7, or are of Python: they are installed on demand, and where that fails the tests are skipped with the reason.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { send } from '../../contract/client.ts'
import { bootApp, type TestApp } from '../../harness/app.ts'
import { bin, CLIENTS, failure, INSTALL_MS, installPython, installTypeScript, PYTHON, run } from '../../harness/clients.ts'

let app: TestApp
let folder: string
let document: string
let installed: Record<'typescript' | 'python', string | null>

beforeAll(async () => {
  const typescript = failure(installTypeScript())
  // npm ci empties the folder.
  const python = typescript.then(() => failure(installPython()))
  app = await bootApp()
  folder = await mkdtemp(join(tmpdir(), 'roster-clients-'))
  document = join(folder, 'openapi.json')
  await writeFile(document, (await send(app.url, 'GET', '/openapi.json', { token: app.admin.token })).text)
  installed = { typescript: await typescript, python: await python }
  for (const [language, reason] of Object.entries(installed))
    if (reason !== null) console.warn(`The ${language} client is skipped: its generator cannot be installed: ${reason}`)
}, INSTALL_MS)
afterAll(async () => {
  await app?.close()
  if (folder) await rm(folder, { recursive: true })
})

const results = (name: string) => ({
  created: name,
  member: true,
  users: ['admin'],
  attributes: { desk: ['day'] },
  missing: 404,
})

describe('a client that is generated', () => {
  test('in TypeScript type-checks and makes its calls', { timeout: 120_000 }, async ({ skip }) => {
    if (installed.typescript !== null) skip(installed.typescript)
    const place = join(CLIENTS, 'typescript')
    await run(bin('openapi-typescript'), [document, '-o', join(place, 'generated/api.ts')])
    await run(bin('tsc'), ['-p', CLIENTS])
    const { stdout } = await run(process.execPath, [join(place, 'calls.ts'), app.url, app.admin.token])
    expect(JSON.parse(stdout)).toEqual(results('typescript'))
  })

  test('in Python is made without a warning and makes its calls', { timeout: 120_000 }, async ({ skip }) => {
    if (installed.python !== null) skip(installed.python)
    const place = join(CLIENTS, 'python')
    const options = ['--meta', 'none', '--output-path', join(place, 'generated'), '--overwrite', '--fail-on-warning']
    const env = { ...process.env, PATH: `${join(PYTHON, 'bin')}:${process.env.PATH}`, PYTHONDONTWRITEBYTECODE: '1' }
    await run(join(PYTHON, 'bin/openapi-python-client'), ['generate', '--path', document, ...options], { env })
    const { stdout } = await run(join(PYTHON, 'bin/python'), [join(place, 'calls.py'), app.url, app.admin.token], { env })
    expect(JSON.parse(stdout)).toEqual(results('python'))
  })
})
