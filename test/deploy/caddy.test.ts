// deploy/Caddyfile in a real Caddy before Roster, and the health check of the Dockerfile.
import { execFile, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type RequestOptions, request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { freePort } from '../../scripts/demo/free-port.ts'
import { bootApp, type TestApp } from '../harness/app.ts'

const file = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
const hasCaddy = spawnSync('caddy', ['version']).status === 0
if (!hasCaddy) console.warn('caddy is not on the search path: deploy/Caddyfile is not run')

let app: TestApp
beforeAll(async () => {
  app = await bootApp({ env: { PUBLIC_URL: 'https://localhost', TRUSTED_PROXIES: '1' }, logged: true })
}, 60_000)
afterAll(() => app?.close())

test.skipIf(!hasCaddy)(
  'Caddy brings TLS, and names the client',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'roster-caddy-'))
    const [https, http] = await Promise.all([freePort(), freePort()])
    const options = `{
  admin off
  skip_install_trust
  https_port ${https}
  http_port ${http}
}
`
    expect(file('deploy/Caddyfile')).toContain('reverse_proxy roster:4000 {')
    writeFileSync(join(folder, 'Caddyfile'), options + file('deploy/Caddyfile').replace('roster:4000', new URL(app.url).host))
    const child = spawn('caddy', ['run', '--config', join(folder, 'Caddyfile'), '--adapter', 'caddyfile'], {
      env: { PATH: process.env.PATH, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder },
      stdio: 'ignore',
    })
    onTestFinished(async () => {
      const ended = once(child, 'exit')
      child.kill()
      await ended
      rmSync(folder, { recursive: true, force: true })
    })
    const authority = join(folder, 'caddy/pki/authorities/local/root.crt')
    const get = async (path: string, headers = {}) => ask({ port: https, path, ca: readFileSync(authority), headers })
    while ((await get('/health/ready').catch(() => null)) !== 200) {
      expect(child.exitCode).toBe(null)
      await new Promise(resolve => setTimeout(resolve, 50))
    }
    expect(await get('/login', { 'x-forwarded-for': '203.0.113.9' })).toBe(200)
    expect(app.logged.filter(({ route }) => route === '/login')).toMatchObject([{ address: '127.0.0.1', status: 200 }])
  },
  60_000,
)

describe('the health check of the Dockerfile', () => {
  const [, check] = /^HEALTHCHECK [^\\]*\\\n\s+CMD (\[.*\])$/m.exec(file('Dockerfile'))!
  const [, ...args] = JSON.parse(check!) as string[]
  const exitCode = (PORT: string) =>
    promisify(execFile)(process.execPath, args, { env: { PORT } }).then(
      () => 0,
      error => error.code,
    )

  test('succeeds at a running instance', async () => expect(await exitCode(new URL(app.url).port)).toBe(0))
  test('fails where nothing listens', async () => expect(await exitCode(String(await freePort()))).toBe(1))
})

function ask(options: RequestOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request({
      host: '127.0.0.1',
      servername: 'localhost',
      ...options,
      headers: { host: 'localhost', ...options.headers },
    })
    sent.on('response', response => resolve(response.resume().statusCode!))
    sent.on('error', reject).end()
  })
}
