// The projects of vitest.config.ts hold every test file once, and those that do not run on a server have no way to one.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { DATABASE, ONCE, parts, reachedFrom, testFiles } from '../harness/parts.ts'

const ROOT = new URL('../../', import.meta.url).pathname
const textOf = (path: string) => readFileSync(join(ROOT, path), 'utf8')
const all = parts()
const filesOf = (pass: 'once' | 'store') => all.filter(({ name }) => name.endsWith(pass)).flatMap(({ files }) => files)

test('each test file is in one part', () => {
  const held = all.flatMap(({ files }) => files)
  expect(held.toSorted()).toEqual(testFiles())
  expect(new Set(held).size).toBe(held.length)
  expect(all.filter(({ files }) => files.length === 0)).toEqual([])
})

test('what runs once neither imports the database of the harness nor reads its address, unless it is about a browser or clients', () => {
  const reaching = filesOf('once')
    .filter(file => !ONCE.some(path => reachedFrom(file).has(path)))
    .flatMap(file =>
      [...reachedFrom(file)]
        .filter(path => path === DATABASE || /process\.env(\.|\[['"`])ROSTER_TEST|serverUrl/.test(textOf(path)))
        .filter(path => path !== 'test/architecture/parts.test.ts')
        .map(path => `${file} by ${path}`),
    )
  expect(reaching).toEqual([])
})

test('nothing but the harness reads the address of the server', () => {
  const reading = [...new Set(testFiles().flatMap(file => [...reachedFrom(file)]))].filter(path =>
    /process\.env(\.|\[['"`])ROSTER_TEST_DATABASE_URL/.test(textOf(path)),
  )
  expect(reading.filter(path => path !== 'test/architecture/parts.test.ts')).toEqual([DATABASE])
})

test('imports are followed through other files, re-exports, types and dynamic imports', () => {
  expect(reachedFrom('test/contract/iam-rules.test.ts')).toContain(DATABASE)
  expect(reachedFrom('test/scim/users.test.ts')).toContain('src/platform/database/open.ts')
})

test('what replaces modules or measures the process has a process of its own', () => {
  const shared = all.filter(({ name }) => name.startsWith('shared')).flatMap(({ files }) => files)
  const replacing = shared.filter(file =>
    /\bvi\.(mock|spyOn|stub|useFakeTimers)|monitorEventLoopDelay|memoryUsage\(/.test(textOf(file)),
  )
  expect(replacing.filter(file => file !== 'test/architecture/parts.test.ts')).toEqual([])
})
