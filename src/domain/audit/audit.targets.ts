import type DataLoader from 'dataloader'
import type { Context, Loaders } from '../../authorization/context.ts'
import { decide, type ReadAction } from '../../authorization/policy.ts'
import type { AuditEventRecord } from './audit.record.ts'

const MAX_ID = 2_147_483_647
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

function numbered<Row>(loader: DataLoader<number, Row | null>, id: string): Promise<Row | null> | null {
  return /^\d{1,10}$/.test(id) && Number(id) <= MAX_ID ? loader.load(Number(id)) : null
}

const kind = <Name extends string, Row extends object>(
  __typename: Name,
  action: ReadAction,
  load: (loaders: Loaders, id: string) => Promise<Row | null> | null,
) => ({
  action,
  load: async (loaders: Loaders, id: string) => {
    const found = await load(loaders, id)
    return found && { ...found, __typename }
  },
})

const token = kind('Token', 'token:list', (loaders, id) => numbered(loaders.tokenById, id))
const KINDS = {
  user: kind('User', 'user:list', (loaders, id) => numbered(loaders.userById, id)),
  group: kind('Group', 'group:list', (loaders, id) => numbered(loaders.groupById, id)),
  iam: kind('Iam', 'iam:list', (loaders, id) => (id === '' ? null : loaders.iamById.load(id))),
  sync: kind('SyncRun', 'iam:listSyncs', (loaders, id) => numbered(loaders.runById, id)),
  apikey: kind('ApiKey', 'apikey:list', (loaders, id) => numbered(loaders.apiKeyById, id)),
  token,
  session: token,
  project: kind('Project', 'project:listAll', (loaders, id) => numbered(loaders.projectById, id)),
  domain: kind('Domain', 'domain:list', (loaders, id) => (UUID.test(id) ? loaders.domainById.load(id) : null)),
  dataSource: kind('DataSource', 'dataSource:list', (loaders, id) => numbered(loaders.dataSourceById, id)),
}
type Kinds = typeof KINDS
type AuditTarget = NonNullable<Awaited<ReturnType<Kinds[keyof Kinds]['load']>>>

export const HIDDEN = Symbol('hidden')

/** Null if it does not exist; hidden if the caller may not list it. */
export async function auditTarget(
  { actor, loaders }: Pick<Context, 'actor' | 'loaders'>,
  { targetType, targetId }: Pick<AuditEventRecord, 'targetType' | 'targetId'>,
): Promise<AuditTarget | null | typeof HIDDEN> {
  if (!Object.hasOwn(KINDS, targetType)) return null
  const { action, load } = KINDS[targetType as keyof Kinds]
  if (!decide(actor, action, true).allowed) return HIDDEN
  const found: AuditTarget | null = await load(loaders, targetId)
  if (found === null || decide(actor, action).allowed) return found
  return actor.kind === 'user' && 'userId' in found && found.userId === actor.user.id ? found : HIDDEN
}

export const auditActor = (
  { actor, loaders }: Pick<Context, 'actor' | 'loaders'>,
  { actorUserId }: Pick<AuditEventRecord, 'actorUserId'>,
) => {
  if (actorUserId === null) return null
  return decide(actor, KINDS.user.action).allowed ? loaders.userById.load(actorUserId) : HIDDEN
}
