import type { AuditDraft } from '../authorization/audit-event.ts'
import { authorizations } from '../domain/attributes/attribute.ts'
import type { Account } from './accounts.ts'
import type { Difference } from './diff.ts'
import { SOURCE_ID_COLUMNS, sourceIdsOf } from './source-ids.ts'

export function eventsOf(
  { user, userid, created, migratedFrom, replaced, relinked, enabled, plan }: Account & { enabled: boolean; plan: Difference },
  source: string,
): AuditDraft[] {
  const target = { type: 'user', id: user.id, name: `${user.iamid}/${userid}` } as const
  const { join, leave, attributes } = plan
  const { userid: _, ...before } = plan.before
  const { userid: renamed, ...after } = plan.after
  const events: AuditDraft[] = []
  if (migratedFrom !== null)
    events.push({ event: 'userMigrated', target, before: { iamid: migratedFrom }, after: { iamid: user.iamid } })
  if (replaced !== null) events.push({ event: 'userReplaced', target, before: formerOf(replaced), after: { ...after, source } })
  if (renamed !== undefined)
    events.push({ event: 'usernameUpdated', target, before: { userid: user.userid }, after: { userid, source } })
  if (relinked) events.push({ event: 'userRelinked', target, before: idsIn(before), after: { ...idsIn(after), source } })
  if (created) events.push({ event: 'userCreated', target, after: { iamid: user.iamid, userid: user.userid, ...after, source } })
  else if (replaced === null && Object.keys(after).length > 0)
    events.push({ event: 'userUpdated', target, before, after: { ...after, source } })
  if (enabled) events.push({ event: 'userEnabled', target, before: { disabled: true }, after: { disabled: false, source } })
  if (join.length > 0) events.push({ event: 'groupUserAdded', target, after: { groups: join.map(group => group.name), source } })
  if (leave.length > 0) events.push({ event: 'groupUserDeleted', target, before: { groups: leave, source } })
  if (attributes.added.length + attributes.removed.length > 0)
    events.push({
      event: 'attributeUpdated',
      target,
      before: { attributes: authorizations(attributes.removed) },
      after: { attributes: authorizations(attributes.added), source },
    })
  return events
}

const formerOf = ({ globalUserId, name, email, serviceAccounts, ...former }: NonNullable<Account['replaced']>) => ({
  globalUserId,
  name,
  email,
  sourceIds: sourceIdsOf(former),
  ...(serviceAccounts && { serviceAccounts }),
})

function idsIn(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const columns: readonly string[] = Object.values(SOURCE_ID_COLUMNS)
  return Object.fromEntries(Object.entries(fields).filter(([column]) => columns.includes(column)))
}
