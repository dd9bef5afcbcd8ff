import type { Call } from '../access/guard.ts'
import { authorizations } from '../attributes/attribute.ts'
import { storedAttributesOf, writeChanges } from '../attributes/attributes.store.ts'
import type { AuditDraft } from '../audit/audit.ts'
import { canonical, checkUserid } from '../names.ts'
import type { Db } from '../store/store.ts'
import { keepAnAdministrator } from '../users/powers.ts'
import { nameColumns } from '../users/profile.ts'
import type { UserRecord } from '../users/user.ts'
import { findUser, insertUsers, lockUser, requireUser, updateUser } from '../users/users.store.ts'
import { groupsHeldBy, joinGroups, leaveGroups, noteRefresh } from './identity.store.ts'
import type { Identity } from './identity.ts'
import { type Held, type Plan, planOf } from './plan.ts'

export interface Reconciled {
  readonly user: UserRecord
  readonly created: boolean
  readonly events: readonly AuditDraft[]
}

interface Source {
  readonly iamid: string
  /** Who says it: the IAM's id, or that of a further source of the same IAM. */
  readonly source: string
  /** Whether somebody new waits, disabled, for an administrator. */
  readonly disabled?: boolean
}

/** Writes what a source says of a person, who is made if they are new. Part of a write's transaction; its events are the write's. */
export async function reconcile(call: Call, by: Source, identity: Identity): Promise<Reconciled> {
  const { db, now } = call
  const { iamid, source } = by
  const { user, created } = await findOrMake(call, by, identity)
  await lockUser(db, user.id)
  const held = await heldOf(db, user, iamid, source)
  const plan = planOf(identity, held, source)
  const at = { userId: user.id, iamid, source, now }
  if (Object.keys(plan.profile).length > 0)
    await updateUser(db, user.id, { ...plan.profile, updatedAt: now, profileUpdatedAt: now })
  if (plan.join.length > 0) await joinGroups(db, at, plan.join)
  if (plan.leave.length > 0) {
    await leaveGroups(db, at, plan.leave)
    await keepAnAdministrator(db)
  }
  const { added, removed } = plan.attributes
  if (added.length + removed.length > 0) await writeChanges(db, 'user', new Map([[user.id, plan.attributes]]), now, source)
  await noteRefresh(db, user.id, now)
  const after = await requireUser(db, { id: user.id })
  return { user: after, created, events: eventsOf(after, created, plan, source) }
}

/** What an identity would change, without writing anything. */
export async function simulate(
  db: Db,
  { iamid, source }: Source,
  identity: Identity,
): Promise<{ user: UserRecord | null; plan: Plan }> {
  const user = await findUser(db, { iamid, userid: checkUserid(identity.userid, { newBim: false }) })
  return { user, plan: planOf(identity, await heldOf(db, user, iamid, source), source) }
}

async function heldOf(db: Db, user: UserRecord | null, iamid: string, source: string): Promise<Held> {
  if (user === null) return { user: null, groups: [], attributes: [] }
  return {
    user,
    groups: await groupsHeldBy(db, user.id, iamid, source),
    attributes: await storedAttributesOf(db, 'user', [user.id]),
  }
}

/** Of two who bring the same new person at once, one makes them and both find them. */
async function findOrMake(
  { db, now }: Call,
  { iamid, disabled = false }: Source,
  identity: Identity,
): Promise<{ user: UserRecord; created: boolean }> {
  const userid = checkUserid(identity.userid, { newBim: false })
  const found = await findUser(db, { iamid, userid })
  if (found) return { user: found, created: false }
  const names = nameColumns(identity.profile.name ?? userid)
  const [made] = await insertUsers(db, [{ iamid, userid, useridKey: canonical(userid), ...names, disabled }], now)
  return made ? { user: made, created: true } : { user: await requireUser(db, { iamid, userid }), created: false }
}

function eventsOf(user: UserRecord, created: boolean, plan: Plan, source: string): AuditDraft[] {
  const target = { type: 'user', id: user.id, name: `${user.iamid}/${user.userid}` } as const
  const { before, after, join, leave, attributes } = plan
  const events: AuditDraft[] = []
  if (created) events.push({ event: 'userCreated', target, after: { iamid: user.iamid, userid: user.userid, ...after, source } })
  else if (Object.keys(after).length > 0) events.push({ event: 'userUpdated', target, before, after: { ...after, source } })
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
