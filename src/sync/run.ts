/**
 * Syncs: a whole directory, brought into the store. Flow: syncs.service (who may, one at a time) → working: a run from start to end →
 * reading: the connector lists people page by page, each page is compared with what is held (outcome), and only who changes gets an
 * entry (keeping) → refusals: what was not seen whole, or would disable too many, is quarantined → applying: entries are reconciled in
 * batches, each in a transaction of its own (run-steps.service). Everything that a run needs to go on stands in its rows, so that any process
 * can take it up where another one died (jobs).
 */
import type { IamRecord } from '../domain/iams/iam.ts'
import { flag, integer, json, orNull, type RecordOf, text, texts, time } from '../platform/database/columns.ts'
import type { Page } from '../platform/database/pagination.ts'

/**
 * waiting, reading, applying: under way. finished: all that was planned is done, or told (dry run). failed: the directory gave nothing.
 * quarantined: an administrator decides. dropped: one decided against it. superseded: a later run of the IAM made it moot.
 */
export const STATUSES = ['waiting', 'reading', 'applying', 'finished', 'failed', 'quarantined', 'dropped', 'superseded'] as const
export type RunStatus = (typeof STATUSES)[number]

/** full: everybody, and who is not there any more. incremental: what changed since. user: one person. */
export type RunMode = 'full' | 'incremental' | 'user'

/** A row of `sync_runs r`. */
export const RUN_COLUMNS = {
  id: integer('r.id'),
  iamid: text('r.iamid'),
  mode: text<RunMode>('r.mode'),
  startedBy: text('r.started_by'),
  dryRun: flag('r.dry_run'),
  userid: orNull(text('r.userid')),
  status: text<RunStatus>('r.status'),
  reason: orNull(text('r.reason')),
  /** What it met that changes nothing. */
  notes: texts('r.notes'),
  /** Of an incremental run. */
  since: orNull(time('r.since')),
  /** People whom the directory showed. */
  total: integer('r.total'),
  unchanged: integer('r.unchanged'),
  /** Entries to apply, and how many of them are. */
  planned: integer('r.planned'),
  applied: integer('r.applied'),
  createdAt: time('r.created_at'),
  startedAt: orNull(time('r.started_at')),
  finishedAt: orNull(time('r.finished_at')),
  undoneAt: orNull(time('r.undone_at')),
}

export interface RunRecord extends RecordOf<typeof RUN_COLUMNS> {
  /** The display name of the IAM; null once it is removed, or was never saved. */
  readonly iamName: string | null
}

export const OUTCOMES = ['import', 'refresh', 'enable', 'disable', 'replace', 'group', 'fault'] as const
/** `replace`: an account emptied for the next person of its userid. `group`: one made or refreshed. `fault`: somebody of whom nothing could be taken. */
export type Outcome = (typeof OUTCOMES)[number]

/** planned: not done (yet). skipped: was so already, or could not be done; then with a reason. undone: an administrator took it back. */
export type EntryState = 'planned' | 'applied' | 'skipped' | 'undone'

/** A row of `sync_entries e`. */
export const ENTRY_COLUMNS = {
  id: integer('e.id'),
  runId: integer('e.run_id'),
  kind: text<'user' | 'group'>('e.kind'),
  source: orNull(text('e.source')),
  name: text('e.name'),
  dn: orNull(text('e.dn')),
  userId: orNull(integer('e.user_id')),
  outcome: text<Outcome>('e.outcome'),
  state: text<EntryState>('e.state'),
  before: orNull(json<Readonly<Record<string, unknown>>>('e.before')),
  after: orNull(json<Readonly<Record<string, unknown>>>('e.after')),
  reason: orNull(text('e.reason')),
}
export interface EntryRecord extends RecordOf<typeof ENTRY_COLUMNS> {}

export const isUnderWay = ({ status }: Pick<RunRecord, 'status'>): boolean =>
  status === 'waiting' || status === 'reading' || status === 'applying'

/** Whether what the run read may be another directory than the IAM's present one. */
export const isChangedSince = ({ updatedAt }: Pick<IamRecord, 'updatedAt'>, { startedAt, createdAt }: RunRecord): boolean =>
  updatedAt > (startedAt ?? createdAt)

export type RunPage = Page<RunRecord>
export type EntryPage = Page<EntryRecord>
