import type { Page } from '../../platform/database/pagination.ts'

export interface AuditEventRecord {
  readonly id: string
  readonly at: Date
  readonly event: string
  readonly action: string
  readonly outcome: string
  readonly actorName: string
  readonly actorUserId: number | null
  readonly behalfName: string | null
  readonly credential: string | null
  readonly targetType: string
  readonly targetId: string
  readonly targetName: string | null
  readonly before: Record<string, unknown> | null
  readonly after: Record<string, unknown> | null
  readonly reason: string | null
  readonly requestId: string
}
export type AuditEventPage = Page<AuditEventRecord>
