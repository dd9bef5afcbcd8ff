// `config check` against a real database: right settings, a wrong password, a role without rights, a pooler's lost time limits.
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openStore } from '../../src/platform/database/open.ts'
import { serverUrl, testDatabase } from '../harness/database.ts'
import { cli } from './process.ts'

interface Found {
  about: string
  status: string
  detail: string
  fix?: string
}
const check = async (env: Record<string, string>) => {
  const { stdout, stderr, exitCode } = await cli(['config', 'check', '--json'], env)
  expect(stderr).toBe('')
  const findings = JSON.parse(stdout) as Found[]
  return { findings, exitCode, of: (about: string) => findings.find(finding => finding.about === about) }
}

test('settings with a fault come first, and the database is not opened', async () => {
  const { findings, exitCode } = await check({ PORT: 'x', DATABASE_URL: 'postgresql://roster:geheim@127.0.0.1:1/roster' })
  expect(exitCode).toBe(1)
  expect(findings.map(({ about, status }) => [about, status])).toEqual([
    ['settings', 'fault'],
    ['settings', 'fault'],
    ['database', 'warning'],
  ])
  expect(JSON.stringify(findings)).not.toContain('geheim')
})

describe.skipIf(serverUrl)('the embedded database', () => {
  test('a folder that is not there, one that is in use, one below a file', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'roster-check-'))
    try {
      const fresh = await check({ DATA_DIR: join(folder, 'new') })
      expect([fresh.exitCode, fresh.of('database')?.detail]).toEqual([
        0,
        `embedded, in ${folder}/new, which the first start makes`,
      ])
      const store = await openStore({ databaseUrl: null, dataDir: folder })
      const used = await check({ DATA_DIR: folder }).finally(() => store.close())
      expect(used.of('database')?.detail).toContain(`in use by process ${process.pid}`)
      expect((await check({ DATA_DIR: folder })).of('database')?.detail).toContain('which no process has open')
      expect((await check({ DATA_DIR: 'memory://' })).of('database')?.status).toBe('warning')
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  }, 60_000)
})

