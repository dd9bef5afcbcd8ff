/**
 * Users of an IAM's SCIM client. A deleted resource leaves a disabled user, with its history, which a later POST
 * adopts.
 */
import { randomUUID } from 'node:crypto'
import { type AuditDraft, difference } from '../../authorization/audit-event.ts'
import { command, query, type Service, type ServiceContext, type WriteResult } from '../../authorization/service.ts'
import type { IamRecord } from '../../domain/iams/iam.ts'
import { sortKeys } from '../../domain/iams/iam.ts'
import { assertAdministratorRemains } from '../../domain/users/privilege-rules.ts'
import { targetOf } from '../../domain/users/user.ts'
import { revokeAccess } from '../../domain/users/users.store.ts'
import { withoutSecrets } from '../../federation/exchanges/exchange.ts'
import { uniqueViolation } from '../../platform/database/errors.ts'
import { NotFound } from '../../platform/errors.ts'
import { withExtensionsOf } from '../protocol/attribute-paths.ts'
import { UniquenessError } from '../protocol/errors.ts'
import { patched } from '../protocol/patch.ts'
import { parsePatch } from '../protocol/patch-operations.ts'
import { checkResource } from '../protocol/resource.ts'
import { type Document, userType } from '../protocol/schema.ts'
import { heldDeprovisioning } from './deprovisioning.ts'
import { checkVersion, etagOf, type Precondition } from './etag.ts'
import { listOf } from './list.ts'
import { checkScimId, iamOf, loadResources, type SearchRequest, type SearchResult, search } from './search.ts'
import { disabledState, toColumns } from './user.columns.ts'
import { createdFacts, type ScimUserRecord, userDocument, userFacts } from './user.ts'
import {
  deleteApiKeys,
  findByUserName,
  findScimUser,
  findScimUsers,
  insertScimUser,
  leaveSourceGroups,
  replaceSourceAttributes,
  updateScimUser,
  userColumns,
} from './users.store.ts'

interface ById extends Precondition {
  readonly id: string
}
interface WithBody {
  readonly body: unknown
}
interface Wants {
  readonly groups: boolean
}

export const scimUsers = {
  get: query('scim:read', async (call: ServiceContext, { id, groups }: ById & Wants): Promise<ScimUserRecord> => {
    const iam = await iamOf(call)
    return requireScimUser(call, { iam, id, options: { groups } })
  }),

  list: query(
    'scim:read',
    async (call: ServiceContext, { groups, ...asked }: SearchRequest & Wants): Promise<SearchResult<ScimUserRecord>> => {
      const iam = await iamOf(call)
      const list = listOf(userColumns(userType(iam.config)), iam.id, asked)
      return search(call, { list, asked, hydrate: loadResources(ids => findScimUsers(call.db, ids, groups)) })
    },
  ),

  create: command(
    'scim:createUser',
    async (call: ServiceContext, { body, groups }: WithBody & Wants): Promise<WriteResult<ScimUserRecord>> => {
      const iam = await iamOf(call)
      const next = toColumns(iam, checkResource(userType(iam.config), body))
      call.trail.notTaken.push(...next.notTaken)
      const before = await findByUserName(call.db, { iamid: iam.id, useridKey: next.useridKey, lock: true })
      if (before?.scimId != null) throw taken()
      const state = disabledState(iam, before, next.active ?? true)
      const isLost = before !== null && state.disabled && !before.disabled
      const held = isLost ? await heldDeprovisioning<ScimUserRecord>(call, iam, before.id) : null
      if (held) return held
      const columns = { ...next.columns, scimId: randomUUID(), ...state }
      const names = { iamid: iam.id, userid: next.userid, useridKey: next.useridKey }
      if (before) {
        // Again: groups may have been added during deletion.
        await leaveSourceGroups(call.db, before.id, { source: iam.id, now: call.now })
        await updateScimUser(call.db, before.id, { columns: { ...columns, ...names }, now: call.now })
      } else {
        const named = { ...names, name: next.columns.name!, nameKey: next.columns.nameKey! }
        await insertScimUser(call.db, { ...columns, ...named }, call.now).catch(nameTaken)
      }
      const user = await requireScimUser(call, { iam, id: columns.scimId, options: { groups } })
      const hasAttributes = before !== null || next.attributes.length > 0
      const attributes = hasAttributes
        ? await replaceSourceAttributes(call.db, { userId: user.id, source: iam.id, attributes: next.attributes, now: call.now })
        : { added: [] }
      const after = createdFacts(user, attributes.added)
      // The account keeps manual data, keys and history.
      const event = before === null ? 'userCreated' : user.disabled ? 'userUpdated' : 'userEnabled'
      return { value: user, events: [{ event, target: targetOf(user), ...(before && { before: { scimId: null } }), after }] }
    },
  ),

  replace: command('scim:updateUser', async (call: ServiceContext, { id, body, groups, ...asked }: ById & WithBody & Wants) => {
    const iam = await iamOf(call)
    const document = checkResource(userType(iam.config), body)
    const before = await requireScimUser(call, { iam, id, options: { lock: true } })
    checkVersion(asked, etagOf(userFacts(before)))
    return save(call, { iam, before, document, groups })
  }),

  patch: command('scim:updateUser', async (call: ServiceContext, { id, body, groups, ...asked }: ById & WithBody & Wants) => {
    const iam = await iamOf(call)
    const before = await requireScimUser(call, { iam, id, options: { lock: true } })
    const document = userDocument(before)
    const type = withExtensionsOf(userType(iam.config), document)
    const steps = parsePatch(type, body)
    checkVersion(asked, etagOf(userFacts(before)))
    return save(call, { iam, before, document: patched(type, document, steps), groups })
  }),

  remove: command(
    'scim:deleteUser',
    async (call: ServiceContext, { id, ...asked }: ById): Promise<WriteResult<{ deleted: true }>> => {
      const { db, now } = call
      const iam = await iamOf(call)
      const user = await requireScimUser(call, { iam, id, options: { lock: true } })
      checkVersion(asked, etagOf(userFacts(user)))
      const held = await heldDeprovisioning<{ deleted: true }>(call, iam, user.id)
      if (held) return held
      // Groups first: the lock order of member changes.
      const leftGroups = await leaveSourceGroups(db, user.id, { source: iam.id, now })
      await updateScimUser(db, user.id, { columns: { ...disabledState(iam, user, false), scimId: null, scim: null }, now })
      const ended = await revokeAll(call, user.id)
      const { removed } = await replaceSourceAttributes(db, { userId: user.id, source: iam.id, attributes: [], now })
      await assertAdministratorRemains(db)
      const before = { scimId: user.scimId, disabled: user.disabled, attributes: removed }
      const after = { scimId: null, disabled: true, ...ended, leftGroups }
      return { value: { deleted: true }, events: [{ event: 'userDisabled', target: targetOf(user), before, after }] }
    },
  ),
} satisfies Service

