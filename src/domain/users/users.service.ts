import { isSelf, type UserRef } from '../../authorization/actor.ts'
import { difference } from '../../authorization/audit-event.ts'
import type { Context, Loaders } from '../../authorization/context.ts'
import { changed, command, query, type Service, type ServiceContext, unchanged } from '../../authorization/service.ts'
import type { ProfileInput, UserFilter, UserSort } from '../../generated/inputs.ts'
import { lookUp } from '../../platform/database/lookups.ts'
import { mapPage, type Page, type PageArgs, readPage } from '../../platform/database/pagination.ts'
import { Conflict, Forbidden, Invalid, NotFound, Unauthenticated } from '../../platform/errors.ts'
import { deleteAddresses } from '../credentials/login-addresses.store.ts'
import { requireIam } from '../iams/iams.store.ts'
import { assertAdministratorRemains, assertMayChangeNames, assertMayManage } from './privilege-rules.ts'
import { profileColumns } from './profile.ts'
import { ownedByUsers, withoutOwner } from './service-accounts.store.ts'
import { targetOf, type UserCounts, type UserPage, type UserRecord, withVisibility } from './user.ts'
import { countFacets } from './users.facets.store.ts'
import { type Projection, primeLoaders, priming } from './users.projection.ts'
import { authorizeFilter, mayFindById, userConditions, userList } from './users.search.ts'
import { deleteUserRow, foundUser, nameTaken, requireUser, revokeAccess, updateUser, userLookup } from './users.store.ts'

interface WithProjection {
  wanted?: Projection
}
interface ListArgs extends PageArgs, WithProjection {
  filter?: UserFilter | null
  sort?: UserSort | null
  search?: string | null
}
interface ByRef {
  ref: UserRef
}

interface OfIamArgs {
  iamid: string
  page: PageArgs
  loaders: Loaders
}

interface ReadArgs extends ByRef, WithProjection {
  includeDisabled?: boolean | null
}

const owner = ({ ref }: ByRef): UserRef => ref

const list = query(
  'user:list',
  ({ db, actor, now }, { filter, sort, search, wanted, ...page }: ListArgs): Promise<Page<UserRecord>> =>
    readPage(db, userList(filter ?? {}, sort, { wanted, search, ids: mayFindById(actor), now }), page),
)

const facets = query('user:search', ({ db, actor, now }, { filter, search }: ListArgs): Promise<UserCounts> => {
  const conditions = userConditions(filter ?? {}, { search, ids: mayFindById(actor), now })
  return countFacets(db, conditions, now)
})

