import { Unavailable } from '../errors.ts'
import { toUnavailable } from './errors.ts'
import type { StorePool } from './pool.ts'

/** server_version_num. */
export const OLDEST = 140_000

/** Throws with the reason why this server cannot be used. */
export async function checkServer(pool: StorePool, url: string): Promise<void> {
  const { host, pathname } = new URL(url)
  const place = `PostgreSQL at ${host || 'the local socket'}${pathname}`
  const text = "SELECT current_setting('server_version_num')::int AS version, current_setting('server_encoding') AS encoding"
  const { rows } = await pool.query<{ version: number; encoding: string }>(text).catch(error => {
    const detail = error instanceof Error && error.message ? error.message : String(error?.code)
    throw toUnavailable(error) ? new Unavailable(`${place} cannot be used: ${detail}`, { retryAfter: 5 }) : error
  })
  const { version, encoding } = rows[0]!
  if (version < OLDEST)
    throw new Error(`${place} is version ${Math.floor(version / 10_000)}: Roster needs ${OLDEST / 10_000} or newer`)
  if (encoding !== 'UTF8') throw new Error(`${place} stores text as ${encoding}: Roster needs a database with the encoding UTF8`)
}
