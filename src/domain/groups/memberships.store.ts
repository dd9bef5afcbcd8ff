import type { GroupRef } from '../../generated/inputs.ts'
import { rowsInChunks } from '../../platform/database/chunks.ts'
import { selectList, text } from '../../platform/database/columns.ts'
import { lookup } from '../../platform/database/lookups.ts'
import type { NestedList } from '../../platform/database/nested-list.ts'
import type { Db } from '../../platform/database/store.ts'
import { canonical } from '../../platform/validation.ts'
import { MEMBERSHIP_COLUMNS, type MembershipRecord } from './group.ts'

export const SELECT_MEMBERSHIP = selectList(MEMBERSHIP_COLUMNS)
const MEMBERSHIPS = 'memberships m JOIN users u ON u.id = m.user_id'

export const membersOfGroups: NestedList<MembershipRecord> = {
  columns: SELECT_MEMBERSHIP,
  cells: MEMBERSHIP_COLUMNS,
  from: MEMBERSHIPS,
  where: [],
  values: [],
  owner: 'm.group_id',
  ownerType: 'int',
  id: 'm.id',
  order: { name: 'members', expression: 'm.user_name_key', type: 'text', descending: false },
  isIndexed: true,
  countFrom: 'memberships m',
}

export const membershipsOfUsers: NestedList<MembershipRecord> = {
  columns: SELECT_MEMBERSHIP,
  cells: MEMBERSHIP_COLUMNS,
  from: `${MEMBERSHIPS} JOIN groups g ON g.id = m.group_id`,
  where: [],
  values: [],
  owner: 'm.user_id',
  ownerType: 'int',
  id: 'g.id',
  order: { name: 'membershipsOfUser', expression: 'g.name_key', type: 'text', descending: false },
  countFrom: 'memberships m',
}

export interface UserInGroup {
  readonly userId: number
  readonly group: GroupRef
}

/** By place in the list. */
export async function membershipsIn(db: Db, asked: readonly UserInGroup[]): Promise<Map<number, MembershipRecord>> {
  const places = asked.map((one, place) => ({ ...one, place }))
  const rows = await rowsInChunks(db, places, piece =>
    db.query<MembershipRecord & { place: number }>(
      `SELECT w.place, ${SELECT_MEMBERSHIP} FROM unnest($1::int[], $2::int[], $3::text[], $4::text[], $5::int[]) w(user_id, group_id, iamid, name_key, place)
         JOIN memberships m ON m.user_id = w.user_id AND m.group_id = coalesce(w.group_id,
           (SELECT g.id FROM groups g WHERE g.iamid = coalesce(w.iamid, 'bim') AND g.name_key = w.name_key)) JOIN users u ON u.id = m.user_id
        WHERE w.iamid IS NULL OR w.iamid = (SELECT g.iamid FROM groups g WHERE g.id = m.group_id)`,
      [
        piece.map(({ userId }) => userId),
        piece.map(({ group }) => group.id ?? null),
        piece.map(({ group }) => group.iamid ?? null),
        piece.map(({ group }) => (group.name == null ? null : canonical(group.name))),
        piece.map(({ place }) => place),
      ],
    ),
  )
  return new Map(rows.map(row => [row.place, row]))
}

export const countMembers = (db: Db, groupId: number): Promise<number> => db.prisma.membership.count({ where: { groupId } })

const WITH_USER = { ...MEMBERSHIP_COLUMNS, iamid: text('u.iamid'), userid: text('u.userid') }

export const membershipLookup = (id: number) => lookup(WITH_USER, `${MEMBERSHIPS} WHERE m.id = $1 FOR UPDATE OF m`, [id])

export const lockMembershipsOf = (db: Db, groupId: number, userIds: readonly number[]): Promise<MembershipRecord[]> =>
  db.query<MembershipRecord>(
    `SELECT ${SELECT_MEMBERSHIP} FROM ${MEMBERSHIPS}
      WHERE m.group_id = $1 AND m.user_id = ANY($2::int[]) ORDER BY m.user_id FOR UPDATE OF m`,
    [groupId, userIds],
  )

