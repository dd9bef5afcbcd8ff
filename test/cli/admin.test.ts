// The command `admin` runs in a process of its own, on a closed store and beside a server that has the store open.
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freePort } from '../../scripts/demo/free-port.ts'
import { admin as runAdmin } from '../../src/cli/admin.ts'
import { openStore } from '../../src/platform/database/open.ts'
import { compiled } from '../harness/compiled.ts'
import { serverUrl, testDatabase } from '../harness/database.ts'
import { main } from './process.ts'

const PASSWORD = 'the first password'
let dataDir: string
let database: Awaited<ReturnType<typeof testDatabase>> | null = null
let env: Record<string, string>
let server: ChildProcess | null = null
let url: string

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'roster-admin-'))
  database = serverUrl ? await testDatabase({ migrated: true }) : null
  const port = await freePort()
  url = `http://127.0.0.1:${port}`
  env = {
    ...(database && { DATABASE_URL: database.url }),
    DATA_DIR: dataDir,
    SECRET_KEY: randomBytes(32).toString('base64'),
    ADMIN_PASSWORD: PASSWORD,
    PASSWORD_MIN_LENGTH: '8',
    PORT: String(port),
    LOG_LEVEL: 'error',
    ...compiled,
  }
  await start()
}, 60_000)
afterAll(async () => {
  await stop()
  await database?.drop()
  rmSync(dataDir, { recursive: true, force: true })
})

async function start() {
  server = spawn(process.execPath, [new URL('../../src/main.ts', import.meta.url).pathname], { env, stdio: 'ignore' })
  for (let look = 0; look < 300; look++) {
    if ((await fetch(`${url}/health/ready`).catch(() => null))?.status === 200) return
    await sleep(100)
  }
  throw new Error('the server does not start')
}
async function stop(signal: NodeJS.Signals = 'SIGTERM') {
  if (server === null) return
  const over = new Promise(done => server!.once('exit', done))
  server.kill(signal)
  await over
  server = null
}

/** `npm run admin -- …` with this on standard input. */
async function admin(args: string[], input = '', more: Record<string, string> = {}) {
  const child = spawn(process.execPath, [main, 'admin', ...args], { env: { ...env, ...more }, stdio: ['pipe', 'pipe', 'pipe'] })
  const exit = new Promise<number | null>(done => child.once('close', done))
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  const [stdout, stderr, exitCode] = await Promise.all([text(child.stdout), text(child.stderr), exit])
  return { stdout, stderr, exitCode }
}
const logIn = async (username: string, password: string) => {
  const response = await fetch(`${url}/bim/iam/bim/user/authenticate`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username, password }),
  })
  return { status: response.status, token: ((await response.json()) as { token?: string }).token }
}
const shownPassword = (stdout: string) => /^ {2}password {2}(\S+)$/m.exec(stdout)?.[1]
async function graphql(token: string, query: string): Promise<any> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ query }),
  })
  return ((await response.json()) as { data: unknown }).data
}