const taken = () => new UniquenessError('userName is already taken in this IAM (case and Unicode normal form do not matter)')

function nameTaken(error: unknown): never {
  throw uniqueViolation(error) === null ? error : taken()
}

async function requireScimUser(
  { db }: ServiceContext,
  { iam, id, options = {} }: { iam: IamRecord; id: string; options?: { lock?: boolean; groups?: boolean } },
): Promise<ScimUserRecord> {
  const user = await findScimUser(db, { iamid: iam.id, scimId: checkScimId(id, 'User'), ...options })
  if (!user) throw new NotFound('No User with this id')
  return user
}

/** An omitted `active` never enables. */
async function save(
  call: ServiceContext,
  { iam, before, document, groups }: { iam: IamRecord; before: ScimUserRecord; document: Document; groups: boolean },
): Promise<WriteResult<ScimUserRecord>> {
  const { db, now } = call
  const next = toColumns(iam, document)
  call.trail.notTaken.push(...next.notTaken)
  const state = disabledState(iam, before, next.active ?? !before.disabled)
  const { disabled } = state
  const held = disabled && !before.disabled ? await heldDeprovisioning<ScimUserRecord>(call, iam, before.id) : null
  if (held) return held
  const columns = { ...next.columns, userid: next.userid, useridKey: next.useridKey, ...state }
  const attributes = await replaceSourceAttributes(db, { userId: before.id, source: iam.id, attributes: next.attributes, now })
  const { scim, useridKey: _, nameKey: __, emailKey: ___, disabled: ____, disabledBy: _____, ...shown } = columns
  const change = difference({ ...before, document: sortKeys(before.document) }, { ...shown, document: sortKeys(scim) })
  const attributesChanged = attributes.added.length + attributes.removed.length > 0
  if (!change.changed && !attributesChanged && disabled === before.disabled)
    return { value: await requireScimUser(call, { iam, id: before.scimId!, options: { groups } }), events: [] }
  await updateScimUser(db, before.id, { columns, now }).catch(nameTaken)
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
    const ended = disabled ? { revokedTokens: await revokeAccess(db, before.id) } : {}
    if (disabled) await assertAdministratorRemains(db)
    const event = disabled ? 'userDisabled' : 'userEnabled'
    events.push({ event, target, before: { disabled: before.disabled }, after: { disabled, ...ended } })
  }
  return { value: await requireScimUser(call, { iam, id: before.scimId!, options: { groups } }), events }
}

/** For good: a later user of this name may be another person. */
async function revokeAll({ db }: ServiceContext, userId: number): Promise<{ revokedTokens: number; revokedKeys: number }> {
  const revokedTokens = await revokeAccess(db, userId)
  return { revokedTokens, revokedKeys: await deleteApiKeys(db, userId) }
}
