// `roster doctor` beside a running server and on a stopped store: what it finds, that it goes on, changes nothing and shows no secret.
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { type AddressInfo, createServer as createTcp } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { SMTPServer } from 'smtp-server'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freePort } from '../../scripts/demo/free-port.ts'
import { doctor } from '../../src/cli/doctor.ts'
import { backupLines } from '../../src/platform/database/backup.ts'
import { withConnection } from '../../src/platform/database/open.ts'
import type { Finding } from '../../src/platform/finding.ts'
import { compiled } from '../harness/compiled.ts'
import { serverUrl, testDatabase } from '../harness/database.ts'
import { hasPostgres, startPostgres } from '../harness/own.postgres.ts'
import { hasOpenssl, makeCertificate } from '../platform/http/openssl.ts'
import { cli } from './process.ts'

type Env = Record<string, string>
const SECRETS = { admin: 'canary of the administrator', client: 'canary-of-the-client', mail: 'canary-of-the-mail' }
const folder = mkdtempSync(join(tmpdir(), 'roster-doctor-'))
const ends: (() => unknown)[] = []
afterAll(async () => {
  for (const end of ends.reverse()) await end()
  rmSync(folder, { recursive: true, force: true })
})

async function examine(env: Env, ...args: string[]) {
  const { stdout, stderr, exitCode } = await cli(['doctor', '--json', ...args], env)
  for (const secret of [...Object.values(SECRETS), env.SECRET_KEY ?? SECRETS.mail]) expect(stdout + stderr).not.toContain(secret)
  expect(stderr).toBe('')
  const findings = JSON.parse(stdout) as Finding[]
  const of = (about: string) => findings.filter(finding => finding.about === about)
  return { findings, exitCode, of, faults: findings.filter(({ status }) => status === 'fault').map(({ about }) => about) }
}

let env: Env
let url: string
let dead: number
let server: ChildProcess | null = null

async function start() {
  server = spawn(process.execPath, [new URL('../../src/main.ts', import.meta.url).pathname], { env, stdio: 'ignore' })
  for (let look = 0; look < 300; look++) {
    if ((await fetch(`${url}/health/ready`).catch(() => null))?.status === 200) return
    await sleep(100)
  }
  throw new Error('the server does not start')
}
async function stop() {
  if (server === null) return
  const over = once(server, 'exit')
  server.kill('SIGTERM')
  await over
  server = null
}
async function ask(document: string): Promise<any> {
  const post = (path: string, body: object, headers = {}) =>
    fetch(`${url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    }).then(response => response.json() as Promise<any>)
  const { token } = await post('/bim/iam/bim/user/authenticate', { username: 'admin', password: SECRETS.admin })
  const { data, errors } = await post('/graphql', { query: document }, { authorization: `Bearer ${token}` })
  expect(errors).toBeUndefined()
  return data
}
const linesOf = (place: Env) =>
  withConnection({ databaseUrl: place.DATABASE_URL ?? null, dataDir: place.DATA_DIR! }, async client => {
    const lines: string[] = []
    for await (const line of backupLines(client)) lines.push(line)
    return lines
  })

beforeAll(async () => {
  const database = serverUrl ? await testDatabase({ migrated: true }) : null
  ends.push(() => database?.drop())
  const smtp = new SMTPServer({
    disabledCommands: ['STARTTLS'],
    allowInsecureAuth: true,
    closeTimeout: 100,
    onAuth: ({ password }, _, done) =>
      password === SECRETS.mail ? done(null, { user: 'me' }) : done(new Error(`not ${password}`)),
    onMailFrom: (_, __, done) => done(new Error('a check sends no mail')),
  })
  smtp.on('error', () => {})
  const listening = smtp.listen(0, '127.0.0.1')
  await once(listening, 'listening')
  ends.push(() => new Promise<void>(done => smtp.close(() => done())))
  const port = await freePort()
  dead = await freePort()
  url = `http://127.0.0.1:${port}`
  env = {
    ...(database && { DATABASE_URL: database.url, DATABASE_DIRECT_URL: database.url }),
    DATA_DIR: join(folder, 'data'),
    SECRET_KEY: randomBytes(32).toString('base64'),
    ADMIN_PASSWORD: SECRETS.admin,
    PORT: String(port),
    PUBLIC_URL: url,
    SMTP_URL: `smtp://me:${SECRETS.mail}@127.0.0.1:${(listening.address() as AddressInfo).port}`,
    DRAIN_SECONDS: '0',
    LOG_LEVEL: 'error',
    ...compiled,
  }
  await start()
  await ask(`mutation {
    createIam(input: { iamid: "corp", displayName: "Corp", type: OPENID, config: { options: { clientId: "x",
      clientSecret: "${SECRETS.client}", enableSSL: false, discoverUrl: "http://127.0.0.1:${dead}/.well-known/openid-configuration" } } }) { iam { id } }
  }`)
}, 60_000)
afterAll(stop)

