import pg from 'pg'
import type { Finding } from '../finding.ts'

/** Bytes that a replica may be behind for a moment. */
const BEHIND = 16 * 1024 * 1024

const FACTS = `SELECT system_identifier::text AS id, current_database() AS database, pg_is_in_recovery() AS "isReplica",
  pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_flush_lsn() END, '0/0')::float8 AS at
  FROM pg_control_system()`

interface Facts {
  readonly id: string
  readonly database: string
  readonly isReplica: boolean
  /** Bytes written, or replayed. */
  readonly at: number | null
}

/** Of DATABASE_READ_URL; `primary`: a connection of DATABASE_URL. `limit`: milliseconds. */
export async function checkReplica(primary: pg.ClientBase, { url, limit }: { url: string; limit: number }): Promise<Finding> {
  const client = new pg.Client({
    connectionString: url,
    application_name: 'roster check',
    connectionTimeoutMillis: limit,
    query_timeout: limit,
  })
  client.on('error', () => {})
  try {
    const written = await factsOf(primary)
    await client.connect()
    return findingOf(written, await factsOf(client))
  } catch (error) {
    const { code = '', message } = error as Error & { code?: string }
    return fault(`DATABASE_READ_URL cannot be used: ${message || code}`, 'Correct it, or leave it unset without a replica.')
  } finally {
    await client.end().catch(() => {})
  }
}

const factsOf = async (client: pg.ClientBase): Promise<Facts> => (await client.query<Facts>(FACTS)).rows[0]!

const about = 'read replica'
const fault = (detail: string, fix: string): Finding => ({ about, status: 'fault', detail, fix })

export function findingOf(primary: Facts, replica: Facts): Finding {
  const same = 'Set DATABASE_READ_URL to a streaming replica of DATABASE_URL, and its database.'
  if (replica.id !== primary.id || replica.database !== primary.database)
    return fault('DATABASE_READ_URL leads to another server or database than DATABASE_URL', same)
  if (!replica.isReplica) return fault('DATABASE_READ_URL leads to a primary', same)
  const behind = Math.max(0, (primary.at ?? 0) - (replica.at ?? 0))
  const detail = `answers reads, ${Math.ceil(behind / 1024)} KB behind`
  if (behind <= BEHIND) return { about, status: 'ok', detail }
  const fix = 'See pg_stat_replication of the primary: until it has caught up, the primary answers.'
  return { about, status: 'warning', detail, fix }
}