/** Lists of one are planned once; an array's guessed length would have each call planned. */
const anyOf = (column: string, ids: readonly number[]): string =>
  ids.length === 1 ? `${column} = ($2::int[])[1]` : `${column} = ANY($2::int[])`

/** Returns memberships that became local. In id order, against deadlocks. */
export const addLocalMembers = (
  db: Db,
  groupId: number,
  { userIds, by, now }: { userIds: readonly number[]; by: string; now: Date },
): Promise<MembershipRecord[]> =>
  db.query<MembershipRecord>(
    `WITH m AS (
       INSERT INTO memberships (group_id, user_id, user_name_key, sources, added_by, created_at, updated_at)
       SELECT $1::int, u.id, u.name_key, '{bim}', $4::text, $3::timestamptz, $3::timestamptz FROM users u WHERE ${anyOf('u.id', userIds)} ORDER BY u.id FOR KEY SHARE
       ON CONFLICT (user_id, group_id) DO UPDATE SET sources = memberships.sources || '{bim}'::text[], updated_at = $3::timestamptz
         WHERE NOT 'bim' = ANY(memberships.sources)
       RETURNING *)
     SELECT ${SELECT_MEMBERSHIP} FROM m JOIN users u ON u.id = m.user_id ORDER BY m.id`,
    [groupId, userIds, now, by],
  )

export const removeLocalMembers = (db: Db, ids: readonly number[], now: Date): Promise<unknown> =>
  db.query(
    `WITH gone AS (DELETE FROM memberships WHERE id = ANY($1::int[]) AND sources <@ '{bim}'::text[])
     UPDATE memberships SET sources = array_remove(sources, 'bim'), updated_at = $2::timestamptz
      WHERE id = ANY($1::int[]) AND NOT sources <@ '{bim}'::text[]`,
    [ids, now],
  )

export const deleteSomeMembers = (db: Db, groupId: number, count: number): Promise<{ id: number; name: string }[]> =>
  db.query(
    `WITH gone AS (DELETE FROM memberships WHERE id = ANY(ARRAY(
         SELECT m.id FROM memberships m WHERE m.group_id = $1::int ORDER BY m.user_id LIMIT $2::int FOR UPDATE)) RETURNING user_id)
     SELECT g.user_id AS id, (SELECT u.iamid || '/' || u.userid FROM users u WHERE u.id = g.user_id) AS name FROM gone g ORDER BY g.user_id`,
    [groupId, count],
    { fresh: true },
  )

/** Local ones, in groups of `bim` with these keys. */
export const localMembershipsOf = (
  db: Db,
  userIds: readonly number[],
  keys: readonly string[],
): Promise<{ userId: number; nameKey: string }[]> =>
  db.query(
    `SELECT m.user_id AS "userId", g.name_key AS "nameKey" FROM groups g JOIN memberships m ON m.group_id = g.id
      WHERE g.iamid = 'bim' AND g.name_key = ANY($2::text[]) AND m.user_id = ANY($1::int[]) AND 'bim' = ANY(m.sources)`,
    [userIds, keys],
  )

/** Many users into groups of `bim`. Returns the memberships that became local. */
export const joinLocalGroups = (
  db: Db,
  joins: readonly { readonly userId: number; readonly groupId: number }[],
  { by, now }: { by: string; now: Date },
): Promise<{ userId: number; groupId: number }[]> =>
  db.query(
    `INSERT INTO memberships (group_id, user_id, user_name_key, sources, added_by, created_at, updated_at)
     SELECT g.id, u.id, u.name_key, '{bim}', $4::text, $3::timestamptz, $3::timestamptz FROM unnest($1::int[], $2::int[]) n(user_id, group_id)
       JOIN groups g ON g.id = n.group_id JOIN users u ON u.id = n.user_id ORDER BY g.id, u.id FOR KEY SHARE OF g, u
     ON CONFLICT (user_id, group_id) DO UPDATE SET sources = memberships.sources || '{bim}'::text[], updated_at = $3::timestamptz
       WHERE NOT 'bim' = ANY(memberships.sources)
     RETURNING user_id AS "userId", group_id AS "groupId"`,
    [joins.map(({ userId }) => userId), joins.map(({ groupId }) => groupId), now, by],
  )
