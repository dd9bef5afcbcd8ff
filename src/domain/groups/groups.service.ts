import { difference } from '../../authorization/audit-event.ts'
import type { Context, Loaders } from '../../authorization/context.ts'
import { changed, command, query, type Service, type ServiceContext, unchanged } from '../../authorization/service.ts'
import type { CreateGroupInput, Direction, GroupFilter, GroupRef, GroupSort, UpdateGroupInput } from '../../generated/inputs.ts'
import { type Along, readPageAlong } from '../../platform/database/edges.ts'
import { uniqueViolation } from '../../platform/database/errors.ts'
import { mapPage, type PageArgs, readPage } from '../../platform/database/pagination.ts'
import { assertUnchanged, Conflict } from '../../platform/errors.ts'
import { canonical, checkEmail, checkGroupName, checkText } from '../../platform/validation.ts'
import { findIam, requireIam } from '../iams/iams.store.ts'
import { assertAdministratorRemains, assertMayGrant } from '../users/privilege-rules.ts'
import { targetOf } from './group.members.ts'
import type { GroupNamePage, GroupPage, GroupRecord } from './group.ts'
import { deletion } from './groups.deletion.ts'
import { GROUP_EDGES } from './groups.edges.ts'
import { authorizeFilter, groupList, nameList } from './groups.search.ts'
import { type GroupColumns, insertGroup, permissionsOfName, readGroup, requireGroup, updateGroup } from './groups.store.ts'

interface ListArgs extends PageArgs {
  filter?: GroupFilter | null
  sort?: GroupSort | null
  search?: string | null
  along?: Along<Loaders>
}
interface NamesArgs extends PageArgs {
  filter?: GroupFilter | null
  direction?: Direction | null
}
interface ByRef {
  ref: GroupRef
  along?: Along<Loaders>
}

export const groups = {
  read: query('group:read', ({ db }, { ref, along }: ByRef) => readGroup(db, ref, along)),

  list: query(
    'group:list',
    ({ db }, { filter, sort, search, along, ...page }: ListArgs): Promise<GroupPage> =>
      readPageAlong(db, groupList(filter ?? {}, sort, search), { ...page, edges: GROUP_EDGES, along }),
  ),

  names: query('group:list', async ({ db }, { filter, direction, ...page }: NamesArgs): Promise<GroupNamePage> => {
    const found = await readPage(db, nameList(filter ?? {}, direction), page)
    return mapPage(found, ({ name }) => name)
  }),

  create: command('group:create', async ({ db, now }, input: CreateGroupInput) => {
    const { iamid } = input
    const { name, email = null, description = null } = columnsOf(input)
    const iam = await requireIam(db, iamid ?? 'bim')
    const columns = { iamid: iam.id, name: name!, nameKey: canonical(name!), email, description }
    const group = await insertGroup(db, { ...columns, createdAt: now, updatedAt: now }).catch(nameTaken)
    const after = { iamid: group.iamid, name: group.name, email, description }
    const primes = ({ attributesOfGroup }: Loaders) => void attributesOfGroup.prime(group.id, [])
    return { ...changed(group, { event: 'groupCreated', target: targetOf(group), after }), primes }
  }),

  update: command('group:update', async (call, { ref, ifUpdatedAt, ...input }: UpdateGroupInput) => {
    const columns = columnsOf(input)
    const group = await requireGroup(call.db, ref, 'FOR NO KEY UPDATE')
    assertUnchanged(`The group ${group.name}`, group, ifUpdatedAt)
    const change = difference({ ...group }, { ...columns, nameKey: undefined })
    if (!change.changed) return unchanged(group)
    const taken = columns.nameKey === undefined ? [] : await takenByRename(call, group, columns.nameKey)
    const updated = await updateGroup(call.db, group.id, { ...columns, updatedAt: call.now }).catch(nameTaken)
    if (taken.includes('USER_ADMIN')) await assertAdministratorRemains(call.db)
    return changed(updated, { event: 'groupUpdated', target: targetOf(group), before: change.before, after: change.after })
  }),

  delete: command('group:delete', async (call, { ref }: ByRef) => {
    const group = await requireGroup(call.db, ref, 'FOR UPDATE')
    const before = { iamid: group.iamid, name: group.name, email: group.email, description: group.description }
    const check = async (each: ServiceContext, permissions: readonly string[]) => {
      assertMayGrant(each, permissions)
      if (group.iamid !== 'bim' && (await findIam(each.db, group.iamid)))
        throw new Conflict(`The group comes from the IAM ${group.iamid}: delete it there, or remove the IAM first`)
    }
    return deletion(call, group, { how: { before, check } })
  }),
} satisfies Service

/** Filtering by user needs `user:readGroups`. */
export async function listGroups(context: Context, args: ListArgs): Promise<GroupPage> {
  await authorizeFilter(context, args.filter)
  return groups.list(context, args)
}

export async function listGroupNames(context: Context, args: NamesArgs): Promise<GroupNamePage> {
  await authorizeFilter(context, args.filter)
  return groups.names(context, args)
}

/** Permissions of all members depend on the name. Throws Forbidden. */
async function takenByRename(call: ServiceContext, { iamid, name }: GroupRecord, nameKey: string): Promise<string[]> {
  const [carried, carries] = await Promise.all([
    permissionsOfName(call.db, iamid, canonical(name)),
    permissionsOfName(call.db, iamid, nameKey),
  ])
  const taken = carried.filter(permission => !carries.includes(permission))
  assertMayGrant(call, [...taken, ...carries.filter(permission => !carried.includes(permission))])
  return taken
}

function columnsOf(input: { name?: string | null; email?: string | null; description?: string | null }): Partial<GroupColumns> {
  const columns: Partial<GroupColumns> = {}
  if (input.name !== undefined) {
    columns.name = checkGroupName(input.name)
    columns.nameKey = canonical(columns.name)
  }
  if (input.email !== undefined) columns.email = input.email ? checkEmail('email', input.email) : null
  if (input.description !== undefined)
    columns.description = input.description ? checkText('description', input.description) : null
  return columns
}

function nameTaken(error: unknown): never {
  if (uniqueViolation(error) !== null)
    throw new Conflict('name is already taken by a group of this IAM (case and Unicode normal form do not matter)')
  throw error
}
