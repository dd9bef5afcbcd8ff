import type { AuditDraft } from '../authorization/audit-event.ts'
import type { ServiceContext } from '../authorization/service.ts'
import { storedAttributesOf, writeChanges } from '../domain/attributes/attributes.store.ts'
import { assertAdministratorRemains } from '../domain/users/privilege-rules.ts'
import { profileColumns } from '../domain/users/profile.ts'
import type { UserRecord } from '../domain/users/user.ts'
import { requireUser } from '../domain/users/users.store.ts'
import type { Db } from '../platform/database/store.ts'
import { type Account, accountsFor, isRejected, type Rejection, type Source } from './accounts.ts'
import { type CurrentState, type Difference, diff, noState } from './diff.ts'
import type { GroupChange } from './group-entries.store.ts'
import { groupsHeldBy, joinGroups, leaveGroups, recordRefresh, updateUsers } from './identity.store.ts'
import type { Identity } from './identity.ts'
import { eventsOf } from './reconcile.events.ts'
import { regroup } from './regroup.ts'

export interface Reconciled extends Account {
  readonly enabled: boolean
  readonly plan: Difference
  readonly events: readonly AuditDraft[]
}

export async function reconcile(call: ServiceContext, by: Source, identity: Identity): Promise<Written | Rejection> {
  const [written] = await reconcileAll(call, { by, identities: [identity], groupChanges: identity.groupChanges })
  if ('rejected' in written!) return written
  const { user, created, migratedFrom, events } = written!
  await recordRefresh(call.db, user.id, call.now)
  return { user: await requireUser(call.db, { id: user.id }), created, moved: migratedFrom !== null, events }
}

interface Written {
  readonly user: UserRecord
  readonly created: boolean
  readonly moved: boolean
  readonly events: readonly AuditDraft[]
}

export async function reconcileAll(
  call: ServiceContext,
  { by, identities, groupChanges = [] }: { by: Source; identities: readonly Identity[]; groupChanges?: readonly GroupChange[] },
): Promise<(Reconciled | Rejection)[]> {
  const { db } = call
  const { iamid, source } = by
  const all = await accountsFor(call, by, identities)
  const people = all.filter((account): account is Account => !isRejected(account))
  const regrouped = people.length === 0 ? { events: [] } : await regroup(call, by, groupChanges)
  const known = people.filter(({ created, replaced }) => !created && replaced === null).map(({ user }) => user)
  const held = await heldOf(db, { users: known, iamid, source })
  const reconciled = new Map(
    people.map((account, at): [Account | Rejection, Reconciled] => {
      const { user, userid, identity } = account
      const renamed = userid === user.userid ? undefined : userid
      const plan = diff(identity, { ...(held.get(user.id) ?? noState), renamed }, source)
      const isWaiting = account.replaced !== null && by.disabled === true
      const enabled = by.enables === true && user.disabled && user.disabledBy === source
      const done = { ...account, user: isWaiting ? { ...user, disabled: true } : user, enabled, plan }
      return [account, { ...done, events: [...(at === 0 ? regrouped.events : []), ...eventsOf(done, source)] }]
    }),
  )
  const written = [...reconciled.values()]
  await write(call, by, written)
  return all.map(account => reconciled.get(account) ?? (account as Rejection))
}

async function write({ db, now }: ServiceContext, { iamid, source }: Source, written: readonly Reconciled[]): Promise<void> {
  const changed = written.filter(
    ({ plan, created, enabled, replaced }) => !created && (enabled || replaced !== null || Object.keys(plan.profile).length > 0),
  )
  if (changed.length > 0) await updateUsers(db, changed.map(updated), now)
  const at = { iamid, source, now }
  const of = <Name>(pick: (plan: Difference) => readonly Name[]) =>
    written.flatMap(({ user, plan }) => pick(plan).map(group => ({ userId: user.id, group })))
  const join = of(plan => plan.join)
  const leave = of(plan => plan.leave)
  if (join.length > 0) await joinGroups(db, at, join)
  if (leave.length > 0) await leaveGroups(db, at, leave)
  if (leave.length > 0 || written.some(({ replaced }) => replaced !== null)) await assertAdministratorRemains(db)
  const changes = written.filter(({ plan: { attributes } }) => attributes.added.length + attributes.removed.length > 0)
  if (changes.length > 0)
    await writeChanges(db, {
      kind: 'user',
      changes: new Map(changes.map(({ user, plan }) => [user.id, plan.attributes])),
      now,
      source,
    })
}

export async function heldOf(
  db: Db,
  { users, iamid, source }: { users: readonly UserRecord[]; iamid: string; source: string },
): Promise<ReadonlyMap<number, CurrentState>> {
  const ids = users.map(({ id }) => id)
  const groups = Map.groupBy(await groupsHeldBy(db, { userIds: ids, iamid, source }), row => row.userId)
  const attributes = Map.groupBy(await storedAttributesOf(db, 'user', ids), row => row.ownerId)
  return new Map(
    users.map(user => [user.id, { user, groups: groups.get(user.id) ?? [], attributes: attributes.get(user.id) ?? [] }]),
  )
}

function updated({ user, enabled, plan }: Reconciled) {
  const after = { ...user, ...plan.profile }
  const { name, email, phone, about, location, organization, position, sqlUser, externalUserIds, dn } = after
  const { directoryId, openidId, samlId, relinkable } = after
  const columns = profileColumns({ name, email })
  const state = enabled ? { disabled: false, disabledBy: null } : { disabled: user.disabled, disabledBy: user.disabledBy }
  return {
    id: user.id,
    ...columns,
    phone,
    about,
    location,
    organization,
    position,
    sqlUser,
    externalUserIds,
    dn,
    directoryId,
    openidId,
    samlId,
    relinkable,
    ...state,
  }
}
