// Which project of vitest.config.ts runs a test file, by what the file imports and uses. Files with a database run on both stores.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** The only file that knows of ROSTER_TEST_DATABASE_URL: what does not import it runs alike with a server and without. */
export const DATABASE = 'test/harness/database.ts'
/** What a page does in a browser depends on the API, which has tests of its own on both stores. */
const BROWSER = 'test/ui/chromium.ts'
/** Clients that are generated depend on no database. */
const CLIENTS = 'test/harness/clients.ts'
/** A file that imports one of these runs once. */
export const ONCE = [BROWSER, CLIENTS]
/** Attacks measure how long the process stands still. */
const LOAD = 'test/security/load/'

/** What needs a process of its own: replaced modules, and what is kept in a module by the address of a provider, whose port another has later. */
const OWN_PROCESS =
  /\bvi\.(mock|doMock|spyOn|stub|useFakeTimers)|monitorEventLoopDelay|memoryUsage|process\.(chdir|emit)\b|process\.env[.[][^;,)}]*? = |'oidc-provider'|openid-configuration/
/** It measures what others wait, next to nothing else. */
const QUIET = ['test/scim/turns.test.ts']

export interface Part {
  /** Where it runs, and in which passes: on the embedded store alone ("once"), or also on a server ("store"). */
  name: `${'alone' | 'load' | 'shared'} ${'once' | 'store'}`
  files: string[]
}

/** All test files, each in one part; their paths are relative to the root. */
export function parts(): Part[] {
  const all: Part[] = (['alone', 'shared', 'load'] as const).flatMap(place =>
    (['once', 'store'] as const).map(pass => ({ name: `${place} ${pass}` as const, files: [] })),
  )
  for (const file of testFiles()) {
    const name = partOf(file)
    all.find(part => part.name === name)!.files.push(file)
  }
  return all
}

/** The test files of the repository. */
export const testFiles = (): string[] =>
  readdirSync(join(ROOT, 'test'), { recursive: true, encoding: 'utf8' })
    .filter(path => path.endsWith('.test.ts'))
    .map(path => join('test', path))
    .sort()

function partOf(file: string): Part['name'] {
  const reached = reachedFrom(file)
  const pass = reached.has(DATABASE) && !ONCE.some(path => reached.has(path)) ? 'store' : 'once'
  if (file.startsWith(LOAD)) return `load ${pass}`
  const ownProcess = [...reached].some(path => path.startsWith('test/') && path !== DATABASE && OWN_PROCESS.test(textOf(path)))
  return `${ownProcess || QUIET.includes(file) ? 'alone' : 'shared'} ${pass}`
}

/** The file and the files of this repository that it imports, and those that they import. */
export function reachedFrom(file: string): Set<string> {
  const reached = new Set([file])
  for (const path of reached) for (const imported of importsOf(path)) reached.add(imported)
  return reached
}

const texts = new Map<string, string>()
function textOf(path: string): string {
  const text = texts.get(path) ?? readFileSync(join(ROOT, path), 'utf8')
  texts.set(path, text)
  return text
}

const imports = new Map<string, string[]>()
function importsOf(path: string): string[] {
  const known = imports.get(path)
  if (known) return known
  // Any string that begins like a relative path and names a file: an import in whatever form, and sometimes more.
  const named = [...textOf(path).matchAll(/['"`](\.{1,2}\/[^'"`\n]+\.m?ts)['"`]/g)].map(([, name]) => join(dirname(path), name!))
  const found = [...new Set(named)].filter(name => existsSync(join(ROOT, name))).map(name => relative(ROOT, join(ROOT, name)))
  imports.set(path, found)
  return found
}
