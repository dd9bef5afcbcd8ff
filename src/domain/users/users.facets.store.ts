import { knownPermissions } from '../../authorization/permissions.ts'
import type { UserState } from '../../generated/inputs.ts'
import type { Conditions } from '../../platform/database/conditions.ts'
import { narrowed } from '../../platform/database/narrowing.ts'
import type { Db } from '../../platform/database/store.ts'
import type { UserCounts } from './user.ts'

const MAX_USERS = 100_000
const MAX_IAMS = 100

interface FacetRow {
  facet: string
  value: string
  count: number
}

/** One statement, which reads at most MAX_USERS users. */
export async function countFacets(db: Db, { where, values, narrowing }: Conditions, now: Date): Promise<UserCounts> {
  const [most, iams, at, permissions] = [1, 2, 3, 4].map(n => `$${values.length + n}`)
  const matched = narrowed({ id: 'u.id', narrowing }, where, {
    select: condition => `SELECT u.id, u.iamid, u.disabled, u.kind, u.last_login FROM users u ${condition} LIMIT ${most}::int`,
    few: MAX_USERS,
  })
  const rows = await db.query<FacetRow>(
    `${matched.candidates === '' ? 'WITH' : `${matched.candidates},`} matched AS MATERIALIZED (${matched.rows})
     (SELECT 'iam' AS facet, m.iamid AS value, count(*)::int AS count FROM matched m GROUP BY m.iamid
       ORDER BY count(*) DESC, m.iamid LIMIT ${iams}::int)
     UNION ALL SELECT 'state', s.value, s.count FROM (
         SELECT count(*) FILTER (WHERE NOT m.disabled)::int AS enabled, count(*) FILTER (WHERE m.disabled)::int AS disabled,
           count(*) FILTER (WHERE m.last_login IS NULL AND m.kind = 'PERSON')::int AS fresh FROM matched m) c
       CROSS JOIN (SELECT count(DISTINCT i.user_id)::int AS invited FROM invitations i
         WHERE i.user_id = ANY(ARRAY(SELECT m.id FROM matched m)) AND i.expires_at > ${at}::timestamptz) o
       CROSS JOIN LATERAL (VALUES ('ENABLED', c.enabled), ('DISABLED', c.disabled), ('INVITED', o.invited),
         ('NEVER_LOGGED_IN', c.fresh)) s(value, count)
     UNION ALL (SELECT 'permission', e.permission, count(DISTINCT e.user_id)::int FROM effective_permissions e
       WHERE e.user_id = ANY(ARRAY(SELECT m.id FROM matched m)) AND e.permission = ANY(${permissions}::text[])
       GROUP BY e.permission ORDER BY 3 DESC, 2)`,
    [...values, MAX_USERS, MAX_IAMS, now, knownPermissions],
    { fresh: true },
  )
  const of = (facet: string) => rows.filter(row => row.facet === facet)
  const states = of('state').map(({ value, count }) => ({ state: value as UserState, count }))
  const total = states.reduce((sum, { state, count }) => (state === 'ENABLED' || state === 'DISABLED' ? sum + count : sum), 0)
  return {
    iams: of('iam').map(({ value, count }) => ({ iamid: value, count })),
    states,
    permissions: of('permission').map(({ value, count }) => ({ permission: value, count })),
    isComplete: total < MAX_USERS,
  }
}
