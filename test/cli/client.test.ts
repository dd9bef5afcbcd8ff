// The commands that talk to a running server, each in a process of its own, against the real one.
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { parse } from 'csv-parse/sync'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freePort } from '../../scripts/demo/free-port.ts'
import { bootApp, type Person, type TestApp } from '../harness/app.ts'
import { compiled } from '../harness/compiled.ts'
import { main } from './process.ts'

let app: TestApp
let folder: string
let ana: Person
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'roster-client-'))
  app = await bootApp()
  ana = await app.as(['AUDIT'], { userid: 'ana', name: '=Ana' })
}, 60_000)
afterAll(async () => {
  await app?.close()
  rmSync(folder, { recursive: true, force: true })
})

async function roster(args: string[], { env = {}, input = '' }: { env?: Record<string, string>; input?: string } = {}) {
  const settings = { ...compiled, XDG_CONFIG_HOME: folder, ...env }
  const child = spawn(process.execPath, [main, ...args], { env: settings, stdio: ['pipe', 'pipe', 'pipe'] })
  const exit = new Promise<number | null>(resolve => child.once('close', resolve))
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  const [stdout, stderr, exitCode] = await Promise.all([text(child.stdout), text(child.stderr), exit])
  return { stdout, stderr, exitCode }
}
const asAdmin = (args: string[]) => roster(args, { env: { ROSTER_URL: app.url, ROSTER_TOKEN: app.admin.token } })
const asAna = (args: string[]) => roster(args, { env: { ROSTER_URL: app.url, ROSTER_TOKEN: ana.token } })

describe('login', () => {
  test('keeps the token of a password from standard input, which logout revokes', async () => {
    const { stdout, stderr, exitCode } = await roster(['login', '--url', app.url, '--user', 'ana', '--profile', 'a'], {
      input: `${ana.password}\n`,
    })
    expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 })
    const file = join(folder, 'roster', 'profiles.json')
    expect(stdout).toContain(`Logged in at ${app.url}/ as bim/ana, profile a.`)
    expect(stdout).toContain(file)
    expect(statSync(file).mode & 0o777).toBe(0o600)
    const { a } = JSON.parse(readFileSync(file, 'utf8'))
    expect(stdout).not.toContain(a.token)
    const who = await roster(['whoami', '--json', '--profile', 'a'])
    expect(JSON.parse(who.stdout)).toEqual({ url: `${app.url}/`, iamid: 'bim', userid: 'ana', credential: 'LOGIN' })
    const out = await roster(['logout', '--profile', 'a'])
    expect(out.stdout).toBe('The profile a is removed; its token is revoked.\n')
    expect((await roster(['whoami', '--profile', 'a'])).exitCode).toBe(4)
    expect((await app.graphql('{ viewer { user { userid } } }', {}, a.token)).data?.viewer ?? null).toBeNull()
  })

  test('takes an API key from standard input', async () => {
    const done = await roster(['login', '--url', app.url, '--with-token'], { input: `${await ana.key()}\n` })
    expect(done.exitCode).toBe(0)
    expect((await roster(['whoami'])).stdout).toBe(`bim/ana at ${app.url}/, with a credential of the kind API_KEY\n`)
  })

  test('refuses what is wrong, and keeps nothing', async () => {
    const closed = `http://127.0.0.1:${await freePort()}`
    const refusals: [string[], string, number, string][] = [
      [['--url', app.url, '--user', 'ana'], 'wrong\n', 4, 'roster login --url'],
      [['--url', app.url, '--with-token'], 'nonsense\n', 4, ''],
      [['--url', app.url, '--with-token'], '\n', 2, 'is empty'],
      [['--url', app.url], 'x\n', 2, '--user is needed'],
      [['--url', closed, '--user', 'ana'], 'x\n', 5, 'is unreachable: ECONNREFUSED'],
      [['--user', 'ana'], 'x\n', 2, '--url is needed at the first log-in'],
      [['--url', app.url, '--password', 'x'], '', 2, "Unknown option '--password'"],
    ]
    for (const [args, input, code, reason] of refusals) {
      const { stdout, stderr, exitCode } = await roster(['login', '--profile', 'none', ...args], { input })
      expect({ stdout, exitCode }, args.join(' ')).toEqual({ stdout: '', exitCode: code })
      expect(stderr, args.join(' ')).toContain(reason)
    }
    expect((await roster(['whoami', '--profile', 'none'])).stderr).toContain('Not logged in (profile none)')
  }, 60_000)
})

