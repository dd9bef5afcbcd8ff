/** Writes the planned entries of a run. */
import type { App } from '../authorization/context.ts'
import type { IamRecord } from '../domain/iams/iam.ts'
import type { Directory } from '../federation/directory.ts'
import { type HeldRun, insertEntries } from './entries.store.ts'
import type { EntryDraft } from './entry.ts'
import type { RunRecord } from './run.ts'
import { LeaseLost } from './run-end.ts'
import type { UserInfoReader } from './user-info-reader.ts'

/** Who keeps: the reader of a run that `holder` holds. */
export interface EntryWriter {
  readonly app: Pick<App, 'store' | 'log'>
  readonly run: RunRecord
  readonly holder: string
}

/** A reading, and what it reads by. */
export interface Reading extends EntryWriter {
  readonly app: App
  readonly iam: IamRecord
  readonly directory: Directory
  /** Null: the sync does not ask the IAM's user info endpoint. */
  readonly informer: UserInfoReader | null
  /** Aborted with the reason when the run is no longer this process's. */
  readonly signal: AbortSignal
  /** Says that the run goes on. Throws when it is somebody else's by now. */
  readonly beat: (step: { total: number; unchanged: number; planned: number }) => Promise<void>
}

export const leaseOf = ({ run, holder }: EntryWriter): HeldRun => ({ runId: run.id, holder })

/** Throws LeaseLost. */
export async function writeEntries(keeper: EntryWriter, drafts: readonly EntryDraft[]): Promise<void> {
  for (const part of inParts(drafts))
    if (!(await insertEntries(keeper.app.store.db, leaseOf(keeper), part))) throw new LeaseLost()
}

/** Groups and values in one statement, at most. */
const heaviest = 20_000

/** A few people may be in ten thousand groups each: what goes to the store at once is bounded by that, too. */
function* inParts(drafts: readonly EntryDraft[]): Generator<EntryDraft[]> {
  let part: EntryDraft[] = []
  let weight = 0
  for (const draft of drafts) {
    part.push(draft)
    weight += 1 + (draft.said && 'groups' in draft.said ? (draft.said.groups?.length ?? 0) : 0)
    if (weight < heaviest) continue
    yield part
    part = []
    weight = 0
  }
  if (part.length > 0) yield part
}
