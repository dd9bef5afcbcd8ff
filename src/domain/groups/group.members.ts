import type { AuditDraft, Target } from '../../authorization/audit-event.ts'

export interface Member {
  readonly id: number
  readonly name: string
}

export interface GroupRef {
  readonly id: number
  readonly iamid: string
}

/** A group as events name it. */
export interface NamedGroup extends GroupRef {
  readonly name: string
}

export interface MemberChanges {
  readonly added: readonly Member[]
  readonly removed: readonly Member[]
}

/**
 * Members that one transaction of the embedded store adds or removes: the store is occupied for about 30 ms. More than 100, so that each
 * statement is planned for its list and the tables are analyzed as they grow (open.ts).
 */
export const PIECE = 120

/** So many people are named in one event; how many there were stands beside them. */
const NAMED = 1000

export const targetOf = (group: NamedGroup): Target => ({ type: 'group', id: group.id, name: `${group.iamid}/${group.name}` })

export function memberEvents(group: NamedGroup, { added, removed }: MemberChanges): AuditDraft[] {
  const facts = (members: readonly Member[]) => ({ members: members.slice(0, NAMED), count: members.length })
  const events: AuditDraft[] = []
  if (added.length > 0) events.push({ event: 'groupUserAdded', target: targetOf(group), after: facts(added) })
  if (removed.length > 0) events.push({ event: 'groupUserDeleted', target: targetOf(group), before: facts(removed) })
  return events
}
