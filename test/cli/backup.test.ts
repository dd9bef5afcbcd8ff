// A backup holds every row, restores into either kind of database to the same lines, and a file that is not whole restores nothing.
import { randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { backup, restore } from '../../src/cli/backup.ts'
import { openStore, withConnection } from '../../src/platform/database/open.ts'
import { bootApp } from '../harness/app.ts'
import { serverUrl, testDatabase } from '../harness/database.ts'

type Env = Record<string, string>
const folder = mkdtempSync(join(tmpdir(), 'roster-backup-'))
const ends: (() => unknown)[] = []
afterAll(async () => {
  for (const end of ends.reverse()) await end()
  rmSync(folder, { recursive: true, force: true })
})

const SECRET_KEY = randomBytes(32).toString('base64')
let places = 0
const embedded = async (): Promise<Env> => ({ DATA_DIR: join(folder, `data-${++places}`), SECRET_KEY })
async function server(): Promise<Env> {
  const { url, drop } = await testDatabase({ migrated: true })
  ends.push(drop)
  return { DATABASE_URL: url, SECRET_KEY }
}
const own = serverUrl ? server : embedded
const optionsOf = (env: Env) => ({ databaseUrl: env.DATABASE_URL ?? null, dataDir: env.DATA_DIR ?? '' })
const fileOf = (name: string) => join(folder, `${name}.gz`)
const linesOf = (file: string) => gunzipSync(readFileSync(file)).toString().trimEnd().split('\n')

let source: Env
let lines: string[]
beforeAll(async () => {
  source = await own()
  const app = await bootApp({ opens: () => openStore(optionsOf(source)), env: { SECRET_KEY } })
  const { errors } = await app.graphql(`mutation {
    createUser(input: { userid: "ines", profile: { name: "Inês \\"D\\" Duarte", email: "ines@example.org", preferences: { n: 9007199254740993, deep: [null, { a: "ß" }] } } }) { user { id } }
    createGroup(input: { name: "Finance" }) { group { id } }
    updateIam(input: { iamid: "bim", groupPermissions: { Finance: ["AUDIT"] } }) { iam { id } }
    createIam(input: { iamid: "corp", displayName: "Corp", type: OPENID, config: { options: { clientId: "x", clientSecret: "hidden value of corp", discoverUrl: "https://corp.example/.well-known/openid-configuration" } } }) { iam { id } }
    addGroupMember(input: { group: { name: { name: "Finance" } }, user: { name: { userid: "ines" } } }) { membership { id } }
    addAttribute(input: { owner: { user: { name: { userid: "ines" } } }, key: "Country", value: "PT" }) { owner { __typename } }
    createApiKey(input: { name: "k", scopes: ["read"] }) { secret }
    setUserDisabled(input: { ref: { name: { userid: "ines" } }, disabled: true }) { user { id } }
  }`)
  expect(errors).toBeUndefined()
  await app.close()
  await backup(source, fileOf('source'))
  lines = linesOf(fileOf('source'))
}, 120_000)

test('it has a header, every row of every table in order, and an end; only its owner may read it', async () => {
  expect(JSON.parse(lines[0]!)).toMatchObject({ format: 'roster backup 1', migration: expect.any(String) })
  expect(JSON.parse(lines.at(-1)!)).toEqual({ sha256: expect.stringMatching(/^[0-9a-f]{64}$/) })
  const counted = Map.groupBy(lines.slice(1, -1), line => /^"(\w+)":/.exec(line)![1]!)
  await withConnection(optionsOf(source), async client => {
    const { rows } = await client.query(
      `SELECT relname AS name FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r' AND relname <> '_prisma_migrations'`,
    )
    for (const { name } of rows as { name: string }[]) {
      const { rows: held } = await client.query(`SELECT count(*)::int AS count FROM "${name}"`)
      expect(counted.get(name)?.length ?? 0, name).toBe(held[0].count)
    }
  })
  expect(counted.get('users')).toHaveLength(2)
  expect(counted.get('audit_events')!.length).toBeGreaterThan(7)
  expect(statSync(fileOf('source')).mode & 0o777).toBe(0o600)
  expect(gunzipSync(readFileSync(fileOf('source'))).toString()).not.toContain('hidden value of corp')
  await expect(backup(source, fileOf('source'))).rejects.toThrow(/exists/)
  expect(existsSync(`${fileOf('source')}.part`)).toBe(false)
}, 60_000)

const kinds = serverUrl
  ? ([
      ['embedded', embedded],
      ['server', server],
    ] as const)
  : ([['embedded', embedded]] as const)
describe.each(kinds)('into a store of the kind %s', (kind, target) => {
  test('it restores to the same lines, and Roster goes on from there', async () => {
    const env = await target()
    expect((await restore(env, fileOf('source'))).text).toContain(`Restored ${lines.length - 2} rows.`)
    await backup(env, fileOf(`again-${kind}`))
    expect(linesOf(fileOf(`again-${kind}`))).toEqual(lines)
    await expect(restore(env, fileOf('source'))).rejects.toThrow(
      'store must be empty: restore into a new database or data directory',
    )

    const app = await bootApp({ opens: () => openStore(optionsOf(env)), env: { SECRET_KEY } })
    try {
      const { data, errors } = await app.graphql(
        `mutation {
          setUserDisabled(input: { ref: { name: { userid: "ines" } }, disabled: false }) { user { permissions } }
          createUser(input: { userid: "ben" }) { user { databaseId } }
          deleteGroup(input: { ref: { name: { name: "Finance" } } }) { deletedId }
        }`,
      )
      expect(errors).toBeUndefined()
      expect(data.setUserDisabled.user.permissions).toContain('AUDIT')
      // Sequences go on, and foreign keys and triggers are back.
      expect(data.createUser.user.databaseId).toBeGreaterThan(2)
      expect(await app.store.db.query('SELECT 1 FROM memberships')).toEqual([])
      const { data: found } = await app.graphql(
        '{ users(search: "ines", first: 5) { nodes { userid profile { preferences } } } }',
      )
      expect(found.users.nodes).toHaveLength(1)
    } finally {
      await app.close()
    }
  }, 120_000)
})

describe('nothing is restored from', () => {
  const broken: [what: string, make: () => Buffer, message: RegExp][] = [
    ['a file without its end', () => gzipSync(lines.slice(0, -1).join('\n')), /not complete: its end is missing/],
    ['a file that was cut', () => readFileSync(fileOf('source')).subarray(0, 900), /cannot be read|not complete/],
    ['a row that was changed', () => gzipSync(lines.join('\n').replace('ines@example.org', 'eve@example.org')), /was changed/],
    ['a row that was added', () => gzipSync([...lines, lines[1]].join('\n')), /goes on after its end/],
    ['another file', () => gzipSync('{"hello": 1}\n'), /not a backup of Roster/],
    ['text', () => gzipSync('hello\nworld\n'), /not a backup of Roster/],
    ['a file that is not zipped', () => Buffer.from(lines.join('\n')), /cannot be read/],
    ['an empty file', () => gzipSync(''), /not complete/],
    [
      'a backup of other migrations',
      () => gzipSync([JSON.stringify({ ...JSON.parse(lines[0]!), migration: '2020_first' }), ...lines.slice(1)].join('\n')),
      /with the migration 2020_first, this one has .*: restore it with that version, then upgrade/,
    ],
    ['an unknown table', () => gzipSync([lines[0], '"pg_class":{"a":1}', ...lines.slice(1)].join('\n')), /a line of no table/],
    ['a row that breaks a foreign key', () => withoutUsers(), /foreign key|was changed/],
  ]
  const withoutUsers = () => gzipSync(lines.filter(line => !line.startsWith('"users":')).join('\n'))

  let target: Env
  beforeAll(async () => {
    target = await own()
    await withConnection(optionsOf(target), async () => {})
  }, 60_000)
  test.each(broken)(
    '%s',
    async (what, make, message) => {
      const file = join(folder, `${what.replaceAll(' ', '-')}.gz`)
      writeFileSync(file, make())
      await expect(restore(target, file)).rejects.toThrow(message)
    },
    60_000,
  )

  test('the store is empty after all of them', async () => {
    await withConnection(optionsOf(target), async client => {
      expect((await client.query('SELECT id FROM users UNION ALL SELECT id FROM audit_events')).rows).toEqual([])
      expect((await client.query('SELECT id FROM iams')).rows).toEqual([{ id: 'bim' }])
    })
  }, 60_000)
})
