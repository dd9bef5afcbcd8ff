import type { EncryptedSecrets } from '../domain/iams/encryption.ts'
import type { IamRecord } from '../domain/iams/iam.ts'
import { rowsInChunks } from '../platform/database/chunks.ts'
import { orNull, pageSelection, selectList, text } from '../platform/database/columns.ts'
import type { NestedList } from '../platform/database/nested-list.ts'
import { conditions, type ListQuery } from '../platform/database/pagination.ts'
import type { Db } from '../platform/database/store.ts'
import { checkList } from '../platform/validation.ts'
import { RUN_COLUMNS, type RunRecord } from './run.ts'

export const runExtras = (iamid: 'r.iamid' | 'page.iamid') => ({
  iamName: orNull(text(`(SELECT i.display_name FROM iams i WHERE i.id = ${iamid})`)),
})
const SELECT_RUN = selectList({ ...RUN_COLUMNS, ...runExtras('r.iamid') })
const RUN_PAGE = pageSelection(RUN_COLUMNS, runExtras('page.iamid'))
/** Milliseconds until a lease expires, by the database's clock. */
export const SILENCE = 20_000
const SILENT = `beat_at < clock_timestamp() - interval '${SILENCE} milliseconds'`

export interface NewRun extends Pick<RunRecord, 'iamid' | 'mode' | 'startedBy' | 'dryRun' | 'userid' | 'since' | 'status'> {
  readonly startedById?: number | null
  readonly config?: object | null
  readonly secrets?: Readonly<Record<string, EncryptedSecrets>> | null
  readonly dueAt?: Date | null
  readonly holder?: string | null
}

/** null while another run of the IAM is active, or when another instance began what is due. */
export async function insertRun(db: Db, run: NewRun, now: Date): Promise<RunRecord | null> {
  const {
    iamid,
    mode,
    startedBy,
    startedById = null,
    dryRun,
    userid,
    since,
    status,
    config = null,
    secrets = null,
    dueAt = null,
    holder = null,
  } = run
  const rows = await db.query<RunRecord>(
    `INSERT INTO sync_runs AS r (iamid, mode, started_by, started_by_user_id, dry_run, userid, since, status, config, secrets, due_at, holder, beat_at, created_at,
         started_at)
       SELECT $1, $2, $3, $13::int, $4, $5, $6::timestamptz, $7, $8::jsonb, $9::jsonb, $10::timestamptz, $11,
         CASE WHEN $11::text IS NULL THEN 'epoch' ELSE clock_timestamp() END, $12::timestamptz,
         CASE WHEN $11::text IS NULL THEN NULL ELSE $12::timestamptz END
       WHERE NOT EXISTS (SELECT FROM sync_runs d WHERE d.iamid = $1 AND d.mode = $2 AND d.due_at = $10::timestamptz)
       ON CONFLICT (iamid) WHERE status IN ('waiting', 'reading', 'applying') DO NOTHING RETURNING ${SELECT_RUN}`,
    [iamid, mode, startedBy, dryRun, userid, since, status, json(config), json(secrets), dueAt, holder, now, startedById],
  )
  return rows[0] ?? null
}

const json = (value: object | null): string | null => (value === null ? null : JSON.stringify(value))

export async function findRun(db: Db, id: number, lock = false): Promise<RunRecord | null> {
  const [run] = await db.query<RunRecord>(`SELECT ${SELECT_RUN} FROM sync_runs r WHERE r.id = $1 ${lock ? 'FOR UPDATE' : ''}`, [
    id,
  ])
  return run ?? null
}

export const runsByIds = (db: Db, ids: readonly number[]): Promise<RunRecord[]> =>
  rowsInChunks(db, ids, piece => db.query(`SELECT ${SELECT_RUN} FROM sync_runs r WHERE r.id = ANY($1::int[])`, [piece]))

export async function runUnderWay(db: Db, iamid: string): Promise<RunRecord | null> {
  const [run] = await db.query<RunRecord>(
    `SELECT ${SELECT_RUN} FROM sync_runs r WHERE r.iamid = $1 AND r.status IN ('waiting', 'reading', 'applying')`,
    [iamid],
  )
  return run ?? null
}

export interface RunSource {
  readonly config: Record<string, unknown> | null
  readonly secrets: Readonly<Record<string, EncryptedSecrets>> | null
}
export async function unsavedConfigOf(db: Db, id: number): Promise<RunSource> {
  const [row] = await db.query<RunSource>('SELECT config, secrets FROM sync_runs WHERE id = $1', [id])
  return row ?? { config: null, secrets: null }
}

export async function claimRun(db: Db, id: number, { holder, now }: { holder: string; now: Date }): Promise<RunRecord | null> {
  const [run] = await db.query<RunRecord>(
    `UPDATE sync_runs r SET holder = $2, beat_at = clock_timestamp(), started_at = coalesce(r.started_at, $3::timestamptz),
       status = CASE r.status WHEN 'waiting' THEN 'reading' ELSE r.status END
      WHERE r.id = $1 AND r.status IN ('waiting', 'reading', 'applying') AND (r.holder IS NULL OR r.${SILENT})
      RETURNING ${SELECT_RUN}`,
    [id, holder, now],
  )
  return run ?? null
}

export async function abandonedRuns(db: Db): Promise<number[]> {
  const rows = await db.query<{ id: number }>(
    `SELECT r.id FROM sync_runs r WHERE r.status IN ('waiting', 'reading', 'applying') AND r.${SILENT} ORDER BY r.id`,
    [],
  )
  return rows.map(({ id }) => id)
}

