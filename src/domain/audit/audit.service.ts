import type { Loaders } from '../../authorization/context.ts'
import { query, type Service, type ServiceContext } from '../../authorization/service.ts'
import type { AuditFilter, Direction } from '../../generated/inputs.ts'
import { type Along, readPageAlong } from '../../platform/database/edges.ts'
import { type PageArgs, rowsWithIds } from '../../platform/database/pagination.ts'
import { checkList, checkText } from '../../platform/validation.ts'
import { AUDIT_EDGES } from './audit.edges.ts'
import { type AuditQuery, auditList } from './audit.query.store.ts'

interface ListArgs extends PageArgs {
  filter?: AuditFilter | null
  direction?: Direction | null
  along?: Along<Loaders>
}

export const audit = {
  list: query('audit:list', ({ db }: ServiceContext, { filter, direction, along, ...page }: ListArgs) =>
    readPageAlong(db, auditList(queryOf(filter ?? {}), direction !== 'ASC'), { ...page, edges: AUDIT_EDGES, along }),
  ),
  withIds: query('audit:list', ({ db }: ServiceContext, { ids }: { ids: readonly string[] }) =>
    rowsWithIds(db, auditList({}, true), ids),
  ),
} satisfies Service

function queryOf(filter: AuditFilter): AuditQuery {
  const { events, outcome, targetType, targetId } = filter
  return {
    ...filter,
    actorUserId: filter.actorId ?? null,
    events: events == null ? null : checkList('events', events),
    outcome: outcome == null ? null : outcome === 'DENIED' ? 'denied' : 'done',
    targetType: targetType == null ? null : checkText('targetType', targetType),
    targetId: targetId == null ? null : checkText('targetId', targetId),
  }
}
