import DataLoader from 'dataloader'
import { groupMany, groupOne } from '../platform/database/batch.ts'
import { NestedListLoader } from '../platform/database/nested-list.ts'
import type { Db } from '../platform/database/store.ts'
import { countsOfRuns, entriesOfRuns, type RunCount } from './entries.store.ts'
import type { EntryRecord, RunRecord } from './run.ts'
import { lastSuccessfulRuns, runsByIds, runsOfIams } from './runs.store.ts'

export const syncLoaders = (db: Db) => ({
  runById: new DataLoader<number, RunRecord | null>(async ids => groupOne(ids, await runsByIds(db, ids), run => run.id)),
  runsOfIam: new NestedListLoader<string, RunRecord>(db, runsOfIams),
  lastSuccessfulRunOfIam: new DataLoader<string, RunRecord | null>(async ids =>
    groupOne(ids, await lastSuccessfulRuns(db, ids), run => run.iamid),
  ),
  entriesOfRun: new NestedListLoader<number, EntryRecord>(db, entriesOfRuns),
  countsOfRun: new DataLoader<number, RunCount[]>(async ids => groupMany(ids, await countsOfRuns(db, ids), row => row.runId)),
})
