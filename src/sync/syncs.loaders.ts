import DataLoader from 'dataloader'
import { groupMany } from '../platform/database/batch.ts'
import type { Db } from '../platform/database/store.ts'
import { countsOfRuns, type RunCount } from './entries.store.ts'

export const syncLoaders = (db: Db) => ({
  countsOfRun: new DataLoader<number, RunCount[]>(async ids => groupMany(ids, await countsOfRuns(db, ids), row => row.runId)),
})
