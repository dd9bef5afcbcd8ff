import type { Db } from '../../platform/database/store.ts'

export interface OldEvent {
  readonly id: string
  readonly at: Date
  /** The whole row, as JSON. */
  readonly row: string
}

/** Characters of the rows that are read together; the last one may exceed it. */
const TOGETHER = 8_000_000

export const oldestEvents = (db: Db, before: Date, limit: number): Promise<OldEvent[]> =>
  db.query(
    `SELECT o.id::text AS id, o.at, o.row FROM (
       SELECT e.*, sum(length(e.row)) OVER (ORDER BY e.at, e.id) - length(e.row) AS earlier FROM (
         SELECT e.id, e.at, to_jsonb(e)::text AS row FROM audit_events e
          WHERE e.at < $1::timestamptz ORDER BY e.at, e.id LIMIT $2::int) e) o
      WHERE o.earlier < $3::bigint ORDER BY o.at, o.id`,
    [before, limit, TOGETHER],
  )

export async function deleteEvents(db: Db, ids: readonly string[]): Promise<number> {
  const [row] = await db.query<{ count: number }>(
    `WITH gone AS (DELETE FROM audit_events WHERE id = ANY($1::bigint[]) RETURNING 1) SELECT count(*)::int AS count FROM gone`,
    [ids],
  )
  return row!.count
}
