import DataLoader from 'dataloader'
import { groupMany, groupOne } from '../../platform/database/batch.ts'
import { NestedListLoader } from '../../platform/database/nested-list.ts'
import type { Db } from '../../platform/database/store.ts'
import type { GroupRecord, MembershipRecord } from './group.ts'
import { groupsByIds, groupsOfUsers, permissionsOfGroups } from './groups.store.ts'
import { membershipsIn, membershipsOfUsers, membersOfGroups, type UserInGroup } from './memberships.store.ts'

export const groupLoaders = (db: Db) => ({
  groupById: new DataLoader<number, GroupRecord | null>(async ids =>
    groupOne(ids, await groupsByIds(db, ids), group => group.id),
  ),
  groupsOfUser: new NestedListLoader<number, GroupRecord>(db, groupsOfUsers),
  membershipsOfUser: new NestedListLoader<number, MembershipRecord>(db, membershipsOfUsers),
  membershipIn: new DataLoader<UserInGroup, MembershipRecord | null, string>(
    async asked => {
      const found = await membershipsIn(db, asked)
      return asked.map((_, place) => found.get(place) ?? null)
    },
    { cacheKeyFn: ({ userId, group }) => JSON.stringify([userId, group.id, group.iamid, group.name]) },
  ),
  membersOfGroup: new NestedListLoader<number, MembershipRecord>(db, membersOfGroups),
  groupPermissionsOfGroup: new DataLoader<number, string[]>(async ids =>
    groupMany(ids, await permissionsOfGroups(db, ids), row => row.groupId).map(rows => rows.map(row => row.permission)),
  ),
})
