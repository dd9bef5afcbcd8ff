import { NotFound } from '../errors.ts'
import type { List } from '../store/page.ts'
import type { Db } from '../store/store.ts'
import type { UserRecord } from '../users/user.ts'
import { USER_COLUMNS } from '../users/users.along.ts'
import type { DataSourceRecord } from './project.ts'
import { idsOf, MAX_HANGING } from './projects.store.ts'

const COLUMNS = `s.id, s.name, s.created_at AS "createdAt"`

/** By name. */
export const dataSourceList: List = {
  columns: COLUMNS,
  from: 'data_sources s',
  where: [],
  values: [],
  id: 's.id',
  order: { name: 'dataSources', expression: 's.name_key', type: 'text', descending: false },
}

/** The data source, and nobody else changes or deletes it until the transaction ends. Throws NotFound. */
export async function lockDataSource(db: Db, id: number): Promise<DataSourceRecord> {
  const [source] = await db.query<DataSourceRecord>(`SELECT ${COLUMNS} FROM data_sources s WHERE s.id = $1 FOR UPDATE`, [id])
  if (!source) throw new NotFound(`No data source with id ${id}`)
  return source
}

/** Null when the name is taken. */
export async function insertDataSource(
  db: Db,
  source: { name: string; nameKey: string },
  now: Date,
): Promise<DataSourceRecord | null> {
  const [row] = await db.prisma.dataSource.createManyAndReturn({
    data: [{ ...source, createdAt: now }],
    skipDuplicates: true,
    select: { id: true, name: true, createdAt: true },
  })
  return row ?? null
}

/** With its owners (foreign keys cascade). */
export const deleteDataSourceRow = (db: Db, id: number) => db.prisma.dataSource.delete({ where: { id }, select: { id: true } })

export const countOwners = (db: Db, dataSourceId: number): Promise<number> =>
  db.prisma.dataSourceOwner.count({ where: { dataSourceId } })

/** The ids of those who were not owners yet. Users who were deleted meanwhile are left out, hence not a plain insert. */
export const addOwners = (db: Db, dataSourceId: number, userIds: readonly number[], now: Date): Promise<number[]> =>
  idsOf(
    db,
    `INSERT INTO data_source_owners (data_source_id, user_id, created_at)
       SELECT $1, u.id, $3 FROM users u WHERE u.id = ANY($2::int[]) ORDER BY u.id FOR KEY SHARE ON CONFLICT DO NOTHING RETURNING user_id AS id`,
    [dataSourceId, userIds, now],
  )

/** The ids of those who were owners. */
export const removeOwners = (db: Db, dataSourceId: number, userIds: readonly number[]): Promise<number[]> =>
  idsOf(db, `DELETE FROM data_source_owners WHERE data_source_id = $1 AND user_id = ANY($2::int[]) RETURNING user_id AS id`, [
    dataSourceId,
    userIds,
  ])

/** The first thousand of each data source, by name. */
export const ownersOfDataSources = (db: Db, ids: readonly number[]): Promise<(UserRecord & { dataSourceId: number })[]> =>
  db.query(
    `SELECT o.id AS "dataSourceId", m.* FROM unnest($1::int[]) o(id) CROSS JOIN LATERAL (
       SELECT ${USER_COLUMNS} FROM data_source_owners so JOIN users u ON u.id = so.user_id
        WHERE so.data_source_id = o.id ORDER BY u.name_key, u.id LIMIT ${MAX_HANGING}) m`,
    [ids],
  )

/** Those of the users who own a data source. */
export const dataSourceOwners = (db: Db, userIds: readonly number[]): Promise<number[]> =>
  idsOf(
    db,
    `SELECT o.id FROM unnest($1::int[]) o(id) WHERE EXISTS (SELECT 1 FROM data_source_owners so WHERE so.user_id = o.id)`,
    [userIds],
  )
