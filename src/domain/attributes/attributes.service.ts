/** Local attributes (`bim`). Owners are locked first: changes are serial. */

import type { AuditDraft } from '../../authorization/audit-event.ts'
import type { Loaders } from '../../authorization/context.ts'
import {
  changed,
  command,
  query,
  type Service,
  type ServiceContext,
  unchanged,
  type WriteResult,
} from '../../authorization/service.ts'
import type {
  AttributeEdit,
  AttributeInput,
  AttributeKeyFilter,
  Direction,
  RemoveAttributeEverywhereInput,
  RemoveAttributeInput,
  ReplaceAttributesInput,
  UserOrGroupRef,
} from '../../generated/inputs.ts'
import { type PageArgs, partPattern, windowOf } from '../../platform/database/pagination.ts'
import { Invalid } from '../../platform/errors.ts'
import { canonical, checkAttributeKey, checkAttributeValue, checkList } from '../../platform/validation.ts'
import { requireIam } from '../iams/iams.store.ts'
import { assertLocalEditAllowed } from '../iams/supported-actions.ts'
import { attributeKeys, attributeKeysNamed, byKey } from './attribute.keys.store.ts'
import {
  type AttributeRow,
  applyEdit,
  type Change,
  differenceOf,
  type Edit,
  replaceAll,
  type StoredAttribute,
} from './attribute.ts'
import { checkOwner, kindOf, type Owner, requireOwners, targetOf } from './attribute-owners.ts'
import { attributesOf, removeEverywhere, storedAttributesOf, writeChanges } from './attributes.store.ts'

interface KeysArgs extends PageArgs {
  filter?: AttributeKeyFilter | null
  direction?: Direction | null
}

export const attributes = {
  keysNamed: query('attribute:list', ({ db }, { keys }: { keys: readonly string[] }) => attributeKeysNamed(db, keys)),

  keys: query('attribute:list', async ({ db }, { filter, direction, ...page }: KeysArgs) => {
    const order = byKey(direction === 'DESC')
    return attributeKeys(db, {
      pattern: partPattern('key', filter?.key) ?? '%',
      order,
      window: windowOf(db.cursors, page, order),
    })
  }),

  add: command('attribute:write', (call, { value, ...input }: AttributeInput) =>
    value == null ? requireKey(call, input) : editOne(call, { ...input, value, operation: 'ADD' }),
  ),

  remove: command('attribute:write', (call, input: RemoveAttributeInput) => editOne(call, { ...input, operation: 'REMOVE' })),

  edit: command('attribute:write', (call, { edits }: { edits: readonly AttributeEdit[] }) => {
    const checked = checkList('edits', edits).map((edit, index) => ({
      edit: checkEdit(edit, `edits[${index}].`),
      owner: edit.owner,
    }))
    return edit(call, checked)
  }),

  replace: command(
    'attribute:write',
    async (call, { owner: ref, attributes }: ReplaceAttributesInput): Promise<WriteResult<Owner>> => {
      const wanted = checkAttributes(attributes)
      const { owners } = await requireOwners(call.db, [checkOwner(ref)], 'FOR NO KEY UPDATE')
      if (wanted.size > 0) await assertLocalEditAllowed(call.db, owners, 'allowBIMAuthorizations')
      return first(await change(call, owners, (_owner, rows) => replaceAll(rows, wanted)))
    },
  ),

  removeEverywhere: command('attribute:removeEverywhere', async ({ db, now }, input: RemoveAttributeEverywhereInput) => {
    const key = checkAttributeKey(input.key)
    const value = input.value == null ? null : checkAttributeValue(input.value)
    const { id: source } = await requireIam(db, input.iamid)
    const what = { source, keyKey: canonical(key), value, now }
    const userCount = await removeEverywhere(db, 'user', what)
    const groupCount = await removeEverywhere(db, 'group', what)
    if (userCount + groupCount === 0) return unchanged({ userCount, groupCount })
    const before = { source, key, value, users: userCount, groups: groupCount }
    return changed({ userCount, groupCount }, { event: 'attributeRemoved', target: { type: 'attribute', id: key }, before })
  }),
} satisfies Service

interface OwnerEdit {
  owner: UserOrGroupRef
  edit: Edit
}

async function editOne(call: ServiceContext, input: AttributeEdit): Promise<WriteResult<Owner>> {
  return first(await edit(call, [{ owner: input.owner, edit: checkEdit(input, '') }]))
}

async function requireKey({ db }: ServiceContext, input: Pick<AttributeInput, 'owner' | 'key'>): Promise<WriteResult<Owner>> {
  const key = canonical(checkAttributeKey(input.key))
  const { owners } = await requireOwners(db, [checkOwner(input.owner)])
  const owner = owners[0]!
  const rows = await attributesOf(db, kindOf(owner), [owner.id])
  if (rows.some(row => row.keyKey === key)) return unchanged(owner)
  throw new Invalid('value', 'is missing: the key has no values yet, so one must be given')
}

