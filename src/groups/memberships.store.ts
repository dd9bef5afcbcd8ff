import type { Order, Placed, Window } from '../store/page.ts'
import type { Db } from '../store/store.ts'
import type { MembershipRecord } from './group.ts'

/** The select list of a MembershipRecord, for the aliases `m` and, its user, `u`. */
export const MEMBERSHIP_COLUMNS = `m.id, m.group_id AS "groupId", m.user_id AS "userId", m.sources, u.name,
  m.created_at AS "createdAt", m.updated_at AS "updatedAt"`

/** How members are ordered: by name, then by membership. */
export const MEMBERS_BY_NAME: Order = { name: 'members', expression: 'u.name_key', type: 'text', descending: false }

/** The memberships of each user, by group name. */
export const membershipsOfUsers = (db: Db, userIds: readonly number[]): Promise<MembershipRecord[]> =>
  db.query<MembershipRecord>(
    `SELECT ${MEMBERSHIP_COLUMNS} FROM memberships m JOIN users u ON u.id = m.user_id JOIN groups g ON g.id = m.group_id
      WHERE m.user_id = ANY($1::int[]) ORDER BY g.name_key, g.id`,
    [userIds],
  )

/** Which members of which group to read: a window of its list by name, from the front. */
export interface MembersWanted {
  readonly groupId: number
  readonly window: Window
}

/** The members in each window, and one more where there is one; `place` is the window's index. One statement, however many. */
export const membersOfGroups = (
  db: Db,
  wanted: readonly MembersWanted[],
): Promise<(MembershipRecord & Placed & { place: number })[]> =>
  db.query(
    `SELECT (w.place - 1)::int AS place, found.*
       FROM unnest($1::int[], $2::int[], $3::text[], $4::bigint[]) WITH ORDINALITY w(group_id, size, name_key, id, place)
      CROSS JOIN LATERAL (
        SELECT ${MEMBERSHIP_COLUMNS}, u.name_key AS "cursorValue", m.id::text AS "cursorId"
          FROM memberships m JOIN users u ON u.id = m.user_id
         WHERE m.group_id = w.group_id AND (w.id IS NULL OR (u.name_key, m.id) > (w.name_key COLLATE "C", w.id))
         ORDER BY u.name_key, m.id LIMIT w.size) found
      ORDER BY w.place, found."cursorValue", found.id`,
    [
      wanted.map(({ groupId }) => groupId),
      wanted.map(({ window }) => window.size + 1),
      wanted.map(({ window }) => window.cursor?.value ?? null),
      wanted.map(({ window }) => window.cursor?.id ?? null),
    ],
  )

export const countMembers = (db: Db, groupIds: readonly number[]): Promise<{ groupId: number; count: number }[]> =>
  db.query(
    `SELECT m.group_id AS "groupId", count(*)::int AS count FROM memberships m WHERE m.group_id = ANY($1::int[]) GROUP BY m.group_id`,
    [groupIds],
  )

/** The membership of this id in this group, held as it is until the transaction ends; null if there is none. */
export async function lockMembership(db: Db, groupId: number, id: number): Promise<MembershipRecord | null> {
  const [membership] = await db.query<MembershipRecord>(
    `SELECT ${MEMBERSHIP_COLUMNS} FROM memberships m JOIN users u ON u.id = m.user_id
      WHERE m.id = $2 AND m.group_id = $1 FOR UPDATE OF m`,
    [groupId, id],
  )
  return membership ?? null
}

/** The memberships of these users in this group, held as they are until the transaction ends. */
export const lockMembershipsOf = (db: Db, groupId: number, userIds: readonly number[]): Promise<MembershipRecord[]> =>
  db.query<MembershipRecord>(
    `SELECT ${MEMBERSHIP_COLUMNS} FROM memberships m JOIN users u ON u.id = m.user_id
      WHERE m.group_id = $1 AND m.user_id = ANY($2::int[]) ORDER BY m.user_id FOR UPDATE OF m`,
    [groupId, userIds],
  )

/**
 * Puts users into a group by hand, in one statement; answers the memberships that this made or made a hand-set one too.
 * A user deleted meanwhile is left out. In the order of ids, so that two such statements wait instead of colliding.
 */
export const addByHand = (db: Db, groupId: number, userIds: readonly number[], now: Date): Promise<MembershipRecord[]> =>
  db.query<MembershipRecord>(
    `WITH m AS (
       INSERT INTO memberships (group_id, user_id, sources, created_at, updated_at)
       SELECT $1::int, u.id, '{bim}', $3::timestamptz, $3::timestamptz FROM users u WHERE u.id = ANY($2::int[]) ORDER BY u.id FOR KEY SHARE
       ON CONFLICT (user_id, group_id) DO UPDATE SET sources = memberships.sources || '{bim}'::text[], updated_at = $3::timestamptz
         WHERE NOT 'bim' = ANY(memberships.sources)
       RETURNING *)
     SELECT ${MEMBERSHIP_COLUMNS} FROM m JOIN users u ON u.id = m.user_id ORDER BY m.id`,
    [groupId, userIds, now],
  )

/** Takes the hand away from memberships: those that nothing else holds go. One statement. */
export const removeByHand = (db: Db, ids: readonly number[], now: Date): Promise<unknown> =>
  db.query(
    `WITH gone AS (DELETE FROM memberships WHERE id = ANY($1::int[]) AND sources <@ '{bim}'::text[])
     UPDATE memberships SET sources = array_remove(sources, 'bim'), updated_at = $2::timestamptz
      WHERE id = ANY($1::int[]) AND NOT sources <@ '{bim}'::text[]`,
    [ids, now],
  )
