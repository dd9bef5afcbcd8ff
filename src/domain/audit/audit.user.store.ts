import { groupOne } from '../../platform/database/batch.ts'
import { allRows } from '../../platform/database/chunks.ts'
import { selectList } from '../../platform/database/columns.ts'
import type { Order } from '../../platform/database/order.ts'
import type { CursorColumns, PageWindow } from '../../platform/database/pagination.ts'
import type { Db } from '../../platform/database/store.ts'
import { AUDIT_EVENT_COLUMNS, type AuditEventRecord } from './audit.record.ts'

export type AuditRole = 'ACTOR' | 'TARGET' | 'ANY'

export const ORDER: Order = { name: 'auditEventsOfUser', expression: 'e.id', type: 'bigint', descending: true }

const SELECT_EVENT = selectList(AUDIT_EVENT_COLUMNS)

interface Part {
  /** Before the id in the index. Arrays exclude the primary key. Null: by no order. */
  readonly of: string | null
  readonly where: (owner: string) => string
}
const ACTOR: Part = { of: 'e.actor_user_id', where: owner => `e.actor_user_id = ANY(ARRAY[${owner}])` }
const TARGET: Part = {
  of: 'e.target_id',
  where: owner => `e.target_type = 'user' AND e.target_id = ANY(ARRAY[${owner}::text])`,
}
/** Written as the index of members is. */
const MEMBER: Part = {
  of: null,
  where: owner =>
    `e.target_type = 'group' AND e.event IN ('groupUserAdded', 'groupUserDeleted') AND coalesce(e.after, e.before) -> 'members' @> jsonb_build_array(jsonb_build_object('id', ${owner}))`,
}
const byOthers = (part: Part): Part => ({
  ...part,
  where: owner => `${part.where(owner)} AND e.actor_user_id IS DISTINCT FROM ${owner}`,
})
const PARTS: Record<AuditRole, readonly Part[]> = {
  ACTOR: [ACTOR],
  TARGET: [TARGET, MEMBER],
  ANY: [ACTOR, byOthers(TARGET), byOthers(MEMBER)],
}

export interface Asked {
  readonly userId: number
  readonly role: AuditRole
  readonly window: PageWindow
}

export type EventRow = AuditEventRecord & CursorColumns & { readonly place: number }

/** One row more shows a next page. */
export function eventsOfUsers(db: Db, asked: readonly Asked[]): Promise<EventRow[]> {
  const { role, window } = asked[0]!
  const direction = window.backwards ? 'ASC' : 'DESC'
  const hasCursor = window.cursor !== null
  const after = hasCursor ? ` AND e.id ${window.backwards ? '>' : '<'} w.cursor` : ''
  const parts = PARTS[role].map(({ of, where }) => {
    const found = `SELECT e.* FROM audit_events e WHERE ${where('w.owner')}${after}`
    const page = `e.id ${direction} LIMIT w.size + w.skip`
    // OFFSET keeps the planner from the order of the primary key.
    if (of === null) return `(SELECT e.* FROM (${found} OFFSET 0) e ORDER BY ${page})`
    return `(${found} ORDER BY ${of} ${direction}, ${page})`
  })
  return db.query(
    `SELECT (w.place - 1)::int AS place, found.*
       FROM unnest($1::int[], $2::int[], $3::int[]${hasCursor ? ', $4::bigint[]' : ''})
            WITH ORDINALITY w(owner, size, skip${hasCursor ? ', cursor' : ''}, place)
      CROSS JOIN LATERAL (
        SELECT ${SELECT_EVENT}, e.id AS "cursorValue", e.id AS "cursorId" FROM (${parts.join(' UNION ALL ')}) e
         ORDER BY e.id ${direction} LIMIT w.size OFFSET w.skip) found
      ORDER BY w.place, found."cursorId" ${direction}`,
    [
      asked.map(({ userId }) => userId),
      asked.map(one => one.window.size + 1),
      asked.map(one => one.window.offset),
      ...(hasCursor ? [asked.map(one => one.window.cursor!.id)] : []),
    ],
  )
}

/** In pieces, between which others are served. */
export async function manyEventsOfUser(db: Db, { window, ...one }: Asked): Promise<EventRow[]> {
  let left = window.size + 1
  return allRows<EventRow>(
    async (last, size) => {
      const limit = Math.min(left, size)
      if (limit === 0) return []
      left -= limit
      const cursor = last && { value: String(last.cursorValue), id: String(last.cursorId) }
      const next = cursor ? { ...window, cursor, offset: 0 } : window
      return eventsOfUsers(db, [{ ...one, window: { ...next, size: limit - 1 } }])
    },
    { before: [], size: db.rowsAtOnce },
  )
}

export async function countsOfUsers(db: Db, role: AuditRole, userIds: readonly number[]): Promise<number[]> {
  const parts = PARTS[role].map(({ where }) => `(SELECT count(*) FROM audit_events e WHERE ${where('w.owner')})`)
  const rows = await db.query<{ userId: number; count: number }>(
    `SELECT w.owner AS "userId", (${parts.join(' + ')})::int AS count FROM unnest($1::int[]) w(owner)`,
    [userIds],
  )
  return groupOne(userIds, rows, row => row.userId).map(row => row?.count ?? 0)
}
