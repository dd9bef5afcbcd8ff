import type { Call } from '../access/guard.ts'
import { authorizations } from '../attributes/attribute.ts'
import { storedAttributesOf, writeChanges } from '../attributes/attributes.store.ts'
import type { AuditDraft } from '../audit/audit.ts'
import { canonical, checkUserid } from '../names.ts'
import type { Db } from '../store/store.ts'
import { keepAnAdministrator } from '../users/powers.ts'
import { nameColumns, profileColumns } from '../users/profile.ts'
import type { UserRecord } from '../users/user.ts'
import { findUser, insertUsers, lockUsersNamed, requireUser } from '../users/users.store.ts'
import { groupsHeldBy, joinGroups, leaveGroups, noteRefresh, updateUsers } from './identity.store.ts'
import type { Identity } from './identity.ts'
import { type Held, type Plan, planOf } from './plan.ts'
import { regroup } from './regroup.ts'

export interface Reconciled {
  readonly user: UserRecord
  readonly created: boolean
  /** Was disabled by this very source, and is no more. */
  readonly enabled: boolean
  readonly plan: Plan
  readonly events: readonly AuditDraft[]
}

export interface Source {
  readonly iamid: string
  /** Who says it: the IAM's id, or that of a further source of the same IAM. */
  readonly source: string
  /** Whether somebody new waits, disabled, for an administrator. */
  readonly disabled?: boolean
  /** Whether whom this source disabled is let in again by being spoken of. */
  readonly enables?: boolean
}

/** Writes what a source says of a person, who is made if they are new. Part of a write's transaction; its events are the write's. */
export async function reconcile(
  call: Call,
  by: Source,
  identity: Identity,
): Promise<{ user: UserRecord; created: boolean; events: readonly AuditDraft[] }> {
  const regrouped = await regroup(call, by, identity.groupChanges ?? [])
  const [written] = await reconcileAll(call, by, [identity])
  const { user, created, events } = written!
  await noteRefresh(call.db, user.id, call.now)
  return { user: await requireUser(call.db, { id: user.id }), created, events: [...regrouped.events, ...events] }
}

/** As reconcile, of many people, none of them twice; as many statements as for one. `user` is as they were before, or when they were made. */
export async function reconcileAll(call: Call, by: Source, identities: readonly Identity[]): Promise<Reconciled[]> {
  const { db, now } = call
  const { iamid, source } = by
  const people = await findOrMake(call, by, identities)
  const known = people.filter(({ created }) => !created).map(({ user }) => user)
  const held = await heldOf(db, known, iamid, source)
  const written = people.map(({ user, created, identity }): Reconciled => {
    const plan = planOf(identity, created ? nobody : held.get(user.id)!, source)
    const enabled = by.enables === true && user.disabled && user.disabledBy === source
    return { user, created, enabled, plan, events: eventsOf(user, { created, enabled, plan }, source) }
  })
  const changed = written.filter(({ plan, created, enabled }) => !created && (enabled || Object.keys(plan.profile).length > 0))
  if (changed.length > 0) await updateUsers(db, changed.map(updated), now)
  const at = { iamid, source, now }
  const of = <Name>(pick: (plan: Plan) => readonly Name[]) =>
    written.flatMap(({ user, plan }) => pick(plan).map(group => ({ userId: user.id, group })))
  const join = of(plan => plan.join)
  const leave = of(plan => plan.leave)
  if (join.length > 0) await joinGroups(db, at, join)
  if (leave.length > 0) {
    await leaveGroups(db, at, leave)
    await keepAnAdministrator(db)
  }
  const changes = written.filter(({ plan: { attributes } }) => attributes.added.length + attributes.removed.length > 0)
  if (changes.length > 0)
    await writeChanges(db, 'user', new Map(changes.map(({ user, plan }) => [user.id, plan.attributes])), now, source)
  return written
}

