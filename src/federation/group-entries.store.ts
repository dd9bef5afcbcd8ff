import type { Db } from '../platform/database/store.ts'
import { canonical } from '../platform/validation.ts'

export interface NamedGroup {
  readonly id: number
  readonly name: string
  readonly nameKey: string
  readonly gid: string | null
  readonly email: string | null
  readonly description: string | null
}
export interface HeldEntry extends NamedGroup {
  readonly directoryId: string | null
}

export const heldEntries = (
  db: Db,
  { iamid, ids, nameKeys }: { iamid: string; ids: readonly string[]; nameKeys: readonly string[] },
): Promise<HeldEntry[]> =>
  db.query(
    `SELECT g.id, g.name, g.name_key AS "nameKey", g.gid, g.email, g.description, g.directory_id AS "directoryId"
      FROM groups g WHERE g.id IN (
        SELECT i.id FROM unnest($2::text[]) n(entry) JOIN groups i ON i.iamid = $1 AND i.directory_id = n.entry
        UNION SELECT i.id FROM unnest($3::text[]) n(key) JOIN groups i ON i.iamid = $1 AND i.name_key = n.key)`,
    [iamid, ids, nameKeys],
  )

/** With data of other sources. Reads members: not at each log-in. */
export async function groupsWithOwn(db: Db, ids: readonly number[]): Promise<ReadonlySet<number>> {
  if (ids.length === 0) return new Set()
  const rows = await db.query<{ id: number }>(`SELECT g.id FROM groups g WHERE g.id = ANY($1::int[]) AND ${HAS_OWN}`, [ids])
  return new Set(rows.map(({ id }) => id))
}

const HAS_OWN = `(EXISTS (SELECT 1 FROM memberships m WHERE m.group_id = g.id AND NOT m.sources <@ ARRAY[g.iamid])
   OR EXISTS (SELECT 1 FROM group_attributes a WHERE a.group_id = g.id)
   OR EXISTS (SELECT 1 FROM domain_permissions p WHERE p.group_id = g.id))`

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

/** Returns conflicting groups, unchanged. Names may swap. */
export async function changeGroups(
  db: Db,
  iamid: string,
  { changes, now }: { changes: readonly GroupChange[]; now: Date },
): Promise<ChangedGroup[]> {
  const keyed = changes.map(change => ({ ...change, key: canonical(change.name) }))
  const ids = keyed.map(({ groupId }) => groupId)
  const held = await db.query<LockedGroup>(
    `SELECT g.id, g.name AS before, g.name_key AS key, g.directory_id AS entry FROM groups g WHERE g.id IN (
        SELECT i.id FROM unnest($2::int[]) n(id) JOIN groups i ON i.id = n.id AND i.iamid = $1
        UNION SELECT i.id FROM unnest($3::text[]) n(key) JOIN groups i ON i.iamid = $1 AND i.name_key = n.key
        UNION SELECT i.id FROM unnest($4::text[]) n(entry) JOIN groups i ON i.iamid = $1 AND i.directory_id = n.entry)
       ORDER BY g.id FOR NO KEY UPDATE OF g`,
    [iamid, ids, keyed.map(({ key }) => key), keyed.map(({ directoryId }) => directoryId)],
  )
  const possible = possibleChanges(keyed, held)
  const keys = new Set(possible.map(({ key }) => key))
  const given = new Set(possible.map(({ groupId }) => groupId))
  const passed = held.filter(({ id, key }) => given.has(id) && keys.has(key)).map(({ id }) => id)
  // Control characters cannot occur in names.
  if (passed.length > 1) await db.query(`UPDATE groups SET name_key = chr(1) || id WHERE id = ANY($1::int[])`, [passed])
  if (possible.length > 0)
    await db.query(
      `UPDATE groups g SET name = n.name, name_key = n.key, directory_id = n.entry, updated_at = $5::timestamptz
         FROM unnest($1::int[], $2::text[], $3::text[], $4::text[]) n(id, name, key, entry) WHERE g.id = n.id`,
      [
        possible.map(({ groupId }) => groupId),
        possible.map(({ name }) => name),
        possible.map(({ key }) => key),
        possible.map(({ directoryId }) => directoryId),
        now,
      ],
    )
  const before = new Map(held.map(group => [group.id, group.before]))
  return possible.map(({ groupId, name }) => ({ id: groupId, before: before.get(groupId)!, name }))
}

interface LockedGroup {
  readonly id: number
  readonly before: string
  readonly key: string
  readonly entry: string | null
}

function possibleChanges<Change extends GroupChange & { readonly key: string }>(
  changes: readonly Change[],
  held: readonly LockedGroup[],
): Change[] {
  const here = new Set(held.map(({ id }) => id))
  const byKey = new Map(held.map(({ id, key }) => [key, id]))
  const byEntry = new Map(held.map(({ id, entry }) => [entry, id]))
  const once = [...new Map(changes.map(change => [change.groupId, change])).values()]
  let rest = once.filter(({ groupId, directoryId }) => here.has(groupId) && (byEntry.get(directoryId) ?? groupId) === groupId)
  for (;;) {
    const next = new Map(rest.map(({ groupId, key }) => [groupId, key]))
    const first = new Map(rest.toReversed().map(({ groupId, key }) => [key, groupId]))
    const free = rest.filter(({ groupId, key }) => {
      const holder = byKey.get(key)
      if (holder === groupId) return true
      return first.get(key) === groupId && (holder === undefined || (next.has(holder) && next.get(holder) !== key))
    })
    if (free.length === rest.length) return free
    rest = free
  }
}

export interface GoneGroup {
  readonly id: number
  readonly name: string
  readonly nameKey: string
  readonly directoryId: string
}

const MAY_GO = `NOT ${HAS_OWN} AND NOT EXISTS (SELECT 1 FROM users s WHERE s.owner_group_id = g.id)
  AND NOT EXISTS (SELECT 1 FROM iam_group_permissions r WHERE r.iamid = g.iamid AND r.group_key = g.name_key)`

export const entryGroups = (db: Db, iamid: string, { after, limit }: { after: number; limit: number }): Promise<GoneGroup[]> =>
  db.query(
    `SELECT g.id, g.name, g.name_key AS "nameKey", g.directory_id AS "directoryId" FROM groups g
      WHERE g.iamid = $1 AND g.id > $2 AND g.directory_id IS NOT NULL ORDER BY g.id LIMIT $3::int`,
    [iamid, after, limit],
  )

export async function groupsThatMayGo(db: Db, ids: readonly number[]): Promise<ReadonlySet<number>> {
  if (ids.length === 0) return new Set()
  const rows = await db.query<{ id: number }>(`SELECT g.id FROM groups g WHERE g.id = ANY($1::int[]) AND ${MAY_GO}`, [ids])
  return new Set(rows.map(({ id }) => id))
}

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
