import type { NamedGroup } from '../../domain/groups/group.members.ts'
import type { Db } from '../../platform/database/store.ts'

export interface UnfinishedGroup extends NamedGroup {
  readonly nameKey: string
  readonly unfinishedAt: Date
}
const UNFINISHED = `SELECT g.id, g.iamid, g.name, g.name_key AS "nameKey", g.unfinished_at AS "unfinishedAt" FROM groups g`

export const unfinishedGroups = (db: Db, { until, limit }: { until: Date; limit: number }): Promise<UnfinishedGroup[]> =>
  db.query(`${UNFINISHED} WHERE g.unfinished_at <= $1::timestamptz ORDER BY g.unfinished_at, g.id LIMIT $2::int`, [until, limit])

export async function lockUnfinishedGroup(db: Db, id: number, until: Date): Promise<UnfinishedGroup | null> {
  const rows = await db.query<UnfinishedGroup>(
    `${UNFINISHED} WHERE g.id = $1 AND g.unfinished_at <= $2::timestamptz FOR UPDATE`,
    [id, until],
  )
  return rows[0] ?? null
}
