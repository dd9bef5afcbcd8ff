import type { DataSourceFilter, DataSourceSort } from '../../generated/inputs.ts'
import { rowsInChunks } from '../../platform/database/chunks.ts'
import { selectList } from '../../platform/database/columns.ts'
import type { Order } from '../../platform/database/order.ts'
import { conditions, type ListQuery, partPattern } from '../../platform/database/pagination.ts'
import type { Db } from '../../platform/database/store.ts'
import { NotFound } from '../../platform/errors.ts'
import { checkList } from '../../platform/validation.ts'
import { DATA_SOURCE_COLUMNS, type DataSourceRecord } from './project.ts'
import { userLinks } from './user-links.store.ts'

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

export const dataSourcesByIds = (db: Db, ids: readonly number[]): Promise<DataSourceRecord[]> =>
  rowsInChunks(db, ids, piece => db.query(`SELECT ${SELECT_SOURCE} FROM data_sources s WHERE s.id = ANY($1::int[])`, [piece]))

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

export const sourceOwners = userLinks({ table: 'data_source_owners', parent: 'data_source_id', name: 'ownersOfDataSource' })

export async function dataSourceOwners(db: Db, userIds: readonly number[]): Promise<number[]> {
  const rows = await db.query<{ id: number }>(
    `SELECT o.id FROM unnest($1::int[]) o(id) WHERE EXISTS (SELECT 1 FROM data_source_owners so WHERE so.user_id = o.id)`,
    [userIds],
  )
  return rows.map(row => row.id)
}
