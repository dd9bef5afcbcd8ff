/** The keys of attributes in use. Distinct keys are found by skipping along the index from one key to the next, whatever the number of holders. */
import { anywhere, type Order, type Placed, pageOf, type Window } from '../store/page.ts'
import type { Db } from '../store/store.ts'
import type { AttributeKeyPage, AttributeKeyRecord, AttributeValueRecord } from './attribute.ts'

export const BY_KEY: Order = { name: 'attributeKeys', expression: 'page.k', type: 'text', descending: false }
/** The most values of a key that are shown. */
const MAX_VALUES = 1000

/** Before every key, and after every key: none is as long. */
const ENDS = { first: '', last: '\u{10FFFF}'.repeat(300) }

const up = (from: string) => `LEAST((SELECT min(a.key_key) FROM user_attributes a WHERE a.key_key > ${from}),
  (SELECT min(a.key_key) FROM group_attributes a WHERE a.key_key > ${from}))`
const down = (from: string) => `GREATEST((SELECT max(a.key_key) FROM user_attributes a WHERE a.key_key < ${from}),
  (SELECT max(a.key_key) FROM group_attributes a WHERE a.key_key < ${from}))`
// Lazy: with a LIMIT on what reads it, no more keys are looked for than are wanted.
const keys = (next: (from: string) => string) => `WITH RECURSIVE keys(k) AS (
  SELECT ${next('$1::text')} UNION ALL SELECT ${next('keys.k')} FROM keys WHERE keys.k IS NOT NULL),
  matching AS (SELECT k FROM keys WHERE k IS NOT NULL AND k LIKE $2::text)`

/** A page of keys with how many hold them; one statement. `part` is any part of the key's canonical form. */
export async function attributeKeys(db: Db, part: string, window: Window): Promise<AttributeKeyPage> {
  const pattern = anywhere(part)
  const holders = (table: string, owner: string) =>
    `SELECT count(DISTINCT a.${owner})::int AS count, min(a.id) AS first FROM ${table} a WHERE a.key_key = page.k`
  const rows = await db.query<AttributeKeyRecord & Placed>(
    `${keys(window.backwards ? down : up)}, page AS (SELECT k FROM matching LIMIT $3::int OFFSET $4::int)
     SELECT page.k AS "keyKey", u.count AS "userCount", g.count AS "groupCount", page.k AS "cursorValue", '0' AS "cursorId",
            coalesce((SELECT a.key FROM user_attributes a WHERE a.id = u.first), (SELECT a.key FROM group_attributes a WHERE a.id = g.first)) AS key
       FROM page CROSS JOIN LATERAL (${holders('user_attributes', 'user_id')}) u
      CROSS JOIN LATERAL (${holders('group_attributes', 'group_id')}) g ORDER BY page.k ${window.backwards ? 'DESC' : 'ASC'}`,
    [window.cursor?.value ?? (window.backwards ? ENDS.last : ENDS.first), pattern, window.size + 1, window.offset],
  )
  return pageOf(rows, window, BY_KEY, async () => {
    const [row] = await db.query<{ count: number }>(`${keys(up)} SELECT count(*)::int AS count FROM matching`, [
      ENDS.first,
      pattern,
    ])
    return row?.count ?? 0
  })
}

/** The first values of each key, in order, with how many hold each; one statement. */
export const valuesOfKeys = (db: Db, keyKeys: readonly string[]): Promise<(AttributeValueRecord & { keyKey: string })[]> =>
  db.query(
    `SELECT k.key_key AS "keyKey", v.value, v."userCount", v."groupCount" FROM unnest($1::text[]) k(key_key)
      CROSS JOIN LATERAL (
        SELECT held.value, count(DISTINCT held.user_id)::int AS "userCount", count(DISTINCT held.group_id)::int AS "groupCount" FROM (
          SELECT a.value, a.user_id, NULL::int AS group_id FROM user_attributes a WHERE a.key_key = k.key_key
          UNION ALL SELECT a.value, NULL, a.group_id FROM group_attributes a WHERE a.key_key = k.key_key) held
         GROUP BY held.value ORDER BY held.value LIMIT ${MAX_VALUES}) v
      ORDER BY k.key_key, v.value`,
    [keyKeys],
  )