describe('query', () => {
  test('prints the data, takes variables and standard input', async () => {
    const { stdout, exitCode } = await asAdmin(['query', '{ viewer { user { userid } } }'])
    expect([JSON.parse(stdout), exitCode]).toEqual([{ viewer: { user: { userid: 'admin' } } }, 0])
    const args = ['query', '--file', '-', '--variables', '{"i": "bim"}']
    const env = { ROSTER_URL: app.url, ROSTER_TOKEN: app.admin.token }
    const named = await roster(args, { env, input: 'query ($i: String!) { iam(iamid: $i) { iamid } }' })
    expect(JSON.parse(named.stdout)).toEqual({ iam: { iamid: 'bim' } })
  })

  test('errors go to standard error, with an exit code by their meaning', async () => {
    const cases: [string, number, string][] = [
      ['{ nothing }', 1, 'nothing'],
      ['{ attributeKeys { nodes { key } } }', 4, 'FORBIDDEN: '],
      ['{ user(ref: {name: {userid: "nobody"}}) { userid } }', 3, 'NOT_FOUND: '],
    ]
    for (const [document, code, reason] of cases) {
      const { stderr, exitCode } = await asAna(['query', document])
      expect(exitCode, document).toBe(code)
      expect(stderr).toContain(reason)
    }
    const bad = await asAna(['query', '{ a }', '--variables', '[1]'])
    expect(bad).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('--variables must be a JSON object') })
    expect((await asAna(['query'])).stderr).toContain('Either a document or --file is needed.')
  })
})

describe('list and show', () => {
  test('users, with a search and a filter', async () => {
    const { stdout, stderr } = await asAdmin(['user', 'list', '--search', 'ana', '--filter', '{"permission": "AUDIT"}'])
    expect(stderr).toBe('')
    expect(stdout.split('\n').map(line => line.split('\t').slice(0, 2))).toEqual([['USER', 'NAME'], ['bim/ana', '=Ana'], ['']])
    const one = await asAdmin(['user', 'list', '--limit', '1', '--json'])
    expect(JSON.parse(one.stdout)).toMatchObject({ nodes: [{ iamid: 'bim' }], pageInfo: { hasNextPage: true } })
    const more = await asAdmin(['user', 'list', '--limit', '1'])
    const after = /--after (\S+)/.exec(more.stderr)![1]!
    expect((await asAdmin(['user', 'list', '--after', after])).stdout.split('\n')).toHaveLength(3)
    expect((await asAdmin(['user', 'list', '--limit', '0'])).exitCode).toBe(2)
  })

  test('one user, group, key and identity source', async () => {
    await app.graphql('mutation { createGroup(input: {name: "Sales/EMEA"}) { group { name } } }')
    await ana.key()
    expect((await asAdmin(['user', 'show', 'ana'])).stdout).toMatch(/^user +bim\/ana\nname +=Ana\n[\s\S]*permissions +.*AUDIT/)
    expect((await asAdmin(['group', 'show', 'bim/Sales/EMEA'])).stdout).toMatch(/^group +bim\/Sales\/EMEA\nmembers +0\n/)
    expect((await asAdmin(['group', 'list'])).stdout).toContain('bim/Sales/EMEA')
    const keys = JSON.parse((await asAdmin(['key', 'list', '--user', 'ana', '--json'])).stdout)
    expect((await asAdmin(['key', 'show', keys.nodes[0].id])).stdout).toContain(keys.nodes[0].prefix)
    expect((await asAdmin(['iam', 'list'])).stdout).toMatch(/^bim\t/m)
    expect(JSON.parse((await asAdmin(['iam', 'show', 'bim', '--json'])).stdout)).toMatchObject({ iamid: 'bim' })
  }, 60_000)

  test('what is not there has the exit code 3, what is not allowed 4', async () => {
    for (const args of [
      ['user', 'show', 'nobody'],
      ['group', 'show', 'nothing'],
      ['iam', 'show', 'nothing'],
    ])
      expect((await asAdmin(args)).exitCode, args.join(' ')).toBe(3)
    expect((await asAna(['group', 'show', 'nothing'])).exitCode).toBe(4)
    expect((await roster(['user', 'list'], { env: { ROSTER_URL: app.url, ROSTER_TOKEN: 'x' } })).exitCode).toBe(4)
  }, 60_000)
})

