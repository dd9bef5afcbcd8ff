import type { Loaders } from '../../authorization/context.ts'
import { text } from '../../platform/database/columns.ts'
import { type Edges, manyAlong, oneAlong } from '../../platform/database/edges.ts'
import { ATTRIBUTE_COLUMNS } from '../attributes/attribute.ts'
import { USER_COLUMNS } from '../users/user.ts'
import { GROUP_COLUMNS, type GroupRecord, type MembershipRecord } from './group.ts'

export const GROUP_EDGES: Edges<GroupRecord, Loaders> = {
  attributes: manyAlong(
    ATTRIBUTE_COLUMNS,
    { from: 'group_attributes a WHERE a.group_id = page.id', order: 'a.id' },
    (loaders, { id }, found) =>
      loaders.attributesOfGroup.prime(
        id,
        found.map(attribute => ({ ...attribute, ownerId: id })),
      ),
  ),
  permissions: manyAlong(
    { permission: text('r.permission') },
    {
      from: `groups o JOIN iam_group_permissions r ON r.iamid = o.iamid AND r.group_key = o.name_key
        WHERE o.id = page.id AND o.unfinished_at IS NULL`,
      order: 'r.permission',
    },
    (loaders, { id }, found) =>
      loaders.groupPermissionsOfGroup.prime(
        id,
        found.map(({ permission }) => permission),
      ),
  ),
}

export const MEMBERSHIP_EDGES: Edges<MembershipRecord, Loaders> = {
  user: oneAlong(USER_COLUMNS, 'users u WHERE u.id = page."userId"', (loaders, { userId }, user) =>
    loaders.userById.prime(userId, user),
  ),
  group: oneAlong(GROUP_COLUMNS, 'groups g WHERE g.id = page."groupId"', (loaders, { groupId }, group) =>
    loaders.groupById.prime(groupId, group),
  ),
}
