import { foldCaseSql } from '../../platform/case-folding.ts'
import type { Db } from '../../platform/database/store.ts'
import type { Place, StoredRow } from './erasure.places.ts'

export interface Person {
  readonly id: number
  readonly iamid: string
  /** Canonical. */
  readonly userids: readonly string[]
}

export interface Window {
  /** Of the last row that was looked at; null: none is left. */
  readonly last: string | null
  readonly seen: number
  /** Of the rows that may have names of the person. */
  readonly ids: readonly string[]
}

const PERSON = `p AS (SELECT $1::int AS id, $2::text AS iamid, $3::text[] AS userids)`
const valuesOf = ({ id, iamid, userids }: Person) => [id, iamid, userids]

/** The next rows by id, and which of them to erase from. */
export async function nextWindow(
  db: Db,
  { table, columns, own, where }: Place,
  { person, patterns, after, limit }: { person: Person; patterns: readonly string[]; after: string; limit: number },
): Promise<Window> {
  const words = Object.entries(columns).map(([name, type]) =>
    type === 'text' ? `t.${name}` : type === 'jsonb' ? `t.${name}::text` : `array_to_string(t.${name}, ' ')`,
  )
  const [window] = await db.query<Window>(
    `WITH ${PERSON}, w AS MATERIALIZED (
       SELECT t.id, (${own}) AS own, ${foldCaseSql(`concat_ws(' ', ${words.join(', ')})`)} AS words FROM ${table} t, p
        WHERE t.id > $4::bigint AND (${where}) ORDER BY t.id LIMIT $5::int)
     SELECT (SELECT max(id)::text FROM w) AS last, (SELECT count(*)::int FROM w) AS seen,
       ARRAY(SELECT id::text FROM w WHERE own OR words LIKE ANY($6::text[]) ORDER BY id) AS ids`,
    [...valuesOf(person), after, limit, patterns],
  )
  return window!
}

export const lockRows = (
  db: Db,
  { table, columns, own }: Place,
  { person, ids }: { person: Person; ids: readonly string[] },
): Promise<StoredRow[]> =>
  db.query(
    `WITH ${PERSON} SELECT t.id::text AS id, coalesce(${own}, false) AS own, jsonb_build_object(${Object.keys(columns)
      .map(name => `'${name}', t.${name}`)
      .join(', ')}) AS values FROM ${table} t, p WHERE t.id = ANY($4::bigint[]) ORDER BY t.id FOR NO KEY UPDATE OF t`,
    [...valuesOf(person), ids],
  )

export async function writeRows(db: Db, { table, columns }: Place, rows: readonly object[]): Promise<void> {
  if (rows.length === 0) return
  const types = Object.entries(columns)
  await db.query(
    `UPDATE ${table} t SET ${types.map(([name]) => `${name} = n.${name}`).join(', ')}
       FROM jsonb_to_recordset($1::jsonb) AS n(id bigint, ${types.map(([name, type]) => `${name} ${type}`).join(', ')})
      WHERE t.id = n.id`,
    [JSON.stringify(rows)],
  )
}

const SHOWN = 10_000

export const eventsAbout = (db: Db, userId: number): Promise<{ name: string | null; before: unknown; after: unknown }[]> =>
  db.query(
    `SELECT e.target_name AS name, e.before, e.after FROM audit_events e
      WHERE e.target_type = 'user' AND e.target_id = $1::text ORDER BY e.id DESC LIMIT ${SHOWN}`,
    [String(userId)],
  )

/** By the event of the deletion. */
export async function findDeleted(
  db: Db,
  { id, name }: { id: number | null; name: string | null },
): Promise<{ id: number; name: string } | null> {
  const [row] = await db.query<{ id: string; name: string | null }>(
    `SELECT e.target_id AS id, e.target_name AS name FROM audit_events e
      WHERE e.event = 'userDeleted' AND ($1::text IS NULL OR e.target_id = $1) AND ($2::text IS NULL OR fold_case(e.target_name) = $2)
        AND NOT EXISTS (SELECT 1 FROM users u WHERE u.id::text = e.target_id) ORDER BY e.id DESC LIMIT 1`,
    [id === null ? null : String(id), name],
  )
  return row && row.name !== null ? { id: Number(row.id), name: row.name } : null
}

/** Which of these other users or groups have as well. All canonical; `pairs` as "iamid/userid". */
export async function sharedNames(
  db: Db,
  userId: number,
  { names, pairs, emails }: Record<'names' | 'pairs' | 'emails', readonly string[]>,
): Promise<string[]> {
  const rows = await db.query<{ name: string }>(
    `SELECT u.userid_key AS name FROM users u WHERE u.id <> $1 AND u.userid_key = ANY($2::text[])
     UNION SELECT u.name_key FROM users u WHERE u.id <> $1 AND u.name_key = ANY($2::text[])
     UNION SELECT g.name_key FROM groups g WHERE g.name_key = ANY($2::text[])
     UNION SELECT lower(u.iamid COLLATE "C") || '/' || u.userid_key FROM users u WHERE u.id <> $1 AND lower(u.iamid COLLATE "C") || '/' || u.userid_key = ANY($3::text[])
     UNION SELECT u.email_key FROM users u WHERE u.id <> $1 AND u.email_key = ANY($4::text[])`,
    [userId, names, pairs, emails],
  )
  return rows.map(({ name }) => name)
}

const OWN_TABLES = [
  ...['user_permissions', 'user_attributes', 'memberships', 'api_keys', 'tokens', 'invitations', 'authentications'],
  ...['project_members', 'domain_permissions', 'data_source_owners', 'user_info_answers', 'scim_deprovisionings'],
]

/** Rows of the user, which go with the user. */
export const ownRows = (db: Db, userId: number): Promise<{ table: string; rows: number }[]> =>
  db.query(
    `SELECT o.name AS "table", o.rows FROM (
       SELECT 'users' AS name, (SELECT count(*)::int FROM users WHERE id = $1) AS rows
       ${OWN_TABLES.map(name => `UNION ALL SELECT '${name}', (SELECT count(*)::int FROM ${name} WHERE user_id = $1)`).join(' ')}) o
      WHERE o.rows > 0`,
    [userId],
  )

/** Small tables: who made rules and default permissions. */
export async function renameMakers(db: Db, { before, after }: { before: readonly string[]; after: string }): Promise<number> {
  const [row] = await db.query<{ count: number }>(
    `WITH rules AS (UPDATE iam_group_permissions SET created_by = $2 WHERE created_by = ANY($1::text[]) RETURNING 1),
       defaults AS (UPDATE iams i SET default_since = (
           SELECT jsonb_object_agg(s.key, CASE WHEN s.value->>'by' = ANY($1::text[]) THEN s.value || jsonb_build_object('by', $2::text) ELSE s.value END)
             FROM jsonb_each(i.default_since) s)
         WHERE EXISTS (SELECT 1 FROM jsonb_each(i.default_since) s WHERE s.value->>'by' = ANY($1::text[])) RETURNING 1)
     SELECT ((SELECT count(*) FROM rules) + (SELECT count(*) FROM defaults))::int AS count`,
    [before, after],
  )
  return row!.count
}

export const configuredIams = async (db: Db): Promise<string[]> =>
  (await db.query<{ id: string }>('SELECT id FROM iams')).map(({ id }) => id)

export const forgetDeprovisioning = (db: Db, userId: number) =>
  db.query('DELETE FROM scim_deprovisionings WHERE user_id = $1', [userId])
