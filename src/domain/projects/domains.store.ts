import type { DomainFilter, DomainSort } from '../../generated/inputs.ts'
import { selectList } from '../../platform/database/columns.ts'
import type { NestedList } from '../../platform/database/nested-list.ts'
import type { Order } from '../../platform/database/order.ts'
import { conditions, type ListQuery, partPattern } from '../../platform/database/pagination.ts'
import type { Db } from '../../platform/database/store.ts'
import { NotFound } from '../../platform/errors.ts'
import { checkList } from '../../platform/validation.ts'
import { DOMAIN_COLUMNS, DOMAIN_PERMISSION_COLUMNS, type DomainPermissionRecord, type DomainRecord } from './project.ts'

const SELECT_DOMAIN = selectList(DOMAIN_COLUMNS)
const SELECT_GRANT = selectList(DOMAIN_PERMISSION_COLUMNS)
const GRANTS = 'domain_permissions p LEFT JOIN users h ON h.id = p.user_id'

const ORDERS: Record<DomainSort['field'], Omit<Order, 'descending'>> = {
  NAME: { name: 'domainName', expression: 'd.name_key', type: 'text', idType: 'uuid' },
  CREATED_AT: { name: 'domainCreatedAt', expression: 'd.created_at', type: 'timestamptz', idType: 'uuid' },
}

export const domainList = (filter: DomainFilter, sort: DomainSort | null | undefined): ListQuery<DomainRecord> => ({
  columns: SELECT_DOMAIN,
  from: 'domains d',
  ...conditions([
    ['d.name_key LIKE $', partPattern('name', filter.name)],
    ['d.id = ANY($::uuid[])', filter.ids && checkList('ids', filter.ids)],
  ]),
  id: 'd.id',
  fresh: true,
  order: { ...ORDERS[sort?.field ?? 'NAME'], descending: sort?.direction === 'DESC' },
})

export const domainsByIds = (db: Db, ids: readonly string[]): Promise<DomainRecord[]> =>
  db.query(`SELECT ${SELECT_DOMAIN} FROM domains d WHERE d.id = ANY($1::uuid[])`, [ids])

export async function lockDomain(db: Db, id: string): Promise<DomainRecord> {
  const [domain] = await db.query<DomainRecord>(`SELECT ${SELECT_DOMAIN} FROM domains d WHERE d.id = $1::uuid FOR UPDATE`, [id])
  if (!domain) throw new NotFound(`No domain with id ${id}`)
  return domain
}

export async function insertDomain(
  db: Db,
  domain: { name: string; nameKey: string; description: string | null },
  now: Date,
): Promise<DomainRecord | null> {
  const [row] = await db.prisma.domain.createManyAndReturn({
    data: [{ ...domain, createdAt: now, updatedAt: now }],
    skipDuplicates: true,
    select: { id: true },
  })
  const [record] = row ? await domainsByIds(db, [row.id]) : []
  return record ?? null
}

export const deleteDomainRow = (db: Db, id: string) => db.prisma.domain.delete({ where: { id }, select: { id: true } })

export const countGrants = (db: Db, domainId: string): Promise<number> =>
  db.prisma.domainPermission.count({ where: { domainId } })

export interface NewGrant {
  readonly domainId: string
  readonly permission: string
  readonly userId: number | null
  readonly groupId: number | null
}

export async function insertGrant(db: Db, grant: NewGrant, now: Date): Promise<boolean> {
  const { count } = await db.prisma.domainPermission.createMany({ data: [{ ...grant, createdAt: now }], skipDuplicates: true })
  return count === 1
}

export async function findGrant(
  db: Db,
  { domainId, permission, userId, groupId }: NewGrant,
): Promise<DomainPermissionRecord | null> {
  const [grant] = await db.query<DomainPermissionRecord>(
    `SELECT ${SELECT_GRANT} FROM ${GRANTS} WHERE p.domain_id = $1::uuid AND p.permission = $2 AND (p.user_id = $3::int OR p.group_id = $4::int)`,
    [domainId, permission, userId, groupId],
  )
  return grant ?? null
}

export interface NamedGrant extends DomainPermissionRecord {
  readonly domain: string
  readonly holder: string
}

export async function deleteGrant(db: Db, id: string): Promise<NamedGrant | null> {
  const [grant] = await db.query<NamedGrant>(
    `WITH p AS (DELETE FROM domain_permissions WHERE id = $1::uuid RETURNING *)
     SELECT ${SELECT_GRANT}, d.name AS domain, coalesce(h.iamid || '/' || h.userid, g.iamid || '/' || g.name) AS holder
       FROM p JOIN domains d ON d.id = p.domain_id LEFT JOIN users h ON h.id = p.user_id LEFT JOIN groups g ON g.id = p.group_id`,
    [id],
  )
  return grant ?? null
}

export const grantsOfDomains: NestedList<DomainPermissionRecord> = {
  columns: SELECT_GRANT,
  from: GRANTS,
  where: [],
  values: [],
  owner: 'p.domain_id',
  ownerType: 'uuid',
  id: 'p.id',
  order: {
    name: 'permissionsOfDomain',
    expression: '(p.permission COLLATE "C")',
    type: 'text',
    idType: 'uuid',
    descending: false,
  },
  countFrom: 'domain_permissions p',
}

/** Direct and through groups. Ids have equal length. */
export const domainGrantsOfUsers: NestedList<DomainPermissionRecord> = {
  columns: SELECT_GRANT,
  from: `(SELECT d.*, d.user_id AS holder FROM domain_permissions d
     UNION ALL SELECT d.*, m.user_id FROM memberships m JOIN domain_permissions d ON d.group_id = m.group_id) p
    LEFT JOIN users h ON h.id = p.user_id`,
  where: [],
  values: [],
  owner: 'p.holder',
  ownerType: 'int',
  id: 'p.id',
  order: {
    name: 'domainPermissionsOfUser',
    expression: '(p.domain_id::text || p.permission COLLATE "C")',
    type: 'text',
    idType: 'uuid',
    descending: false,
  },
}
