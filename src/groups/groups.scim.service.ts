/**
 * Groups as an IAM's SCIM client provisions them. The walk of a change of members: the body → changes (group.scim.ts) → rows inserted and
 * deleted, in one statement each, whatever the size of the group. The group's row is held meanwhile: changes of one group wait for each other.
 */
import { randomUUID } from 'node:crypto'
import { type Call, type Outcome, read, type Service, write } from '../access/guard.ts'
import { type AuditDraft, difference, type Target } from '../audit/audit.ts'
import { NotFound } from '../errors.ts'
import { withoutSecrets } from '../exchanges/exchange.ts'
import { type IamRecord, inOrder } from '../iams/iam.ts'
import { canonical, checkGroupName } from '../names.ts'
import { checkScimId, type Found, iamOf, type Search, search } from '../provisioning/client.ts'
import { Duplicate } from '../provisioning/faults.ts'
import { listOf } from '../provisioning/list.ts'
import { parsePatch } from '../provisioning/operations.ts'
import { patched } from '../provisioning/patch.ts'
import { withExtensionsOf } from '../provisioning/paths.ts'
import { checkDocument, checkResource, memberOf } from '../provisioning/resource.ts'
import { type Document, groupType } from '../provisioning/schema.ts'
import { checkVersion, type Precondition, versionOf } from '../provisioning/version.ts'
import { uniqueViolation } from '../store/failures.ts'
import { keepAnAdministrator } from '../users/powers.ts'
import {
  folded,
  groupDocument,
  groupFacts,
  type MemberChange,
  memberChanges,
  memberIds,
  notAUser,
  type ScimGroupRecord,
} from './group.scim.ts'
import { findScimGroup, groupPlaces, groupsOfPage, insertScimGroup, lockNamesake, updateScimGroup } from './groups.scim.store.ts'
import { deleteGroupRow, permissionsOfName } from './groups.store.ts'
import { addScimMembers, type Member, removeScimMembers, setScimMembers } from './members.scim.store.ts'
import { countMembers } from './memberships.store.ts'

interface ById extends Precondition {
  readonly id: string
}
interface WithBody {
  readonly body: unknown
}
interface Wants {
  /** Whether the answer shows members, which reads all of them. */
  readonly members: boolean
}

export const scimGroups = {
  get: read('scim:read', async (call: Call, { id, members }: ById & Wants): Promise<ScimGroupRecord> => {
    const iam = await iamOf(call)
    return requireScimGroup(call, iam, id, { members })
  }),

  /** A page may hold fewer groups than asked for, since their members are bounded together (RFC 7644 3.4.2.4): see MAX_MEMBERS. */
  list: read('scim:read', async (call: Call, { members, ...asked }: Search & Wants): Promise<Found<ScimGroupRecord>> => {
    const iam = await iamOf(call)
    return search(call, listOf(groupPlaces(groupType(iam.config)), iam.id, asked), asked, async (places, fromEnd) => {
      const ids = places.map(({ id }) => id)
      const { groups, fits } = await groupsOfPage(call.db, ids, { members, fromEnd })
      const taken = fromEnd ? ids.slice(ids.length - fits) : ids.slice(0, fits)
      return { rows: taken.flatMap(id => groups.get(id) ?? []), taken: fits }
    })
  }),

  /** A group of this name that somebody made by hand is taken over: the provider pushes it, and two of one name cannot be. */
  create: write(
    'scim:createGroup',
    async (call: Call, { body, members }: WithBody & Wants): Promise<Outcome<ScimGroupRecord>> => {
      const { db, now } = call
      const iam = await iamOf(call)
      const { ids, columns } = written(iam, checkResource(groupType(iam.config), body))
      const before = await lockNamesake(db, iam.id, columns.nameKey)
      if (before?.scimid != null) throw taken()
      const scimid = randomUUID()
      if (before) await updateScimGroup(db, before.id, { ...columns, scimid }, now)
      const id = before?.id ?? (await insertScimGroup(db, { ...columns, scimid, iamid: iam.id }, now).catch(nameTaken))
      const added = await add(call, { id, iamid: iam.id }, ids)
      const group = await requireScimGroup(call, iam, scimid, { members })
      const after = { iamid: iam.id, name: group.name, scimid }
      const made: AuditDraft = { event: before ? 'groupUpdated' : 'groupCreated', target: targetOf(group), after }
      return { value: group, events: [made, ...memberEvents(group, added, [])] }
    },
  ),

  /** The members become exactly those named: the difference is made in the store. */
  replace: write('scim:updateGroup', async (call: Call, { id, body, members, ...asked }: ById & WithBody & Wants) => {
    const iam = await iamOf(call)
    const document = checkResource(groupType(iam.config), body)
    const before = await requireScimGroup(call, iam, id, { lock: true })
    checkVersion(asked, versionOf(groupFacts(before)))
    const { ids } = written(iam, document)
    // RFC 7644 3.5.1: what a PUT leaves out may stay. A list that is there is the whole list.
    const isListed = memberOf(body as Document, 'members') !== undefined
    return save(call, iam, before, { document, changes: isListed ? [{ kind: 'set', ids }] : [], members })
  }),

  patch: write('scim:updateGroup', async (call: Call, { id, body, members, ...asked }: ById & WithBody & Wants) => {
    const iam = await iamOf(call)
    const before = await requireScimGroup(call, iam, id, { lock: true })
    const type = withExtensionsOf(groupType(iam.config), before.document)
    const { changes, rest } = memberChanges(type, parsePatch(type, body))
    checkVersion(asked, versionOf(groupFacts(before)))
    return save(call, iam, before, { document: patched(type, groupDocument(before), rest), changes, members })
  }),

  remove: write('scim:deleteGroup', async (call: Call, { id, ...asked }: ById): Promise<Outcome<{ deleted: true }>> => {
    const { db } = call
    const iam = await iamOf(call)
    const group = await requireScimGroup(call, iam, id, { lock: true })
    checkVersion(asked, versionOf(groupFacts(group)))
    const carried = await permissionsOfName(db, iam.id, canonical(group.name))
    const members = await countMembers(db, group.id)
    await deleteGroupRow(db, group.id)
    if (carried.includes('USER_ADMIN')) await keepAnAdministrator(db)
    const before = { iamid: iam.id, name: group.name, members }
    return { value: { deleted: true }, events: [{ event: 'groupDeleted', target: targetOf(group), before }] }
  }),
} satisfies Service

