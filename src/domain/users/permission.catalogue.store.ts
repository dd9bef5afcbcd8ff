/** Two loose index scans: independent of the number of holders. */
import { knownPermissions } from '../../authorization/permissions.ts'
import { selectList } from '../../platform/database/columns.ts'
import type { NestedList } from '../../platform/database/nested-list.ts'
import type { Order } from '../../platform/database/order.ts'
import { type CursorColumns, type PageWindow, pageOf } from '../../platform/database/pagination.ts'
import type { Db } from '../../platform/database/store.ts'
import { PERMISSION_RULE_COLUMNS, type PermissionPage, type PermissionRecord, type PermissionRuleRecord } from './permission.ts'

export const byName = (descending: boolean): Order => ({ name: 'permissions', expression: 'k', type: 'text', descending })

export interface CatalogueQuery {
  readonly known: boolean | null
  readonly pattern: string | null
  /** Known ones that match by their meaning. */
  readonly meant: readonly string[]
}

const ENDS = { first: '', last: '\u{10FFFF}'.repeat(64) }
const MATCHES = `($3::boolean IS NULL OR (k = ANY($2::text[])) = $3)
  AND ($4::text IS NULL OR fold_case(k) LIKE $4 OR k = ANY($5::text[]))`

/** `$1`: where the names start, `$6`: how many are enough. */
function catalogue(falls: boolean): string {
  const beyond = falls ? '<' : '>'
  const scan = (name: string, table: string) => {
    const next = (from: string) =>
      `(SELECT ${falls ? 'max' : 'min'}(p.permission) FROM ${table} p WHERE p.permission ${beyond} ${from})`
    return `${name}(k) AS (SELECT ${next('$1::text')} UNION ALL SELECT ${next(`${name}.k`)} FROM ${name} WHERE ${name}.k IS NOT NULL)`
  }
  const some = (name: string) => `(SELECT k FROM ${name} WHERE k IS NOT NULL AND ${MATCHES} LIMIT $6::bigint)`
  return `WITH RECURSIVE ${scan('held', 'user_permissions')}, ${scan('ruled', 'iam_group_permissions')},
    fixed(k) AS (SELECT k COLLATE "C" FROM unnest($2::text[]) k
      UNION SELECT d.k COLLATE "C" FROM iams i CROSS JOIN LATERAL unnest(i.default_permissions) d(k)),
    names AS (${some('held')} UNION ${some('ruled')}
      UNION (SELECT k FROM fixed WHERE k ${beyond} $1::text COLLATE "C" AND ${MATCHES}))`
}

export async function permissionCatalogue(
  db: Db,
  { query, order, window }: { query: CatalogueQuery; order: Order; window: PageWindow },
): Promise<PermissionPage> {
  const falls = order.descending !== window.backwards
  const from = window.cursor?.value ?? (falls ? ENDS.last : ENDS.first)
  const enough = window.size + 1 + window.offset
  const asked = [knownPermissions, query.known, query.pattern, query.meant]
  const rows = await db.query<PermissionRecord & CursorColumns>(
    `${catalogue(falls)} SELECT k AS name, k AS "cursorValue", '0' AS "cursorId" FROM names
      ORDER BY k COLLATE "C" ${falls ? 'DESC' : 'ASC'} LIMIT $6::bigint - $7::bigint OFFSET $7::bigint`,
    [from, ...asked, enough, window.offset],
  )
  return pageOf(rows, {
    window,
    order,
    totalCount: async () => {
      const [row] = await db.query<{ count: number }>(`${catalogue(false)} SELECT count(*)::int AS count FROM names`, [
        ENDS.first,
        ...asked,
        null,
      ])
      return row?.count ?? 0
    },
  })
}

/** Grants that one statement counts; beyond it the counts are null. */
const MAX_GRANTS = 1_000_000

/** Enabled users of configured IAMs. */
export const countHolders = (db: Db, permissions: readonly string[]): Promise<{ name: string; count: number | null }[]> =>
  db.query(
    `WITH held AS MATERIALIZED (SELECT e.permission, e.user_id FROM effective_permissions e
       JOIN users u ON u.id = e.user_id AND NOT u.disabled JOIN iams i ON i.id = u.iamid
      WHERE e.permission = ANY($1::text[]) LIMIT ${MAX_GRANTS + 1}),
     counted AS (SELECT h.permission, count(DISTINCT h.user_id)::int AS count FROM held h GROUP BY h.permission)
     SELECT n.name, CASE WHEN (SELECT count(*) FROM held) <= ${MAX_GRANTS} THEN coalesce(c.count, 0) END AS count
       FROM unnest($1::text[]) n(name) LEFT JOIN counted c ON c.permission = n.name`,
    [permissions],
  )

export const rulesOfPermissions: NestedList<PermissionRuleRecord> = {
  columns: selectList(PERMISSION_RULE_COLUMNS),
  from: `(SELECT g.permission, g.iamid, g.group_name, g.iamid || ' ' || g.group_key AS place FROM iam_group_permissions g
    UNION ALL SELECT d.permission, i.id, NULL, i.id FROM iams i CROSS JOIN LATERAL unnest(i.default_permissions) d(permission)) r`,
  where: [],
  values: [],
  owner: 'r.permission',
  ownerType: 'text',
  id: '0::bigint',
  order: { name: 'permissionRules', expression: '(r.place COLLATE "C")', type: 'text', descending: false },
}
