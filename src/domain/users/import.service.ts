/** Local users from a file: each row by itself, a few statements for all of them. */
import { isSelf } from '../../authorization/actor.ts'
import {
  command,
  continued,
  requirePermissionFor,
  type Service,
  type ServiceContext,
  type WriteResult,
} from '../../authorization/service.ts'
import type { ImportUsersInput } from '../../generated/inputs.ts'
import { isEmbedded } from '../../platform/database/store.ts'
import { checkList } from '../../platform/validation.ts'
import { storedAttributesOf } from '../attributes/attributes.store.ts'
import { localGroupsNamed, permissionsOfNames } from '../groups/groups.store.ts'
import { localMembershipsOf } from '../groups/memberships.store.ts'
import { requireIam } from '../iams/iams.store.ts'
import { changedFields, type ImportRules, type Known, type Planned, planImport, type StoredUser } from './import.plan.ts'
import { type CheckedRow, checkRows, type Fault, type FaultyRow, isFaulty } from './import.rows.ts'
import { emailOwners, localPermissionsOf, lockImports, lockUsersNamed } from './import.store.ts'
import { writeImport } from './import.writer.ts'
import { missingPermissions } from './privilege-rules.ts'
import { grantsOfUsers } from './users.store.ts'

/** One transaction, and one body of a request. */
export const MAX_ROWS = 1000
/**
 * Rows per transaction on the embedded database, which serves nobody else meanwhile: about 150 ms. Over 100, so
 * that statements are planned for their list.
 */
const PIECE = 120

const OUTCOMES = { create: 'CREATED', change: 'CHANGED', keep: 'UNCHANGED', refuse: 'REFUSED' } as const

export interface ImportedRow {
  readonly line: number
  readonly userid: string
  readonly outcome: (typeof OUTCOMES)[keyof typeof OUTCOMES]
  readonly userId: number | null
  readonly fields: readonly string[]
  readonly faults: readonly Fault[]
}
export interface ImportResult {
  readonly created: number
  readonly changed: number
  readonly unchanged: number
  readonly refused: number
  readonly rows: ImportedRow[]
}

export const imports = {
  users: command('user:import', async (call, input: ImportUsersInput): Promise<WriteResult<ImportResult>> => {
    const rows = checkRows(checkList('rows', input.rows, MAX_ROWS))
    const valid = rows.filter(isValid)
    if (valid.some(({ groups }) => groups.length > 0)) requirePermissionFor(call, 'group:addMember')
    if (valid.some(({ attributes }) => attributes !== null)) requirePermissionFor(call, 'attribute:write')
    if (valid.some(({ passwordHash }) => passwordHash !== null)) requirePermissionFor(call, 'user:setPassword')
    const createGroups = input.createGroups === true
    if (createGroups) requirePermissionFor(call, 'group:create')
    const rules: ImportRules = {
      existing: input.existing ?? 'UPDATE',
      createGroups,
      lacks: permissions => missingPermissions(call, permissions),
      isSelf: id => isSelf(call.actor, { id }),
      claimed: new Map(),
    }
    return importRows(call, { rows, rules, size: isEmbedded(call.app) ? PIECE : MAX_ROWS })
  }),
} satisfies Service

const isValid = (row: CheckedRow | FaultyRow): row is CheckedRow => !isFaulty(row)

interface Import {
  readonly rows: readonly (CheckedRow | FaultyRow)[]
  readonly rules: ImportRules
  readonly size: number
  readonly done?: readonly ImportedRow[]
}

/** Piece by piece, each a transaction. */
async function importRows(call: ServiceContext, one: Import): Promise<WriteResult<ImportResult>> {
  const { rows, rules, size, done = [] } = one
  const piece = rows.slice(0, size)
  const known = await readKnown(call, piece.filter(isValid))
  const planned = planImport(piece, known, rules)
  const { ids, lost, events } = await writeImport(call, planned, known)
  const results = [...done, ...planned.map(row => resultOf(row, ids, lost))]
  if (rows.length <= size) return { value: summed(results), events }
  return continued(events, next => importRows(next, { ...one, rows: rows.slice(size), done: results }))
}

async function readKnown(call: ServiceContext, rows: readonly CheckedRow[]): Promise<Known> {
  const { db } = call
  const keys = rows.map(({ key }) => key)
  const groupKeys = [...new Set(rows.flatMap(({ groups }) => groups.map(({ key }) => key)))]
  const emailKeys = rows.flatMap(({ profile }) => profile.emailKey || [])
  const [, users, emails, groups, rules, { defaultPermissions }] = await Promise.all([
    lockImports(db),
    lockUsersNamed(db, keys),
    emailOwners(db, emailKeys),
    localGroupsNamed(db, groupKeys),
    permissionsOfNames(db, groupKeys),
    requireIam(db, 'bim'),
  ])
  const ids = users.map(({ id }) => id)
  const [local, effective, attributes, memberships] = await Promise.all([
    localPermissionsOf(db, ids),
    grantsOfUsers(db, ids),
    storedAttributesOf(db, 'user', ids),
    localMembershipsOf(db, ids, groupKeys),
  ])
  const of = <Row extends { userId: number }>(found: readonly Row[]) => {
    const byUser = Map.groupBy(found, row => row.userId)
    return (id: number): readonly Row[] => byUser.get(id) ?? []
  }
  const [localOf, effectiveOf, joinedOf] = [of(local), of(effective), of(memberships)]
  const attributesOf = Map.groupBy(attributes, row => row.ownerId)
  const stored = users.map(({ useridKey, hasPassword, ...user }): readonly [string, StoredUser] => [
    useridKey,
    {
      user,
      hasPassword,
      permissions: localOf(user.id).map(({ permission }) => permission),
      effective: effectiveOf(user.id).map(({ permission }) => permission),
      attributes: attributesOf.get(user.id) ?? [],
      groups: new Set(joinedOf(user.id).map(({ nameKey }) => nameKey)),
    },
  ])
  const permissionsOf = Map.groupBy(rules, rule => rule.nameKey)
  return {
    users: new Map(stored),
    emails: new Map(emails.map(({ id, emailKey }) => [emailKey, id])),
    groups: new Set(groups.map(({ nameKey }) => nameKey)),
    groupPermissions: new Map([...permissionsOf].map(([key, found]) => [key, found.map(({ permission }) => permission)])),
    defaultPermissions,
  }
}

function resultOf(one: Planned, ids: ReadonlyMap<string, number>, lost: ReadonlyMap<Planned, readonly Fault[]>): ImportedRow {
  const { line, userid } = one.row
  const faults = one.kind === 'refuse' ? one.faults : lost.get(one)
  if (faults !== undefined) return { line, userid, outcome: 'REFUSED', userId: null, fields: [], faults }
  const userId = one.kind === 'create' ? ids.get(one.row.key)! : one.kind === 'refuse' ? null : one.stored.user.id
  return { line, userid, outcome: OUTCOMES[one.kind], userId, fields: changedFields(one), faults: [] }
}

function summed(rows: ImportedRow[]): ImportResult {
  const count = (outcome: ImportedRow['outcome']) => rows.filter(row => row.outcome === outcome).length
  return {
    created: count('CREATED'),
    changed: count('CHANGED'),
    unchanged: count('UNCHANGED'),
    refused: count('REFUSED'),
    rows,
  }
}
