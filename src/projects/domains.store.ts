import { NotFound } from '../errors.ts'
import type { List } from '../store/page.ts'
import type { Db } from '../store/store.ts'
import type { DomainPermissionRecord, DomainRecord } from './project.ts'
import { MAX_HANGING } from './projects.store.ts'

const COLUMNS = `d.id::text AS id, d.name, d.description, d.created_at AS "createdAt", d.updated_at AS "updatedAt"`
const GRANT_COLUMNS = `p.id::text AS id, p.domain_id::text AS "domainId", p.permission, p.user_id AS "userId",
  h.profile_id AS "profileId", p.group_id AS "groupId", p.created_at AS "createdAt"`
const GRANTS = 'domain_permissions p LEFT JOIN users h ON h.id = p.user_id'

/** By name, which is unique: no id is needed for a total order, and theirs are no numbers. */
export const domainList: List = {
  columns: COLUMNS,
  from: 'domains d',
  where: [],
  values: [],
  id: '0::bigint',
  order: { name: 'domains', expression: 'd.name_key', type: 'text', descending: false },
}

export const domainsByIds = (db: Db, ids: readonly string[]): Promise<DomainRecord[]> =>
  db.query(`SELECT ${COLUMNS} FROM domains d WHERE d.id = ANY($1::uuid[])`, [ids])

/** The domain, and nobody else changes or deletes it until the transaction ends. Throws NotFound. */
export async function lockDomain(db: Db, id: string): Promise<DomainRecord> {
  const [domain] = await db.query<DomainRecord>(`SELECT ${COLUMNS} FROM domains d WHERE d.id = $1::uuid FOR UPDATE`, [id])
  if (!domain) throw new NotFound(`No domain with id ${id}`)
  return domain
}

/** Null when the name is taken. */
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

/** With the permissions given within it (foreign keys cascade). */
export const deleteDomainRow = (db: Db, id: string) => db.prisma.domain.delete({ where: { id }, select: { id: true } })

export const countGrants = (db: Db, domainId: string): Promise<number> =>
  db.prisma.domainPermission.count({ where: { domainId } })

/** A permission within a domain and who shall hold it: a user or a group. */
export interface NewGrant {
  readonly domainId: string
  readonly permission: string
  readonly userId: number | null
  readonly groupId: number | null
}

/** False when the holder had it already. */
export async function insertGrant(db: Db, grant: NewGrant, now: Date): Promise<boolean> {
  const { count } = await db.prisma.domainPermission.createMany({ data: [{ ...grant, createdAt: now }], skipDuplicates: true })
  return count === 1
}

export async function findGrant(
  db: Db,
  { domainId, permission, userId, groupId }: NewGrant,
): Promise<DomainPermissionRecord | null> {
  const [grant] = await db.query<DomainPermissionRecord>(
    `SELECT ${GRANT_COLUMNS} FROM ${GRANTS} WHERE p.domain_id = $1::uuid AND p.permission = $2 AND (p.user_id = $3::int OR p.group_id = $4::int)`,
    [domainId, permission, userId, groupId],
  )
  return grant ?? null
}

/** What was given, with the names of the domain and of the holder, for the audit log. */
export interface NamedGrant extends DomainPermissionRecord {
  readonly domain: string
  readonly holder: string
}

/** Takes a permission back; null when there is none with this id, or another request was faster. */
export async function deleteGrant(db: Db, id: string): Promise<NamedGrant | null> {
  const [grant] = await db.query<NamedGrant>(
    `WITH p AS (DELETE FROM domain_permissions WHERE id = $1::uuid RETURNING *)
     SELECT ${GRANT_COLUMNS}, d.name AS domain, coalesce(h.iamid || '/' || h.userid, g.iamid || '/' || g.name) AS holder
       FROM p JOIN domains d ON d.id = p.domain_id LEFT JOIN users h ON h.id = p.user_id LEFT JOIN groups g ON g.id = p.group_id`,
    [id],
  )
  return grant ?? null
}

/** The first thousand of each domain, by permission. */
export const grantsOfDomains = (db: Db, ids: readonly string[]): Promise<DomainPermissionRecord[]> =>
  db.query(
    `SELECT g.* FROM unnest($1::uuid[]) o(id) CROSS JOIN LATERAL (
       SELECT ${GRANT_COLUMNS} FROM ${GRANTS} WHERE p.domain_id = o.id ORDER BY p.permission, p.id LIMIT ${MAX_HANGING}) g`,
    [ids],
  )

/** What each user holds, by themselves and through their groups; by domain, then by permission. `holderId` is the user asked for. */
export const domainGrantsOfUsers = (
  db: Db,
  userIds: readonly number[],
): Promise<(DomainPermissionRecord & { holderId: number })[]> =>
  db.query(
    `SELECT g.* FROM (
       SELECT p.user_id AS "holderId", ${GRANT_COLUMNS} FROM ${GRANTS} WHERE p.user_id = ANY($1::int[])
       UNION ALL
       SELECT m.user_id, ${GRANT_COLUMNS} FROM memberships m JOIN domain_permissions p ON p.group_id = m.group_id
         LEFT JOIN users h ON h.id = p.user_id WHERE m.user_id = ANY($1::int[])) g
      ORDER BY g."domainId", g.permission, g.id`,
    [userIds],
  )