async function edit(call: ServiceContext, edits: readonly OwnerEdit[]): Promise<WriteResult<Owner[]>> {
  const { owners, ownerOf } = await requireOwners(
    call.db,
    edits.map(({ owner }) => owner),
    'FOR NO KEY UPDATE',
  )
  // Removal is always allowed, to clean up.
  await assertLocalEditAllowed(
    call.db,
    ownerOf.filter((_owner, index) => edits[index]!.edit.operation === 'ADD'),
    'allowBIMAuthorizations',
  )
  const editsOf = Map.groupBy(
    edits.map(({ edit }, index) => ({ edit, owner: ownerOf[index]! })),
    ({ owner }) => owner,
  )
  return change(call, owners, (owner, rows) =>
    applyEdit(
      rows,
      editsOf.get(owner)!.map(({ edit }) => edit),
    ),
  )
}

const first = ({ value, events, primes }: WriteResult<Owner[]>): WriteResult<Owner> => ({
  value: value[0]!,
  events,
  ...(primes && { primes }),
})

async function change(
  call: ServiceContext,
  owners: readonly Owner[],
  changeOf: (owner: Owner, rows: readonly StoredAttribute[]) => Change,
): Promise<WriteResult<Owner[]>> {
  const after = new Map(owners.map(owner => [owner, owner]))
  const rowsAfter = new Map<Owner, AttributeRow[]>()
  const events: AuditDraft[] = []
  for (const kind of ['user', 'group'] as const) {
    const ours = owners.filter(owner => kindOf(owner) === kind)
    if (ours.length === 0) continue
    const stored = await storedAttributesOf(
      call.db,
      kind,
      ours.map(({ id }) => id),
    )
    const rows = Map.groupBy(stored, row => row.ownerId)
    const changes = new Map(ours.map(owner => [owner.id, changeOf(owner, rows.get(owner.id) ?? [])]))
    for (const owner of ours) {
      const change = changes.get(owner.id)!
      rowsAfter.set(owner, changedRows(owner, rows.get(owner.id) ?? [], change))
      if (change.added.length + change.removed.length === 0) changes.delete(owner.id)
      else {
        after.set(owner, { ...owner, updatedAt: call.now })
        events.push(eventOf(owner, rows.get(owner.id) ?? [], change))
      }
    }
    if (changes.size > 0) await writeChanges(call.db, { kind, changes, now: call.now })
  }
  const primes = ({ attributesOfUser, attributesOfGroup }: Loaders) => {
    for (const [owner, rows] of rowsAfter) (kindOf(owner) === 'user' ? attributesOfUser : attributesOfGroup).prime(owner.id, rows)
  }
  return { value: [...after.values()], events, primes }
}

const changedRows = (owner: Owner, rows: readonly StoredAttribute[], { added, removed }: Change): AttributeRow[] => [
  ...rows.filter(row => !removed.includes(row)),
  ...added.map(value => ({ ...value, source: 'bim', ownerId: owner.id })),
]

function eventOf(owner: Owner, rows: readonly StoredAttribute[], change: Change): AuditDraft {
  const both = change.added.length > 0 && change.removed.length > 0
  const event = both ? 'attributeUpdated' : change.added.length > 0 ? 'attributeAdded' : 'attributeRemoved'
  return { event, target: targetOf(owner), ...differenceOf(rows, change) }
}

function checkEdit({ owner, operation, key, value }: AttributeEdit, path: string): Edit {
  checkOwner(owner, `${path}owner`)
  const checked = { operation, key: checkAttributeKey(key, `${path}key`) }
  if (value == null && operation === 'REMOVE') return { ...checked, value: null }
  return { ...checked, value: checkAttributeValue(value, `${path}value`) }
}

function checkAttributes(sent: unknown): Map<string, readonly string[]> {
  if (sent == null) return new Map()
  if (typeof sent !== 'object' || Array.isArray(sent)) throw new Invalid('attributes', 'must be an object of lists of strings')
  const entries = checkList('attributes', Object.entries(sent))
  const found = new Map<string, { key: string; values: readonly string[] }>()
  for (const [index, [key, values]] of entries.entries()) {
    checkAttributeKey(key, `attributes: key ${index + 1}`)
    const field = `attributes.${key}`
    const keyKey = canonical(key)
    if (found.has(keyKey)) throw new Invalid(field, 'is repeated in another case or normal form')
    found.set(keyKey, { key, values: checkList(field, values).map(value => checkAttributeValue(value, field)) })
  }
  return new Map([...found.values()].map(({ key, values }) => [key, values]))
}
