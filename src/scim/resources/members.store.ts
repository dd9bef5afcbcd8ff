import type { GroupRef, Member } from '../../domain/groups/group.members.ts'
import { allRows, inChunks } from '../../platform/database/chunks.ts'
import type { Db } from '../../platform/database/store.ts'
import { ofIam } from './users.store.ts'

/** Members per statement: it blocks the embedded database. */
const WRITTEN = 500
const READ = 1000
/** Longer lists are planned each time: generic plans cost N × M. */
const PREPARED = 100

const isLong = (list: readonly unknown[]) => ({ fresh: list.length > PREPARED })

export async function usersOf(db: Db, iamid: string, ids: readonly string[]): Promise<{ id: number; scimId: string }[]> {
  const read = (piece: readonly string[]) =>
    db.query<{ id: number; scimId: string }>(
      `SELECT u.id, u.scim_id::text AS "scimId" FROM users u WHERE ${ofIam('$1::text')} AND u.scim_id = ANY($2::uuid[])`,
      [iamid, piece],
      isLong(piece),
    )
  const users = await inChunks(ids, READ, read)
  return users.flat().sort((a, b) => a.id - b.id)
}

/** Returns found and new members. Locks in id order, against deadlocks. */
export async function addScimMembers(
  db: Db,
  group: GroupRef,
  { ids, now }: { ids: readonly string[]; now: Date },
): Promise<{ found: number; added: Member[] }> {
  const isOne = ids.length <= WRITTEN
  const ordered = isOne ? ids : (await usersOf(db, group.iamid, ids)).map(({ scimId }) => scimId)
  const pieces = await inChunks(ordered, WRITTEN, piece =>
    db.query<Member & { isNew: boolean }>(
      `WITH wanted AS (SELECT u.id, u.userid, u.name_key FROM users u
           WHERE ${ofIam('$2::text')} AND u.scim_id = ANY($3::uuid[]) ORDER BY u.id FOR KEY SHARE),
         made AS (INSERT INTO memberships (group_id, user_id, user_name_key, sources, added_by, created_at, updated_at)
           SELECT $1::int, w.id, w.name_key, ARRAY[$2::text], $2::text, $4::timestamptz, $4::timestamptz FROM wanted w ORDER BY w.id
           ON CONFLICT (user_id, group_id) DO UPDATE SET sources = memberships.sources || ARRAY[$2::text], updated_at = $4::timestamptz
             WHERE NOT $2::text = ANY(memberships.sources) RETURNING user_id)
       SELECT w.id, $2::text || '/' || w.userid AS name, w.id IN (SELECT user_id FROM made) AS "isNew" FROM wanted w ORDER BY w.id`,
      [group.id, group.iamid, piece, now],
      isLong(piece),
    ),
  )
  const users = pieces.flat()
  return { found: users.length, added: users.flatMap(({ id, name, isNew }) => (isNew ? [{ id, name }] : [])) }
}

export async function removeScimMembers(
  db: Db,
  group: GroupRef,
  { ids, now }: { ids: readonly string[]; now: Date },
): Promise<Member[]> {
  const users = await usersOf(db, group.iamid, ids)
  return removeMembers(db, group, { userIds: users.map(({ id }) => id), now })
}

export async function removeMembers(
  db: Db,
  group: GroupRef,
  { userIds, now }: { userIds: readonly number[]; now: Date },
): Promise<Member[]> {
  const pieces = await inChunks(userIds, WRITTEN, piece =>
    db.query<Member>(
      `WITH held AS MATERIALIZED (SELECT m.id, m.user_id, m.sources FROM memberships m
           WHERE m.group_id = $1::int AND $2::text = ANY(m.sources) AND m.user_id = ANY($3::int[]) ORDER BY m.user_id FOR UPDATE),
         gone AS (DELETE FROM memberships WHERE id = ANY(ARRAY(SELECT id FROM held WHERE sources <@ ARRAY[$2::text]))),
         kept AS (UPDATE memberships SET sources = array_remove(sources, $2::text), updated_at = $4::timestamptz
           WHERE id = ANY(ARRAY(SELECT id FROM held WHERE NOT sources <@ ARRAY[$2::text])))
       SELECT h.user_id AS id, (SELECT u.iamid || '/' || u.userid FROM users u WHERE u.id = h.user_id) AS name FROM held h ORDER BY h.user_id`,
      [group.id, group.iamid, piece, now],
      isLong(piece),
    ),
  )
  return pieces.flat()
}

export async function setScimMembers(
  db: Db,
  group: GroupRef,
  { ids, now }: { ids: readonly string[]; now: Date },
): Promise<{ missing: boolean; added: Member[]; removed: Member[] }> {
  const present = await allMembers(db, group)
  const wanted = new Set(ids)
  const leaving = present.flatMap(({ at, value }) => (value !== null && wanted.has(value) ? [] : [at]))
  for (const { value } of present) if (value !== null) wanted.delete(value)
  const removed = await removeMembers(db, group, { userIds: leaving, now })
  const { found, added } = await addScimMembers(db, group, { ids: [...wanted], now })
  return { missing: found !== wanted.size, added, removed }
}

export interface MemberRow {
  readonly at: number
  readonly value: string | null
  readonly display: string | null
}

/**
 * The IAM is compared in the select list: a planner that has not
 * seen this IAM would prefer its index, at N × M.
 */
export const membersPage = ({ id, iamid, after, size }: Readonly<Record<'id' | 'iamid' | 'after' | 'size', string>>): string =>
  `SELECT m.user_id AS at, CASE WHEN v.iamid = ${iamid} THEN v.scim_id END AS value, v.name AS display
     FROM (SELECT m.user_id FROM memberships m WHERE m.group_id = ${id} AND ${iamid} = ANY(m.sources) AND m.user_id > ${after}
       ORDER BY m.user_id LIMIT ${size}) m
     LEFT JOIN LATERAL (SELECT v.iamid, v.scim_id, v.name FROM users v WHERE v.id = m.user_id OFFSET 0) v ON true`

export const allMembers = (db: Db, group: GroupRef, before: readonly MemberRow[] = []): Promise<MemberRow[]> =>
  allRows<MemberRow>(
    (last, size) =>
      db.query(
        `${membersPage({ id: '$1::int', iamid: '$2::text', after: '$3::int', size: '$4::int' })} ORDER BY m.user_id`,
        [group.id, group.iamid, last?.at ?? 0, size],
        { fresh: true },
      ),
    { before, size: READ },
  )
