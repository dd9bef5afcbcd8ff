import type { AuditDraft } from '../authorization/audit-event.ts'
import type { ServiceContext } from '../authorization/service.ts'
import { assertAdministratorRemains } from '../domain/users/privilege-rules.ts'
import { changeGroups, type GroupChange } from './group-entries.store.ts'

export async function regroup(
  { db, now }: Pick<ServiceContext, 'db' | 'now'>,
  { iamid, source }: { readonly iamid: string; readonly source: string },
  changes: readonly GroupChange[],
): Promise<{ events: AuditDraft[]; changed: ReadonlySet<number> }> {
  if (changes.length === 0) return { events: [], changed: new Set() }
  const changed = await changeGroups(db, iamid, { changes, now })
  const renamed = changed.filter(({ before, name }) => before !== name)
  // Permissions depend on the name.
  if (renamed.length > 0) await assertAdministratorRemains(db)
  const events = renamed.map(
    ({ id, before, name }): AuditDraft => ({
      event: 'groupUpdated',
      target: { type: 'group', id, name: `${iamid}/${name}` },
      before: { name: before },
      after: { name, source },
    }),
  )
  return { events, changed: new Set(changed.map(({ id }) => id)) }
}
