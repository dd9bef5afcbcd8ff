// The pages of clients with types work when pasted: their files, then their commands, against a running Roster.
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { blocks, readPage, runBlocks } from '../../docs/shell.ts'
import { bootApp, type TestApp } from '../../harness/app.ts'
import { CLIENTS, failure, INSTALL_MS, installTypeScript, run } from '../../harness/clients.ts'

let app: TestApp
let reason: string | null
beforeAll(async () => {
  const installing = failure(installTypeScript())
  app = await bootApp()
  reason = await installing
  if (reason !== null) console.warn(`The clients with types are skipped: they cannot be installed: ${reason}`)
}, INSTALL_MS)
afterAll(() => app?.close())

/** The blocks of a page that follow the name of a file. */
const filesOf = (page: string) =>
  [...page.matchAll(/^`([\w./-]+)`:\n\n```\w+\n([\s\S]*?)```$/gm)].map(([, name, text]) => ({ name: name!, text: text! }))

/** Writes the files of a page where its packages are found, and runs the commands that follow; returns what the last one prints. */
async function paste(path: string): Promise<{ folder: string; printed: any }> {
  const page = readPage(path)
  const folder = join(CLIENTS, 'typed', path.split('/').at(-1)!.replace('.md', ''))
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  for (const { name, text } of filesOf(page)) await writeFile(join(folder, name), text)
  // The first block installs, which the test did.
  const [, commands] = blocks(page, 'sh')
  const script = `set -e\nTOKEN=${app.admin.token}\nnode() { '${process.execPath}' "$@"; }\n${commands}`
  const [printed] = await runBlocks(folder, [script], { 'http://127.0.0.1:4000': app.url })
  return { folder, printed: JSON.parse(printed!.trim().split('\n').at(-1)!) }
}

/** Which of the lines the compiler refuses after the page's `people.ts`. */
async function refused(folder: string, additions: readonly string[]): Promise<string[]> {
  const file = join(folder, 'people.ts')
  const lines = `${await readFile(file, 'utf8')}\n${additions.join('\n')}`.split('\n')
  await writeFile(file, lines.join('\n'))
  const compiled = await run(join(CLIENTS, 'node_modules/.bin/tsc'), ['-p', folder]).catch((error: { stdout: string }) => error)
  const faulty = new Set([...compiled.stdout.matchAll(/\bpeople\.ts\((\d+),/g)].map(([, line]) => lines[Number(line) - 1]!))
  return [...faulty]
}

const expected = () => ({
  name: expect.any(String),
  kind: 'PERSON',
  created: expect.stringMatching(/^\d{4}-.*Z$/),
  why: expect.arrayContaining(['USER_ADMIN by bim']),
})

/** A reference in no form, a field behind the mask, a `DateTime` and a JSON value as something else. */
const WRONG = [
  'execute(Person, { ref: {} })',
  'user.permissionGrants',
  'const seconds: number = user.createdAt',
  'const text: string = user.profile.preferences',
]

/** The types of gql.tada let two forms pass. */
const TWO_FORMS = "execute(Person, { ref: { id: '', databaseId: 1 } })"
const PAGES: Record<string, string[]> = {
  'docs/clients/codegen.md': [TWO_FORMS, ...WRONG],
  'docs/clients/gql-tada.md': WRONG,
}

describe.each(Object.entries(PAGES))('%s', (path, wrong) => {
  test('works when pasted, and the compiler refuses what the schema does', { timeout: 180_000 }, async ({ skip }) => {
    if (reason !== null) skip(reason)
    const { folder, printed } = await paste(path)
    expect(printed).toEqual(expected())
    expect(await refused(folder, wrong)).toEqual(wrong)
  })
})

test('no scalar of the generated types is unknown or any', { timeout: 120_000 }, async ({ skip }) => {
  if (reason !== null) skip(reason)
  const config = filesOf(readPage('docs/clients/codegen.md')).find(({ name }) => name === 'codegen.ts')!.text
  // All types of the schema, with the scalars of the page; the preset itself writes those that documents use.
  const folder = join(CLIENTS, 'typed/scalars')
  await mkdir(folder, { recursive: true })
  const all = config
    .replace("schema: './schema.graphql'", `schema: ${JSON.stringify(join(CLIENTS, '../../schema.graphql'))}`)
    .replace("documents: './people.ts',", '')
    .replace("'./gql/'", "'./types.ts'")
    .replace("preset: 'client'", "plugins: ['typescript']")
  await writeFile(join(folder, 'codegen.ts'), all)
  await run(join(CLIENTS, 'node_modules/.bin/graphql-codegen'), ['--silent'], { cwd: folder })
  const types = await readFile(join(folder, 'types.ts'), 'utf8')
  const scalars = /export type Scalars = \{([\s\S]*?)\n\}/.exec(types)![1]!
  expect(scalars.match(/^ {2}\w+:/gm)).toEqual(
    ['ID', 'String', 'Boolean', 'Int', 'Float', 'DateTime', 'JSON'].map(name => `  ${name}:`),
  )
  expect(scalars).not.toMatch(/\b(any|unknown)\b/)
})
