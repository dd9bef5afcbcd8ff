import DataLoader from 'dataloader'
import { manyEach, oneEach } from '../store/batch.ts'
import { pageOf } from '../store/page.ts'
import type { Db } from '../store/store.ts'
import type { GroupRecord, MembershipPage, MembershipRecord } from './group.ts'
import { groupsByIds, groupsOfUsers, permissionsOfGroups } from './groups.store.ts'
import { countMembers, MEMBERS_BY_NAME, type MembersWanted, membershipsOfUsers, membersOfGroups } from './memberships.store.ts'

export function groupLoaders(db: Db) {
  const memberCountOfGroup = new DataLoader<number, number>(async ids => {
    const counts = await countMembers(db, ids)
    return oneEach(ids, counts, row => row.groupId).map(row => row?.count ?? 0)
  })
  return {
    groupById: new DataLoader<number, GroupRecord | null>(async ids =>
      oneEach(ids, await groupsByIds(db, ids), group => group.id),
    ),
    groupsOfUser: new DataLoader<number, GroupRecord[]>(async ids =>
      manyEach(ids, await groupsOfUsers(db, ids), row => row.userId),
    ),
    membershipsOfUser: new DataLoader<number, MembershipRecord[]>(async ids =>
      manyEach(ids, await membershipsOfUsers(db, ids), row => row.userId),
    ),
    groupPermissionsOfGroup: new DataLoader<number, string[]>(async ids =>
      manyEach(ids, await permissionsOfGroups(db, ids), row => row.groupId).map(rows => rows.map(row => row.permission)),
    ),
    memberCountOfGroup,
    /** The first members of a group, or those after a cursor; the windows may differ from group to group. */
    membersOfGroup: new DataLoader<MembersWanted, MembershipPage, string>(
      async wanted => {
        const found = manyEach([...wanted.keys()], await membersOfGroups(db, wanted), row => row.place)
        return wanted.map(({ groupId, window }, place) => {
          const rows = found[place]!.map(({ place: _, ...row }) => row)
          return pageOf(rows, window, MEMBERS_BY_NAME, () => memberCountOfGroup.load(groupId))
        })
      },
      { cacheKeyFn: JSON.stringify },
    ),
  }
}
