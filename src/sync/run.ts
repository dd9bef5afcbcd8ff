/**
 * Read, plan, check safety limits, apply in batches.
 * State is in rows, so that any process can continue.
 */
import type { IamRecord } from '../domain/iams/iam.ts'
import { flag, integer, json, orNull, type RecordOf, text, texts, time } from '../platform/database/columns.ts'
import type { Page } from '../platform/database/pagination.ts'

/** failed: no data. quarantined: awaits a decision. superseded: by a later run. */
export const STATUSES = [
  'waiting',
  'reading',
  'applying',
  'finished',
  'failed',
  'quarantined',
  'cancelled',
  'superseded',
] as const
export type RunStatus = (typeof STATUSES)[number]

export type RunMode = 'full' | 'incremental' | 'user'

export const RUN_COLUMNS = {
  id: integer('r.id'),
  iamid: text('r.iamid'),
  mode: text<RunMode>('r.mode'),
  startedBy: text('r.started_by'),
  startedById: orNull(integer('r.started_by_user_id')),
  dryRun: flag('r.dry_run'),
  userid: orNull(text('r.userid')),
  status: text<RunStatus>('r.status'),
  reason: orNull(text('r.reason')),
  notes: texts('r.notes'),
  since: orNull(time('r.since')),
  total: integer('r.total'),
  unchanged: integer('r.unchanged'),
  planned: integer('r.planned'),
  applied: integer('r.applied'),
  createdAt: time('r.created_at'),
  startedAt: orNull(time('r.started_at')),
  finishedAt: orNull(time('r.finished_at')),
  undoneAt: orNull(time('r.undone_at')),
}

export interface RunRecord extends RecordOf<typeof RUN_COLUMNS> {
  readonly iamName: string | null
}

export const ACTIONS = ['create', 'update', 'enable', 'disable', 'replace', 'delete', 'error'] as const
/** `replace`: an emptied account. `error`: not imported. */
export type SyncAction = (typeof ACTIONS)[number]

/** skipped: already so or impossible, with a reason. */
export type EntryState = 'planned' | 'applied' | 'skipped' | 'undone'

export const ENTRY_COLUMNS = {
  id: integer('e.id'),
  runId: integer('e.run_id'),
  kind: text<'user' | 'group'>('e.kind'),
  source: orNull(text('e.source')),
  name: text('e.name'),
  dn: orNull(text('e.dn')),
  userId: orNull(integer('e.user_id')),
  action: text<SyncAction>('e.action'),
  state: text<EntryState>('e.state'),
  before: orNull(json<Readonly<Record<string, unknown>>>('e.before')),
  after: orNull(json<Readonly<Record<string, unknown>>>('e.after')),
  reason: orNull(text('e.reason')),
}
export interface EntryRecord extends RecordOf<typeof ENTRY_COLUMNS> {}

export const isUnderWay = ({ status }: Pick<RunRecord, 'status'>): boolean =>
  status === 'waiting' || status === 'reading' || status === 'applying'

export const isChangedSince = ({ updatedAt }: Pick<IamRecord, 'updatedAt'>, { startedAt, createdAt }: RunRecord): boolean =>
  updatedAt > (startedAt ?? createdAt)

export type RunPage = Page<RunRecord>
export type EntryPage = Page<EntryRecord>
