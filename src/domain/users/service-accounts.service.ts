import { nameOf } from '../../authorization/actor.ts'
import { difference } from '../../authorization/audit-event.ts'
import type { Context } from '../../authorization/context.ts'
import { changed, command, query, type Service, type ServiceContext, type WriteResult } from '../../authorization/service.ts'
import type {
  CreateServiceAccountInput,
  ServiceAccountFilter,
  UpdateServiceAccountInput,
  UserOrGroupRef,
  UserSort,
} from '../../generated/inputs.ts'
import { mapPage, type PageArgs, readPage } from '../../platform/database/pagination.ts'
import { assertUnchanged, Invalid } from '../../platform/errors.ts'
import { canonical, checkText, checkUserid } from '../../platform/validation.ts'
import { requireGroup } from '../groups/groups.store.ts'
import { checkPermissions } from './permissions.service.ts'
import { addLocalPermissions, localPermissions, replaceLocalPermissions } from './permissions.store.ts'
import { nameColumns } from './profile.ts'
import { assertMayGive, isUserAdmin, lockAccount, takeOwner } from './service-account-rules.ts'
import { accountList, type OwnerColumns } from './service-accounts.store.ts'
import { targetOf, type UserPage, type UserRecord, withVisibility } from './user.ts'
import { type Projection, primeLoaders } from './users.projection.ts'
import { insertUser, nameTaken, requireUser, updateUser } from './users.store.ts'

interface ListArgs extends PageArgs {
  filter?: ServiceAccountFilter | null
  sort?: UserSort | null
  wanted?: Projection
}

export const serviceAccounts = {
  list: query('serviceAccount:list', async (call, { filter, sort, wanted, ...page }: ListArgs) => {
    const { actor, db } = call
    const of = isUserAdmin(call) || actor.kind !== 'user' ? null : actor.user.id
    const owner = filter?.owner == null ? null : await ownerOf(call, filter.owner)
    return readPage(db, accountList({ filter: filter ?? {}, sort, wanted, owner, of }), page)
  }),

  create: command('serviceAccount:create', async (call, input: CreateServiceAccountInput) => {
    const userid = checkUserid(input.userid, { newBim: true })
    const permissions = checkPermissions(input.permissions ?? [])
    const profile = { ...nameColumns(input.name, 'name'), about: descriptionOf(input.description) }
    assertMayGive(call, permissions)
    const owner = await takeOwner(call, input.owner)
    const names = { iamid: 'bim', userid, useridKey: canonical(userid), kind: 'SERVICE' as const }
    const account = await insertUser(call.db, { ...names, ...profile, ...owner.columns }, call.now).catch(nameTaken)
    await addLocalPermissions(call.db, [account.id], { permissions, by: nameOf(call.actor) })
    const { name, about: description, kind } = account
    const after = { iamid: 'bim', userid, kind, name, description, owner: owner.name, permissions }
    return changed(withVisibility(account, 'owned'), { event: 'userCreated', target: targetOf(account), after })
  }),

  update: command(
    'serviceAccount:update',
    async (
      call,
      { ref, ifUpdatedAt, owner, permissions, ...input }: UpdateServiceAccountInput,
    ): Promise<WriteResult<UserRecord>> => {
      // The owner's row first, as its deletion locks both.
      const owned = owner == null ? {} : await newOwner(call, await requireUser(call.db, ref), owner)
      const account = await lockAccount(call, ref, 'ref')
      assertUnchanged(`The service account ${account.userid}`, account, ifUpdatedAt)
      const columns = {
        ...(input.name != null && nameColumns(input.name, 'name')),
        ...(input.description !== undefined && { about: descriptionOf(input.description) }),
        ...owned,
      }
      const { nameKey: _, ...shown } = { nameKey: '', ...columns }
      const change = difference({ ...account }, shown)
      const target = targetOf(account)
      const granted = permissions == null ? [] : await setPermissions(call, account.id, permissions)
      const events = [
        ...(change.changed ? [{ event: 'userUpdated' as const, target, before: change.before, after: change.after }] : []),
        ...granted.map(each => ({ event: 'permissionsUpdated' as const, target, ...each })),
      ]
      if (events.length === 0) return { value: withVisibility(account, 'owned'), events }
      const stamps = { updatedAt: call.now, profileUpdatedAt: call.now }
      return { value: withVisibility(await updateUser(call.db, account.id, { ...columns, ...stamps }), 'owned'), events }
    },
  ),
} satisfies Service

export async function listServiceAccounts(context: Context, args: ListArgs): Promise<UserPage> {
  const options = { wanted: args.wanted, shared: new Map() }
  return mapPage(await serviceAccounts.list(context, args), account =>
    withVisibility(primeLoaders(context.loaders, account, options), 'owned'),
  )
}

const descriptionOf = (text: string | null | undefined): string | null =>
  text == null || text === '' ? null : checkText('description', text)

async function ownerOf({ db }: ServiceContext, { user, group }: UserOrGroupRef): Promise<OwnerColumns> {
  if ((user == null) === (group == null)) throw new Invalid('filter.owner', 'must name exactly one of a user and a group')
  if (user == null) return { ownerUserId: null, ownerGroupId: (await requireGroup(db, group!)).id }
  return { ownerUserId: (await requireUser(db, user)).id, ownerGroupId: null }
}

/** The present owner stays, whatever it owns already. */
async function newOwner(call: ServiceContext, account: UserRecord, ref: UserOrGroupRef): Promise<OwnerColumns> {
  const { ownerUserId, ownerGroupId } = account
  const asked = await ownerOf(call, ref)
  if (asked.ownerUserId === ownerUserId && asked.ownerGroupId === ownerGroupId) return asked
  return (await takeOwner(call, ref)).columns
}

async function setPermissions(call: ServiceContext, id: number, permissions: readonly string[]) {
  const [wanted, held] = [checkPermissions(permissions), await localPermissions(call.db, id)]
  const differing = [...wanted.filter(each => !held.includes(each)), ...held.filter(each => !wanted.includes(each))]
  if (differing.length === 0) return []
  assertMayGive(call, differing)
  await replaceLocalPermissions(call.db, id, { permissions: wanted, by: nameOf(call.actor) })
  return [{ before: { permissions: held }, after: { permissions: wanted } }]
}
