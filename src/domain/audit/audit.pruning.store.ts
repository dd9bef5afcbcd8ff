import type { Db } from '../../platform/database/store.ts'

export interface OldEvent {
  readonly id: string
  readonly at: Date
  /** The whole row, as JSON. */
  readonly row: string
}

export const oldestEvents = (db: Db, before: Date, limit: number): Promise<OldEvent[]> =>
  db.query(
    `SELECT e.id::text AS id, e.at, to_jsonb(e)::text AS row FROM audit_events e
      WHERE e.at < $1::timestamptz ORDER BY e.at, e.id LIMIT $2::int`,
    [before, limit],
  )

export async function deleteEvents(db: Db, ids: readonly string[]): Promise<number> {
  const [row] = await db.query<{ count: number }>(
    `WITH gone AS (DELETE FROM audit_events WHERE id = ANY($1::bigint[]) RETURNING 1) SELECT count(*)::int AS count FROM gone`,
    [ids],
  )
  return row!.count
}
