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
  const rows = await db.prisma.userPermission.findMany({
    where: { userId, source: 'bim' },
    orderBy: { id: 'asc' },
    select: { permission: true },
  })
  return rows.map(row => row.permission)
}

/** Those that stay keep their origin. */
export async function replaceLocalPermissions(db: Db, userId: number, { permissions, by }: Granted): Promise<void> {
  const before = { userId, source: 'bim' }
  const held = await db.prisma.userPermission.findMany({ where: before })
  await db.prisma.userPermission.deleteMany({ where: before })
  const stays = new Map(held.map(({ permission, grantedBy, createdAt }) => [permission, { grantedBy, createdAt }]))
  const data = permissions.map(permission => ({ ...before, permission, grantedBy: by, ...stays.get(permission) }))
  if (data.length > 0) await db.prisma.userPermission.createMany({ data })
}

export async function addLocalPermissions(db: Db, userIds: readonly number[], { permissions, by }: Granted): Promise<void> {
  if (permissions.length === 0 || userIds.length === 0) return
  const data = userIds.flatMap(userId => permissions.map(permission => ({ userId, permission, source: 'bim', grantedBy: by })))
  await db.prisma.userPermission.createMany({ data, skipDuplicates: true })
}

const SELECT_ORIGIN = selectList(GRANT_ORIGIN_COLUMNS)

export const grantOriginsOfUsers = (db: Db, ids: readonly number[]): Promise<GrantOriginRecord[]> =>
  rowsInChunks(db, ids, piece =>
    db.query<GrantOriginRecord>(`SELECT ${SELECT_ORIGIN} FROM effective_permissions e WHERE e.user_id = ANY($1::int[])`, [piece]),
  )