const targetOf = (group: ScimGroupRecord): Target => ({ type: 'group', id: group.id, name: `${group.iamid}/${group.name}` })
const taken = () =>
  new Duplicate('displayName is already that of a group in this IAM (names are compared without case and normal form)')

function nameTaken(error: unknown): never {
  throw uniqueViolation(error) === null ? error : taken()
}

async function requireScimGroup(
  { db }: Call,
  iam: IamRecord,
  id: string,
  options: { lock?: boolean; members?: boolean },
): Promise<ScimGroupRecord> {
  const group = await findScimGroup(db, iam.id, checkScimId(id, 'Group'), options)
  if (!group) throw new NotFound('No Group with this id')
  return group
}

/** What a resource comes to in the rows of its group. Throws Invalid. */
function written(iam: IamRecord, given: Document) {
  const type = groupType(iam.config)
  const { members, ...document } = given
  const { displayName, ...scim } = checkDocument(type, document)
  const name = checkGroupName(displayName, 'displayName')
  return { ids: memberIds(type, members), columns: { name, nameKey: canonical(name), scim } }
}

interface Change {
  readonly document: Document
  readonly changes: readonly MemberChange[]
  readonly members: boolean
}

async function save(call: Call, iam: IamRecord, before: ScimGroupRecord, change: Change): Promise<Outcome<ScimGroupRecord>> {
  const { db, now } = call
  const { columns } = written(iam, { ...change.document, members: undefined })
  const { added, removed } = await changeMembers(call, before, change.changes)
  const facts = { name: columns.name, document: inOrder(columns.scim) }
  const fields = difference({ name: before.name, document: inOrder(before.document) }, facts)
  if (!fields.changed && added.length === 0 && removed.length === 0)
    return { value: await requireScimGroup(call, iam, before.scimid, { members: change.members }), events: [] }
  await updateScimGroup(db, before.id, fields.changed ? columns : {}, now).catch(nameTaken)
  // A rule goes by the name: another name, or a member less, may take USER_ADMIN from the last who has it.
  const loses = removed.length > 0 || canonical(before.name) !== columns.nameKey
  if (loses && (await permissionsOfName(db, iam.id, canonical(before.name))).includes('USER_ADMIN')) await keepAnAdministrator(db)
  const group = await requireScimGroup(call, iam, before.scimid, { members: change.members })
  const shown = { before: withoutSecrets(fields.before), after: withoutSecrets(fields.after) }
  const updated: AuditDraft = { event: 'groupUpdated', target: targetOf(before), ...shown }
  return { value: group, events: [...(fields.changed ? [updated] : []), ...memberEvents(group, added, removed)] }
}

/** Only what the operations come to is written, however many there are. */
async function changeMembers(call: Call, group: ScimGroupRecord, changes: readonly MemberChange[]) {
  const { emptied, joining, leaving } = folded(changes)
  if (emptied) {
    const { missing, ...changed } = await setScimMembers(call.db, group, joining, call.now)
    if (missing) throw notAUser()
    return changed
  }
  const removed = leaving.length === 0 ? [] : await removeScimMembers(call.db, group, leaving, call.now)
  return { removed, added: await add(call, group, joining) }
}

async function add(call: Call, group: { id: number; iamid: string }, ids: readonly string[]): Promise<Member[]> {
  if (ids.length === 0) return []
  const { found, added } = await addScimMembers(call.db, group, ids, call.now)
  if (found !== ids.length) throw notAUser()
  return added
}

/** So many people are named in one event; how many there were stands beside them. */
const NAMED = 1000

function memberEvents(group: ScimGroupRecord, added: readonly Member[], removed: readonly Member[]): AuditDraft[] {
  const facts = (members: readonly Member[]) => ({ members: members.slice(0, NAMED), count: members.length })
  const events: AuditDraft[] = []
  if (added.length > 0) events.push({ event: 'groupUserAdded', target: targetOf(group), after: facts(added) })
  if (removed.length > 0) events.push({ event: 'groupUserDeleted', target: targetOf(group), before: facts(removed) })
  return events
}
