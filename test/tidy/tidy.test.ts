// The rules that keep the house as it is (README, "The house"). The numbers are a ratchet: they only go down.
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { describe, expect, test } from 'vitest'

const ROOT = new URL('../../', import.meta.url).pathname
const SRC = join(ROOT, 'src')
const FILE_LINES = 300
const FUNCTION_LINES = 70

const files = readdirSync(SRC, { recursive: true, withFileTypes: true })
  .filter(entry => entry.isFile() && /\.tsx?$/.test(entry.name))
  .map(entry => relative(SRC, join(entry.parentPath, entry.name)))
  .filter(path => !path.startsWith('generated/'))
  .map(path => ({ path, text: readFileSync(join(SRC, path), 'utf8') }))

/** What each file imports: `{ from, typeOnly }`, paths relative to src, packages as they are. */
const importsOf = ({ path, text }: { path: string; text: string }) =>
  [...text.matchAll(/^(?:import|export)\s+(type\s)?[^'"]*?from\s+'([^']+)'|^import\s+'([^']+)'/gm)].map(
    ([, typeOnly, from, bare]) => {
      const name = from ?? bare!
      return { typeOnly: typeOnly !== undefined, name: name.startsWith('.') ? relative(SRC, join(SRC, path, '..', name)) : name }
    },
  )

const offenders = (forbidden: (path: string, name: string, typeOnly: boolean) => boolean) =>
  files.flatMap(file =>
    importsOf(file).flatMap(({ name, typeOnly }) =>
      forbidden(file.path, name, typeOnly) ? [`${file.path} imports ${name}`] : [],
    ),
  )

const room = (path: string) => path.split('/')[0]!
const isStore = (path: string) => path.endsWith('.store.ts') || room(path) === 'store'
const ROOMS = new Set(['users', 'groups', 'attributes', 'iams', 'credentials', 'projects', 'audit', 'provisioning', 'exchanges'])
const DOORS = new Set(['graphql', 'rest', 'scim', 'login', 'cli'])

describe('imports go one way: door → hall → room → store', () => {
  test('only stores import Prisma', () => {
    expect(offenders((path, name, typeOnly) => !typeOnly && name.startsWith('generated/prisma') && !isStore(path))).toEqual([])
  })

  test('doors reach no store', () => {
    expect(offenders((path, name, typeOnly) => !typeOnly && DOORS.has(room(path)) && name.endsWith('.store.ts'))).toEqual([])
  })

  test('rest imports no room', () => {
    expect(offenders((path, name) => room(path) === 'rest' && ROOMS.has(room(name)))).toEqual([])
  })

  test('rooms and the hall import no door', () => {
    const inside = (path: string) => ROOMS.has(room(path)) || room(path) === 'access'
    expect(offenders((path, name, typeOnly) => !typeOnly && inside(path) && DOORS.has(room(name)))).toEqual([])
  })

  test('each outside client has one place', () => {
    const places: Record<string, RegExp> = {
      fastify: /^http\/(server|headers)\.ts$/,
      '@fastify/helmet': /^http\/headers\.ts$/,
      '@fastify/static': /^http\/server\.ts$/,
      '@apollo/server': /^graphql\/(server|errors)\.ts$/,
      'openid-client': /^connectors\/oidc(\.\w+)?\.ts$/,
      'pg-boss': /^sync\/jobs\.ts$/,
      jose: /^connectors\/oidc\.logout\.ts$/,
      nodemailer: /^mail\/mailer\.ts$/,
      '@node-rs/argon2': /^credentials\/password\.ts$/,
      ldapts: /^connectors\/ldap(\.\w+)?\.ts$/,
      'scim2-parse-filter/lib/src/parser.js': /^provisioning\/filter\.ts$/,
      pg: /^store\//,
      '@electric-sql/pglite': /^store\//,
    }
    expect(offenders((path, name, typeOnly) => !typeOnly && name in places && !places[name]!.test(path))).toEqual([])
  })
})

describe('pure files', () => {
  const PURE = [
    'access/policy.ts',
    'access/permissions.ts',
    'users/user.ts',
    'users/profile.ts',
    'groups/group.ts',
    'attributes/attribute.ts',
    'iams/iam.ts',
    'users/user.scim.ts',
    'users/users.scim.written.ts',
    'exchanges/exchange.ts',
    'identity/words.ts',
    'groups/group.scim.ts',
    'provisioning/schema.ts',
    'provisioning/schema.core.ts',
    'provisioning/resource.ts',
    'provisioning/filter.ts',
    'provisioning/operations.ts',
    'provisioning/patch.ts',
    'provisioning/condition.ts',
    'identity/claims.ts',
    'identity/mapping.ts',
    'identity/plan.ts',
    'sync/run.ts',
    'sync/outcome.ts',
    'sync/refusals.ts',
    'credentials/lockout.ts',
    'names.ts',
    'http/paths.ts',
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
