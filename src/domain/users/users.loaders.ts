import DataLoader from 'dataloader'
import { groupMany, groupOne } from '../../platform/database/batch.ts'
import { NestedListLoader } from '../../platform/database/nested-list.ts'
import type { Db } from '../../platform/database/store.ts'
import { countHolders, rulesOfPermissions } from './permission.catalogue.store.ts'
import type { PermissionRuleRecord } from './permission.ts'
import { grantOriginsOfUsers } from './permissions.store.ts'
import { type GrantOriginRecord, grantKey, type PermissionGrantRecord, type UserRecord } from './user.ts'
import { grantsOfUsers, usersByIds, usersOfIams } from './users.store.ts'

export const userLoaders = (db: Db) => ({
  userById: new DataLoader<number, UserRecord | null>(async ids => groupOne(ids, await usersByIds(db, ids), user => user.id)),
  usersOfIam: new NestedListLoader<string, UserRecord>(db, usersOfIams),
  grantsOfUser: new DataLoader<number, PermissionGrantRecord[]>(async ids =>
    groupMany(ids, await grantsOfUsers(db, ids), row => row.userId),
  ),
  grantOriginsOfUser: new DataLoader<number, Map<string, GrantOriginRecord>>(async ids =>
    groupMany(ids, await grantOriginsOfUsers(db, ids), row => row.userId).map(
      rows => new Map(rows.map(row => [grantKey(row), row])),
    ),
  ),
  holdersOfPermission: new DataLoader<string, number | null>(async names =>
    groupOne(names, await countHolders(db, names), row => row.name).map(row => row?.count ?? null),
  ),
  rulesOfPermission: new NestedListLoader<string, PermissionRuleRecord>(db, rulesOfPermissions),
})
