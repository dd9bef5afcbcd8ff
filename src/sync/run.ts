/**
 * Syncs: a whole directory, brought into the store. Flow: syncs.service (who may, one at a time) → working: a run from start to end →
 * reading: the connector lists people page by page, each page is compared with what is held (outcome), and only who changes gets an
 * entry (keeping) → refusals: what was not seen whole, or would disable too many, is quarantined → applying: entries are reconciled in
 * batches, each in a transaction of its own (run-steps.service). Everything that a run needs to go on stands in its rows, so that any process
 * can take it up where another one died (jobs).
 */
import type { IamRecord } from '../domain/iams/iam.ts'
import type { Page } from '../platform/database/pagination.ts'

/**
 * waiting, reading, applying: under way. finished: all that was planned is done, or told (dry run). failed: the directory gave nothing.
 * quarantined: an administrator decides. dropped: one decided against it. superseded: a later run of the IAM made it moot.
 */
export const STATUSES = ['waiting', 'reading', 'applying', 'finished', 'failed', 'quarantined', 'dropped', 'superseded'] as const
export type RunStatus = (typeof STATUSES)[number]

/** full: everybody, and who is not there any more. incremental: what changed since. user: one person. */
export type RunMode = 'full' | 'incremental' | 'user'

export interface RunRecord {
  readonly id: number
  readonly iamid: string
  /** The display name of the IAM; null once it is removed, or was never saved. */
  readonly iamName: string | null
  readonly mode: RunMode
  readonly startedBy: string
  readonly dryRun: boolean
  readonly userid: string | null
  readonly status: RunStatus
  readonly reason: string | null
  /** What it met that changes nothing. */
  readonly notes: readonly string[]
  /** Of an incremental run. */
  readonly since: Date | null
  /** People whom the directory showed. */
  readonly total: number
  readonly unchanged: number
  /** Entries to apply, and how many of them are. */
  readonly planned: number
  readonly applied: number
  readonly createdAt: Date
  readonly startedAt: Date | null
  readonly finishedAt: Date | null
  readonly undoneAt: Date | null
}

export const OUTCOMES = ['import', 'refresh', 'enable', 'disable', 'replace', 'group', 'fault'] as const
/** `replace`: an account emptied for the next person of its userid. `group`: one made or refreshed. `fault`: somebody of whom nothing could be taken. */
export type Outcome = (typeof OUTCOMES)[number]

/** planned: not done (yet). skipped: was so already, or could not be done; then with a reason. undone: an administrator took it back. */
export type EntryState = 'planned' | 'applied' | 'skipped' | 'undone'

export interface EntryRecord {
  readonly id: number
  readonly runId: number
  readonly kind: 'user' | 'group'
  readonly source: string | null
  readonly name: string
  readonly dn: string | null
  readonly userId: number | null
  readonly outcome: Outcome
  readonly state: EntryState
  readonly before: Readonly<Record<string, unknown>> | null
  readonly after: Readonly<Record<string, unknown>> | null
  readonly reason: string | null
}

export const isUnderWay = ({ status }: Pick<RunRecord, 'status'>): boolean =>
  status === 'waiting' || status === 'reading' || status === 'applying'

/** Whether what the run read may be another directory than the IAM's present one. */
export const isChangedSince = ({ updatedAt }: Pick<IamRecord, 'updatedAt'>, { startedAt, createdAt }: RunRecord): boolean =>
  updatedAt > (startedAt ?? createdAt)

export type RunPage = Page<RunRecord>
export type EntryPage = Page<EntryRecord>
