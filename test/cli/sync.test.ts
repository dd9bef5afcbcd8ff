// `npm run sync`, on a store that nobody has open and at a gateway that runs.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freePort } from '../../scripts/demo/free-port.ts'
import { asOperator, startApp } from '../../src/app.ts'
import { iams } from '../../src/domain/iams/iams.service.ts'
import { createFirstAdministrator } from '../../src/domain/users/first-administrator.service.ts'
import { loadConfig } from '../../src/platform/config/config.ts'
import { readPage } from '../../src/platform/database/pagination.ts'
import { runList } from '../../src/sync/runs.store.ts'
import { type TlsProxy, tlsProxy } from '../connectors/tls-proxy.ts'
import { compiled } from '../harness/compiled.ts'
import { serverUrl, testDatabase } from '../harness/database.ts'
import { type Slapd, sayWhenSkipped, slapdFolder } from '../harness/slapd.ts'
import { configOf, personLdif, startDirectory } from '../sync/organisation.ts'
import { cli, main } from './process.ts'

sayWhenSkipped('npm run sync')

describe.skipIf(slapdFolder === null)('npm run sync', () => {
  let slapd: Slapd
  let gate: TlsProxy
  let place: string
  let database: { url: string; drop(): Promise<void> } | null
  let env: Record<string, string>
  beforeAll(async () => {
    slapd = await startDirectory(Array.from({ length: 25 }, (_, at) => personLdif(`u${at}`)))
    gate = await tlsProxy(slapd)
    place = mkdtempSync(join(tmpdir(), 'roster-cli-sync-'))
    database = serverUrl ? await testDatabase({ migrated: true }) : null
    env = {
      DATA_DIR: place,
      ADMIN_PASSWORD: 'correct horse battery staple',
      SECRET_KEY: Buffer.alloc(32, 3).toString('base64'),
      ...(database && { DATABASE_URL: database.url }),
    }
    await asOperator(loadConfig(env), 'test', async operator => {
      await createFirstAdministrator(operator)
      for (const [id, pageSize, port] of [
        ['small', 100, slapd.port],
        ['large', 10, slapd.port],
        ['slow', 10, gate.port],
      ] as const) {
        const config = configOf(slapd, { options: { port, connectTimeout: 5_000 }, ldapSync: { pageSize } })
        await iams.create(operator, { id, displayName: id, type: 'ldap', config })
      }
    })
  }, 60_000)
  afterAll(async () => {
    await gate?.close()
    await slapd?.close()
    await database?.drop()
    if (place) rmSync(place, { recursive: true, force: true })
  })

  test.each(['small', 'large'])(
    'a dry run, and a real one: %s',
    async iam => {
      const dry = await cli(['sync', '--iam', iam, '--dry-run'], env)
      expect(dry).toMatchObject({
        exitCode: 0,
        stdout: expect.stringMatching(/^Sync \d+ is finished: 25 people seen, 0 as they were, 25 changes would be made\.\n$/),
      })
      const real = await cli(['sync', `--iam=${iam}`], env)
      expect(real).toMatchObject({
        exitCode: 0,
        stdout: expect.stringMatching(/ is finished: 25 people seen, 0 as they were, 25 of 25 changes made\.\n$/),
      })
      expect(real.stderr).toMatch(/finished\n$/)
    },
    60_000,
  )

  test('what it refuses', async () => {
    expect(await cli(['sync'], env)).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("'--iam <id>'") })
    expect(await cli(['sync', '--iam', 'nobody'], env)).toMatchObject({ exitCode: 1, stderr: 'No IAM nobody\n' })
    expect(await cli(['sync', '--iam', 'bim'], env)).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('iamid must not be bim'),
    })
    expect(await cli(['sync', '--sideways'], env)).toMatchObject({ exitCode: 2 })
  }, 60_000)

  test('one that is interrupted says so, and is gone on with by the next', async () => {
    // The first page is read at once, and shows that there are more; the rest is read as work of its own.
    gate.is('through once, then hangs')
    const child = spawn(process.execPath, [main, 'sync', '--iam', 'slow'], {
      env: { ...compiled, ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const output = text(child.stdout)
    await expect.poll(() => gate.waiting(), { timeout: 20_000 }).toBe(1)
    child.kill('SIGINT')
    const [exitCode] = await once(child, 'exit')
    gate.is('through')
    expect({ exitCode, stdout: await output }).toMatchObject({
      exitCode: 130,
      stdout: expect.stringMatching(
        /^Sync \d+ is not over: the next npm run sync goes on with it, or a gateway on this store\.\n$/,
      ),
    })
    const next = await cli(['sync', '--iam', 'slow'], env)
    expect(next).toMatchObject({
      exitCode: 0,
      stderr: expect.stringMatching(/^Sync \d+ was left under way: it goes first\.\n/),
      stdout: expect.stringContaining('25 people seen, 25 as they were, 0 of 0 changes made'),
    })
  }, 60_000)

  test('a gateway that is away, something else, and no token', async () => {
    const token = { ROSTER_TOKEN: 'rt_some' }
    const nowhere = `http://127.0.0.1:${await freePort()}`
    expect(await cli(['sync', '--iam', 'large', '--url', nowhere], token)).toMatchObject({
      exitCode: 1,
      stderr: `The gateway at ${nowhere} is unreachable: ECONNREFUSED\n`,
    })
    const page = createServer((_, response) => void response.end('<html>')).listen(0, '127.0.0.1')
    await once(page, 'listening')
    const url = `http://127.0.0.1:${(page.address() as AddressInfo).port}`
    expect(await cli(['sync', '--iam', 'large', '--url', url], token)).toMatchObject({
      exitCode: 1,
      stderr: `What answers at ${url} is no gateway, or one that is away (status 200)\n`,
    })
    page.close()
    expect(await cli(['sync', '--iam', 'large', '--url', url], {})).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('ROSTER_TOKEN is not set'),
    })
  }, 60_000)

  test('at a gateway that runs', async () => {
    const running = await startApp(loadConfig({ ...env, PORT: '0', LOG_LEVEL: 'silent' }))
    try {
      const url = `http://127.0.0.1:${running.port}`
      const response = await fetch(`${url}/bim/iam/bim/user/authenticate`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ username: 'admin', password: env.ADMIN_PASSWORD }),
      })
      const { token } = (await response.json()) as { token: string }
      const done = await cli(['sync', '--iam', 'large', '--url', url], { ROSTER_TOKEN: token })
      expect(done).toMatchObject({
        exitCode: 0,
        stdout: expect.stringContaining('25 people seen, 25 as they were, 0 of 0 changes made'),
      })
      expect(await cli(['sync', '--iam', 'large', '--url', url], { ROSTER_TOKEN: 'rt_wrong' })).toMatchObject({
        exitCode: 1,
        stdout: '',
      })
      if (!serverUrl)
        expect(await cli(['sync', '--iam', 'large'], env)).toMatchObject({
          exitCode: 1,
          stderr: expect.stringContaining('--url http://… and set ROSTER_TOKEN'),
        })
      const { nodes } = await readPage<{ startedBy: string }>(running.app.store.db, runList({ iamid: 'large' }), {})
      expect(nodes.map(({ startedBy }) => startedBy)).toEqual(['bim/admin', 'operator', 'operator'])
    } finally {
      await running.stop()
    }
  }, 60_000)
})
