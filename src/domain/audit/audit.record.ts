import { integer, json, orNull, type RecordOf, text, time } from '../../platform/database/columns.ts'
import type { Page } from '../../platform/database/pagination.ts'

export const AUDIT_EVENT_COLUMNS = {
  id: text('e.id::text'),
  at: time('e.at'),
  event: text('e.event'),
  action: text('e.action'),
  outcome: text('e.outcome'),
  actorName: text('e.actor_name'),
  actorUserId: orNull(integer('e.actor_user_id')),
  behalfName: orNull(text('e.behalf_name')),
  credential: orNull(text('e.credential')),
  targetType: text('e.target_type'),
  targetId: text('e.target_id'),
  targetName: orNull(text('e.target_name')),
  before: orNull(json<Record<string, unknown>>('e.before')),
  after: orNull(json<Record<string, unknown>>('e.after')),
  reason: orNull(text('e.reason')),
  requestId: text('e.request_id'),
}
export interface AuditEventRecord extends RecordOf<typeof AUDIT_EVENT_COLUMNS> {}
export type AuditEventPage = Page<AuditEventRecord>
