import type { DataSourceFilter, DataSourceSort } from '../../generated/inputs.ts'
import { selectList } from '../../platform/database/columns.ts'
import type { NestedList } from '../../platform/database/nested-list.ts'
import type { Order } from '../../platform/database/order.ts'
import { conditions, type ListQuery, partPattern } from '../../platform/database/pagination.ts'
import type { Db } from '../../platform/database/store.ts'
import { NotFound } from '../../platform/errors.ts'
import { checkList } from '../../platform/validation.ts'
import type { UserRecord } from '../users/user.ts'
import { SELECT_USER } from '../users/users.projection.ts'
import { DATA_SOURCE_COLUMNS, type DataSourceRecord } from './project.ts'
import { idsOf } from './projects.store.ts'

const SELECT_SOURCE = selectList(DATA_SOURCE_COLUMNS)

const ORDERS: Record<DataSourceSort['field'], Omit<Order, 'descending'>> = {
  NAME: { name: 'dataSourceName', expression: 's.name_key', type: 'text' },
  CREATED_AT: { name: 'dataSourceCreatedAt', expression: 's.created_at', type: 'timestamptz' },
}

export const dataSourceList = (
  filter: DataSourceFilter,
  sort: DataSourceSort | null | undefined,
): ListQuery<DataSourceRecord> => ({
  columns: SELECT_SOURCE,
  from: 'data_sources s',
  ...conditions([
    ['s.name_key LIKE $', partPattern('name', filter.name)],
    ['s.id = ANY($::int[])', filter.ids && checkList('ids', filter.ids)],
    ['s.id IN (SELECT o.data_source_id FROM data_source_owners o WHERE o.user_id = $::int)', filter.ownerId],
  ]),
  id: 's.id',
  fresh: true,
  order: { ...ORDERS[sort?.field ?? 'NAME'], descending: sort?.direction === 'DESC' },
})

export async function lockDataSource(db: Db, id: number): Promise<DataSourceRecord> {
  const [source] = await db.query<DataSourceRecord>(`SELECT ${SELECT_SOURCE} FROM data_sources s WHERE s.id = $1 FOR UPDATE`, [
    id,
  ])
  if (!source) throw new NotFound(`No data source with id ${id}`)
  return source
}

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

export const deleteDataSourceRow = (db: Db, id: number) => db.prisma.dataSource.delete({ where: { id }, select: { id: true } })

export const countOwners = (db: Db, dataSourceId: number): Promise<number> =>
  db.prisma.dataSourceOwner.count({ where: { dataSourceId } })

export const addOwners = (
  db: Db,
  dataSourceId: number,
  { userIds, now }: { userIds: readonly number[]; now: Date },
): Promise<number[]> =>
  idsOf(
    db,
    `INSERT INTO data_source_owners (data_source_id, user_id, created_at)
       SELECT $1, u.id, $3 FROM users u WHERE u.id = ANY($2::int[]) ORDER BY u.id FOR KEY SHARE ON CONFLICT DO NOTHING RETURNING user_id AS id`,
    [dataSourceId, userIds, now],
  )

export const removeOwners = (db: Db, dataSourceId: number, userIds: readonly number[]): Promise<number[]> =>
  idsOf(db, `DELETE FROM data_source_owners WHERE data_source_id = $1 AND user_id = ANY($2::int[]) RETURNING user_id AS id`, [
    dataSourceId,
    userIds,
  ])

export const ownersOfDataSources: NestedList<UserRecord> = {
  columns: SELECT_USER,
  from: 'data_source_owners o JOIN users u ON u.id = o.user_id',
  where: [],
  values: [],
  owner: 'o.data_source_id',
  ownerType: 'int',
  id: 'u.id',
  order: { name: 'ownersOfDataSource', expression: 'u.name_key', type: 'text', descending: false },
  countFrom: 'data_source_owners o',
}

export const dataSourceOwners = (db: Db, userIds: readonly number[]): Promise<number[]> =>
  idsOf(
    db,
    `SELECT o.id FROM unnest($1::int[]) o(id) WHERE EXISTS (SELECT 1 FROM data_source_owners so WHERE so.user_id = o.id)`,
    [userIds],
  )
