import type { AuditDraft, Target } from '../../authorization/audit-event.ts'

export interface Member {
  readonly id: number
  readonly name: string
}

export interface GroupRef {
  readonly id: number
  readonly iamid: string
}

export interface NamedGroup extends GroupRef {
  readonly name: string
}

export interface MemberChanges {
  readonly added: readonly Member[]
  readonly removed: readonly Member[]
}

/**
 * Members per transaction on the embedded database: about 30 ms. Over 100, so that statements are planned for
 * their list.
 */
export const PIECE = 120

const NAMED = 1000

export const targetOf = (group: NamedGroup): Target => ({ type: 'group', id: group.id, name: `${group.iamid}/${group.name}` })

export function memberEvents(group: NamedGroup, { added, removed }: MemberChanges): AuditDraft[] {
  const facts = (members: readonly Member[]) => ({ members: members.slice(0, NAMED), count: members.length })
  const events: AuditDraft[] = []
  if (added.length > 0) events.push({ event: 'groupUserAdded', target: targetOf(group), after: facts(added) })
  if (removed.length > 0) events.push({ event: 'groupUserDeleted', target: targetOf(group), before: facts(removed) })
  return events
}
