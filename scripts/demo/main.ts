// `npm run demo:sources`: an empty gateway with local sources (directory, provider, user info endpoint),
// configured over HTTP.
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startApp } from '../../src/app.ts'
import { createFirstAdministrator } from '../../src/domain/users/first-administrator.service.ts'
import { loadConfig } from '../../src/platform/config/config.ts'
import { whatToTry } from './banner.ts'
import { startDirectory } from './directory.ts'
import { startEndpoint } from './endpoint.ts'
import { freePort } from './free-port.ts'
import { startProvider } from './provider.ts'
import { configure } from './roster.ts'

const PORT = 4100
/** Milliseconds until a stop is forced. */
const LAST = 20_000

/** Closed in reverse order. */
const closers: (() => unknown)[] = []
let stopping: Promise<void> | null = null

async function start(): Promise<void> {
  const { port = PORT, password, folder } = settings()
  const chosen = port === 0 ? await freePort() : port
  const url = `http://127.0.0.1:${chosen}`
  const directory = await startDirectory(folder).then(held, (error: Error) => ({ missing: error.message }))
  const clients = Object.fromEntries(['corp', 'partners'].map(id => [id, `${url}/login/${id}/callback`]))
  const provider = held(await startProvider(clients, `${url}/login`))
  const endpoint = held(await startEndpoint())
  const config = loadConfig({
    PORT: String(chosen),
    HOST: '127.0.0.1',
    DATA_DIR: join(folder, 'store'),
    ADMIN_PASSWORD: password,
    LOG_LEVEL: 'warn',
  })
  const prepare = async (operator: Parameters<typeof createFirstAdministrator>[0]) =>
    void (await createFirstAdministrator(operator))
  const running = await startApp(config, { prepare })
  closers.push(() => running.stop())
  const sources = { ldap: directory, issuer: provider?.url ?? null, endpoint: endpoint.url }
  const scim = await configure(url, config.adminUserid, password, sources)
  if (stopping === null) process.stdout.write(whatToTry({ url, admin: config.adminUserid, password, ...sources, ...scim }))
}

function settings(): { port?: number; password: string; folder: string } {
  const { PORT: port, ADMIN_PASSWORD: password = randomBytes(12).toString('base64url') } = process.env
  if (port !== undefined && !/^\d{1,5}$/.test(port)) throw new Error('PORT must be a number; 0 takes a free one')
  const folder = mkdtempSync(join(tmpdir(), 'roster-demo-'))
  closers.push(() => rmSync(folder, { recursive: true, force: true }))
  return { ...(port !== undefined && { port: Number(port) }), password, folder }
}

function held<Thing extends { close(): unknown } | null>(thing: Thing): Thing {
  if (thing !== null) closers.push(() => thing.close())
  return thing
}

/** Closes everything, even when one close fails. */
function stop(exitCode: number): Promise<void> {
  stopping ??= (async () => {
    setTimeout(() => process.exit(1), LAST).unref()
    await started.catch(() => {})
    let worst = exitCode
    for (const close of closers.splice(0).toReversed()) {
      try {
        await close()
      } catch (error) {
        process.stderr.write(`${error instanceof Error ? error.message : error}\n`)
        worst = 1
      }
    }
    process.exit(worst)
  })()
  return stopping
}

// Registered before anything starts.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void stop(0))
const started = start()
started.catch(async error => {
  if (stopping === null) process.stderr.write(`${error instanceof Error ? error.message : error}\n`)
  await stop(1)
})
