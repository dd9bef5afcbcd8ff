import DataLoader from 'dataloader'
import { groupMany, groupOne } from '../platform/database/batch.ts'
import type { Db } from '../platform/database/store.ts'
import { countsOfRuns, type RunCount } from './entries.store.ts'
import type { RunRecord } from './run.ts'
import { runsByIds } from './runs.store.ts'

export const syncLoaders = (db: Db) => ({
  runById: new DataLoader<number, RunRecord | null>(async ids => groupOne(ids, await runsByIds(db, ids), run => run.id)),
  countsOfRun: new DataLoader<number, RunCount[]>(async ids => groupMany(ids, await countsOfRuns(db, ids), row => row.runId)),
})
