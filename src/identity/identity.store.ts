import { canonical } from '../names.ts'
import type { Db } from '../store/store.ts'
import type { ExternalGroup } from './identity.ts'

/** The names of the groups of the IAM that `source` put the user into. */
export async function groupsHeldBy(db: Db, userId: number, iamid: string, source: string): Promise<string[]> {
  const rows = await db.query<{ name: string }>(
    `SELECT g.name FROM memberships m JOIN groups g ON g.id = m.group_id
      WHERE m.user_id = $1 AND g.iamid = $2 AND $3 = ANY(m.sources) ORDER BY g.name_key, g.id`,
    [userId, iamid, source],
  )
  return rows.map(row => row.name)
}

/** Puts the user into groups of the IAM, made where there are none yet, as said by `source`. Two statements, however many. */
export async function joinGroups(
  db: Db,
  { userId, iamid, source, now }: { userId: number; iamid: string; source: string; now: Date },
  groups: readonly ExternalGroup[],
): Promise<void> {
  const keys = groups.map(group => canonical(group.name))
  await db.query(
    `INSERT INTO groups (iamid, name, name_key, gid, email, description, created_at, updated_at)
     SELECT $1, n.name, n.key, n.gid, n.email, n.description, $7::timestamptz, $7::timestamptz
       FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[]) n(name, key, gid, email, description) ORDER BY n.key
     ON CONFLICT (iamid, name_key) DO NOTHING`,
    [
      iamid,
      groups.map(group => group.name),
      keys,
      groups.map(group => group.gid),
      groups.map(group => group.email),
      groups.map(group => group.description),
      now,
    ],
  )
  await db.query(
    `INSERT INTO memberships (group_id, user_id, sources, created_at, updated_at)
     SELECT g.id, $1::int, ARRAY[$3::text], $5::timestamptz, $5::timestamptz FROM groups g
      WHERE g.iamid = $2 AND g.name_key = ANY($4::text[]) ORDER BY g.id FOR KEY SHARE
     ON CONFLICT (user_id, group_id) DO UPDATE SET sources = memberships.sources || excluded.sources, updated_at = $5::timestamptz
       WHERE NOT $3::text = ANY(memberships.sources)`,
    [userId, iamid, source, keys, now],
  )
}

/** Takes the source away from memberships in groups of the IAM with these names: those that nothing else holds go. One statement. */
export const leaveGroups = (
  db: Db,
  { userId, iamid, source, now }: { userId: number; iamid: string; source: string; now: Date },
  names: readonly string[],
): Promise<unknown> =>
  db.query(
    `WITH held AS (SELECT m.id, m.sources FROM memberships m JOIN groups g ON g.id = m.group_id
        WHERE m.user_id = $1 AND g.iamid = $2 AND $3 = ANY(m.sources) AND g.name_key = ANY($4::text[])),
      gone AS (DELETE FROM memberships m USING held h WHERE m.id = h.id AND h.sources <@ ARRAY[$3])
     UPDATE memberships m SET sources = array_remove(m.sources, $3), updated_at = $5::timestamptz
       FROM held h WHERE m.id = h.id AND NOT h.sources <@ ARRAY[$3]`,
    [userId, iamid, source, names.map(canonical), now],
  )

/** That the source spoke of the user, just now. */
export const noteRefresh = (db: Db, userId: number, now: Date) =>
  db.prisma.user.update({ where: { id: userId }, data: { lastExternalRefresh: now }, select: { id: true } })

/** When the user info endpoint last answered about the user; null if never. */
export async function lastAnswer(db: Db, userId: number): Promise<Date | null> {
  const row = await db.prisma.userInfoAnswer.findUnique({ where: { userId }, select: { answeredAt: true } })
  return row?.answeredAt ?? null
}

/** `failure` names what of the answer could not be taken, if anything. */
export async function noteAnswer(db: Db, userId: number, now: Date, failure: string | null): Promise<void> {
  const answer = { answeredAt: now, failedAt: failure === null ? null : now, failure: failure?.slice(0, 1_000) ?? null }
  await db.prisma.userInfoAnswer.upsert({ where: { userId }, create: { userId, ...answer }, update: answer })
}

export async function noteFailure(db: Db, userId: number, now: Date, failure: string): Promise<void> {
  const failed = { failedAt: now, failure: failure.slice(0, 1_000) }
  await db.prisma.userInfoAnswer.upsert({ where: { userId }, create: { userId, ...failed }, update: failed })
}
