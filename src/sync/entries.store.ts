import { selectList } from '../platform/database/columns.ts'
import type { NestedList } from '../platform/database/nested-list.ts'
import { conditions, type ListQuery } from '../platform/database/pagination.ts'
import type { Db } from '../platform/database/store.ts'
import { checkList } from '../platform/validation.ts'
import type { EntryDraft } from './entry.ts'
import { ENTRY_COLUMNS, type EntryRecord, type EntryState, type SyncAction } from './run.ts'
import type { Losses } from './safety-limits.ts'

/** Only the holder may write into the plan. */
export interface HeldRun {
  readonly runId: number
  readonly holder: string
}
const MINE = `SELECT r.id, r.dry_run FROM sync_runs r WHERE r.id = $1::int AND r.holder = $2 AND r.status = 'reading' FOR NO KEY UPDATE`

export async function forgetPlan(db: Db, { runId, holder }: HeldRun): Promise<boolean> {
  const mine = await db.query(
    `WITH mine AS MATERIALIZED (${MINE}),
       gone AS (DELETE FROM sync_entries e USING mine WHERE e.run_id = mine.id)
     UPDATE sync_runs r SET planned = 0, total = 0, unchanged = 0 FROM mine WHERE r.id = mine.id RETURNING 1`,
    [runId, holder],
  )
  return mine.length > 0
}

export async function insertEntries(db: Db, { runId, holder }: HeldRun, drafts: readonly EntryDraft[]): Promise<boolean> {
  const mine = await db.query(
    `WITH mine AS MATERIALIZED (${MINE}), made AS (
       INSERT INTO sync_entries (run_id, kind, source, name, name_key, dn, user_id, action, state, said, before, after, reason)
       SELECT mine.id, n.kind, n.source, n.name, n."nameKey", n.dn, n."userId", n.action,
              CASE n.action WHEN 'error' THEN 'skipped' ELSE 'planned' END,
              CASE WHEN mine.dry_run THEN NULL ELSE n.payload END, n.before, n.after, n.reason
         FROM mine, jsonb_to_recordset($3::jsonb) n(kind text, source text, name text, "nameKey" text, dn text, "userId" int, action text,
           payload jsonb, before jsonb, after jsonb, reason text))
     SELECT 1 FROM mine`,
    [runId, holder, JSON.stringify(drafts)],
  )
  return mine.length > 0
}

export async function undoPlanned(db: Db, { runId, holder }: HeldRun, nameKeys: readonly string[]): Promise<number> {
  const rows = await db.query(
    `WITH mine AS MATERIALIZED (${MINE})
     DELETE FROM sync_entries e USING mine
      WHERE e.run_id = mine.id AND e.kind = 'user' AND e.name_key = ANY($3::text[]) AND e.state = 'planned' RETURNING 1`,
    [runId, holder, nameKeys],
  )
  return rows.length
}

export interface PlannedEntry extends Pick<EntryDraft, 'kind' | 'source' | 'name' | 'nameKey' | 'payload'> {
  readonly id: number
  readonly userId: number | null
  readonly action: SyncAction
}

export const plannedEntries = (
  db: Db,
  runId: number,
  { after, limit }: { after: number; limit: number },
): Promise<PlannedEntry[]> =>
  db.query(
    `SELECT e.id, e.kind, e.source, e.name, e.name_key AS "nameKey", e.said AS payload, e.user_id AS "userId", e.action FROM sync_entries e
      WHERE e.run_id = $1 AND e.state = 'planned' AND e.id > $2 ORDER BY e.id LIMIT $3::int`,
    [runId, after, limit],
  )

export interface PlannedDisable extends PlannedEntry {
  readonly userid: string
  readonly directoryId: string | null
}

export const plannedDisables = (
  db: Db,
  runId: number,
  { after, limit }: { after: number; limit: number },
): Promise<PlannedDisable[]> =>
  db.query(
    `SELECT e.id, e.kind, e.source, e.name, e.name_key AS "nameKey", e.said AS payload, e.user_id AS "userId", e.action, u.userid,
       u.directory_id AS "directoryId" FROM sync_entries e JOIN users u ON u.id = e.user_id
      WHERE e.run_id = $1 AND e.state = 'planned' AND e.action = 'disable' AND e.id > $2 AND NOT u.disabled ORDER BY e.id LIMIT $3::int`,
    [runId, after, limit],
  )

/** After a lost commit: prevents applying twice. */
export async function stillPlanned(db: Db, ids: readonly number[]): Promise<ReadonlySet<number>> {
  const rows = await db.query<{ id: number }>(
    `SELECT e.id FROM sync_entries e WHERE e.id = ANY($1::int[]) AND e.state = 'planned'`,
    [ids],
  )
  return new Set(rows.map(({ id }) => id))
}

