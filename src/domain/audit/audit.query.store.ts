import type { EventName } from '../../authorization/audit-event.ts'
import { selectList } from '../../platform/database/columns.ts'
import { conditions, type ListQuery } from '../../platform/database/pagination.ts'
import { AUDIT_EVENT_COLUMNS, type AuditEventRecord } from './audit.record.ts'

const SELECT_EVENT = selectList(AUDIT_EVENT_COLUMNS)

export interface AuditQuery {
  readonly events?: readonly EventName[] | null
  readonly outcome?: 'done' | 'denied' | null
  readonly actorUserId?: number | null
  readonly targetType?: string | null
  readonly targetId?: string | null
  readonly from?: Date | null
  readonly to?: Date | null
}

/** Literals, for the partial index of the few that are denied. */
const OUTCOMES = { done: `e.outcome = 'done'`, denied: `e.outcome = 'denied'` }

/** Ids grow with time. */
export function auditList(query: AuditQuery, descending: boolean): ListQuery<AuditEventRecord> {
  const asked = conditions([
    ['e.event = ANY($::text[])', query.events],
    ['e.actor_user_id = $::int', query.actorUserId],
    ['e.target_type = $', query.targetType],
    ['e.target_id = $', query.targetId],
    ['e.at >= $::timestamptz', query.from],
    ['e.at < $::timestamptz', query.to],
  ])
  return {
    columns: SELECT_EVENT,
    from: 'audit_events e',
    ...asked,
    where: query.outcome ? [...asked.where, OUTCOMES[query.outcome]] : asked.where,
    id: 'e.id',
    order: { name: 'auditEvents', expression: 'e.id', type: 'bigint', descending },
  }
}
