import { accessSync, constants, existsSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import pg from 'pg'
import type { Finding } from '../finding.ts'
import { readDirect } from './check.direct.ts'
import { checkReplica } from './check.replica.ts'
import { type Facts, findingsOf } from './findings.ts'
import { lockDirectory } from './lock.ts'
import { migrationsOf, pendingOf } from './migrate.ts'
import { LOCK } from './pool.ts'
import { OLDEST } from './server-check.ts'
import { STALLED, STATEMENT } from './server-pool.ts'
import { JOBS } from './store.ts'

interface Place {
  readonly databaseUrl: string | null
  readonly directUrl: string | null
  readonly readUrl: string | null
  readonly dataDir: string
}

/** Milliseconds. */
const CONNECT = 10_000
/** The pool, liveness and a migration. */
const CONNECTIONS = 10

/** Changes nothing. */
export function checkDatabase({ databaseUrl, dataDir, ...others }: Place): Promise<Finding[]> {
  return databaseUrl === null ? checkDirectory(dataDir) : checkServer(databaseUrl, others)
}

async function checkServer(url: string, { directUrl, readUrl }: Omit<Place, 'databaseUrl' | 'dataDir'>): Promise<Finding[]> {
  const clients: pg.Client[] = []
  const connect = async () => {
    const client = new pg.Client({
      connectionString: url,
      application_name: 'roster check',
      connectionTimeoutMillis: CONNECT,
      query_timeout: CONNECT,
      statement_timeout: STATEMENT,
      idle_in_transaction_session_timeout: STALLED,
    })
    clients.push(client)
    // The query that fails reports a lost connection.
    client.on('error', () => {})
    await client.connect()
    return client
  }
  try {
    const one = await connect()
    const facts = await readFacts(one, await connect(), { url, directUrl })
    const wanted = {
      oldest: OLDEST,
      statementTimeout: STATEMENT,
      idleTimeout: STALLED,
      lockTimeout: LOCK,
      connections: CONNECTIONS,
    }
    const replica = readUrl === null ? [] : [await checkReplica(one, { url: readUrl, limit: CONNECT })]
    return [...findingsOf(facts, wanted), ...replica]
  } catch (error) {
    return [unusable(url, error)]
  } finally {
    await Promise.all(clients.map(client => client.end().catch(() => {})))
  }
}

type Stated = Omit<Facts, 'isLocal' | 'isPooled' | 'keepsPrepared' | 'pending' | 'historyError' | keyof Clock | 'direct'>

async function readFacts(
  one: pg.Client,
  two: pg.Client,
  { url, directUrl }: { url: string; directUrl: string | null },
): Promise<Facts> {
  const host = new URL(url).hostname
  const { rows } = await one.query<Stated>(FACTS, [JOBS])
  const isLocal = host === '' || host === 'localhost' || host.startsWith('127.') || host === '[::1]'
  // A pooler in transaction mode shares backends.
  const isPooled = (await backendOf(one)) === (await backendOf(two))
  const direct = await readDirect(one, { url: directUrl ?? url, isSet: directUrl !== null, limit: CONNECT })
  const read = { ...(await clockOf(one)), ...(await keeps(one, two)), ...(await historyOf(one)) }
  return { ...rows[0]!, isLocal, isPooled, direct, ...read }
}

type Clock = Pick<Facts, 'clockAhead' | 'clockDoubt'>

async function clockOf(client: pg.Client): Promise<Clock> {
  const before = Date.now()
  const { rows } = await client.query<{ now: number }>('SELECT extract(epoch FROM clock_timestamp())::float8 * 1000 AS now')
  const after = Date.now()
  return { clockAhead: rows[0]!.now - (before + after) / 2, clockDoubt: (after - before) / 2 }
}

async function backendOf(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
  return rows[0]!.pid
}

async function keeps(...clients: readonly pg.Client[]): Promise<{ keepsPrepared: boolean }> {
  try {
    for (let turn = 0; turn < 2; turn++)
      for (const client of clients) await client.query({ name: 'roster_check', text: 'SELECT $1::int AS value', values: [turn] })
    return { keepsPrepared: true }
  } catch {
    return { keepsPrepared: false }
  }
}

async function historyOf(client: pg.Client): Promise<Pick<Facts, 'pending' | 'historyError'>> {
  try {
    return { pending: (await pendingOf(client, migrationsOf())).map(({ name }) => name), historyError: null }
  } catch (error) {
    return { pending: [], historyError: (error as Error).message }
  }
}

const FACTS = `
  SELECT current_setting('server_version_num')::int AS version,
         current_setting('server_encoding') AS encoding,
         current_user AS role,
         current_database() AS database,
         current_schema() AS schema,
         pg_is_in_recovery() AS "isReplica",
         current_setting('default_transaction_read_only')::boolean AS "isReadOnly",
         coalesce((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false) AS "isEncrypted",
         coalesce(has_schema_privilege(current_schema(), 'CREATE'), false) AS "mayCreateTables",
         has_database_privilege(current_database(), 'CREATE') AS "mayCreateSchemas",
         EXISTS (SELECT FROM pg_namespace WHERE nspname = $1) AS "hasJobs",
         ARRAY(SELECT relname::text FROM pg_class
                WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p', 'v')
                  AND NOT pg_has_role(relowner, 'USAGE')
                  AND EXISTS (SELECT FROM pg_class WHERE relname = '_prisma_migrations' AND relnamespace = current_schema()::regnamespace)
                  AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_class.oid AND deptype = 'e')
                ORDER BY relname) AS "foreignTables",
         CASE WHEN EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_trgm') THEN 'installed'
              WHEN EXISTS (SELECT FROM pg_available_extensions WHERE name = 'pg_trgm') THEN 'available'
              ELSE 'missing' END AS trigrams,
         current_setting('default_transaction_isolation') AS isolation,
         (SELECT setting::int FROM pg_settings WHERE name = 'statement_timeout') AS "statementTimeout",
         (SELECT setting::int FROM pg_settings WHERE name = 'idle_in_transaction_session_timeout') AS "idleTimeout",
         (SELECT setting::int FROM pg_settings WHERE name = 'lock_timeout') AS "lockTimeout",
         current_setting('max_connections')::int AS "maxConnections",
         (SELECT rolconnlimit FROM pg_roles WHERE rolname = current_user) AS "roleConnections"`

/** By SQLSTATE or errno. */
const FIXES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'Start the server, or correct host and port of DATABASE_URL.',
  ENOTFOUND: 'Correct the host of DATABASE_URL.',
  '28P01': 'Correct the user and the password of DATABASE_URL.',
  '28000': "Correct the user of DATABASE_URL, or allow it in the server's pg_hba.conf.",
  '3D000': "Create the database: CREATE DATABASE name ENCODING 'UTF8' TEMPLATE template0.",
  '53300': 'Raise max_connections, or stop what uses them.',
  '08P01': 'PgBouncer needs ignore_startup_parameters = statement_timeout,idle_in_transaction_session_timeout.',
}

