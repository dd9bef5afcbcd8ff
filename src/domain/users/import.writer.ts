import { nameOf } from '../../authorization/actor.ts'
import type { AuditDraft } from '../../authorization/audit-event.ts'
import type { ServiceContext } from '../../authorization/service.ts'
import { canonical } from '../../platform/validation.ts'
import { authorizations, type Change, differenceOf } from '../attributes/attribute.ts'
import { writeChanges } from '../attributes/attributes.store.ts'
import { importPasswords } from '../credentials/password.store.ts'
import { type Member, memberEvents, targetOf as targetOfGroup } from '../groups/group.members.ts'
import { createLocalGroups, localGroupsNamed } from '../groups/groups.store.ts'
import { joinLocalGroups } from '../groups/memberships.store.ts'
import type { Creation, Known, Planned, Update } from './import.plan.ts'
import type { Fault, NamedGroup } from './import.rows.ts'
import { grantLocalPermissions, type ImportedUser, revokeAccessOf, updateImported } from './import.store.ts'
import { assertAdministratorRemains } from './privilege-rules.ts'
import { nameColumns } from './profile.ts'
import { targetOf, type UserRecord } from './user.ts'
import { insertUsers, nameTaken } from './users.store.ts'

interface Written {
  /** Of created users, by userid key. */
  readonly ids: ReadonlyMap<string, number>
  /** Creations that another change came before. */
  readonly lost: ReadonlyMap<Planned, readonly Fault[]>
  readonly events: readonly AuditDraft[]
}

const LOST: readonly Fault[] = [
  { field: 'userid', message: 'userid or profile.email was taken by another change just now: import this line again' },
]

/** The events are in the order of the rows; those of groups are around them. */
export async function writeImport(call: ServiceContext, planned: readonly Planned[], known: Known): Promise<Written> {
  const groups = await makeGroups(call, planned, known)
  const created = await createUsers(call, planned)
  const isThere = (one: Planned): one is Creation | Update =>
    one.kind === 'change' || (one.kind === 'create' && created.has(one.row.key))
  const written = planned.filter(isThere)
  const userOf = (one: Creation | Update): UserRecord => (one.kind === 'create' ? created.get(one.row.key)! : one.stored.user)
  const disabled = written.filter(one => one.kind === 'change' && one.disabled === true).map(one => userOf(one).id)
  const [joined, revoked] = await Promise.all([
    join(call, { written, groups: groups.ids, userOf }),
    disabled.length > 0 ? revokeAccessOf(call.db, disabled) : new Map<number, number>(),
    grant(call, written, userOf),
    changeAttributes(call, written, userOf),
    changeUsers(call, written),
    givePasswords(call, written, userOf),
  ])
  const loses = ({ stored }: Update) => stored.effective.includes('USER_ADMIN')
  if (written.some(one => one.kind === 'change' && one.disabled === true && loses(one))) await assertAdministratorRemains(call.db)
  const events = written.flatMap(one =>
    one.kind === 'create' ? [createdEvent(one, userOf(one))] : changeEvents(one, revoked.get(one.stored.user.id)),
  )
  const lost = planned.filter(one => one.kind === 'create' && !isThere(one)).map(one => [one, LOST] as const)
  return {
    ids: new Map([...created].map(([key, { id }]) => [key, id])),
    lost: new Map(lost),
    events: [...groups.events, ...events, ...joined],
  }
}

const groupsOf = (one: Planned): readonly NamedGroup[] =>
  one.kind === 'create' ? one.row.groups : one.kind === 'change' ? one.groups : []

async function makeGroups({ db, now }: ServiceContext, planned: readonly Planned[], known: Known) {
  const wanted = new Map(planned.flatMap(groupsOf).map(group => [group.key, group]))
  if (wanted.size === 0) return { ids: new Map<string, { id: number; name: string }>(), events: [] }
  const missing = [...wanted.values()].filter(({ key }) => !known.groups.has(key))
  const made = missing.length === 0 ? [] : await createLocalGroups(db, missing, now)
  const ids = new Map((await localGroupsNamed(db, [...wanted.keys()])).map(group => [group.nameKey, group]))
  const events = made.map(
    ({ id, name }): AuditDraft => ({
      event: 'groupCreated',
      target: targetOfGroup({ id, iamid: 'bim', name }),
      after: { iamid: 'bim', name, email: null, description: null },
    }),
  )
  return { ids, events }
}

async function createUsers({ db, now }: ServiceContext, planned: readonly Planned[]): Promise<Map<string, UserRecord>> {
  // In one order, against deadlocks with other changes.
  const creations = planned
    .filter(one => one.kind === 'create')
    .toSorted((one, other) => (one.row.key < other.row.key ? -1 : 1))
    .map(({ row }) => ({
      iamid: 'bim',
      userid: row.userid,
      useridKey: row.key,
      ...(row.profile.name === undefined ? nameColumns(row.userid) : { name: row.profile.name, nameKey: row.profile.nameKey! }),
      ...row.profile,
      disabled: row.disabled === true,
      disabledBy: row.disabled === true ? 'bim' : null,
    }))
  const users = await insertUsers(db, creations, now)
  return new Map(users.map(user => [canonical(user.userid), user]))
}

type UserOf = (one: Creation | Update) => UserRecord
type Rows = readonly (Creation | Update)[]

async function grant({ db, actor }: ServiceContext, written: Rows, userOf: UserOf): Promise<void> {
  const grants = written.flatMap(one => one.permissions.map(permission => ({ userId: userOf(one).id, permission })))
  if (grants.length > 0) await grantLocalPermissions(db, grants, nameOf(actor))
}

