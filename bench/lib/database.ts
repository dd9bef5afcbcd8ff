import { readFileSync } from 'node:fs'
import pg from 'pg'
import { cpuOfPostgres, parentOf } from './measure.ts'
import { firstLine, path, startNode } from './processes.ts'
import { atEnd, pause, step } from './run.ts'

/** A database on a server PostgreSQL, which the run drops at its end. */
export interface Database {
  readonly url: string
  readonly client: pg.Client
  /** PostgreSQL's version. */
  readonly version: string
  /** Milliseconds of CPU of the whole server; NaN unless it is on this machine. */
  cpu(): number
  /** Waits until no other statement runs: a server may still work for requests that wrk gave up. */
  settle(): Promise<void>
}

const SETTLE_MS = 60_000
/** For a large fill; the rest is PostgreSQL's default. */
const SETTINGS = [
  'log_min_messages=fatal',
  'shared_buffers=512MB',
  'max_wal_size=8GB',
  'checkpoint_timeout=30min',
  'maintenance_work_mem=256MB',
]

let server: Promise<string> | undefined

/** BENCH_DATABASE_URL, else a server from npm that lives as long as the run. */
const serverUrl = (): Promise<string> =>
  (server ??= process.env.BENCH_DATABASE_URL
    ? Promise.resolve(process.env.BENCH_DATABASE_URL)
    : firstLine(startNode(path('test/harness/postgres.ts'), {}, SETTINGS)))

export async function createDatabase(name = 'roster_bench'): Promise<Database> {
  const url = new URL(await serverUrl())
  const admin = await connected(url.href)
  await admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
  await admin.query(`CREATE DATABASE ${name} ENCODING UTF8 TEMPLATE template0`)
  atEnd(async () => {
    await admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
    await admin.end()
  })
  url.pathname = `/${name}`
  const client = await connected(url.href)
  atEnd(() => client.end())
  const version = (await client.query('SHOW server_version')).rows[0].server_version
  const [{ pid }] = (await client.query('SELECT pg_backend_pid() AS pid')).rows
  const postmaster = ['127.0.0.1', 'localhost', ''].includes(url.hostname) ? parentOf(pid) : Number.NaN
  return { url: url.href, client, version, cpu: () => cpuOfPostgres(postmaster), settle: () => settle(client) }
}

async function connected(url: string): Promise<pg.Client> {
  const client = new pg.Client(url)
  // The server ends it with the database.
  client.on('error', () => {})
  await client.connect()
  return client
}

async function settle(client: pg.Client): Promise<void> {
  let idle = 0
  for (const end = Date.now() + SETTLE_MS; Date.now() < end; await pause(30)) {
    const { rowCount } = await client.query(
      `SELECT FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'`,
    )
    idle = rowCount === 0 ? idle + 1 : 0
    if (idle === 5) return
  }
  step('Statements of the slice before still run')
}

export interface Size {
  readonly users: number
  readonly groups: number
  readonly memberships: number
  readonly auditEvents: number
}
export const USUAL: Size = { users: 100_000, groups: 5_000, memberships: 1_000_000, auditEvents: 100_000 }

/** Fills Roster's tables up to a size, or grows what an earlier call filled. */
export async function fill(
  client: { query(text: string): Promise<unknown> },
  size: Size,
  from: Size = { users: 0, groups: 0, memberships: 0, auditEvents: 0 },
) {
  const text = Object.entries({
    users: 'users',
    groups: 'groups',
    memberships: 'memberships',
    auditEvents: 'audit_events',
  }).reduce(
    (sql, [key, name]) =>
      sql.replaceAll(`:${name}_from`, String(from[key as keyof Size])).replaceAll(`:${name}_to`, String(size[key as keyof Size])),
    readFileSync(path('bench/lib/fill.sql'), 'utf8'),
  )
  await client.query(text)
  await client.query('VACUUM ANALYZE')
}
