import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import pg from 'pg'
import { ORIGIN } from './change-listener.ts'
import type { DirectFacts } from './findings.ts'

/** Milliseconds until a notification must have arrived. */
const ARRIVAL = 3_000

/** Listens as the server does, and notifies through `sender`, a connection of DATABASE_URL. */
export async function readDirect(
  sender: pg.ClientBase,
  { url, isSet, limit }: { url: string; isSet: boolean; limit: number },
): Promise<DirectFacts> {
  const facts: DirectFacts = { isSet, error: null, isSame: true, isPooled: false, isReceived: false }
  const client = new pg.Client({
    connectionString: url,
    application_name: 'roster check',
    connectionTimeoutMillis: limit,
    query_timeout: limit,
  })
  client.on('error', () => {})
  try {
    await client.connect()
    const origin = await originOf(sender)
    const own = await originOf(client)
    if (own.origin !== origin.origin) return { ...facts, isSame: false }
    if (own.pid !== (client as unknown as { processID: number }).processID) return { ...facts, isPooled: true }
    return { ...facts, isReceived: await isReceived(client, sender) }
  } catch (error) {
    const { code = '', message } = error as Error & { code?: string }
    return { ...facts, error: { code, message: message || code } }
  } finally {
    await client.end().catch(() => {})
  }
}

interface Origin {
  readonly pid: number
  readonly origin: string
}

async function originOf(client: pg.ClientBase): Promise<Origin> {
  const { rows } = await client.query<Origin>(`SELECT pg_backend_pid() AS pid, ${ORIGIN} AS origin`)
  return rows[0]!
}

async function isReceived(listener: pg.Client, sender: pg.ClientBase): Promise<boolean> {
  const channel = `roster_check_${randomUUID().replaceAll('-', '')}`
  await listener.query(`LISTEN ${channel}`)
  const arrived = once(listener, 'notification', { signal: AbortSignal.timeout(ARRIVAL) }).then(
    () => true,
    () => false,
  )
  await sender.query('SELECT pg_notify($1, $2)', [channel, ''])
  return arrived
}
