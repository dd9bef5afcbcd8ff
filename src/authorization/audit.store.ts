import type { Db } from '../platform/database/store.ts'
import { type Actor, nameOf } from './actor.ts'
import type { AuditDraft } from './audit-event.ts'

export async function appendEvents(
  db: Db,
  {
    request,
    action,
    drafts,
    commits = false,
  }: {
    request: { actor: Actor; requestId: string; address: string }
    action: string
    drafts: readonly AuditDraft[]
    /** Of the transaction, which ends with them. */
    commits?: boolean
  },
): Promise<void> {
  const who = actorColumns(request.actor)
  const rows = drafts.map(draft => ({ draft, by: draft.by ? actedBy(draft.by) : who }))
  const of = <Value>(pick: (row: (typeof rows)[number]) => Value) => rows.map(pick)
  const json = (value: object | null | undefined) => (value == null ? null : JSON.stringify(value))
  await db.query(
    `INSERT INTO audit_events (event, action, outcome, actor_kind, actor_user_id, actor_name, behalf_user_id, behalf_name, credential,
       target_type, target_id, target_name, before, after, reason, request_id, address)
     SELECT n.event, $1, n.outcome, n.actor_kind, n.actor_user_id, n.actor_name, $2::int, $3, $4, n.target_type, n.target_id, n.target_name,
            n.before::jsonb, n.after::jsonb, n.reason, $5, $6
       FROM unnest($7::text[], $8::text[], $9::text[], $10::int[], $11::text[], $12::text[], $13::text[], $14::text[], $15::text[],
         $16::text[], $17::text[]) WITH ORDINALITY n(event, outcome, actor_kind, actor_user_id, actor_name, target_type, target_id,
         target_name, before, after, reason, place) ORDER BY n.place`,
    [
      action,
      who.behalfUserId ?? null,
      who.behalfName ?? null,
      who.credential ?? null,
      request.requestId,
      request.address,
      of(({ draft }) => draft.event),
      of(({ draft }) => draft.outcome ?? 'done'),
      of(({ by }) => by.actorKind),
      of(({ by }) => by.actorUserId ?? null),
      of(({ by }) => by.actorName),
      of(({ draft }) => draft.target.type),
      of(({ draft }) => String(draft.target.id)),
      of(({ draft }) => draft.target.name ?? null),
      of(({ draft }) => json(draft.before)),
      of(({ draft }) => json(draft.after)),
      of(({ draft }) => draft.reason ?? null),
    ],
    { commits },
  )
}

interface ActorColumns {
  readonly actorKind: string
  readonly actorName: string
  readonly actorUserId?: number
  readonly behalfUserId?: number | null
  readonly behalfName?: string | null
  readonly credential?: string
}

const actedBy = (by: { id: number; iamid: string; userid: string }): ActorColumns => ({
  actorKind: 'user',
  actorUserId: by.id,
  actorName: `${by.iamid}/${by.userid}`,
})

function actorColumns(actor: Actor): ActorColumns {
  const actorName = nameOf(actor)
  if (actor.kind === 'scim') return { actorKind: actor.kind, actorName, credential: 'scim key' }
  if (actor.kind !== 'user') return { actorKind: actor.kind, actorName }
  const { user, impersonator, credential } = actor
  return {
    actorKind: 'user',
    actorUserId: impersonator?.id ?? user.id,
    actorName,
    behalfUserId: impersonator ? user.id : null,
    behalfName: impersonator ? `${user.iamid}/${user.userid}` : null,
    credential: `${credential.kind === 'apikey' ? 'apikey' : 'token'} ${credential.id}`,
  }
}
