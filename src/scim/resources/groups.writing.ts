import { type AuditDraft, difference } from '../../authorization/audit-event.ts'
import { continued, type ServiceContext, type WriteResult } from '../../authorization/service.ts'
import { type MemberChanges, memberEvents, type NamedGroup, targetOf } from '../../domain/groups/group.members.ts'
import { permissionsOfName } from '../../domain/groups/groups.store.ts'
import { type IamRecord, sortKeys } from '../../domain/iams/iam.ts'
import { assertAdministratorRemains } from '../../domain/users/privilege-rules.ts'
import { withoutSecrets } from '../../federation/exchanges/exchange.ts'
import { uniqueViolation } from '../../platform/database/errors.ts'
import { isEmbedded } from '../../platform/database/store.ts'
import { Conflict } from '../../platform/errors.ts'
import { canonical } from '../../platform/validation.ts'
import { UniquenessError } from '../protocol/errors.ts'
import type { Document } from '../protocol/schema.ts'
import { folded, type MemberChange, notAUser, type ScimGroupRecord, written } from './group.ts'
import { lockGroup, type ScimGroupColumns, updateScimGroup, withMembers } from './groups.store.ts'
import type { Piece } from './members.chunks.ts'
import { addScimMembers, removeMembers, removeScimMembers, setScimMembers } from './members.store.ts'

export const taken = () =>
  new UniquenessError('displayName is already taken by a group of this IAM (case and Unicode normal form do not matter)')

export function nameTaken(error: unknown): never {
  throw uniqueViolation(error) === null ? error : taken()
}

interface Change {
  readonly document: Document
  readonly changes: readonly MemberChange[]
  readonly pieces: readonly Piece[] | null
  readonly members: boolean
}

export async function save(
  call: ServiceContext,
  { iam, before, change }: { iam: IamRecord; before: ScimGroupRecord; change: Change },
): Promise<WriteResult<ScimGroupRecord>> {
  const { db, now } = call
  const { columns } = written(iam, { ...change.document, members: undefined })
  const changed = await changeMembers(call, before, { changes: change.changes, pieces: change.pieces })
  const facts = { name: columns.name, document: sortKeys(columns.scim) }
  const fields = difference({ name: before.name, document: sortKeys(before.document) }, facts)
  const rest = { group: before, pieces: change.pieces, end: {}, members: change.members }
  if (!fields.changed && changed.added.length === 0 && changed.removed.length === 0) return goingOn(call, { ...rest, events: [] })
  await updateScimGroup(db, before.id, { columns: fields.changed ? columns : {}, now }).catch(nameTaken)
  // Group permissions depend on the name.
  await keepAdministrators(call, before, canonical(before.name) === columns.nameKey ? changed.removed : [before])
  const shown = { before: withoutSecrets(fields.before), after: withoutSecrets(fields.after) }
  const updated: AuditDraft = { event: 'groupUpdated', target: targetOf(before), ...shown }
  return goingOn(call, { ...rest, events: [...(fields.changed ? [updated] : []), ...memberEvents(before, changed)] })
}

export async function keepAdministrators({ db }: ServiceContext, group: NamedGroup, lost: readonly unknown[]): Promise<void> {
  if (lost.length === 0) return
  if ((await permissionsOfName(db, group.iamid, canonical(group.name))).includes('USER_ADMIN'))
    await assertAdministratorRemains(db)
}

interface Going {
  readonly group: NamedGroup
  readonly events: readonly AuditDraft[]
  readonly pieces: readonly Piece[] | null
  readonly end: Partial<ScimGroupColumns>
  readonly members: boolean
}

/** Members are read after the transaction on the embedded database. */
export async function goingOn(call: ServiceContext, { events, ...going }: Going): Promise<WriteResult<ScimGroupRecord>> {
  const left = going.pieces?.slice(1) ?? []
  if (left.length > 0) return continued(events, next => piece(next, { ...going, pieces: left }))
  const locked = (await lockGroup(call.db, going.group.id))!
  const group = { ...locked, scimid: locked.scimid! }
  if (!going.members) return { value: group, events }
  if (!isEmbedded(call.app)) return { value: await withMembers(call.db, group), events }
  return { value: group, events, afterCommit: () => withMembers(call.app.store.db, group) }
}

async function piece(call: ServiceContext, going: Omit<Going, 'events'>): Promise<WriteResult<ScimGroupRecord>> {
  const { db, now } = call
  const group = await lockGroup(db, going.group.id)
  if (!group) throw new Conflict('The group was deleted during the change: reload it')
  const changed = await changeMembers(call, group, { changes: [], pieces: going.pieces })
  await keepAdministrators(call, group, changed.removed)
  const isLast = going.pieces!.length === 1
  const unfinished = going.end.unfinishedAt === null ? { unfinishedAt: now } : {}
  await updateScimGroup(db, group.id, { columns: isLast ? going.end : unfinished, now }).catch(nameTaken)
  const { name = group.name, scimid } = going.end
  const provisioned: AuditDraft = { event: 'groupUpdated', target: targetOf(group), after: { iamid: group.iamid, name, scimid } }
  return goingOn(call, { ...going, events: [...memberEvents(group, changed), ...(isLast && scimid ? [provisioned] : [])] })
}

export async function changeMembers(
  call: ServiceContext,
  group: NamedGroup,
  { changes, pieces }: { changes: readonly MemberChange[]; pieces: readonly Piece[] | null },
): Promise<MemberChanges> {
  const { db, now } = call
  if (pieces) {
    const { leaving, joining } = pieces[0] ?? { leaving: [], joining: [] }
    const removed = leaving.length === 0 ? [] : await removeMembers(db, group, { userIds: leaving, now })
    return { removed, added: joining.length === 0 ? [] : (await addScimMembers(db, group, { ids: joining, now })).added }
  }
  const { emptied, joining, leaving } = folded(changes)
  if (emptied) {
    const { missing, ...changed } = await setScimMembers(db, group, { ids: joining, now })
    if (missing) throw notAUser()
    return changed
  }
  const removed = leaving.length === 0 ? [] : await removeScimMembers(db, group, { ids: leaving, now })
  if (joining.length === 0) return { removed, added: [] }
  const { found, added } = await addScimMembers(db, group, { ids: joining, now })
  if (found !== joining.length) throw notAUser()
  return { removed, added }
}