describe.skipIf(!serverUrl)('a server', () => {
  const SECRET_KEY = randomBytes(32).toString('base64')
  const role = `check_${randomBytes(4).toString('hex')}`
  let url: string
  let drop: () => Promise<unknown>
  const sql = async (text: string) => {
    const client = new pg.Client(url)
    await client.connect()
    await client.query(text).finally(() => client.end())
  }
  const as = (user: string, password: string) => Object.assign(new URL(url), { username: user, password }).href
  beforeAll(async () => {
    ;({ url, drop } = await testDatabase({ migrated: true }))
    await sql(`CREATE ROLE ${role} LOGIN PASSWORD 'right'`)
  }, 60_000)
  afterAll(async () => {
    await sql(`DROP OWNED BY ${role}; DROP ROLE ${role}`)
    await drop()
  })

  test('all is well', async () => {
    const { findings, exitCode } = await check({ DATABASE_URL: url, SECRET_KEY })
    expect(findings.filter(({ status }) => status === 'fault')).toEqual([])
    expect(exitCode).toBe(0)
    expect(findings.map(({ about }) => about)).toEqual([
      'settings',
      'version',
      'encoding',
      'connection',
      'writes',
      'rights',
      'extension',
      'pooler',
      'role settings',
      'isolation',
      'connections',
      'changes of access',
      'clock',
      'migrations',
    ])
    const text = await cli(['config', 'check'], { DATABASE_URL: url, SECRET_KEY })
    expect(text.stdout).toMatch(/^ok {7}version: PostgreSQL \d+\.\d+$/m)
  })

  test('a role that owns nothing and whose transactions are read-only', async () => {
    await sql(`ALTER ROLE ${role} SET default_transaction_read_only = on`)
    await sql(`ALTER ROLE ${role} SET default_transaction_isolation = 'serializable'`)
    const { of, exitCode } = await check({ DATABASE_URL: as(role, 'right'), SECRET_KEY })
    expect(exitCode).toBe(1)
    expect(of('writes')).toMatchObject({ status: 'fault', fix: `ALTER ROLE ${role} SET default_transaction_read_only = off.` })
    expect(of('rights')).toMatchObject({ status: 'fault', detail: expect.stringContaining(`the role ${role} `) })
    expect(of('migrations')).toMatchObject({ status: 'fault', detail: expect.stringContaining('permission denied') })
    expect(of('isolation')).toMatchObject({ status: 'warning', detail: 'the default of the role is serializable' })
  })

  test.each([
    ['no server', () => 'postgresql://roster:geheim@127.0.0.1:1/roster', 'Start the server'],
    ['no such database', () => Object.assign(new URL(url), { pathname: '/nowhere' }).href, 'CREATE DATABASE'],
  ])('%s: the address without its password, and what to do', async (_, address, fix) => {
    const { of, findings, exitCode } = await check({ DATABASE_URL: address(), SECRET_KEY })
    expect(exitCode).toBe(1)
    expect(of('database')).toMatchObject({ status: 'fault', detail: expect.stringMatching(/^PostgreSQL at .* cannot be used: /) })
    expect(of('database')!.fix).toContain(fix)
    expect(JSON.stringify(findings)).not.toContain('geheim')
  })

  test.each([
    ['nobody listens', () => 'postgresql://roster:geheim@127.0.0.1:1/roster', 'cannot be used: connect ECONNREFUSED'],
    ['another database', () => Object.assign(new URL(url), { pathname: '/postgres' }).href, 'another server or database'],
  ])('DATABASE_DIRECT_URL: %s', async (_, direct, detail) => {
    const { of, exitCode, findings } = await check({ DATABASE_URL: url, DATABASE_DIRECT_URL: direct(), SECRET_KEY })
    expect(exitCode).toBe(1)
    expect(of('changes of access')).toMatchObject({
      status: 'fault',
      detail: expect.stringContaining(detail),
      fix: expect.any(String),
    })
    expect(findings.filter(({ status }) => status === 'fault')).toHaveLength(1)
    expect(JSON.stringify(findings)).not.toContain('geheim')
  })

  test('through DATABASE_DIRECT_URL a notification of DATABASE_URL arrives; a clock that is wrong shows', async () => {
    const env = { DATABASE_URL: url, DATABASE_DIRECT_URL: url, SECRET_KEY }
    expect((await check(env)).of('changes of access')).toMatchObject({
      status: 'ok',
      detail: 'arrive through DATABASE_DIRECT_URL',
    })
    // The process is an hour behind: its clock, and no answer, is shifted.
    const shift = 'const { now } = Date; Date.now = () => now() - 3_600_000'
    const late = await check({ ...env, NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(shift)}` })
    expect(late.exitCode).toBe(0)
    expect(late.of('clock')).toMatchObject({ status: 'warning', fix: expect.stringContaining('NTP') })
    expect(late.of('clock')!.detail).toMatch(/^the database's is 3(599|600)\.\d s ahead of/)
  })

  test('migrate --plan lists what is pending and changes nothing', async () => {
    const empty = await testDatabase({ migrated: false })
    try {
      const env = { DATABASE_URL: empty.url, SECRET_KEY }
      const { stdout } = await cli(['migrate', '--plan', '--json'], env)
      const { pending } = JSON.parse(stdout) as { pending: { name: string; steps: string[] }[] }
      expect(pending[0]!.name).toBe('20261122000000_foundation')
      expect(pending.some(({ steps }) => steps.length > 0)).toBe(true)
      expect((await cli(['migrate', '--plan'], env)).stdout).toContain(`Would apply ${pending.length} migrations:\n`)
      expect((await check(env)).of('migrations')?.detail).toContain(`${pending.length} pending`)
    } finally {
      await empty.drop()
    }
    expect((await cli(['migrate', '--plan'], { DATABASE_URL: url, SECRET_KEY })).stdout).toBe('No migration is pending.\n')
  }, 60_000)
})
