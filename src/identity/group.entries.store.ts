import { canonical } from '../names.ts'
import type { Db } from '../store/store.ts'

/** A group of an IAM, and which entry it is. */
export interface HeldEntry {
  readonly id: number
  readonly name: string
  readonly nameKey: string
  readonly gid: string | null
  readonly email: string | null
  readonly description: string | null
  /** Null: no entry was seen yet. */
  readonly directoryId: string | null
}

/** Groups of the IAM that are one of these entries or have one of these names (canonical). One statement. */
export const heldEntries = (db: Db, iamid: string, ids: readonly string[], nameKeys: readonly string[]): Promise<HeldEntry[]> =>
  db.query(
    `SELECT g.id, g.name, g.name_key AS "nameKey", g.gid, g.email, g.description, g.directory_id AS "directoryId"
      FROM groups g WHERE g.id IN (
        SELECT i.id FROM unnest($2::text[]) n(entry) JOIN groups i ON i.iamid = $1 AND i.directory_id = n.entry
        UNION SELECT i.id FROM unnest($3::text[]) n(key) JOIN groups i ON i.iamid = $1 AND i.name_key = n.key)`,
    [iamid, ids, nameKeys],
  )

/** Those of these groups to which somebody besides the directory has given something. It reads their members: not for every log-in. */
export async function groupsWithOwn(db: Db, ids: readonly number[]): Promise<ReadonlySet<number>> {
  if (ids.length === 0) return new Set()
  const rows = await db.query<{ id: number }>(`SELECT g.id FROM groups g WHERE g.id = ANY($1::int[]) AND ${HAS_OWN}`, [ids])
  return new Set(rows.map(({ id }) => id))
}

const HAS_OWN = `(EXISTS (SELECT 1 FROM memberships m WHERE m.group_id = g.id AND NOT m.sources <@ ARRAY[g.iamid])
   OR EXISTS (SELECT 1 FROM group_attributes a WHERE a.group_id = g.id)
   OR EXISTS (SELECT 1 FROM domain_permissions p WHERE p.group_id = g.id))`

/** What a group that is here is from now on: this entry, with this name. */
export interface GroupChange {
  readonly groupId: number
  readonly name: string
  readonly directoryId: string
}

export interface ChangedGroup {
  readonly id: number
  readonly before: string
  readonly name: string
}

/** Leaves alone a group whose name or entry another group of the IAM has by now. Answers the others. One statement. */
export const changeGroups = (db: Db, iamid: string, changes: readonly GroupChange[], now: Date): Promise<ChangedGroup[]> =>
  db.query(
    `WITH held AS MATERIALIZED (SELECT g.id, g.name AS before, n.name, n.key, n.entry
        FROM unnest($2::int[], $3::text[], $4::text[], $5::text[]) n(id, name, key, entry) JOIN groups g ON g.id = n.id AND g.iamid = $1
       WHERE NOT EXISTS (SELECT 1 FROM groups o WHERE o.iamid = $1 AND o.name_key = n.key AND o.id <> g.id)
         AND NOT EXISTS (SELECT 1 FROM groups o WHERE o.iamid = $1 AND o.directory_id = n.entry AND o.id <> g.id)
       ORDER BY g.id FOR NO KEY UPDATE OF g)
     UPDATE groups g SET name = h.name, name_key = h.key, directory_id = h.entry, updated_at = $6::timestamptz
       FROM held h WHERE g.id = h.id RETURNING g.id, h.before, g.name`,
    [
      iamid,
      changes.map(({ groupId }) => groupId),
      changes.map(({ name }) => name),
      changes.map(({ name }) => canonical(name)),
      changes.map(({ directoryId }) => directoryId),
      now,
    ],
  )

export interface GoneGroup {
  readonly id: number
  readonly name: string
  readonly nameKey: string
  readonly directoryId: string
}

const MAY_GO = `NOT ${HAS_OWN} AND NOT EXISTS (SELECT 1 FROM iam_group_permissions r WHERE r.iamid = g.iamid AND r.group_key = g.name_key)`

/** Groups of the IAM that are an entry, in pages by id. */
export const entryGroups = (db: Db, iamid: string, after: number, limit: number): Promise<GoneGroup[]> =>
  db.query(
    `SELECT g.id, g.name, g.name_key AS "nameKey", g.directory_id AS "directoryId" FROM groups g
      WHERE g.iamid = $1 AND g.id > $2 AND g.directory_id IS NOT NULL ORDER BY g.id LIMIT $3::int`,
    [iamid, after, limit],
  )

/** Those of these groups that are nothing besides their entry. */
export async function groupsThatMayGo(db: Db, ids: readonly number[]): Promise<ReadonlySet<number>> {
  if (ids.length === 0) return new Set()
  const rows = await db.query<{ id: number }>(`SELECT g.id FROM groups g WHERE g.id = ANY($1::int[]) AND ${MAY_GO}`, [ids])
  return new Set(rows.map(({ id }) => id))
}

/** Removes those of these groups that are still nothing besides their entry. Answers them. One statement. */
export const removeGroups = (
  db: Db,
  iamid: string,
  groups: readonly Pick<GoneGroup, 'nameKey' | 'directoryId'>[],
): Promise<{ id: number; nameKey: string }[]> =>
  db.query(
    `WITH gone AS MATERIALIZED (SELECT g.id FROM unnest($2::text[], $3::text[]) n(key, entry)
        JOIN groups g ON g.iamid = $1 AND g.name_key = n.key AND g.directory_id = n.entry
       WHERE ${MAY_GO} ORDER BY g.id FOR UPDATE OF g)
     DELETE FROM groups g USING gone WHERE g.id = gone.id RETURNING g.id, g.name_key AS "nameKey"`,
    [iamid, groups.map(({ nameKey }) => nameKey), groups.map(({ directoryId }) => directoryId)],
  )