test('why: where a permission comes from; exit code 1 without it', async () => {
  const has = await asAdmin(['why', 'ana', 'AUDIT'])
  expect(has).toMatchObject({ exitCode: 0, stderr: '' })
  expect(has.stdout).toMatch(/^bim\/ana has AUDIT:\n {2}from a local grant, since \S+, by \S+\n$/)
  expect(await asAdmin(['why', 'bim/ana', 'GOVERNANCE'])).toEqual({
    stdout: 'bim/ana does not have GOVERNANCE.\n',
    stderr: '',
    exitCode: 1,
  })
  const found = JSON.parse((await asAdmin(['why', 'ana', 'AUDIT', '--json'])).stdout)
  expect(found).toMatchObject({ userid: 'ana', holds: true, grants: [{ permission: 'AUDIT', source: 'bim' }] })
  const plain = await app.as([])
  const env = { ROSTER_URL: app.url, ROSTER_TOKEN: plain.token }
  expect((await roster(['why', 'admin', 'AUDIT'], { env })).exitCode).toBe(4)
  expect((await asAdmin(['why', 'nobody', 'AUDIT'])).exitCode).toBe(3)
})

describe('export', () => {
  test('users as CSV, a formula behind an apostrophe, and as JSON Lines', async () => {
    const csv = await asAdmin(['export', 'users', '--search', 'ana'])
    expect(csv).toMatchObject({ exitCode: 0, stderr: '1 row\n' })
    const [row] = parse(csv.stdout, { columns: true }) as Record<string, string>[]
    expect(row).toMatchObject({ iamid: 'bim', userid: 'ana', name: "'=Ana", kind: 'PERSON', disabled: 'false' })
    expect(row!.permissions).toContain('AUDIT')
    const raw = await asAdmin(['export', 'users', '--search', 'ana', '--raw'])
    expect((parse(raw.stdout, { columns: true }) as Record<string, string>[])[0]!.name).toBe('=Ana')
    const lines = await asAdmin(['export', 'users', '--search', 'ana', '--format', 'jsonl'])
    expect(
      lines.stdout
        .trim()
        .split('\n')
        .map(line => JSON.parse(line)),
    ).toMatchObject([{ userid: 'ana', name: '=Ana' }])
  })

  test('all pages, each row once; groups and audit too', async () => {
    for (let part = 0; part < 6; part++) {
      const many = Array.from(
        { length: 50 },
        (_, at) => `g${part}x${at}: createGroup(input: {name: "G ${part} ${at}"}) { group { name } }`,
      )
      expect((await app.graphql(`mutation { ${many.slice(0, 25).join(' ')} }`)).errors).toBeUndefined()
      expect((await app.graphql(`mutation { ${many.slice(25).join(' ')} }`)).errors).toBeUndefined()
    }
    const { stdout, stderr } = await asAdmin(['export', 'groups', '--format', 'jsonl', '--search', 'g'])
    const names = stdout
      .trim()
      .split('\n')
      .map(line => JSON.parse(line).name)
    expect([names.length, new Set(names).size, stderr]).toEqual([300, 300, '300 rows\n'])
    const audit = await asAna(['export', 'audit', '--filter', '{"events": ["groupCreated"]}'])
    const events = parse(audit.stdout, { columns: true }) as Record<string, string>[]
    expect(events.length).toBeGreaterThanOrEqual(300)
    expect(events[0]).toMatchObject({ event: 'groupCreated', outcome: 'DONE', actor: 'bim/admin' })
  }, 120_000)

  test('what is not allowed or not there to export', async () => {
    expect((await asAdmin(['export', 'users', '--filter', '{"nothing": 1}'])).stderr).toContain('nothing')
    expect((await asAdmin(['export', 'keys'])).exitCode).toBe(2)
    const plain = await app.as([])
    const refused = await roster(['export', 'audit'], { env: { ROSTER_URL: app.url, ROSTER_TOKEN: plain.token } })
    expect(refused.exitCode).toBe(4)
  })
})

test('an answer that is none of Roster, and a redirect', async () => {
  const server = createServer((request, response) => {
    if (request.url!.startsWith('/moved/')) response.writeHead(308, { location: 'https://roster.example/graphql' }).end()
    else response.end('<html>')
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  try {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const other = await roster(['whoami'], { env: { ROSTER_URL: url, ROSTER_TOKEN: 'x' } })
    expect(other).toMatchObject({ exitCode: 5, stderr: expect.stringContaining('is no Roster') })
    const moved = await roster(['whoami'], { env: { ROSTER_URL: `${url}/moved`, ROSTER_TOKEN: 'x' } })
    expect(moved).toMatchObject({ exitCode: 5, stderr: expect.stringContaining('redirects to https://roster.example/graphql') })
  } finally {
    server.close()
  }
})
