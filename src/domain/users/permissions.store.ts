import { rowsInChunks } from '../../platform/database/chunks.ts'
import { selectList } from '../../platform/database/columns.ts'
import type { Db } from '../../platform/database/store.ts'
import { GRANT_ORIGIN_COLUMNS, type GrantOriginRecord } from './user.ts'

interface Granted {
  readonly permissions: readonly string[]
  /** As in the audit log. */
  readonly by: string
}

export async function localPermissions(db: Db, userId: number): Promise<string[]> {
  const rows = await db.query<{ permission: string }>(
    `SELECT p.permission FROM user_permissions p WHERE p.user_id = $1 AND p.source = 'bim' ORDER BY p.id`,
    [userId],
  )
  return rows.map(row => row.permission)
}

/** In this order; those that stay keep their origin. */
export const replaceLocalPermissions = (db: Db, userId: number, { permissions, by }: Granted): Promise<unknown> =>
  db.query(
    `WITH gone AS (DELETE FROM user_permissions WHERE user_id = $1::int AND source = 'bim' RETURNING permission, granted_by, created_at)
     INSERT INTO user_permissions (user_id, permission, source, granted_by, created_at)
     SELECT $1::int, n.name, 'bim', CASE WHEN g.permission IS NULL THEN $3 ELSE g.granted_by END, coalesce(g.created_at, now())
       FROM unnest($2::text[]) WITH ORDINALITY n(name, place) LEFT JOIN gone g ON g.permission = n.name ORDER BY n.place`,
    [userId, permissions, by],
  )

export async function addLocalPermissions(db: Db, userIds: readonly number[], { permissions, by }: Granted): Promise<void> {
  if (permissions.length === 0 || userIds.length === 0) return
  await db.query(
    `INSERT INTO user_permissions (user_id, permission, source, granted_by) SELECT u.id, p.name, 'bim', $3
       FROM unnest($1::int[]) WITH ORDINALITY u(id, place) CROSS JOIN unnest($2::text[]) WITH ORDINALITY p(name, place)
      ORDER BY u.place, p.place ON CONFLICT DO NOTHING`,
    [userIds, permissions, by],
  )
}

const SELECT_ORIGIN = selectList(GRANT_ORIGIN_COLUMNS)

export const grantOriginsOfUsers = (db: Db, ids: readonly number[]): Promise<GrantOriginRecord[]> =>
  rowsInChunks(db, ids, piece =>
    db.query<GrantOriginRecord>(`SELECT ${SELECT_ORIGIN} FROM effective_permissions e WHERE e.user_id = ANY($1::int[])`, [piece]),
  )
