// Every pure file has a test of its own name in the mirrored folder. Pure: it exports a function or a class, it neither waits nor looks
// at the process, and all that it imports at run time is pure as well, or a library that only calculates.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { expect, test } from 'vitest'

const ROOT = new URL('../../', import.meta.url).pathname
const CALCULATES = [
  /^node:(crypto|util|url|buffer)$/,
  /^typebox/,
  /^graphql$/,
  /^jose$/,
  /^cron-parser$/,
  /^ldapts$/,
  /^graphql-scalars$/,
]
/** What of node:net only reads an address. */
const READS_ADDRESSES = ['BlockList', 'isIP', 'isIPv4', 'isIPv6']
/** By their suffix they are rules over a store, SQL or a table of routes. */
const PARTS = /\.(service|store|search|loaders|routes|resolvers|d)\.ts$/
const IMPURE = /\bawait\b|\basync\b|\bprocess\.|\bset(Timeout|Interval|Immediate)\(/
const EXPORTS = /^export (?:function|abstract class|class)\b|^export const \w+\b[^=]*= (?:<[^>]*>)?\(/m

/** Pure files without a test of their name: where they are tested, and why not beside it. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  'api/rest/request.schemas.ts': 'every rule is a refusal of a request: test/api/rest/input.test.ts',
  'domain/iams/config/errors.ts': 'says what the schemas refuse: test/domain/iams/config/validate.test.ts',
  'domain/iams/config/schema.parts.ts': 'parts of the schemas: test/domain/iams/config/validate.test.ts',
  'platform/database/store.ts': 'types, and one question: test/platform/database/open.test.ts',
  'scim/protocol/errors.ts': 'an error without a rule: test/scim/http/errors.test.ts',
  'scim/resources/filter-sql.ts': 'makes SQL, which a store has to run: test/scim/filters.test.ts',
  'scim/resources/json-sql.ts': 'makes SQL, which a store has to run: test/scim/filters.test.ts',
  'scim/resources/list.ts': 'makes SQL, which a store has to run: test/scim/filters.test.ts',
  'sync/run-end.ts': 'errors without a rule: test/sync/config-change.test.ts, test/sync/concurrency.test.ts',
}

interface Import {
  readonly from: string
  readonly names: readonly string[]
}
const files = new Map(
  readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
    .filter(path => path.endsWith('.ts') && !/^(generated|ui)\//.test(path))
    .map(path => [path, readFileSync(join(ROOT, 'src', path), 'utf8')] as const),
)

/** Imports and re-exports at run time: without `type`. */
function importsOf(path: string, text: string): Import[] {
  const imports = text.matchAll(/^(?:import (?!type )(?:([^'"]*?) from )?|export ((?:\*|\{)[^'"]*?) from )'([^']+)'/gm)
  return [...imports].flatMap(([, imported, exported, from = '']) => {
    const names = imported ?? exported ?? ''
    const inBraces =
      /\{([^}]*)\}/
        .exec(names)?.[1]
        ?.split(',')
        .map(name => name.trim()) ?? []
    const atRunTime = inBraces.filter(name => name !== '' && !name.startsWith('type '))
    if (names.startsWith('{') && atRunTime.length === 0) return []
    return [{ from: from.startsWith('.') ? relative('src', resolve('src', dirname(path), from)) : from, names: atRunTime }]
  })
}

const known = new Map<string, boolean>()
function isPure(path: string): boolean {
  const found = known.get(path)
  if (found !== undefined) return found
  // A cycle is as pure as the rest of it.
  known.set(path, true)
  const text = files.get(path) ?? ''
  const code = text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')
  const pure = !IMPURE.test(code) && importsOf(path, text).every(isPureImport)
  known.set(path, pure)
  return pure
}

function isPureImport({ from, names }: Import): boolean {
  if (from.startsWith('generated/')) return !from.startsWith('generated/prisma')
  if (files.has(from)) return isPure(from)
  if (from === 'node:net') return names.every(name => READS_ADDRESSES.includes(name))
  return CALCULATES.some(library => library.test(from))
}

const pure = [...files].filter(([path, text]) => !PARTS.test(path) && EXPORTS.test(text) && isPure(path)).map(([path]) => path)
const hasTest = (path: string) => existsSync(join(ROOT, 'test', path.replace(/\.ts$/, '.test.ts')))

test('the definition finds what it should, and nothing that reads or writes', () => {
  expect(pure.length).toBeGreaterThan(80)
  expect(pure).toEqual(expect.arrayContaining(['sync/safety-limits.ts', 'scim/protocol/patch.ts', 'platform/config/parse.ts']))
  for (const path of ['main.ts', 'app.ts', 'platform/http/server.ts', 'connectors/oidc.ts', 'domain/users/users.store.ts'])
    expect(pure).not.toContain(path)
})

test('every pure file has a test of its own name', () => {
  expect(pure.filter(path => !hasTest(path) && !(path in ELSEWHERE)).toSorted()).toEqual([])
})

test('every exception is a pure file without such a test, and its tests are there', () => {
  for (const [path, reason] of Object.entries(ELSEWHERE)) {
    expect(pure, path).toContain(path)
    expect(hasTest(path), path).toBe(false)
    for (const [test] of reason.matchAll(/test\/\S+\.test\.ts/g)) expect(existsSync(join(ROOT, test)), test).toBe(true)
    expect(reason).toMatch(/test\/\S+\.test\.ts/)
  }
})