export const releaseStale = (db: Db, before: Date): Promise<unknown> =>
  db.query(`UPDATE sync_runs SET holder = NULL, beat_at = 'epoch' WHERE holder IS NOT NULL AND beat_at < $1::timestamptz`, [
    before,
  ])

interface Step
  extends Partial<Pick<RunRecord, 'status' | 'reason' | 'notes' | 'total' | 'unchanged' | 'finishedAt' | 'undoneAt'>> {
  readonly planned?: number
  readonly applied?: number
  readonly over?: boolean
  readonly free?: boolean
}

export async function updateRun(db: Db, id: number, { holder, step }: { holder: string | null; step: Step }): Promise<boolean> {
  const { status, reason, notes, total, unchanged, finishedAt, undoneAt, planned, applied, over = false, free = false } = step
  const rows = await db.query(
    `UPDATE sync_runs SET status = coalesce($3, status), reason = coalesce($4, reason), total = coalesce($5::int, total),
       unchanged = coalesce($6::int, unchanged), finished_at = coalesce($7::timestamptz, finished_at),
       undone_at = coalesce($8::timestamptz, undone_at), planned = planned + coalesce($9::int, 0),
       applied = applied + coalesce($10::int, 0), beat_at = CASE WHEN $11::boolean THEN 'epoch' ELSE clock_timestamp() END,
       holder = CASE WHEN $12 THEN NULL ELSE holder END, secrets = CASE WHEN $12 THEN NULL ELSE secrets END,
       notes = coalesce($13::text[], notes)
      WHERE id = $1 AND ($2::text IS NULL OR holder = $2) RETURNING 1`,
    [id, holder, status, reason, total, unchanged, finishedAt, undoneAt, planned, applied, free, over, notes].map(
      value => value ?? null,
    ),
  )
  return rows.length > 0
}

export const releaseRun = (db: Db, id: number, holder: string): Promise<unknown> =>
  db.query(`UPDATE sync_runs SET holder = NULL, beat_at = 'epoch' WHERE id = $1 AND holder = $2`, [id, holder])

/** A later complete run supersedes pending ones. */
export const supersede = (db: Db, { id, iamid }: RunRecord, now: Date): Promise<unknown> =>
  db.query(
    `UPDATE sync_runs SET status = 'superseded', finished_at = $3::timestamptz WHERE iamid = $1 AND id < $2 AND status = 'quarantined'`,
    [iamid, id, now],
  )

export const runList = (filter: {
  ids?: readonly number[] | null
  iamid?: string | null
  statuses?: readonly string[] | null
}): ListQuery<RunRecord> => ({
  ...RUN_PAGE,
  from: 'sync_runs r',
  ...conditions([
    ['r.id = ANY($::int[])', filter.ids],
    ['r.iamid = $', filter.iamid],
    ['r.status = ANY($::text[])', filter.statuses && checkList('statuses', filter.statuses).map(name => name.toLowerCase())],
  ]),
  id: 'r.id',
  order: { name: 'syncRuns', expression: 'r.id', type: 'int', descending: true },
})

const SUCCESSFUL = `r.status = 'finished' AND NOT r.dry_run AND r.mode IN ('full', 'incremental')`

export interface FullRun {
  readonly startedAt: Date
  readonly isCurrent: boolean
}

export async function lastFullRun(db: Db, iamid: string): Promise<FullRun | null> {
  const [row] = await db.query<FullRun>(
    `SELECT r.started_at AS "startedAt", r.started_at >= i.updated_at AS "isCurrent" FROM sync_runs r JOIN iams i ON i.id = r.iamid
      WHERE r.iamid = $1 AND ${SUCCESSFUL} ORDER BY r.id DESC LIMIT 1`,
    [iamid],
  )
  return row ?? null
}

export const lastSuccessfulRuns = (db: Db, iamids: readonly string[]): Promise<RunRecord[]> =>
  rowsInChunks(db, iamids, piece =>
    db.query(
      `SELECT ${SELECT_RUN} FROM unnest($1::text[]) w(iamid) CROSS JOIN LATERAL (SELECT r.id FROM sync_runs r
          WHERE r.iamid = w.iamid AND ${SUCCESSFUL} ORDER BY r.id DESC LIMIT 1) last JOIN sync_runs r ON r.id = last.id`,
      [piece],
    ),
  )

export const runsOfIams: NestedList<RunRecord> = {
  ...RUN_PAGE,
  from: 'sync_runs r',
  where: [],
  values: [],
  owner: 'r.iamid',
  ownerType: 'text',
  id: 'r.id',
  order: { name: 'syncRunsOfIam', expression: 'r.id', type: 'int', descending: true },
  isIndexed: true,
}

export const lastDue = (db: Db): Promise<{ iamid: string; mode: string; dueAt: Date }[]> =>
  db.query(
    `SELECT r.iamid, r.mode, max(r.due_at) AS "dueAt" FROM sync_runs r WHERE r.due_at IS NOT NULL GROUP BY r.iamid, r.mode`,
    [],
  )

export const syncedIams = (db: Db): Promise<Pick<IamRecord, 'id' | 'type' | 'config' | 'updatedAt'>[]> =>
  db.query(
    `SELECT i.id, i.type, i.config, i.updated_at AS "updatedAt" FROM iams i
      WHERE i.type = 'ldap' AND i.config ? 'ldapSync' AND i.config ? 'options' ORDER BY i.id`,
    [],
  )

export async function lastAppliedRun(db: Db, iamid: string): Promise<RunRecord | null> {
  const [run] = await db.query<RunRecord>(
    `SELECT ${SELECT_RUN} FROM sync_runs r WHERE r.iamid = $1 AND NOT r.dry_run AND r.applied > 0 ORDER BY r.id DESC LIMIT 1`,
    [iamid],
  )
  return run ?? null
}