test('a server that runs: all is well but the backup; with --sources a provider that does not answer is found', async () => {
  const well = await examine(env)
  expect([well.exitCode, well.faults]).toEqual([0, []])
  expect(well.of('stored secrets')).toEqual([{ about: 'stored secrets', status: 'ok', detail: 'all 1 open' }])
  expect(well.of('server')).toEqual([{ about: 'server', status: 'ok', detail: `ready at ${new URL(url).host}` }])
  expect(well.of('public URL')).toEqual([{ about: 'public URL', status: 'ok', detail: `${url} leads here` }])
  expect(well.of('mail')).toMatchObject([{ status: 'ok', detail: expect.stringMatching(/^127\.0\.0\.1:\d+ takes mail$/) }])
  expect(well.of('source corp')).toEqual([])
  const tested = await examine(env, '--sources')
  expect([tested.exitCode, [...new Set(tested.faults)]]).toEqual([1, ['source corp']])
  expect(tested.of('source corp')[0]).toMatchObject({
    detail: expect.stringMatching(/^The provider: .*ECONNREFUSED.*userid that nobody has\)$/),
    fix: expect.stringContaining('correct the configuration of corp'),
  })
}, 60_000)

test('on a terminal it is a table, and the exit code is that of the findings', async () => {
  const { stdout, exitCode } = await cli(['doctor'], { ...env, SMTP_URL: `smtp://127.0.0.1:${dead}` })
  expect(exitCode).toBe(1)
  expect(stdout).toContain(`fault\tmail\t127.0.0.1:${dead} does not take mail: no connection at CONN\tCorrect SMTP_URL`)
})

describe('a store of a server that is stopped', () => {
  beforeAll(stop)

  test('it stays as it is, row by row', async () => {
    const before = await linesOf(env)
    const { of, exitCode } = await examine(env, '--sources')
    expect(exitCode).toBe(1)
    expect(of('server')).toMatchObject([{ status: 'warning', detail: expect.stringContaining('ECONNREFUSED') }])
    expect(of('public URL')).toMatchObject([{ status: 'warning', detail: `${url} cannot be reached: ECONNREFUSED` }])
    expect(await linesOf(env)).toEqual(before)
  }, 60_000)

  test('another SECRET_KEY opens nothing; with the former beside it a step is left', async () => {
    const other = randomBytes(32).toString('base64')
    const lost = await examine({ ...env, SECRET_KEY: other })
    expect([lost.exitCode, lost.faults]).toEqual([1, ['stored secrets']])
    expect(lost.of('stored secrets')[0]).toMatchObject({
      detail: 'options.clientSecret of corp does not open with SECRET_KEY',
      fix: expect.stringContaining('SECRET_KEY_PREVIOUS'),
    })
    const rotating = await examine({ ...env, SECRET_KEY: other, SECRET_KEY_PREVIOUS: env.SECRET_KEY! })
    expect(rotating.exitCode).toBe(0)
    expect(rotating.of('stored secrets')).toMatchObject([{ status: 'warning', fix: expect.stringContaining('roster secrets') }])
  }, 60_000)

  test('what is on the ports is something else, or says nothing: each has its time', async () => {
    const other = createServer((_, response) => response.writeHead(404).end('<h1>Welcome</h1>'))
    const silent = createTcp(() => {})
    for (const one of [other, silent]) await new Promise<void>(done => one.listen(0, '127.0.0.1', done))
    const portOf = (one: typeof other | typeof silent) => (one.address() as AddressInfo).port
    const changed = {
      PORT: `${portOf(other)}`,
      PUBLIC_URL: `http://127.0.0.1:${portOf(silent)}`,
      SMTP_URL: `smtp://127.0.0.1:${portOf(silent)}`,
    }
    const began = performance.now()
    const { of, faults } = await examine({ ...env, ...changed })
    expect(performance.now() - began).toBeLessThan(15_000)
    expect(faults.toSorted()).toEqual(['mail', 'server'])
    expect(of('server')[0]!.detail).toBe(`what answers at 127.0.0.1:${portOf(other)} is no Roster (status 404)`)
    expect(of('mail')[0]!.detail).toContain('no answer in time')
    expect(of('public URL')).toMatchObject([{ status: 'warning', detail: expect.stringContaining('no answer within 5 s') }])
    for (const one of [other, silent]) one.close()
  }, 60_000)

  test.skipIf(!hasOpenssl)(
    'a certificate that ends in two days',
    async () => {
      makeCertificate(folder, 'soon')
      const files = { TLS_CERT: join(folder, 'soon.crt'), TLS_KEY: join(folder, 'soon.key') }
      const { PUBLIC_URL: _, ...rest } = env
      const { of } = await examine({ ...rest, ...files })
      expect(of('certificates')).toMatchObject([
        { status: 'warning', detail: expect.stringMatching(/^TLS_CERT is valid until .*, 1 day more$/) },
      ])
      expect(of('public URL')).toEqual([])
    },
    60_000,
  )

  test('a folder for old audit events that is not there', async () => {
    const gone = await examine({ ...env, AUDIT_DAYS: '400', AUDIT_EXPORT_DIR: join(folder, 'nowhere') })
    expect([gone.exitCode, gone.faults]).toEqual([1, ['audit export']])
    expect(gone.of('audit export')[0]!.detail).toContain('nowhere cannot be used: ENOENT')
    const there = await examine({ ...env, AUDIT_DAYS: '400', AUDIT_EXPORT_DIR: folder })
    expect(there.of('audit export')).toMatchObject([{ status: 'ok' }])
  }, 60_000)

  test.skipIf(serverUrl)(
    'the age of the backup, and a key that is gone',
    async () => {
      expect((await examine(env)).of('backup')).toMatchObject([{ status: 'warning', detail: 'none is known' }])
      expect((await cli(['backup', join(folder, 'b.gz')], env)).exitCode).toBe(0)
      expect((await examine(env)).of('backup')).toMatchObject([{ status: 'ok', detail: expect.stringMatching(/, 0 days ago$/) }])
      const old = new Date(Date.now() - 9 * 86_400_000)
      writeFileSync(join(env.DATA_DIR!, 'last-backup.json'), JSON.stringify({ at: old }))
      utimesSync(env.DATA_DIR!, old, old)
      expect((await examine(env)).of('backup')).toMatchObject([
        { status: 'warning', detail: expect.stringMatching(/, 9 days ago$/) },
      ])
      const { SECRET_KEY: _, ...keyless } = env
      const { of, faults } = await examine(keyless)
      expect(faults).toEqual(['stored secrets'])
      expect(of('stored secrets')[0]!.detail).toBe('secret.key is missing in DATA_DIR, and SECRET_KEY is not set')
      expect(existsSync(join(env.DATA_DIR!, 'secret.key'))).toBe(false)
    },
    60_000,
  )
})

