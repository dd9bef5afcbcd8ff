/**
 * Users as an IAM's SCIM client provisions them. The walk of a write: the body, checked (provisioning/) → the user's row, held → what the
 * resource comes to (user.scim.ts) → users.store. A deleted resource leaves its user behind, disabled: the record carries history, and
 * the provider may take it up again.
 */
import { randomUUID } from 'node:crypto'
import { type AuditDraft, difference, type Target } from '../../authorization/audit-event.ts'
import { type Call, type Outcome, read, type Service, write } from '../../authorization/service.ts'
import type { IamRecord } from '../../domain/iams/iam.ts'
import { inOrder } from '../../domain/iams/iam.ts'
import { keepAnAdministrator } from '../../domain/users/privilege-rules.ts'
import { endAccess } from '../../domain/users/users.store.ts'
import { withoutSecrets } from '../../federation/exchanges/exchange.ts'
import { uniqueViolation } from '../../platform/database/errors.ts'
import { NotFound } from '../../platform/errors.ts'
import { withExtensionsOf } from '../protocol/attribute-paths.ts'
import { Duplicate } from '../protocol/errors.ts'
import { patched } from '../protocol/patch.ts'
import { parsePatch } from '../protocol/patch-operations.ts'
import { checkResource } from '../protocol/resource.ts'
import { type Document, userType } from '../protocol/schema.ts'
import { heldDeprovisioning } from './deprovisioning.ts'
import { checkVersion, type Precondition, versionOf } from './etag.ts'
import { listOf } from './list.ts'
import { checkScimId, type Found, hydrated, iamOf, type Search, search } from './search.ts'
import { stateOf, written } from './user.columns.ts'
import { type ScimUserRecord, userDocument, userFacts } from './user.ts'
import {
  deleteApiKeys,
  findNamesake,
  findScimUser,
  findScimUsers,
  insertScimUser,
  leaveSourceGroups,
  replaceSourceAttributes,
  updateScimUser,
  userPlaces,
} from './users.store.ts'

interface ById extends Precondition {
  readonly id: string
}
interface WithBody {
  readonly body: unknown
}
interface Wants {
  /** Whether the answer shows groups, which costs a read of its own. */
  readonly groups: boolean
}

export const scimUsers = {
  get: read('scim:read', async (call: Call, { id, groups }: ById & Wants): Promise<ScimUserRecord> => {
    const iam = await iamOf(call)
    return requireScimUser(call, iam, id, { groups })
  }),

  list: read('scim:read', async (call: Call, { groups, ...asked }: Search & Wants): Promise<Found<ScimUserRecord>> => {
    const iam = await iamOf(call)
    const list = listOf(userPlaces(userType(iam.config)), iam.id, asked)
    return search(
      call,
      list,
      asked,
      hydrated(ids => findScimUsers(call.db, ids, groups)),
    )
  }),

  create: write('scim:createUser', async (call: Call, { body, groups }: WithBody & Wants): Promise<Outcome<ScimUserRecord>> => {
    const iam = await iamOf(call)
    const next = written(iam, checkResource(userType(iam.config), body))
    call.trail.notTaken.push(...next.notTaken)
    const before = await findNamesake(call.db, iam.id, next.useridKey, { lock: true })
    if (before?.scimId != null) throw taken()
    const state = stateOf(iam, before, next.active ?? true)
    const isLost = before !== null && state.disabled && !before.disabled
    const held = isLost ? await heldDeprovisioning<ScimUserRecord>(call, iam, before.id) : null
    if (held) return held
    const columns = { ...next.columns, scimId: randomUUID(), ...state }
    const names = { iamid: iam.id, userid: next.userid, useridKey: next.useridKey }
    if (before) {
      // Again: who put the user into a group while the resource was being deleted was not seen then.
      await leaveSourceGroups(call.db, before.id, iam.id, call.now)
      await updateScimUser(call.db, before.id, { ...columns, ...names }, call.now)
    } else {
      const named = { ...names, name: next.columns.name!, nameKey: next.columns.nameKey! }
      await insertScimUser(call.db, { ...columns, ...named }, call.now).catch(nameTaken)
    }
    const user = await requireScimUser(call, iam, columns.scimId, { groups })
    const attributes = await replaceSourceAttributes(call.db, {
      userId: user.id,
      source: iam.id,
      attributes: next.attributes,
      now: call.now,
    })
    const after = {
      scimId: user.scimId,
      name: user.name,
      email: user.email,
      disabled: user.disabled,
      attributes: attributes.added,
    }
    // The account was there all the time: what it held by hand, its key, its history stay (issue: "takes the disabled user up again").
    const event = before === null ? 'userCreated' : user.disabled ? 'userUpdated' : 'userEnabled'
    return { value: user, events: [{ event, target: targetOf(user), ...(before && { before: { scimId: null } }), after }] }
  }),

  replace: write('scim:updateUser', async (call: Call, { id, body, groups, ...asked }: ById & WithBody & Wants) => {
    const iam = await iamOf(call)
    const document = checkResource(userType(iam.config), body)
    const before = await requireScimUser(call, iam, id, { lock: true })
    checkVersion(asked, versionOf(userFacts(before)))
    return save(call, iam, before, document, groups)
  }),

  patch: write('scim:updateUser', async (call: Call, { id, body, groups, ...asked }: ById & WithBody & Wants) => {
    const iam = await iamOf(call)
    const before = await requireScimUser(call, iam, id, { lock: true })
    const document = userDocument(before)
    const type = withExtensionsOf(userType(iam.config), document)
    const steps = parsePatch(type, body)
    checkVersion(asked, versionOf(userFacts(before)))
    return save(call, iam, before, patched(type, document, steps), groups)
  }),

  /** The resource is gone; its user stays, disabled, and belongs to no group and has no attribute of this provider any more. */
  remove: write('scim:deleteUser', async (call: Call, { id, ...asked }: ById): Promise<Outcome<{ deleted: true }>> => {
    const { db, now } = call
    const iam = await iamOf(call)
    const user = await requireScimUser(call, iam, id, { lock: true })
    checkVersion(asked, versionOf(userFacts(user)))
    const held = await heldDeprovisioning<{ deleted: true }>(call, iam, user.id)
    if (held) return held
    // Groups first: a change of one holds it and waits for its users' rows, which from the next line on it could not share.
    const leftGroups = await leaveSourceGroups(db, user.id, iam.id, now)
    await updateScimUser(db, user.id, { ...stateOf(iam, user, false), scimId: null, scim: null }, now)
    const ended = await endAll(call, user.id)
    const { removed } = await replaceSourceAttributes(db, { userId: user.id, source: iam.id, attributes: [], now })
    await keepAnAdministrator(db)
    const before = { scimId: user.scimId, disabled: user.disabled, attributes: removed }
    const after = { scimId: null, disabled: true, ...ended, leftGroups }
    return { value: { deleted: true }, events: [{ event: 'userDisabled', target: targetOf(user), before, after }] }
  }),
} satisfies Service