function unusable(url: string, error: unknown): Finding {
  const { code = '', message } = error as Error & { code?: string }
  const { host, pathname } = new URL(url)
  const detail = `PostgreSQL at ${host || 'the local socket'}${pathname} cannot be used: ${message || code}`
  const fix = FIXES[code]
  return { about: 'database', status: 'fault', detail, ...(fix !== undefined && { fix }) }
}

async function checkDirectory(dataDir: string): Promise<Finding[]> {
  const about = 'database'
  if (dataDir === 'memory://')
    return [{ about, status: 'warning', detail: 'embedded, in memory', fix: 'Set DATA_DIR to a folder to keep anything.' }]
  const path = resolve(dataDir)
  const nearest = [...parentsOf(path)].find(existsSync) ?? '/'
  try {
    accessSync(nearest, constants.W_OK | constants.X_OK)
  } catch {
    return [{ about, status: 'fault', detail: `${nearest} may not be written`, fix: 'Set DATA_DIR to a folder that may.' }]
  }
  if (nearest !== path) return [{ about, status: 'ok', detail: `embedded, in ${path}, which the first start makes` }]
  try {
    const lock = await lockDirectory(path, () => {})
    lock.release()
    return [{ about, status: 'ok', detail: `embedded, in ${path}, which no process has open` }]
  } catch (error) {
    return [{ about, status: 'ok', detail: `embedded. ${(error as Error).message.split('. ')[0]}` }]
  }
}

function* parentsOf(path: string): Generator<string> {
  for (let at = path; ; at = dirname(at)) {
    yield at
    if (at === dirname(at)) return
  }
}