describe('while the server runs', () => {
  test('unlock ends the locks of an account, here its own address that failed too often', async () => {
    for (let index = 0; index < 14; index++) await logIn('admin', 'wrong')
    expect((await logIn('admin', PASSWORD)).status).toBe(429)
    expect(await admin(['unlock', '--user', 'ADMIN'])).toEqual({ stdout: 'bim/ADMIN is unlocked.\n', stderr: '', exitCode: 0 })
    expect((await logIn('admin', PASSWORD)).status).toBe(200)
    expect((await admin(['unlock', '--user', 'bim/admin'])).stdout).toBe('bim/admin was not locked.\n')
  }, 60_000)

  test('unlock --address ends the lock of an address', async () => {
    for (let index = 0; index < 105; index++) await logIn(`nobody${index}`, 'wrong')
    expect((await logIn('admin', PASSWORD)).status).toBe(429)
    expect((await admin(['unlock', '--address', '127.0.0.1'])).stdout).toBe('127.0.0.1 is unlocked.\n')
    expect((await logIn('admin', PASSWORD)).status).toBe(200)
  }, 60_000)

  test('set-password takes a line of standard input, ends sessions and never shows the password', async () => {
    const { token } = await logIn('admin', PASSWORD)
    const done = await admin(['set-password', '--user', 'admin'], 'the second password\nnot this line\n')
    expect(done).toEqual({
      stdout: 'The password of bim/admin is set, sessions and locks of the account are ended.\n',
      stderr: '',
      exitCode: 0,
    })
    expect((await graphql(token!, '{ viewer { user { userid } } }'))?.viewer ?? null).toBeNull()
    expect((await logIn('admin', PASSWORD)).status).toBe(401)
    expect((await logIn('admin', 'the second password')).status).toBe(200)
  }, 60_000)

  test('set-password without input makes one and prints it', async () => {
    for (const args of [[], ['--generate']]) {
      const { stdout, exitCode } = await admin(['set-password', '--user', 'admin', ...args])
      expect(exitCode).toBe(0)
      expect((await logIn('admin', shownPassword(stdout)!)).status).toBe(200)
    }
    await admin(['set-password', '--user', 'admin'], PASSWORD)
  }, 60_000)

  test('create makes an administrator; one who exists needs --grant', async () => {
    const { stdout, exitCode } = await admin(['create', '--user', 'rescue'])
    expect({ stdout, exitCode }).toMatchObject({
      exitCode: 0,
      stdout: /^bim\/rescue is created, with every administrative permission\.$/m,
    })
    const { token } = await logIn('rescue', shownPassword(stdout)!)
    const { viewer } = await graphql(token!, '{ viewer { user { permissions } } }')
    expect(viewer.user.permissions).toEqual(expect.arrayContaining(['APPLICATION_ADMIN', 'USER_ADMIN', 'AUDIT', 'GOVERNANCE']))
    const again = await admin(['create', '--user', 'rescue'])
    expect(again).toMatchObject({
      stdout: '',
      exitCode: 1,
      stderr: expect.stringMatching(/With --grant the account that exists/),
    })
    await graphql(
      token!,
      'mutation { createUser(input: { userid: "plain", password: "password of plain", profile: { name: "P" } }) { user { id: databaseId } } }',
    )
    expect(await admin(['create', '--user', 'plain', '--grant'])).toEqual({
      stdout: 'bim/plain holds every administrative permission.\n',
      stderr: '',
      exitCode: 0,
    })
    const plain = await logIn('plain', 'password of plain')
    const found = await graphql(plain.token!, '{ viewer { user { permissions } } }')
    expect(found.viewer.user.permissions).toContain('USER_ADMIN')
  }, 60_000)

  test('is audited as the operator', async () => {
    const { token } = await logIn('admin', PASSWORD)
    const { auditEvents } = await graphql(token!, '{ auditEvents(first: 1000) { nodes { event actor targetName outcome } } }')
    const byOperator = auditEvents.nodes.filter(({ actor }: { actor: string }) => actor === 'operator')
    expect(byOperator).toEqual(
      expect.arrayContaining([
        { event: 'loginUnlocked', actor: 'operator', targetName: 'bim/admin', outcome: 'DONE' },
        { event: 'loginUnlocked', actor: 'operator', targetName: 'address 127.0.0.1', outcome: 'DONE' },
        { event: 'passwordChanged', actor: 'operator', targetName: 'bim/admin', outcome: 'DONE' },
        { event: 'userCreated', actor: 'operator', targetName: 'bim/rescue', outcome: 'DONE' },
        { event: 'permissionsUpdated', actor: 'operator', targetName: 'bim/plain', outcome: 'DONE' },
      ]),
    )
  })

  test('names what is wrong and changes nothing', async () => {
    const refusals: [string[], string, number, RegExp][] = [
      [['set-password', '--user', 'nobody'], 'a long password', 1, /^No user/],
      [['set-password', '--user', 'admin'], 'short', 1, /^password must be 8 to 1024 characters/],
      [['unlock', '--user', 'nobody'], '', 1, /^No user bim\/nobody, and no failed log-in under that name/],
      [['unlock', '--user', 'nowhere/ana'], '', 1, /nowhere/],
      [['create', '--user', 'nobody', '--grant'], '', 1, /^No user/],
      [['create', '--user', ' admin '], 'a long password', 1, /userid/],
      [[], '', 2, /^Usage: roster admin /],
      [['remove', '--user', 'admin'], '', 2, /^Unknown command 'remove'/],
      [['set-password'], '', 2, /^Required option '--user <\[iamid\/\]userid>' not specified/],
      [['set-password', '--user', 'admin', '--address', '192.0.2.1'], '', 2, /^Unknown option '--address'/],
      [['unlock', '--user', 'admin', '--grant'], '', 2, /^Unknown option '--grant'/],
      [['set-password', '--user', 'admin', '--password', 'x'], '', 2, /^Unknown option '--password'/],
      [['unlock', 'create', '--user', 'admin'], '', 2, /^Too many arguments for 'unlock'/],
    ]
    for (const [args, input, code, reason] of refusals) {
      const { stdout, stderr, exitCode } = await admin(args, input)
      expect({ stdout, exitCode }, args.join(' ')).toEqual({ stdout: '', exitCode: code })
      expect(stderr, args.join(' ')).toMatch(reason)
    }
    expect((await logIn('admin', PASSWORD)).status).toBe(200)
  }, 120_000)

  test.skipIf(serverUrl)(
    'the socket of the embedded store is for its owner alone, and gone with the server',
    async () => {
      const path = join(dataDir, 'admin.sock')
      expect(statSync(path).isSocket()).toBe(true)
      expect(statSync(path).mode & 0o777).toBe(0o600)
      await stop()
      expect(statSync(path, { throwIfNoEntry: false })).toBeUndefined()
      // One that a killed server left is no server.
      await start()
      await stop('SIGKILL')
      expect(statSync(path).isSocket()).toBe(true)
    },
    60_000,
  )
})

