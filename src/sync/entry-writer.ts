/** How a reading keeps what it plans, and how it ends when it cannot. */
import type { App } from '../authorization/context.ts'
import type { IamRecord } from '../domain/iams/iam.ts'
import type { Directory } from '../federation/directory.ts'
import type { RosterError } from '../platform/errors.ts'
import { type HeldRun, insertEntries } from './entries.store.ts'
import type { EntryDraft } from './entry.ts'
import type { RunRecord } from './run.ts'
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
  /** Says that the run goes on. Throws when it is somebody else's by now. */
  readonly beat: (step: { total: number; unchanged: number; planned: number }) => Promise<void>
}

/** Another process has taken the run up, or an administrator dropped it: what is not written yet is not ours to write. */
export class LeaseLost extends Error {}

/** What the directory answered instead of showing anybody; whatever else a reading throws is the store's. */
export class SourceUnavailable extends Error {
  readonly failure: RosterError

  constructor(failure: RosterError) {
    super(failure.message)
    this.failure = failure
  }
}

/** What stopped a listing was not the directory, but who read it. */
export class Stopped extends Error {}
export const stopping =
  <Args extends unknown[], R>(step: (...args: Args) => Promise<R>) =>
  (...args: Args): Promise<R> =>
    step(...args).catch(error => {
      throw new Stopped('', { cause: error })
    })

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
