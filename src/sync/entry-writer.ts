import type { App } from '../authorization/context.ts'
import type { IamRecord } from '../domain/iams/iam.ts'
import type { Directory } from '../federation/directory.ts'
import { type HeldRun, insertEntries } from './entries.store.ts'
import type { EntryDraft } from './entry.ts'
import type { RunRecord } from './run.ts'
import { LeaseLost } from './run-end.ts'
import type { UserInfoReader } from './user-info-reader.ts'

export interface EntryWriter {
  readonly app: Pick<App, 'store' | 'log'>
  readonly run: RunRecord
  readonly holder: string
}

export interface Reading extends EntryWriter {
  readonly app: App
  readonly iam: IamRecord
  readonly directory: Directory
  readonly informer: UserInfoReader | null
  readonly signal: AbortSignal
  readonly beat: (step: { total: number; unchanged: number; planned: number }) => Promise<void>
}

export const leaseOf = ({ run, holder }: EntryWriter): HeldRun => ({ runId: run.id, holder })

export async function writeEntries(keeper: EntryWriter, drafts: readonly EntryDraft[]): Promise<void> {
  for (const part of inParts(drafts))
    if (!(await insertEntries(keeper.app.store.db, leaseOf(keeper), part))) throw new LeaseLost()
}

const heaviest = 20_000

/** A few users may have many groups. */
function* inParts(drafts: readonly EntryDraft[]): Generator<EntryDraft[]> {
  let part: EntryDraft[] = []
  let weight = 0
  for (const draft of drafts) {
    part.push(draft)
    weight += 1 + (draft.payload && 'groups' in draft.payload ? (draft.payload.groups?.length ?? 0) : 0)
    if (weight < heaviest) continue
    yield part
    part = []
    weight = 0
  }
  if (part.length > 0) yield part
}