describe('without a server', () => {
  beforeAll(() => stop())

  test('the same on the store alone', async () => {
    const { stdout, exitCode } = await admin(['set-password', '--user', 'admin'], 'set while it was stopped\n')
    expect({ stdout, exitCode }).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/^The password of bim\/admin is set/),
    })
    const store = await openStore({ databaseUrl: database?.url ?? null, dataDir })
    const rows = await store.db.query<{ name: string; kind: string }>(
      'SELECT actor_name AS name, actor_kind AS kind FROM audit_events ORDER BY id DESC LIMIT 1',
    )
    await store.close()
    expect(rows).toEqual([{ name: 'operator', kind: 'machine' }])
    await start()
    expect((await logIn('admin', 'set while it was stopped')).status).toBe(200)
  }, 60_000)
})

// In this process: each is refused before a setting is read.
test.each<[Parameters<typeof runAdmin>[1], Parameters<typeof runAdmin>[2], string]>([
  ['unlock', {}, 'Either --user or --address is needed.'],
  ['unlock', { user: 'admin', address: '192.0.2.1' }, 'Either --user or --address is needed.'],
  ['set-password', { user: 'bim/' }, '--user must be USERID or IAMID/USERID.'],
  ['set-password', { user: '/admin' }, '--user must be USERID or IAMID/USERID.'],
  ['create', { user: 'admin', grant: true, generate: true }, '--generate goes with a new password only'],
])('%s with %j is refused', async (name, options, reason) => {
  const refused = await runAdmin({}, name, options).catch(error => error)
  expect(refused).toMatchObject({ message: expect.stringContaining(reason), exitCode: 2 })
})

test('--help prints its own help', async () => {
  const { stdout, stderr, exitCode } = await admin(['--help'])
  expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 })
  expect(stdout).toMatch(/^Usage: roster admin /)
  for (const name of ['unlock', 'set-password', 'create']) expect(stdout).toMatch(new RegExp(`^ {2}${name} `, 'm'))
})
