// `roster import` as a process, against a real server.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bootApp, type TestApp } from '../harness/app.ts'
import { cli } from './process.ts'

let app: TestApp
let folder: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'roster-import-'))
  app = await bootApp()
}, 60_000)
afterAll(async () => {
  await app?.close()
  rmSync(folder, { recursive: true, force: true })
})

const file = (name: string, text: string | Buffer): string => {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}
const roster = (args: string[], token = app.admin.token) =>
  cli(['import', ...args], { ROSTER_URL: app.url, ROSTER_TOKEN: token, XDG_CONFIG_HOME: folder })
const users = (stem: string) => app.store.db.prisma.user.count({ where: { userid: { startsWith: stem } } })
const events = () => app.store.db.prisma.auditEvent.count()

test('a CSV file: a dry run writes nothing, an import all, and the same again nothing', async () => {
  const path = file(
    'people.csv',
    '\ufeffuserid,name,e-mail,groups,attributes.site,disabled\r\nana,"Silva, Ana",ana@x.example,Sales;Team 2,Ghent;Lyon,\r\nben,Ben,,Sales,,true\r\n',
  )
  const before = await events()
  const dry = await roster([path, '--create-groups', '--dry-run'])
  expect(dry).toEqual({
    stdout: 'Dry run, nothing was changed. It would be: 2 created, 0 changed, 0 unchanged, 0 refused.\n',
    stderr: '',
    exitCode: 0,
  })
  expect(await events()).toBe(before)
  expect(await roster([path, '--create-groups'])).toEqual({
    stdout: '2 created, 0 changed, 0 unchanged, 0 refused.\n',
    stderr: '',
    exitCode: 0,
  })
  const { data } = await app.graphql(
    '{ user(ref: {name: {userid: "ana"}}) { profile { name email } authorizations groups { nodes { name } } } ben: user(ref: {name: {userid: "ben"}}) { disabled } }',
  )
  expect(data).toEqual({
    user: {
      profile: { name: 'Silva, Ana', email: 'ana@x.example' },
      authorizations: { site: ['Ghent', 'Lyon'] },
      groups: { nodes: [{ name: 'Sales' }, { name: 'Team 2' }] },
    },
    ben: { disabled: true },
  })
  const written = await events()
  expect((await roster([path])).stdout).toBe('0 created, 0 changed, 2 unchanged, 0 refused.\n')
  expect(await events()).toBe(written)
}, 60_000)

test('what an export prints can be imported', async () => {
  const exported = await cli(['export', 'users', '--search', 'ana'], {
    ROSTER_URL: app.url,
    ROSTER_TOKEN: app.admin.token,
    XDG_CONFIG_HOME: folder,
  })
  expect(await roster([file('exported.csv', exported.stdout)])).toMatchObject({
    stdout: expect.stringContaining('1 unchanged'),
    exitCode: 0,
  })
}, 60_000)

test('lines with a fault have the exit code 6; the others are done', async () => {
  const path = file('faulty.csv', 'userid;mail\r\nfay;fay@x.example\r\ngus;none\r\nhal;h@x.example;x\r\nFAY;f@x.example\r\n')
  const found = await roster([path, '--delimiter', ';', '--json'])
  expect({ ...found, stdout: JSON.parse(found.stdout) }).toEqual({
    stdout: {
      ...{ dryRun: false, created: 1, changed: 0, unchanged: 0, refused: 3, lastLine: 5, isComplete: true },
      faults: [
        { line: 3, userid: 'gus', faults: [{ field: 'profile.email', message: 'profile.email must be an e-mail address' }] },
        { line: 4, userid: '', faults: [{ field: 'line', message: expect.stringContaining('The line has 3 values') }] },
        { line: 5, userid: 'FAY', faults: [{ field: 'userid', message: 'userid repeats line 2: keep one of the two lines' }] },
      ],
    },
    stderr: '',
    exitCode: 6,
  })
  const text = await roster([path, '--delimiter', ';', '--create-only'])
  expect(text.stdout).toBe('0 created, 0 changed, 1 unchanged, 3 refused.\n')
  expect(text.stderr).toContain('line 3 (gus): profile.email must be an e-mail address\n')
}, 60_000)

test('several batches, and a userid that is repeated in another one', async () => {
  const lines = Array.from({ length: 1_201 }, (_, at) => `many${at},Many ${at}`)
  const path = file('many.csv', `userid,name\n${lines.join('\n')}\nmany0,Again\n`)
  const found = await roster([path])
  expect(found).toMatchObject({ stdout: '1201 created, 0 changed, 0 unchanged, 1 refused.\n', exitCode: 6 })
  expect(found.stderr).toContain('line 1203 (many0): userid repeats line 2')
  expect(await users('many')).toBe(1_201)
}, 120_000)

test('what cannot be read, and who may not', async () => {
  const cases: [string[], number, string][] = [
    [[join(folder, 'nowhere.csv')], 2, 'There is no file'],
    [[folder], 2, 'is a directory'],
    [[file('unknown.csv', 'userid,shoe\n')], 2, `The column "shoe" is unknown`],
    [[file('latin.csv', Buffer.from('userid,name\nzoe,Zo\xe9\n', 'latin1'))], 1, 'not UTF-8'],
    [[file('a.csv', 'userid\na\n'), '--delimiter', 'xx'], 2, '--delimiter must be one character'],
    [[file('open.csv', 'userid,name\na,"A\n')], 1, 'a quotation mark that is not closed'],
  ]
  for (const [args, exitCode, message] of cases) {
    const found = await roster(args)
    expect(found, message).toMatchObject({ exitCode, stdout: '', stderr: expect.stringContaining(message) })
  }
  const plain = await app.as(['AUDIT'])
  const refused = await roster([file('b.csv', 'userid\nzed\n')], plain.token)
  expect(refused).toMatchObject({ exitCode: 4, stderr: expect.stringContaining('user:import needs the permission USER_ADMIN') })
}, 120_000)
