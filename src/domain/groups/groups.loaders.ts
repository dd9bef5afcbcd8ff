import DataLoader from 'dataloader'
import { manyEach, oneEach } from '../../platform/database/batch.ts'
import { HangingPages } from '../../platform/database/nested-list.ts'
import type { Db } from '../../platform/database/store.ts'
import type { GroupRecord, MembershipRecord } from './group.ts'
import { groupsByIds, groupsOfUsers, permissionsOfGroups } from './groups.store.ts'
import { membershipsOfUsers, membersOfGroups } from './memberships.store.ts'

export const groupLoaders = (db: Db) => ({
  groupById: new DataLoader<number, GroupRecord | null>(async ids => oneEach(ids, await groupsByIds(db, ids), group => group.id)),
  groupsOfUser: new HangingPages<number, GroupRecord>(db, groupsOfUsers),
  membershipsOfUser: new HangingPages<number, MembershipRecord>(db, membershipsOfUsers),
  membersOfGroup: new HangingPages<number, MembershipRecord>(db, membersOfGroups),
  groupPermissionsOfGroup: new DataLoader<number, string[]>(async ids =>
    manyEach(ids, await permissionsOfGroups(db, ids), row => row.groupId).map(rows => rows.map(row => row.permission)),
  ),
})
