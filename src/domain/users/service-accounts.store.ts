import type { ServiceAccountFilter, UserSort } from '../../generated/inputs.ts'
import type { Conditions } from '../../platform/database/conditions.ts'
import type { ListQuery } from '../../platform/database/pagination.ts'
import type { Db } from '../../platform/database/store.ts'
import type { UserRecord } from './user.ts'
import type { Projection } from './users.projection.ts'
import { userList } from './users.search.ts'

export interface OwnerColumns {
  readonly ownerUserId: number | null
  readonly ownerGroupId: number | null
}

interface AccountList {
  readonly filter: ServiceAccountFilter
  readonly sort: UserSort | null | undefined
  readonly wanted: Projection | undefined
  readonly owner: OwnerColumns | null
  /** Whose accounts, or those of their groups; null: all. */
  readonly of: number | null
}

/** A group that is not complete grants nothing. */
const OWN_GROUPS = 'memberships m JOIN groups g ON g.id = m.group_id AND g.unfinished_at IS NULL'

export function accountList({ filter, sort, wanted, owner, of }: AccountList): ListQuery<UserRecord> {
  const { name, userid, includeDisabled, hasOwner, ownerDisabled } = filter
  const also = (found: Conditions) => {
    if (owner?.ownerUserId != null) found.add('u.owner_user_id = ?::int', owner.ownerUserId)
    if (owner?.ownerGroupId != null) found.add('u.owner_group_id = ?::int', owner.ownerGroupId)
    if (of !== null)
      found.add(
        `u.id IN (SELECT s.id FROM users s WHERE s.owner_user_id = ?::int UNION
           SELECT s.id FROM ${OWN_GROUPS} JOIN users s ON s.owner_group_id = g.id WHERE m.user_id = ?::int)`,
        of,
        of,
      )
    if (hasOwner != null) found.add('(num_nonnulls(u.owner_user_id, u.owner_group_id) = 1) = ?::boolean', hasOwner)
    if (ownerDisabled != null)
      found.add('EXISTS (SELECT 1 FROM users o WHERE o.id = u.owner_user_id AND o.disabled) = ?::boolean', ownerDisabled)
  }
  return userList(
    { name: name ?? null, userid: userid ?? null, includeDisabled: includeDisabled ?? null, kind: 'SERVICE', also },
    sort,
    { wanted },
  )
}

export async function isMemberOf(db: Db, groupId: number, userId: number): Promise<boolean> {
  return (await db.query(`SELECT 1 FROM ${OWN_GROUPS} WHERE g.id = $1 AND m.user_id = $2`, [groupId, userId])).length > 0
}

export async function countOwned(db: Db, { ownerUserId, ownerGroupId }: OwnerColumns): Promise<number> {
  const [row] = await db.query<{ count: number }>(
    'SELECT count(*)::int AS count FROM users s WHERE s.owner_user_id = $1::int OR s.owner_group_id = $2::int',
    [ownerUserId, ownerGroupId],
  )
  return row!.count
}

/** The userids of the accounts of each owner. */
export async function ownedByUsers(
  db: Db,
  { ids = null, iamid = null }: { ids?: readonly number[] | null; iamid?: string | null },
): Promise<Map<number, string[]>> {
  const rows = await db.query<{ ownerId: number; userids: string[] }>(
    `SELECT o.id AS "ownerId", array_agg(s.userid ORDER BY s.id) AS userids
       FROM users s JOIN users o ON o.id = s.owner_user_id WHERE s.kind = 'SERVICE' AND (o.id = ANY($1::int[]) OR o.iamid = $2) GROUP BY o.id`,
    [ids, iamid],
  )
  return new Map(rows.map(({ ownerId, userids }) => [ownerId, userids]))
}

export async function ownedByGroup(db: Db, groupId: number): Promise<string[]> {
  const rows = await db.query<{ userid: string }>('SELECT s.userid FROM users s WHERE s.owner_group_id = $1 ORDER BY s.id', [
    groupId,
  ])
  return rows.map(({ userid }) => userid)
}

/** For the audit event of the owner's deletion. */
export const withoutOwner = (userids: readonly string[] = []): { serviceAccounts?: readonly string[] } =>
  userids.length === 0 ? {} : { serviceAccounts: userids }
