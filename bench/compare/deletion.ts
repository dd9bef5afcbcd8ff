import type { Database } from '../lib/database.ts'
import type { Workload } from './workloads.ts'

/** Deletes what a slice added; throws if it is less than was answered, in members or in audit events. */
export async function deletion(
  { client, settle }: Database,
  { name, writes }: Workload,
): Promise<(answered?: number) => Promise<void>> {
  if (!writes) return async () => {}
  const [{ member, event }] = (
    await client.query('SELECT (SELECT max(id) FROM memberships) AS member, (SELECT max(id) FROM audit_events) AS event')
  ).rows
  return async (answered = 0) => {
    // Requests that the load gave up still write.
    await settle()
    const { rowCount: members } = await client.query('DELETE FROM memberships WHERE id > $1', [member])
    const { rowCount: events } = await client.query('DELETE FROM audit_events WHERE id > $1', [event])
    if (members! < answered || events! < answered)
      throw new Error(`${name}: ${answered} answers, ${members} members, ${events} audit events`)
  }
}
