/** A loose index scan: independent of the number of holders. */
import { rowsInChunks } from '../../platform/database/chunks.ts'
import { integer, pageSelection, text } from '../../platform/database/columns.ts'
import type { NestedList } from '../../platform/database/nested-list.ts'
import type { Order } from '../../platform/database/order.ts'
import { type CursorColumns, type PageWindow, pageOf } from '../../platform/database/pagination.ts'
import type { Db } from '../../platform/database/store.ts'
import type { AttributeKeyPage, AttributeKeyRecord, AttributeValueRecord } from './attribute.ts'

export const byKey = (descending: boolean): Order => ({ name: 'attributeKeys', expression: 'page.k', type: 'text', descending })

const ENDS = { first: '', last: '\u{10FFFF}'.repeat(300) }

const up = (from: string) => `LEAST((SELECT min(a.key_key) FROM user_attributes a WHERE a.key_key > ${from}),
  (SELECT min(a.key_key) FROM group_attributes a WHERE a.key_key > ${from}))`
const down = (from: string) => `GREATEST((SELECT max(a.key_key) FROM user_attributes a WHERE a.key_key < ${from}),
  (SELECT max(a.key_key) FROM group_attributes a WHERE a.key_key < ${from}))`
// Lazy: a LIMIT stops the recursion.
const keys = (next: (from: string) => string) => `WITH RECURSIVE keys(k) AS (
  SELECT ${next('$1::text')} UNION ALL SELECT ${next('keys.k')} FROM keys WHERE keys.k IS NOT NULL),
  matching AS (SELECT k FROM keys WHERE k IS NOT NULL AND k LIKE $2::text)`

// Each by an index of its own that has all it needs.
const firstOf = (table: string) => `SELECT (SELECT min(a.id) FROM ${table} a WHERE a.key_key = page.k) AS first`
const SHOWN = `page.k AS "keyKey",
            coalesce((SELECT a.key FROM user_attributes a WHERE a.id = u.first), (SELECT a.key FROM group_attributes a WHERE a.id = g.first)) AS key
       FROM page CROSS JOIN LATERAL (${firstOf('user_attributes')}) u CROSS JOIN LATERAL (${firstOf('group_attributes')}) g`
const countOf = (table: string, owner: string) =>
  `(SELECT count(DISTINCT a.${owner})::int FROM ${table} a WHERE a.key_key = page.k)`

interface HolderCounts {
  readonly keyKey: string
  readonly userCount: number
  readonly groupCount: number
}

/** Reads an index entry for each holder. */
export const holdersOfKeys = (db: Db, keys: readonly string[]): Promise<HolderCounts[]> =>
  rowsInChunks(db, keys, piece =>
    db.query<HolderCounts>(
      `SELECT page.k AS "keyKey", ${countOf('user_attributes', 'user_id')} AS "userCount",
       ${countOf('group_attributes', 'group_id')} AS "groupCount" FROM unnest($1::text[]) page(k)`,
      [piece],
    ),
  )

/** In any order; keys that nobody holds are left out. */
export const attributeKeysNamed = (db: Db, names: readonly string[]): Promise<AttributeKeyRecord[]> =>
  db.query(
    `WITH page AS (SELECT k FROM unnest($1::text[]) AS k) SELECT ${SHOWN} WHERE u.first IS NOT NULL OR g.first IS NOT NULL`,
    [names],
  )

export async function attributeKeys(
  db: Db,
  { pattern, order, window }: { pattern: string; order: Order; window: PageWindow },
): Promise<AttributeKeyPage> {
  const falls = order.descending !== window.backwards
  const rows = await db.query<AttributeKeyRecord & CursorColumns>(
    `${keys(falls ? down : up)}, page AS (SELECT k FROM matching LIMIT $3::int OFFSET $4::int)
     SELECT page.k AS "cursorValue", '0' AS "cursorId", ${SHOWN} ORDER BY page.k ${falls ? 'DESC' : 'ASC'}`,
    [window.cursor?.value ?? (falls ? ENDS.last : ENDS.first), pattern, window.size + 1, window.offset],
  )
  return pageOf(rows, {
    window,
    order,
    totalCount: async () => {
      const [row] = await db.query<{ count: number }>(`${keys(up)} SELECT count(*)::int AS count FROM matching`, [
        ENDS.first,
        pattern,
      ])
      return row?.count ?? 0
    },
  })
}

const holders = (table: string, owner: string) =>
  `(SELECT count(DISTINCT a.${owner})::int FROM ${table} a
     WHERE a.key_key = page."keyKey" AND md5(a.value) = md5(page.value) AND a.value = page.value)`

export const ATTRIBUTE_VALUE_COLUMNS = { keyKey: text('v.key_key'), value: text('v.value') }
export const HOLDERS = {
  userCount: integer(holders('user_attributes', 'user_id')),
  groupCount: integer(holders('group_attributes', 'group_id')),
}

export const valuesOfKeys: NestedList<AttributeValueRecord> = {
  ...pageSelection(ATTRIBUTE_VALUE_COLUMNS, HOLDERS),
  from: `(SELECT a.key_key, a.value FROM user_attributes a UNION SELECT a.key_key, a.value FROM group_attributes a) v`,
  where: [],
  values: [],
  owner: 'v.key_key',
  ownerType: 'text',
  id: '0::bigint',
  order: { name: 'attributeValues', expression: '(v.value COLLATE "C")', type: 'text', descending: false },
}
