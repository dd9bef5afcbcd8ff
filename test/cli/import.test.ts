// `roster import` as a process, against a real server.
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bootApp, type TestApp } from '../harness/app.ts'
import { compiled } from '../harness/compiled.ts'
import { cli, main } from './process.ts'

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

test('JSON Lines from standard input, and an LDIF file', async () => {
  const env = { ...compiled, ROSTER_URL: app.url, ROSTER_TOKEN: app.admin.token, XDG_CONFIG_HOME: folder }
  const child = spawn(process.execPath, [main, 'import', '-', '--format', 'jsonl'], { env })
  child.stdin.end('{"userid":"lina","groups":["Sales"],"attributes":{"site":["Ghent"]}}\n')
  expect(await text(child.stdout)).toBe('1 created, 0 changed, 0 unchanged, 0 refused.\n')
  const path = file(
    'people.ldif',
    'dn: uid=lina,dc=x\nobjectClass: inetOrgPerson\nuid: lina\ncn:: SW7DqnM=\nmemberOf: cn=Sales,dc=x\n',
  )
  expect((await roster([path])).stdout).toBe('0 created, 1 changed, 0 unchanged, 0 refused.\n')
  expect((await app.graphql('{ user(ref: {name: {userid: "lina"}}) { profile { name } } }')).data.user.profile.name).toBe('Inês')
  expect(await roster([file('people.txt', '')])).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('--format names one'),
  })
}, 60_000)

test('a report has every line, is its owner’s alone and not written over; --continue-from adds to it', async () => {
  const path = file('reported.csv', 'userid,email\nrep1,r1@x.example\nrep2,none\nrep3,r3@x.example\n')
  const report = join(folder, 'report.csv')
  expect((await roster([path, '--report', report])).exitCode).toBe(6)
  const lines = [
    'line,userid,outcome,fields,faults',
    '2,rep1,CREATED,userid;profile.email;permissions,',
    '3,rep2,REFUSED,,profile.email must be an e-mail address',
    '4,rep3,CREATED,userid;profile.email;permissions,',
    '',
  ]
  expect(readFileSync(report, 'utf8')).toBe(lines.join('\r\n'))
  expect(statSync(report).mode & 0o777).toBe(0o600)
  expect(await roster([path, '--report', report])).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('exists') })
  expect((await roster([path, '--report', report, '--continue-from', '4'])).stdout).toBe(
    '0 created, 0 changed, 1 unchanged, 0 refused.\n',
  )
  expect(readFileSync(report, 'utf8')).toBe([...lines.slice(0, -1), '4,rep3,UNCHANGED,,', ''].join('\r\n'))
}, 60_000)

/** Waits until some batches are written, while the process runs. */
async function underWay(stem: string, child: ChildProcess): Promise<void> {
  while ((await users(stem)) === 0) {
    expect(child.exitCode, 'the import ended before it could be stopped').toBeNull()
    await wait(20)
  }
}
const started = (path: string) =>
  spawn(process.execPath, [main, 'import', path, '--create-groups'], {
    env: { ...compiled, ROSTER_URL: app.url, ROSTER_TOKEN: app.admin.token, XDG_CONFIG_HOME: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
const long = (stem: string, count: number) => {
  const lines = Array.from({ length: count }, (_, at) => `${stem}${at},${stem}${at}@x.example,All of ${stem}`)
  return file(`${stem}.csv`, `userid,email,groups\n${lines.join('\n')}\n`)
}
const createdEvents = (stem: string) =>
  app.store.db.prisma.auditEvent.count({ where: { event: 'userCreated', targetName: { startsWith: `bim/${stem}` } } })

test('Ctrl-C ends after a batch and says where to go on', async () => {
  const path = long('stopped', 5_000)
  const child = started(path)
  const ended = new Promise(resolve => child.once('close', resolve))
  await underWay('stopped', child)
  child.kill('SIGINT')
  const [stderr, code] = await Promise.all([text(child.stderr!), ended])
  expect(code).toBe(130)
  const next = Number(/Stopped\. The lines up to \d+ are done\..*--continue-from (\d+)\./.exec(stderr)![1])
  // The header is a line as well.
  expect(await users('stopped')).toBe(next - 2)
  const rest = await roster([path, '--continue-from', String(next)])
  expect(rest).toMatchObject({ stdout: `${5_002 - next} created, 0 changed, 0 unchanged, 0 refused.\n`, exitCode: 0 })
  expect([await users('stopped'), await createdEvents('stopped')]).toEqual([5_000, 5_000])
}, 120_000)

test('after a kill the same command makes whole what is missing', async () => {
  const path = long('killed', 5_000)
  const child = started(path)
  const ended = new Promise(resolve => child.once('close', resolve))
  await underWay('killed', child)
  child.kill('SIGKILL')
  await ended
  const again = await roster([path, '--create-groups'])
  const [created, unchanged] = /^(\d+) created, 0 changed, (\d+) unchanged/.exec(again.stdout)!.slice(1).map(Number)
  expect(created! + unchanged!).toBe(5_000)
  expect(unchanged).toBeGreaterThan(0)
  expect([await users('killed'), await createdEvents('killed')]).toEqual([5_000, 5_000])
  expect(await app.store.db.prisma.membership.count({ where: { group: { name: 'All of killed' } } })).toBe(5_000)
}, 120_000)

test('two of the same file at once make each user once', async () => {
  const path = long('twice', 2_000)
  const both = await Promise.all([roster([path, '--create-groups']), roster([path, '--create-groups'])])
  expect(both.map(({ exitCode }) => exitCode)).toEqual([0, 0])
  const created = both.map(({ stdout }) => Number(/^(\d+) created, 0 changed, \d+ unchanged, 0 refused/.exec(stdout)![1]))
  expect(created[0]! + created[1]!).toBe(2_000)
  expect([await users('twice'), await createdEvents('twice')]).toEqual([2_000, 2_000])
}, 120_000)

test('what cannot be read, and who may not', async () => {
  const cases: [string[], number, string][] = [
    [[join(folder, 'nowhere.csv')], 2, 'There is no file'],
    [[folder, '--format', 'csv'], 2, 'is a directory'],
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
