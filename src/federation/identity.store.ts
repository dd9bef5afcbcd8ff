import type { Db } from '../platform/database/store.ts'
import { canonical } from '../platform/validation.ts'
import type { ExternalGroup } from './identity.ts'

export const groupsHeldBy = (
  db: Db,
  { userIds, iamid, source }: { userIds: readonly number[]; iamid: string; source: string },
): Promise<{ userId: number; name: string; directoryId: string | null }[]> =>
  db.query(
    `SELECT m.user_id AS "userId", g.name, g.directory_id AS "directoryId" FROM memberships m JOIN groups g ON g.id = m.group_id
      WHERE m.user_id = ANY($1::int[]) AND g.iamid = $2 AND $3 = ANY(m.sources) ORDER BY m.user_id, g.name_key, g.id`,
    [userIds, iamid, source],
  )

interface At {
  readonly iamid: string
  readonly source: string
  readonly now: Date
}

export const makeGroups = (
  db: Db,
  { iamid, now }: At,
  groups: readonly ExternalGroup[],
): Promise<{ id: number; name: string }[]> =>
  db.query(
    `INSERT INTO groups (iamid, name, name_key, gid, email, description, directory_id, created_at, updated_at)
     SELECT $1, n.name, n.key, n.gid, n.email, n.description, n.entry, $8::timestamptz, $8::timestamptz
       FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[]) n(name, key, gid, email, description, entry)
      ORDER BY n.key
     ON CONFLICT DO NOTHING RETURNING id, name`,
    [
      iamid,
      groups.map(group => group.name),
      groups.map(group => canonical(group.name)),
      groups.map(group => group.gid),
      groups.map(group => group.email),
      groups.map(group => group.description),
      groups.map(group => group.entryId ?? null),
      now,
    ],
  )

export async function joinGroups(
  db: Db,
  at: At,
  joins: readonly { readonly userId: number; readonly group: ExternalGroup }[],
): Promise<void> {
  const groups = new Map(joins.map(({ group }) => [group.entryId ?? canonical(group.name), group]))
  await makeGroups(db, at, [...groups.values()])
  await db.query(
    `INSERT INTO memberships (group_id, user_id, user_name_key, sources, added_by, created_at, updated_at)
     SELECT j.id, j.user_id, u.name_key, ARRAY[$2::text], $2::text, $6::timestamptz, $6::timestamptz FROM (
       SELECT g.id, n.user_id FROM unnest($3::int[], $5::text[]) n(user_id, entry)
         JOIN groups g ON g.iamid = $1 AND g.directory_id = n.entry
       UNION SELECT g.id, n.user_id FROM unnest($3::int[], $4::text[], $5::text[]) n(user_id, key, entry)
         JOIN groups g ON g.iamid = $1 AND g.name_key = n.key WHERE n.entry IS NULL) j
       JOIN groups held ON held.id = j.id JOIN users u ON u.id = j.user_id ORDER BY j.id, j.user_id FOR KEY SHARE OF held, u
     ON CONFLICT (user_id, group_id) DO UPDATE SET sources = memberships.sources || excluded.sources, updated_at = $6::timestamptz
       WHERE NOT $2::text = ANY(memberships.sources)`,
    [
      at.iamid,
      at.source,
      joins.map(({ userId }) => userId),
      joins.map(({ group }) => canonical(group.name)),
      joins.map(({ group }) => group.entryId ?? null),
      at.now,
    ],
  )
}

export const leaveGroups = (
  db: Db,
  { iamid, source, now }: At,
  leaves: readonly { readonly userId: number; readonly group: string }[],
): Promise<unknown> =>
  db.query(
    `WITH held AS (SELECT m.id, m.sources FROM unnest($3::int[], $4::text[]) n(user_id, key)
        JOIN groups g ON g.iamid = $1 AND g.name_key = n.key
        JOIN memberships m ON m.group_id = g.id AND m.user_id = n.user_id AND $2 = ANY(m.sources)),
      gone AS (DELETE FROM memberships m USING held h WHERE m.id = h.id AND h.sources <@ ARRAY[$2])
     UPDATE memberships m SET sources = array_remove(m.sources, $2), updated_at = $5::timestamptz
       FROM held h WHERE m.id = h.id AND NOT h.sources <@ ARRAY[$2]`,
    [iamid, source, leaves.map(({ userId }) => userId), leaves.map(({ group }) => canonical(group)), now],
  )

export const updateUsers = (db: Db, users: readonly object[], now: Date): Promise<unknown> =>
  db.query(
    `UPDATE users u SET name = n.name, name_key = n."nameKey", email = n.email, email_key = n."emailKey", phone = n.phone,
       about = n.about, location = n.location, organization = n.organization, position = n.position, sql_user = n."sqlUser",
       external_user_ids = n."externalUserIds", dn = n.dn, directory_id = n."directoryId", openid_id = n."openidId",
       saml_id = n."samlId", relinkable = n.relinkable, disabled = n.disabled, disabled_by = n."disabledBy",
       updated_at = $2::timestamptz, profile_updated_at = $2::timestamptz, last_external_refresh = $2::timestamptz
      FROM jsonb_to_recordset($1::jsonb) n(id int, name text, "nameKey" text, email text, "emailKey" text, phone text, about text,
       location text, organization text, "position" text, "sqlUser" text, "externalUserIds" jsonb, dn text, "directoryId" text,
       "openidId" text, "samlId" text, relinkable boolean, disabled boolean, "disabledBy" text)
     WHERE u.id = n.id`,
    [JSON.stringify(users), now],
  )

export const recordRefresh = (db: Db, userId: number, now: Date) =>
  db.prisma.user.update({ where: { id: userId }, data: { lastExternalRefresh: now }, select: { id: true } })

export async function lastResponse(db: Db, userId: number): Promise<Date | null> {
  const row = await db.prisma.userInfoAnswer.findUnique({ where: { userId }, select: { answeredAt: true } })
  return row?.answeredAt ?? null
}

export async function recordResponse(
  db: Db,
  userId: number,
  { now, failure }: { now: Date; failure: string | null },
): Promise<void> {
  const answer = { answeredAt: now, failedAt: failure === null ? null : now, failure: failure?.slice(0, 1_000) ?? null }
  await db.prisma.userInfoAnswer.upsert({ where: { userId }, create: { userId, ...answer }, update: answer })
}

export async function recordFailure(db: Db, userId: number, { now, failure }: { now: Date; failure: string }): Promise<void> {
  const failed = { failedAt: now, failure: failure.slice(0, 1_000) }
  await db.prisma.userInfoAnswer.upsert({ where: { userId }, create: { userId, ...failed }, update: failed })
}

export const recordResponses = (
  db: Db,
  answers: readonly { readonly userId: number; readonly failure: string | null; readonly answered: boolean }[],
  now: Date,
): Promise<unknown> =>
  db.query(
    `INSERT INTO user_info_answers AS a (user_id, answered_at, failed_at, failure)
     SELECT n."userId", CASE WHEN n.answered THEN $2::timestamptz END, CASE WHEN n.failure IS NOT NULL THEN $2::timestamptz END, n.failure
       FROM jsonb_to_recordset($1::jsonb) n("userId" int, failure text, answered boolean) JOIN users u ON u.id = n."userId" ORDER BY u.id
     ON CONFLICT (user_id) DO UPDATE SET answered_at = coalesce(excluded.answered_at, a.answered_at), failed_at = excluded.failed_at,
       failure = excluded.failure`,
    [JSON.stringify(answers), now],
  )