/** What an identity would change, without writing anything. */
export async function simulate(
  db: Db,
  { iamid, source }: Source,
  identity: Identity,
): Promise<{ user: UserRecord | null; plan: Plan }> {
  const user = await findUser(db, { iamid, userid: checkUserid(identity.userid, { newBim: false }) })
  return { user, plan: planOf(identity, user ? (await heldOf(db, [user], iamid, source)).get(user.id)! : nobody, source) }
}

/** What is held of somebody who is not here yet. */
export const nobody: Held = { user: null, groups: [], attributes: [] }

/** What is held of each of these users, by id. Two statements. */
export async function heldOf(
  db: Db,
  users: readonly UserRecord[],
  iamid: string,
  source: string,
): Promise<ReadonlyMap<number, Held>> {
  const ids = users.map(({ id }) => id)
  const groups = Map.groupBy(await groupsHeldBy(db, ids, iamid, source), row => row.userId)
  const attributes = Map.groupBy(await storedAttributesOf(db, 'user', ids), row => row.ownerId)
  return new Map(
    users.map(user => [user.id, { user, groups: groups.get(user.id) ?? [], attributes: attributes.get(user.id) ?? [] }]),
  )
}

interface Person {
  readonly user: UserRecord
  readonly created: boolean
  readonly identity: Identity
}

/** The people's rows, held until the transaction ends. Of two who bring the same new person at once, one makes them and both find them. */
async function findOrMake(
  { db, now }: Call,
  { iamid, source, disabled = false }: Source,
  identities: readonly Identity[],
): Promise<Person[]> {
  const names = identities.map(({ userid }) => canonical(checkUserid(userid, { newBim: false })))
  const rows = await lockUsersNamed(db, iamid, names)
  const found = new Map(rows.map(user => [canonical(user.userid), user]))
  const fresh = identities.filter((_, at) => !found.has(names[at]!)).toSorted((a, b) => (a.userid < b.userid ? -1 : 1))
  const made = await insertUsers(
    db,
    fresh.map(identity => {
      const { userid, profile } = identity
      const names = { iamid, userid, useridKey: canonical(userid), ...nameColumns(profile.name ?? userid) }
      return { ...names, ...planOf(identity, nobody, source).profile, disabled }
    }),
    now,
  )
  const created = new Map(made.map(user => [canonical(user.userid), user]))
  const missed = fresh.map(({ userid }) => canonical(userid)).filter(key => !created.has(key))
  if (missed.length > 0) for (const user of await lockUsersNamed(db, iamid, missed)) found.set(canonical(user.userid), user)
  return identities.map((identity, at) => {
    const user = created.get(names[at]!) ?? found.get(names[at]!)
    if (!user) throw new Error('Somebody who was made is not there')
    return { user, created: created.has(names[at]!), identity }
  })
}

/** All that a source may set of a user, as it is afterwards. */
function updated({ user, enabled, plan }: Reconciled) {
  const after = { ...user, ...plan.profile }
  const { name, email, phone, about, location, organization, position, sqlUser, externalUserIds, dn } = after
  const columns = profileColumns({ name, email })
  const state = enabled ? { disabled: false, disabledBy: null } : { disabled: user.disabled, disabledBy: user.disabledBy }
  return { id: user.id, ...columns, phone, about, location, organization, position, sqlUser, externalUserIds, dn, ...state }
}

function eventsOf(
  user: UserRecord,
  { created, enabled, plan }: Pick<Reconciled, 'created' | 'enabled' | 'plan'>,
  source: string,
): AuditDraft[] {
  const target = { type: 'user', id: user.id, name: `${user.iamid}/${user.userid}` } as const
  const { before, after, join, leave, attributes } = plan
  const events: AuditDraft[] = []
  if (created) events.push({ event: 'userCreated', target, after: { iamid: user.iamid, userid: user.userid, ...after, source } })
  else if (Object.keys(after).length > 0) events.push({ event: 'userUpdated', target, before, after: { ...after, source } })
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
