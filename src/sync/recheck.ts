/** A plan that was confirmed, or taken up again, may be old: whom it would disable is looked for once more, and who is back is spared. */

import type { IamRecord } from '../domain/iams/iam.ts'
import { type Directory, entryOfUser } from '../federation/directory.ts'
import { directoryIdOf, hasNoEntryIds } from '../federation/source-ids.ts'
import type { Db } from '../platform/database/store.ts'
import { RosterError } from '../platform/errors.ts'
import { type PlannedDisable, plannedDisables } from './entries.store.ts'
import type { RunRecord } from './run.ts'

/** Entries read, and people asked for, at once. */
const page = 1_000
const atOnce = 10

/**
 * Calls `spare` with the entries of those who are back. Answers why the directory could not be asked; null when it was. What else it
 * throws is the store's.
 */
export async function recheckDisables(
  db: Db,
  { run, iam, open }: { readonly run: RunRecord; readonly iam: IamRecord; readonly open: () => Promise<Directory> },
  spare: (entries: readonly PlannedDisable[]) => Promise<unknown>,
): Promise<string | null> {
  let directory: Directory | null = null
  for (let after = 0; ; ) {
    const entries = await plannedDisables(db, run.id, after, page)
    if (entries.length === 0) return null
    directory ??= await open()
    for (let start = 0; start < entries.length; start += atOnce) {
      const part = entries.slice(start, start + atOnce)
      const here = directory
      const answers = await Promise.all(part.map(entry => isBack(here, iam, entry)))
      const failure = answers.find(answer => typeof answer === 'string')
      if (failure !== undefined) return failure
      const back = part.filter((_, at) => answers[at])
      if (back.length > 0) await spare(back)
    }
    if (entries.length < page) return null
    after = entries.at(-1)!.id
  }
}

/** A text: why the directory does not say. Another entry of the same userid is somebody else. */
async function isBack(directory: Directory, iam: IamRecord, user: PlannedDisable): Promise<boolean | string> {
  try {
    const entry = await entryOfUser(directory, iam, user)
    if (entry === null || user.directoryId === null || hasNoEntryIds(iam)) return entry !== null
    const id = directoryIdOf(iam, entry)
    return id === null || id.id === user.directoryId
  } catch (error) {
    if (error instanceof RosterError) return error.message
    throw error
  }
}
