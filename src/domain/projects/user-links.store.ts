import type { NestedList } from '../../platform/database/nested-list.ts'
import type { Db } from '../../platform/database/store.ts'
import type { UserRecord } from '../users/user.ts'
import { SELECT_USER } from '../users/users.projection.ts'

interface UserLinks {
  readonly table: string
  readonly parent: string
  readonly name: string
}

/** A table of pairs. `add` and `remove` return the changed. */
export function userLinks({ table, parent, name }: UserLinks) {
  const users: NestedList<UserRecord> = {
    columns: SELECT_USER,
    from: `${table} l JOIN users u ON u.id = l.user_id`,
    where: [],
    values: [],
    owner: `l.${parent}`,
    ownerType: 'int',
    id: 'u.id',
    order: { name, expression: 'u.name_key', type: 'text', descending: false },
    countFrom: `${table} l`,
  }
  return {
    users,

    add: (db: Db, parentId: number, { userIds, now }: { userIds: readonly number[]; now: Date }): Promise<number[]> =>
      idsOf(
        db,
        `INSERT INTO ${table} (${parent}, user_id, created_at)
       SELECT $1, u.id, $3 FROM users u WHERE u.id = ANY($2::int[]) ORDER BY u.id FOR KEY SHARE ON CONFLICT DO NOTHING RETURNING user_id AS id`,
        [parentId, userIds, now],
      ),

    remove: (db: Db, parentId: number, userIds: readonly number[]): Promise<number[]> =>
      idsOf(db, `DELETE FROM ${table} WHERE ${parent} = $1 AND user_id = ANY($2::int[]) RETURNING user_id AS id`, [
        parentId,
        userIds,
      ]),
  }
}

async function idsOf(db: Db, text: string, values: readonly unknown[]): Promise<number[]> {
  const rows = await db.query<{ id: number }>(text, values)
  return rows.map(row => row.id)
}
