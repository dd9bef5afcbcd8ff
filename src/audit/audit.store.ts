import type { Actor } from '../access/actor.ts'
import type { Db } from '../store/store.ts'
import type { AuditDraft } from './audit.ts'

/** Appends events in the transaction of `db`: one statement, however many. */
export async function appendEvents(
  db: Db,
  request: { actor: Actor; requestId: string; address: string },
  action: string,
  drafts: readonly AuditDraft[],
): Promise<void> {
  const who = actorColumns(request.actor)
  const rows = drafts.map(draft => ({
    event: draft.event,
    action,
    outcome: draft.outcome ?? 'done',
    ...who,
    ...(draft.by ? { actorKind: 'user', actorUserId: draft.by.id, actorName: `${draft.by.iamid}/${draft.by.userid}` } : {}),
    targetType: draft.target.type,
    targetId: String(draft.target.id),
    targetName: draft.target.name ?? null,
    before: (draft.before ?? undefined) as object | undefined,
    after: (draft.after ?? undefined) as object | undefined,
    reason: draft.reason ?? null,
    requestId: request.requestId,
    address: request.address,
  }))
  if (rows.length > MANY) await db.query(APPEND, [JSON.stringify(rows)])
  else await db.prisma.auditEvent.createMany({ data: rows })
}

/** Beyond it the parameters of one row each cost Prisma milliseconds; more than a list of an input names come only of rows that the store holds already. */
const MANY = 1000
const COLUMNS = {
  ...{ event: 'text', action: 'text', outcome: 'text', actorKind: 'text', actorUserId: 'int', actorName: 'text' },
  ...{ behalfUserId: 'int', behalfName: 'text', credential: 'text', targetType: 'text', targetId: 'text', targetName: 'text' },
  ...{ before: 'jsonb', after: 'jsonb', reason: 'text', requestId: 'text', address: 'text' },
} as const
const columns = Object.keys(COLUMNS).map(name => name.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`))
const APPEND = `INSERT INTO audit_events (${columns.join(', ')})
  SELECT ${Object.keys(COLUMNS)
    .map(name => `d."${name}"`)
    .join(', ')}
    FROM ROWS FROM (jsonb_to_recordset($1::jsonb) AS (${Object.entries(COLUMNS)
      .map(([name, type]) => `"${name}" ${type}`)
      .join(', ')})) WITH ORDINALITY AS d ORDER BY d.ordinality`

/** Under impersonation the impersonator did it, on behalf of the user acted as: both stand on every row. */
function actorColumns(actor: Actor) {
  if (actor.kind === 'anonymous') return { actorKind: 'anonymous', actorName: 'anonymous' }
  if (actor.kind === 'machine') return { actorKind: 'machine', actorName: actor.name }
  // No user can be called that: an IAM's id holds no space.
  if (actor.kind === 'scim') return { actorKind: 'scim', actorName: `SCIM client of ${actor.iamid}`, credential: 'scim key' }
  const { user, impersonator, credential } = actor
  const name = (of: { iamid: string; userid: string }) => `${of.iamid}/${of.userid}`
  return {
    actorKind: 'user',
    actorUserId: impersonator?.id ?? user.id,
    actorName: name(impersonator ?? user),
    behalfUserId: impersonator ? user.id : null,
    behalfName: impersonator ? name(user) : null,
    credential: `${credential.kind === 'apikey' ? 'apikey' : 'token'} ${credential.id}`,
  }
}
