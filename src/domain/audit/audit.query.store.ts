import type { EventName } from '../../authorization/audit-event.ts'
import { conditions, type ListQuery } from '../../platform/database/pagination.ts'

const COLUMNS = `e.id::text AS id, e.at, e.event, e.action, e.outcome, e.actor_name AS "actorName", e.actor_user_id AS "actorUserId",
  e.behalf_name AS "behalfName", e.credential, e.target_type AS "targetType", e.target_id AS "targetId", e.target_name AS "targetName",
  e.before, e.after, e.reason, e.request_id AS "requestId"`

/** Null and absent conditions match all. */
export interface AuditQuery {
  readonly events?: readonly EventName[] | null
  readonly outcome?: 'done' | 'denied' | null
  readonly actorUserId?: number | null
  readonly targetType?: string | null
  readonly targetId?: string | null
  readonly from?: Date | null
  /** Exclusive. */
  readonly to?: Date | null
}

/** Ids grow with time. */
export function auditList(query: AuditQuery, descending: boolean): ListQuery {
  const asked = conditions([
    ['e.event = ANY($::text[])', query.events],
    ['e.outcome = $', query.outcome],
    ['e.actor_user_id = $::int', query.actorUserId],
    ['e.target_type = $', query.targetType],
    ['e.target_id = $', query.targetId],
    ['e.at >= $::timestamptz', query.from],
    ['e.at < $::timestamptz', query.to],
  ])
  return {
    columns: COLUMNS,
    from: 'audit_events e',
    ...asked,
    id: 'e.id',
    order: { name: 'auditEvents', expression: 'e.id', type: 'bigint', descending },
  }
}
