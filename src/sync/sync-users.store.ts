import type { NamedGroup } from '../federation/group-entries.store.ts'
import type { Db } from '../platform/database/store.ts'
import type { Losses } from './safety-limits.ts'

export async function countHeld(db: Db, iamid: string, sources: readonly string[]): Promise<{ enabled: number; held: Losses }> {
  const [row] = await db.query<Losses & { enabled: number }>(
    `SELECT count(*) FILTER (WHERE NOT u.disabled)::int AS enabled, count(u.email)::int AS emails,
       (SELECT count(*)::int FROM users o JOIN memberships m ON m.user_id = o.id WHERE o.iamid = $1 AND m.sources && $2::text[]) AS memberships,
       (SELECT count(*)::int FROM users o JOIN user_attributes a ON a.user_id = o.id WHERE o.iamid = $1 AND a.source = ANY($2::text[])) AS attributes
      FROM users u WHERE u.iamid = $1`,
    [iamid, sources],
  )
  const { enabled, ...held } = row!
  return { enabled, held }
}

export interface EnabledUser {
  readonly id: number
  readonly userid: string
  readonly useridKey: string
  readonly directoryId: string | null
  readonly dn: string | null
  readonly isRefreshed: boolean
}

const REFRESHED = (since: string) => `coalesce(u.last_external_refresh >= ${since}::timestamptz, false)`

export const enabledUsers = (
  db: Db,
  { iamid, since, after, limit }: { iamid: string; since: Date; after: string; limit: number },
): Promise<EnabledUser[]> =>
  db.query(
    `SELECT u.id, u.userid, u.userid_key AS "useridKey", u.directory_id AS "directoryId", u.dn, ${REFRESHED('$2')} AS "isRefreshed" FROM users u
      WHERE u.iamid = $1 AND u.userid_key > $3 AND NOT u.disabled ORDER BY u.userid_key LIMIT $4::int`,
    [iamid, since, after, limit],
  )

export const disableAll = (
  db: Db,
  {
    people,
    iamid,
    since,
    now,
  }: { people: readonly { readonly userId: number; readonly nameKey: string }[]; iamid: string; since: Date; now: Date },
): Promise<{ id: number }[]> =>
  db.query(
    `WITH held AS (SELECT u.id FROM unnest($1::int[], $2::text[]) n(id, key) JOIN users u ON u.id = n.id AND u.userid_key = n.key
        WHERE u.iamid = $3 AND NOT u.disabled AND NOT ${REFRESHED('$4')} ORDER BY u.id FOR NO KEY UPDATE OF u)
     UPDATE users u SET disabled = true, disabled_by = $3, relinkable = false, updated_at = $5::timestamptz FROM held WHERE u.id = held.id RETURNING u.id`,
    [people.map(({ userId }) => userId), people.map(({ nameKey }) => nameKey), iamid, since, now],
  )

export const enableAll = (
  db: Db,
  ids: readonly number[],
  { source, now }: { source: string; now: Date },
): Promise<{ id: number; userid: string }[]> =>
  db.query(
    `WITH held AS (SELECT id FROM users WHERE id = ANY($1::int[]) AND iamid = $2 AND disabled AND disabled_by = $2 ORDER BY id FOR NO KEY UPDATE)
     UPDATE users u SET disabled = false, disabled_by = NULL, updated_at = $3::timestamptz FROM held WHERE u.id = held.id
     RETURNING u.id, u.userid`,
    [ids, source, now],
  )

export const groupsNamed = (
  db: Db,
  iamid: string,
  { keys, lock = false }: { keys: readonly string[]; lock?: boolean },
): Promise<NamedGroup[]> =>
  db.query(
    `SELECT g.id, g.name, g.name_key AS "nameKey", g.gid, g.email, g.description FROM groups g
      WHERE g.iamid = $1 AND g.name_key = ANY($2::text[]) ${lock ? 'ORDER BY g.id FOR NO KEY UPDATE' : ''}`,
    [iamid, keys],
  )

export const updateGroups = (
  db: Db,
  groups: readonly Pick<NamedGroup, 'id' | 'gid' | 'email' | 'description'>[],
  now: Date,
): Promise<unknown> =>
  db.query(
    `UPDATE groups g SET gid = n.gid, email = n.email, description = n.description, updated_at = $2::timestamptz
      FROM jsonb_to_recordset($1::jsonb) n(id int, gid text, email text, description text) WHERE g.id = n.id`,
    [JSON.stringify(groups), now],
  )

export async function revokeAccessOfAll(db: Db, ids: readonly number[]): Promise<void> {
  await db.query('DELETE FROM tokens WHERE user_id = ANY($1::int[]) OR impersonator_id = ANY($1::int[])', [ids])
  await db.query('DELETE FROM invitations WHERE user_id = ANY($1::int[])', [ids])
}
