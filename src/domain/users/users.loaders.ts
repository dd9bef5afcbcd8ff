import DataLoader from 'dataloader'
import { groupMany, groupOne } from '../../platform/database/batch.ts'
import type { Db } from '../../platform/database/store.ts'
import type { PermissionGrantRecord, UserRecord } from './user.ts'
import { grantsOfUsers, usersByIds } from './users.store.ts'

export const userLoaders = (db: Db) => ({
  userById: new DataLoader<number, UserRecord | null>(async ids => groupOne(ids, await usersByIds(db, ids), user => user.id)),
  grantsOfUser: new DataLoader<number, PermissionGrantRecord[]>(async ids =>
    groupMany(ids, await grantsOfUsers(db, ids), row => row.userId),
  ),
})
