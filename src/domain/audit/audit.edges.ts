import type { Loaders } from '../../authorization/context.ts'
import { type Edges, oneAlong } from '../../platform/database/edges.ts'
import { USER_COLUMNS } from '../users/user.ts'
import type { AuditEventRecord } from './audit.record.ts'

export const AUDIT_EDGES: Edges<AuditEventRecord, Loaders> = {
  actorUser: oneAlong(
    USER_COLUMNS,
    'users u WHERE u.id = page."actorUserId"',
    (loaders, { actorUserId }, user) => actorUserId !== null && loaders.userById.prime(actorUserId, user),
  ),
}
