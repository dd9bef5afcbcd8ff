// PgBouncer in transaction mode before a PostgreSQL of a test's own, with fewer connections than Roster's pool: they are shared.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { freePort } from '../../scripts/demo/free-port.ts'

export interface Bouncer {
  readonly url: string
  /** As by `kill -9`, then started again. */
  restart(): Promise<void>
  end(): Promise<void>
}

const OLDEST = [1, 21] as const

/** Debian 12 has 1.18, which forgets prepared statements. */
export function hasPgBouncer(): boolean {
  try {
    const [, major, minor] = /^PgBouncer (\d+)\.(\d+)/.exec(execFileSync('pgbouncer', ['--version']).toString())!
    if (Number(major) > OLDEST[0] || Number(minor) >= OLDEST[1]) return true
  } catch {
    // There is none.
  }
  console.warn(`Skipped: these tests need pgbouncer ${OLDEST.join('.')} or newer`)
  return false
}

/** What docs/operations/pgbouncer.md says, for the server of `url` and its role. */
export async function startPgBouncer(url: string, { connections }: { connections: number }): Promise<Bouncer> {
  const folder = mkdtempSync(join(tmpdir(), 'roster-pgbouncer-'))
  const port = await freePort()
  const { hostname, port: serverPort, pathname, username } = new URL(url)
  writeFileSync(join(folder, 'users.txt'), `"${username}" ""\n`)
  writeFileSync(
    join(folder, 'pgbouncer.ini'),
    `[databases]
${pathname.slice(1)} = host=${hostname} port=${serverPort}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = trust
auth_file = ${join(folder, 'users.txt')}
pool_mode = transaction
default_pool_size = ${connections}
max_client_conn = 500
max_prepared_statements = 500
ignore_startup_parameters = statement_timeout,idle_in_transaction_session_timeout
`,
  )
  const own = Object.assign(new URL(url), { port: String(port) }).href
  const start = () => {
    const asNobody = process.getuid?.() === 0 ? ['-u', 'nobody'] : []
    const child = spawn('pgbouncer', ['-q', ...asNobody, join(folder, 'pgbouncer.ini')], { stdio: 'ignore' })
    return child
  }
  execFileSync('chmod', ['-R', 'a+rX', folder])
  let child = start()
  await ready(own)
  return {
    url: own,
    async restart() {
      child.kill('SIGKILL')
      await once(child, 'exit')
      child = start()
      await ready(own)
    },
    async end() {
      child.kill('SIGKILL')
      await once(child, 'exit')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function ready(url: string): Promise<void> {
  for (const end = Date.now() + 10_000; ; await new Promise(resolve => setTimeout(resolve, 50))) {
    const client = new pg.Client(url)
    client.on('error', () => {})
    const isUp = await client.connect().then(
      () => client.end().then(() => true),
      () => false,
    )
    if (isUp) return
    if (Date.now() > end) throw new Error('PgBouncer did not start')
  }
}