export const users = {
  viewer: query('viewer:read', async ({ db, actor }, { wanted }: WithProjection): Promise<UserRecord> => {
    if (actor.kind !== 'user') throw new Unauthenticated('There is no viewer: the caller is not a user')
    return withVisibility(await requireUser(db, { id: actor.user.id }, wanted), 'own')
  }),

  read: query('user:read', async ({ db }, { ref, includeDisabled, wanted }: ReadArgs) => {
    const user = await requireUser(db, ref, wanted)
    if (includeDisabled === false && user.disabled) throw new NotFound('The user is disabled')
    return withVisibility(user, 'aggregate')
  }),

  readProfile: query('user:readProfile', async ({ db, actor }, { ref }: ByRef) => {
    const user = await requireUser(db, ref)
    return withVisibility(user, isSelf(actor, { id: user.id }) ? 'own' : 'list')
  }),

  list,

  ofIam: query(
    'user:list',
    (_call, { iamid, page, loaders }: OfIamArgs): Promise<Page<UserRecord>> => loaders.usersOfIam.of(iamid, page),
  ),

  facets,

  updateProfile: command(
    'user:updateProfile',
    async (call, { ref, profile }: ByRef & { profile: ProfileInput }) => {
      const columns = profileColumns(profile)
      const user = await requireUser(call.db, ref)
      if (columns.email != null && user.kind === 'SERVICE')
        throw new Invalid('profile.email', 'must not be set: a service account has no e-mail address')
      const change = difference({ ...user }, { ...columns, nameKey: undefined, emailKey: undefined })
      const changedFields = Object.keys(change.after)
      await assertNotMapped(call, user, changedFields)
      await assertMayChangeNames(call, user.id, changedFields)
      if (changedFields.includes('email')) await assertMayManage(call, user.id)
      if (!change.changed) return unchanged(viewOf(call, user))
      const stamps = { updatedAt: call.now, profileUpdatedAt: call.now }
      const updated = await updateUser(call.db, user.id, { ...columns, ...stamps }).catch(nameTaken)
      const event = { event: 'userUpdated', target: targetOf(user), before: change.before, after: change.after } as const
      return { ...changed(viewOf(call, updated), event), ...priming(updated) }
    },
    { owner },
  ),

  setDisabled: command('user:disable', async (call, { ref, disabled }: ByRef & { disabled: boolean }) => {
    const { db } = call
    const [found] = await lookUp(db, userLookup(ref, 'FOR UPDATE'))
    const user = await foundUser(db, ref, found)
    if (disabled && isSelf(call.actor, { id: user.id }))
      throw new Conflict('You cannot disable yourself: ask another administrator')
    await assertMayManage(call, user.id)
    // A source's disabling becomes the administrator's, which no source ends.
    if (user.disabled === disabled && (!disabled || user.disabledBy === 'bim'))
      return unchanged(withVisibility(user, 'aggregate'))
    const [updated, revokedTokens] = await Promise.all([
      updateUser(db, user.id, { disabled, disabledBy: disabled ? 'bim' : null, updatedAt: call.now }),
      disabled ? revokeAccess(db, user.id) : 0,
      disabled && assertAdministratorRemains(db),
    ])
    return changed(withVisibility(updated, 'aggregate'), {
      event: disabled ? 'userDisabled' : 'userEnabled',
      target: targetOf(user),
      before: user.disabled === disabled ? { disabledBy: user.disabledBy } : { disabled: !disabled },
      after: user.disabled === disabled ? { disabledBy: 'bim' } : { disabled, ...(disabled ? { revokedTokens } : {}) },
    })
  }),

  delete: command('user:delete', async (call, { ref }: ByRef) => {
    const user = await requireUser(call.db, ref)
    if (isSelf(call.actor, { id: user.id })) throw new Conflict('You cannot delete yourself: ask another administrator')
    await assertMayManage(call, user.id)
    const owned = await ownedByUsers(call.db, { ids: [user.id] })
    await deleteUserRow(call.db, user.id)
    await deleteAddresses(call.db, [user])
    await assertAdministratorRemains(call.db)
    const { userid, iamid, name, email } = user
    const before = { userid, iamid, name, email, ...withoutOwner(owned.get(user.id)) }
    return changed({ deletedId: user.id }, { event: 'userDeleted', target: targetOf(user), before })
  }),
} satisfies Service

/** Hidden filter fields need `user:search`. Primes loaders. */
export async function listUsers(context: Context, args: ListArgs): Promise<UserPage> {
  await authorizeFilter(context, args.filter)
  const options = { wanted: args.wanted, shared: new Map() }
  const page: UserPage = await mapPage(await users.list(context, args), user => primeLoaders(context.loaders, user, options))
  let counted: Promise<UserCounts> | undefined
  return Object.assign(page, { facets: () => (counted ??= users.facets(context, args)) })
}

export const readUser = async (context: Context, args: ReadArgs): Promise<UserRecord> =>
  primeLoaders(context.loaders, await users.read(context, args), args)

export const readViewer = async (context: Context, args: WithProjection): Promise<UserRecord> =>
  primeLoaders(context.loaders, await users.viewer(context, args), args)

const viewOf = (call: ServiceContext, user: UserRecord): UserRecord =>
  withVisibility(user, isSelf(call.actor, { id: user.id }) ? 'own' : 'aggregate')

/** iam-rules: "A mapped profile field is not editable by the user". */
async function assertNotMapped(call: ServiceContext, user: UserRecord, changed: readonly string[]): Promise<void> {
  if (changed.length === 0 || user.iamid === 'bim' || call.actor.kind !== 'user' || call.actor.permissions.has('USER_ADMIN'))
    return
  const iam = await requireIam(call.db, user.iamid)
  const { profile = {} } = (iam.config.schema ?? {}) as { profile?: Record<string, unknown> }
  const mapped = changed.find(field => profile[field] != null)
  if (mapped) throw new Forbidden(`profile.${mapped} comes from the IAM ${user.iamid}: change it there`)
}