export interface Applied {
  readonly id: number
  readonly state: EntryState
  readonly userId: number | null
  readonly action: SyncAction
  readonly before: object | null
  readonly after: object | null
  readonly reason: string | null
}

export const recordEntries = (db: Db, entries: readonly Applied[]): Promise<unknown> =>
  db.query(
    `UPDATE sync_entries e SET state = n.state, user_id = n."userId", action = n.action, before = n.before, after = n.after,
       reason = coalesce(n.reason, e.reason), said = NULL
      FROM jsonb_to_recordset($1::jsonb) n(id int, state text, "userId" int, action text, before jsonb, after jsonb, reason text)
     WHERE e.id = n.id`,
    [JSON.stringify(entries)],
  )

export const entryList = (
  runId: number,
  filter: { actions?: readonly string[] | null; states?: readonly string[] | null },
): ListQuery<EntryRecord> => ({
  columns: selectList(ENTRY_COLUMNS),
  from: 'sync_entries e',
  ...conditions([
    ['e.run_id = $::int', runId],
    ['e.action = ANY($::text[])', filter.actions && checkList('actions', filter.actions).map(name => name.toLowerCase())],
    ['e.state = ANY($::text[])', filter.states && checkList('states', filter.states).map(name => name.toLowerCase())],
  ]),
  id: 'e.id',
  order: { name: 'syncEntries', expression: 'e.id', type: 'int', descending: false },
})

export const entriesOfRuns: NestedList<EntryRecord> = {
  columns: selectList(ENTRY_COLUMNS),
  from: 'sync_entries e',
  where: [],
  values: [],
  owner: 'e.run_id',
  ownerType: 'int',
  id: 'e.id',
  order: { name: 'entriesOfRun', expression: 'e.id', type: 'int', descending: false },
  isIndexed: true,
}

export const entriesOf = (
  db: Db,
  runId: number,
  state: EntryState,
): Promise<Pick<EntryRecord, 'source' | 'name' | 'dn' | 'action'>[]> =>
  db.query(
    `SELECT e.source, e.name, e.dn, e.action FROM sync_entries e WHERE e.run_id = $1 AND e.kind = 'user' AND e.state = $2 ORDER BY e.id`,
    [runId, state],
  )

export interface RunCount {
  readonly runId: number
  readonly kind: 'user' | 'group'
  readonly action: SyncAction
  readonly state: EntryState
  readonly count: number
}

export const countsOfRuns = (db: Db, ids: readonly number[]): Promise<RunCount[]> =>
  db.query(
    `SELECT e.run_id AS "runId", e.kind, e.action, e.state, count(*)::int AS count FROM sync_entries e WHERE e.run_id = ANY($1::int[])
      GROUP BY e.run_id, e.kind, e.action, e.state`,
    [ids],
  )

export const disabledBy = (
  db: Db,
  runId: number,
  { after, limit }: { after: number; limit: number },
): Promise<{ id: number; userId: number }[]> =>
  db.query(
    `SELECT e.id, e.user_id AS "userId" FROM sync_entries e WHERE e.run_id = $1 AND e.id > $2 AND e.action = 'disable'
       AND e.state = 'applied' AND e.user_id IS NOT NULL ORDER BY e.id LIMIT $3::int`,
    [runId, after, limit],
  )

export const markUndone = (db: Db, ids: readonly number[]): Promise<unknown> =>
  db.query(`UPDATE sync_entries SET state = 'undone' WHERE id = ANY($1::int[])`, [ids])

export async function permissionsAffected(db: Db, runId: number, state: 'planned' | 'applied'): Promise<string[]> {
  const rows = await db.query<{ permission: string }>(
    `SELECT DISTINCT p.permission FROM sync_entries e JOIN effective_permissions p ON p.user_id = e.user_id
      WHERE e.run_id = $1 AND e.action IN ('disable', 'replace') AND e.state = $2`,
    [runId, state],
  )
  return rows.map(({ permission }) => permission)
}

export async function lossesOf(db: Db, runId: number): Promise<Losses> {
  const [row] = await db.query<Losses>(
    `SELECT coalesce(sum(greatest(coalesce(jsonb_array_length(e.before->'groups'), 0) - coalesce(jsonb_array_length(e.after->'groups'), 0), 0)), 0)::int AS memberships,
       (count(*) FILTER (WHERE e.before->>'email' IS NOT NULL AND e.after ? 'email' AND e.after->>'email' IS NULL))::int AS emails,
       coalesce(sum((SELECT sum(greatest(jsonb_array_length(b.value) - coalesce(jsonb_array_length(e.after->'attributes'->b.key), 0), 0))
         FROM jsonb_each(e.before->'attributes') b)), 0)::int AS attributes
      FROM sync_entries e
     WHERE e.run_id = $1 AND e.kind = 'user' AND e.state = 'planned' AND e.action IN ('update', 'enable')`,
    [runId],
  )
  return row!
}