const targetOf = (user: ScimUserRecord): Target => ({ type: 'user', id: user.id, name: `${user.iamid}/${user.userid}` })
const taken = () => new Duplicate('userName is already taken in this IAM (names are compared without case and normal form)')

function nameTaken(error: unknown): never {
  throw uniqueViolation(error) === null ? error : taken()
}

async function requireScimUser(
  { db }: Call,
  iam: IamRecord,
  id: string,
  options: { lock?: boolean; groups?: boolean } = {},
): Promise<ScimUserRecord> {
  const user = await findScimUser(db, iam.id, checkScimId(id, 'User'), options)
  if (!user) throw new NotFound('No User with this id')
  return user
}

/** Writes a changed resource. A PUT that says nothing of `active` leaves it: who was disabled is not let in by an omission. */
async function save(
  call: Call,
  iam: IamRecord,
  before: ScimUserRecord,
  document: Document,
  groups: boolean,
): Promise<Outcome<ScimUserRecord>> {
  const { db, now } = call
  const next = written(iam, document)
  call.trail.notTaken.push(...next.notTaken)
  const state = stateOf(iam, before, next.active ?? !before.disabled)
  const { disabled } = state
  const held = disabled && !before.disabled ? await heldDeprovisioning<ScimUserRecord>(call, iam, before.id) : null
  if (held) return held
  const columns = { ...next.columns, userid: next.userid, useridKey: next.useridKey, ...state }
  const attributes = await replaceSourceAttributes(db, { userId: before.id, source: iam.id, attributes: next.attributes, now })
  const { scim, useridKey: _, nameKey: __, emailKey: ___, disabled: ____, disabledBy: _____, ...shown } = columns
  const change = difference({ ...before, document: inOrder(before.document) }, { ...shown, document: inOrder(scim) })
  const attributesChanged = attributes.added.length + attributes.removed.length > 0
  if (!change.changed && !attributesChanged && disabled === before.disabled)
    return { value: await requireScimUser(call, iam, before.scimId!, { groups }), events: [] }
  await updateScimUser(db, before.id, columns, now).catch(nameTaken)
  const events: AuditDraft[] = []
  const target = targetOf(before)
  if (change.changed || attributesChanged)
    events.push({
      event: 'userid' in change.after ? 'usernameUpdated' : 'userUpdated',
      target,
      before: { ...withoutSecrets(change.before), ...(attributesChanged && { attributes: attributes.removed }) },
      after: { ...withoutSecrets(change.after), ...(attributesChanged && { attributes: attributes.added }) },
    })
  if (disabled !== before.disabled) {
    const ended = disabled ? { revokedTokens: await endAccess(db, before.id) } : {}
    if (disabled) await keepAnAdministrator(db)
    const event = disabled ? 'userDisabled' : 'userEnabled'
    events.push({ event, target, before: { disabled: before.disabled }, after: { disabled, ...ended } })
  }
  return { value: await requireScimUser(call, iam, before.scimId!, { groups }), events }
}

/** Whatever opens a door for the user ends for good: who is provisioned under this name again may be somebody else. */
async function endAll({ db }: Call, userId: number): Promise<{ revokedTokens: number; revokedKeys: number }> {
  const revokedTokens = await endAccess(db, userId)
  return { revokedTokens, revokedKeys: await deleteApiKeys(db, userId) }
}