test.skipIf(serverUrl)('a folder without a store stays without one', async () => {
  const place = { DATA_DIR: join(folder, 'fresh'), PORT: '0' }
  const { of, exitCode } = await examine(place)
  expect(exitCode).toBe(0)
  expect(of('store')).toEqual([{ about: 'store', status: 'ok', detail: 'the first start makes it' }])
  expect(existsSync(place.DATA_DIR)).toBe(false)
})

test('settings with a fault: nothing else is looked at', async () => {
  const { findings, exitCode } = await examine({ PORT: 'x', DATABASE_URL: 'postgresql://me:canary-of-the-mail@127.0.0.1/x' })
  expect(exitCode).toBe(1)
  expect(findings.at(-1)).toMatchObject({ about: 'all else', status: 'warning' })
})

test.skipIf(!serverUrl)(
  'a database with pending migrations is not migrated',
  async () => {
    const { url: DATABASE_URL, drop } = await testDatabase({ migrated: false })
    const place = { DATABASE_URL, SECRET_KEY: env.SECRET_KEY!, PORT: '0' }
    const { of, exitCode } = await examine(place)
    expect(exitCode).toBe(0)
    expect(of('migrations')[0]!.detail).toMatch(/^\d+ pending/)
    expect(of('store')).toMatchObject([{ status: 'warning', detail: expect.stringContaining('would apply the pending') }])
    const { text } = await doctor(place, { json: true })
    expect(text).toMatch(/\d+ pending/)
    await drop()
  },
  60_000,
)

test.skipIf(serverUrl || !hasPostgres())(
  'a database that stands still ends its check, and the others are made',
  async () => {
    const own = await startPostgres()
    try {
      own.freeze()
      const began = performance.now()
      const { of, exitCode, faults } = await examine({ DATABASE_URL: own.url, SECRET_KEY: env.SECRET_KEY!, PORT: '0' })
      expect(performance.now() - began).toBeLessThan(30_000)
      expect([exitCode, faults]).toEqual([1, ['database']])
      expect(of('mail')).toMatchObject([{ status: 'ok' }])
      expect(of('store')).toMatchObject([{ status: 'warning' }])
    } finally {
      await own.end()
    }
  },
  90_000,
)
