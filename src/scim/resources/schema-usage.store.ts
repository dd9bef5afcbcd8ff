import { foldCaseSql } from '../../platform/case-folding.ts'
import { allRows } from '../../platform/database/chunks.ts'
import type { Db } from '../../platform/database/store.ts'

export interface UsedAttribute {
  readonly urn: string | null
  readonly name: string
  readonly multi: boolean
  readonly types: readonly ('string' | 'number' | 'boolean' | 'object' | 'null' | 'array')[]
  readonly parts: readonly string[]
}

interface Piece {
  readonly last: number | null
  readonly found: readonly UsedAttribute[]
}

/** Documents per statement; attributes in its result. */
const PIECE = 1000
const ATTRIBUTES = 1000

const isUrn = (key: string) => `starts_with(${foldCaseSql(key)}, 'urn:')`

const FROM = {
  User: 'users r WHERE r.iamid = $1 AND r.scim_id IS NOT NULL',
  Group: 'groups r WHERE r.iamid = $1 AND r.scimid IS NOT NULL',
} as const

export async function usedAttributes(
  db: Db,
  { iamid, type, known }: { iamid: string; type: keyof typeof FROM; known: readonly string[] },
): Promise<UsedAttribute[]> {
  const pieces = await allRows<Piece>(
    async last => {
      const rows = await db.query<Piece & { count: number }>(
        `WITH page AS MATERIALIZED (SELECT r.id, r.scim FROM ${FROM[type]} AND r.scim IS NOT NULL AND r.id > $2::int ORDER BY r.id LIMIT ${PIECE}),
           held AS (SELECT t.urn, a.key AS name, bool_or(jsonb_typeof(a.value) = 'array') AS multi, array_agg(DISTINCT jsonb_typeof(e.v)) AS types,
               coalesce(array_agg(DISTINCT s.part) FILTER (WHERE s.part IS NOT NULL), '{}') AS parts
             FROM page CROSS JOIN LATERAL (SELECT NULL::text AS urn, page.scim AS value
                 UNION ALL SELECT k.key, k.value FROM jsonb_each(page.scim) k WHERE ${isUrn('k.key')} AND jsonb_typeof(k.value) = 'object') t
               CROSS JOIN LATERAL jsonb_each(t.value) a
               CROSS JOIN LATERAL jsonb_array_elements(CASE WHEN jsonb_typeof(a.value) = 'array' THEN a.value ELSE jsonb_build_array(a.value) END) e(v)
               LEFT JOIN LATERAL jsonb_object_keys(CASE WHEN jsonb_typeof(e.v) = 'object' THEN e.v END) s(part) ON true
             WHERE t.urn IS NOT NULL OR (NOT ${isUrn('a.key')} AND NOT ${foldCaseSql('a.key')} = ANY($3::text[]))
             GROUP BY t.urn, a.key ORDER BY t.urn, a.key LIMIT ${ATTRIBUTES})
         SELECT max(id) AS last, count(*)::int AS count, (SELECT coalesce(json_agg(h), '[]') FROM held h) AS found FROM page`,
        [iamid, last?.last ?? 0, known],
        { fresh: true },
      )
      return rows.filter(({ count }) => count > 0)
    },
    { before: [], size: 1 },
  )
  return pieces.flatMap(({ found }) => found)
}
