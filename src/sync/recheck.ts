/** An old plan: skips users who have returned. */

import type { IamRecord } from '../domain/iams/iam.ts'
import { type Directory, entryOfUser } from '../federation/directory.ts'
import { directoryIdOf, hasNoEntryIds } from '../federation/source-ids.ts'
import type { Db } from '../platform/database/store.ts'
import { RosterError } from '../platform/errors.ts'
import { type PlannedDisable, plannedDisables } from './entries.store.ts'
import type { RunRecord } from './run.ts'

const page = 1_000
const atOnce = 10

export async function recheckDisables(
  db: Db,
  { run, iam, open }: { readonly run: RunRecord; readonly iam: IamRecord; readonly open: () => Promise<Directory> },
  spare: (entries: readonly PlannedDisable[]) => Promise<unknown>,
): Promise<string | null> {
  let directory: Directory | null = null
  for (let after = 0; ; ) {
    const entries = await plannedDisables(db, run.id, { after, limit: page })
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

/** A text is the directory's failure. Another entry is another person. */
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