const attributesOf = (one: Creation | Update): Change =>
  one.kind === 'change'
    ? one.attributes
    : {
        added: [...(one.row.attributes ?? [])].flatMap(([key, values]) =>
          [...new Set(values)].map(value => ({ key, keyKey: canonical(key), value })),
        ),
        removed: [],
      }

async function changeAttributes({ db, now }: ServiceContext, written: Rows, userOf: UserOf): Promise<void> {
  const all = written.map(one => [userOf(one).id, attributesOf(one)] as const)
  const changes = new Map(all.filter(([, { added, removed }]) => added.length + removed.length > 0))
  const made = new Set(written.filter(({ kind }) => kind === 'create').map(one => userOf(one).id))
  if (changes.size > 0) await writeChanges(db, { kind: 'user', changes, now, made })
}

async function changeUsers({ db, now }: ServiceContext, written: Rows): Promise<void> {
  const users = written.flatMap(one =>
    one.kind === 'change' && (one.profile.changed || one.disabled !== null || one.permissions.length > 0) ? [rowOf(one)] : [],
  )
  if (users.length > 0) await updateImported(db, users, now).catch(nameTaken)
}

async function givePasswords({ db, now }: ServiceContext, written: Rows, userOf: UserOf): Promise<void> {
  const passwords = written.flatMap(one => {
    const { passwordHash } = one.kind === 'create' ? one.row : one
    return passwordHash === null ? [] : [{ userId: userOf(one).id, passwordHash }]
  })
  if (passwords.length > 0) await importPasswords(db, passwords, now)
}

function rowOf({ stored: { user }, row, profile, disabled }: Update): ImportedUser {
  const { id, email, phone, about, location, organization, position, sqlUser, preferences, externalUserIds } = user
  const name = { name: user.name, nameKey: canonical(user.name) }
  const address = { email, emailKey: email === null ? '' : canonical(email) }
  return {
    ...{ id, ...name, ...address, phone, about, location, organization, position, sqlUser, preferences, externalUserIds },
    ...row.profile,
    disabled: disabled ?? user.disabled,
    disabledBy: disabled === null ? user.disabledBy : disabled ? 'bim' : null,
    hasNewProfile: profile.changed,
  }
}

interface Joining {
  readonly written: Rows
  readonly groups: ReadonlyMap<string, { readonly id: number; readonly name: string }>
  readonly userOf: UserOf
}

async function join({ db, actor, now }: ServiceContext, { written, groups, userOf }: Joining): Promise<AuditDraft[]> {
  const wanted = written.flatMap(one =>
    groupsOf(one).flatMap(({ key }) => {
      const group = groups.get(key)
      return group ? [{ userId: userOf(one).id, groupId: group.id }] : []
    }),
  )
  if (wanted.length === 0) return []
  const joined = await joinLocalGroups(db, wanted, { by: nameOf(actor), now })
  const members = new Map(written.map(userOf).map(user => [user.id, memberOf(user)]))
  const byGroup = Map.groupBy(joined, ({ groupId }) => groupId)
  return [...groups.values()].flatMap(({ id, name }) =>
    memberEvents(
      { id, iamid: 'bim', name },
      { added: (byGroup.get(id) ?? []).map(({ userId }) => members.get(userId)!), removed: [] },
    ),
  )
}

const memberOf = ({ id, iamid, userid }: UserRecord): Member => ({ id, name: `${iamid}/${userid}` })

function createdEvent(one: Creation, user: UserRecord): AuditDraft {
  const { row, permissions } = one
  const { added } = attributesOf(one)
  const after = {
    ...{ iamid: user.iamid, userid: user.userid, name: user.name, email: user.email, permissions },
    ...(row.disabled === true && { disabled: true }),
    ...(row.passwordHash !== null && { hasPassword: true }),
    ...(row.groups.length > 0 && { groups: row.groups.map(({ name }) => name) }),
    ...(added.length > 0 && { attributes: authorizations(added) }),
  }
  return { event: 'userCreated', target: targetOf(user), after }
}

function changeEvents(
  { stored, profile, permissions, attributes, disabled, passwordHash }: Update,
  revokedTokens = 0,
): AuditDraft[] {
  const { user } = stored
  const target = targetOf(user)
  const events: AuditDraft[] = []
  if (profile.changed) events.push({ event: 'userUpdated', target, before: profile.before, after: profile.after })
  if (permissions.length > 0)
    events.push({
      event: 'permissionsUpdated',
      target,
      before: { permissions: stored.permissions },
      after: { permissions: [...stored.permissions, ...permissions] },
    })
  const [adds, removes] = [attributes.added.length > 0, attributes.removed.length > 0]
  if (adds || removes) {
    const event = adds && removes ? 'attributeUpdated' : adds ? 'attributeAdded' : 'attributeRemoved'
    events.push({ event, target, ...differenceOf(stored.attributes, attributes) })
  }
  if (disabled !== null)
    events.push({
      event: disabled ? 'userDisabled' : 'userEnabled',
      target,
      before: user.disabled === disabled ? { disabledBy: user.disabledBy } : { disabled: user.disabled },
      after: user.disabled === disabled ? { disabledBy: 'bim' } : { disabled, ...(disabled && { revokedTokens }) },
    })
  if (passwordHash !== null) events.push({ event: 'passwordChanged', target, after: { by: 'import' } })
  return events
}
