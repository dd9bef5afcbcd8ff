// What keeps the architecture as it is (docs/architecture.md); imports are .dependency-cruiser.mjs. The numbers only go down.
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'

const ROOT = new URL('../../', import.meta.url).pathname
const SRC = join(ROOT, 'src')
const FILE_LINES = 300
const FUNCTION_LINES = 70

const files = readdirSync(SRC, { recursive: true, withFileTypes: true })
  .filter(entry => entry.isFile() && /\.tsx?$/.test(entry.name))
  .map(entry => relative(SRC, join(entry.parentPath, entry.name)))
  .filter(path => !path.startsWith('generated/'))
  .map(path => ({ path, text: readFileSync(join(SRC, path), 'utf8') }))

describe('imports', () => {
  interface Report {
    modules: { source: string; dependencies: { resolved: string }[] }[]
    summary: { error: number }
  }
  let report: Report
  beforeAll(() => {
    const command = join(ROOT, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs')
    const options = ['--config', '.dependency-cruiser.mjs', '--output-type', 'json', 'src']
    const settings = { cwd: ROOT, encoding: 'utf8', maxBuffer: 100_000_000 } as const
    report = JSON.parse(execFileSync(process.execPath, [command, ...options], settings)) as Report
  })

  /** Its rules are those of imports; this holds that it sees all there is: with another parser it reads nothing, and finds no fault. */
  test('dependency-cruiser reads every file of src', () => {
    const seen = new Set(report.modules.map(({ source }) => source))
    const unseen = files.filter(({ path }) => !path.startsWith('ui/') && !seen.has(`src/${path}`)).map(({ path }) => path)
    expect(unseen).toEqual([])
    expect(report.summary.error).toBe(0)
  })

  /**
   * A folder here is one that holds files. Those of domain are one: they are ordered by kinds of files, in .dependency-cruiser.mjs.
   * The rule for folders of dependency-cruiser cannot leave the generated types out, which name records of every folder.
   */
  test('folders import each other in one direction', () => {
    const folderOf = (path: string) => /^src\/domain/.exec(path)?.[0] ?? path.slice(0, path.lastIndexOf('/'))
    const imports = report.modules.flatMap(({ source, dependencies }) =>
      dependencies.map(({ resolved }) => [folderOf(source), folderOf(resolved)] as const),
    )
    const between = imports.filter(([from, to]) => from !== to && ![from, to].some(path => !/^src\b(?!\/generated)/.test(path)))
    expect(new Set(between.flat()).size).toBeGreaterThan(20)
    // Folders that import none of those left are taken away, until only cycles are left.
    let left = [...new Set(between.map(edge => edge.join(' → ')))]
    for (let before = -1; before !== left.length; ) {
      before = left.length
      const importing = new Set(left.map(edge => edge.split(' → ')[0]))
      left = left.filter(edge => importing.has(edge.split(' → ')[1]))
    }
    expect(left).toEqual([])
  })
})

describe('pure files', () => {
  const PURE = [
    'authorization/policy.ts',
    'authorization/permissions.ts',
    'domain/users/user.ts',
    'domain/users/profile.ts',
    'domain/groups/group.ts',
    'domain/attributes/attribute.ts',
    'domain/iams/iam.ts',
    'scim/resources/user.ts',
    'scim/resources/user.columns.ts',
    'federation/exchanges/exchange.ts',
    'federation/entry-json.ts',
    'scim/resources/group.ts',
    'scim/protocol/schema.ts',
    'scim/protocol/schema.core.ts',
    'scim/protocol/resource.ts',
    'scim/protocol/filter.ts',
    'scim/protocol/filter.parser.ts',
    'scim/protocol/patch-operations.ts',
    'scim/protocol/patch.ts',
    'scim/resources/filter-sql.ts',
    'federation/oidc-claims.ts',
    'federation/attribute-mapping.ts',
    'federation/diff.ts',
    'sync/run.ts',
    'sync/entry.ts',
    'sync/safety-limits.ts',
    'domain/credentials/lockout.ts',
    'platform/validation.ts',
    'platform/http/paths.ts',
    'connectors/ldap.filters.ts',
    'connectors/ldap.config.ts',
    'connectors/ldap.entry.ts',
  ]
  test.each(PURE)('%s has no clock and no I/O', path => {
    const { text } = files.find(file => file.path === path)!
    expect(text).not.toMatch(/new Date\(\)|Date\.now|process\.|from 'node:(fs|http|child_process)'|setTimeout|await /)
  })
})

describe('size', () => {
  test(`no file is over ${FILE_LINES} lines`, () => {
    const long = files
      .map(({ path, text }) => ({ path, lines: text.split('\n').length - 1 }))
      .filter(({ lines }) => lines > FILE_LINES)
    expect(long).toEqual([])
  })

  test(`no function is over ${FUNCTION_LINES} lines`, () => {
    const long = files.flatMap(({ path, text }) =>
      functionsOf(text)
        .filter(({ lines }) => lines > FUNCTION_LINES)
        .map(({ name, lines }) => `${path} ${name}: ${lines} lines`),
    )
    expect(long).toEqual([])
  })
})

describe('words', () => {
  test('files that comments name exist', () => {
    const names = new Set(readdirSync(ROOT, { recursive: false }).concat(...['src', 'test', 'scripts', 'bench'].map(named)))
    const missing = files.flatMap(({ path, text }) =>
      text.split('\n').flatMap(line => {
        const comment = /(?:\/\/|^\s*\*|\/\*)(.*)$/.exec(line)?.[1] ?? ''
        return [...comment.matchAll(/(?<![\w./'-])(?:[\w-]+\/)*([\w-][\w.-]*\.tsx?)\b/g)]
          .filter(([, name]) => !names.has(name!))
          .map(([, name]) => `${path}: ${name}`)
      }),
    )
    expect(missing).toEqual([])
  })

  test('no utils, helpers or index files', () => {
    expect(files.filter(({ path }) => /(^|\/)(utils|helpers|common|index)\b/.test(path)).map(({ path }) => path)).toEqual([])
  })

  test('nothing is left for later', () => {
    expect(
      files
        .filter(({ text }) => /\b(TODO|FIXME|XXX|HACK)\b|@ts-ignore|@ts-nocheck|\bas any\b/.test(text))
        .map(({ path }) => path),
    ).toEqual([])
  })
})

/** Top-level functions by their indentation: from a line that opens one to the line that closes it at the same depth. */
function functionsOf(text: string): { name: string; lines: number }[] {
  const lines = text.split('\n')
  return lines.flatMap((line, start) => {
    const name = /^(\s*)(?:export )?(?:async )?function\*? (\w+)/.exec(line)
    if (!name) return []
    const end = lines.findIndex((other, at) => at > start && other.startsWith(`${name[1]}}`))
    return [{ name: name[2]!, lines: (end === -1 ? lines.length : end) - start + 1 }]
  })
}

const named = (folder: string) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map(path => path.slice(path.lastIndexOf('/') + 1))
