/**
 * Users: who is who, and what becomes of an account. New accounts: newcomers.service.ts; permissions: permissions.service.ts.
 * The walk: a door → a rule of one of these three, which asks powers.ts about power over power → users.store. Lists are described in
 * users.search, what they bring along in users.projection; what hangs on other objects is read in batches by users.loaders.
 */
import { isSelf, type UserRef } from '../../authorization/actor.ts'
import { difference, type Target } from '../../authorization/audit-event.ts'
import type { Context } from '../../authorization/context.ts'
import { type Call, done, read, type Service, unchanged, write } from '../../authorization/service.ts'
import type { ProfileInput, UserFilter, UserSort } from '../../generated/inputs.ts'
import { uniqueViolation } from '../../platform/database/errors.ts'
import { mapPage, type Page, type PageArgs, readPage } from '../../platform/database/pagination.ts'
import { Conflict, Forbidden, NotFound, Unauthenticated } from '../../platform/errors.ts'
import { deleteAddresses } from '../credentials/login-addresses.store.ts'
import { requireIam } from '../iams/iams.store.ts'
import { assertMayChangeNames, keepAnAdministrator, refusePower } from './privilege-rules.ts'
import { profileColumns } from './profile.ts'
import { seenAs, type UserPage, type UserRecord } from './user.ts'
import { unpack, type Wanted } from './users.projection.ts'
import { authorizeFilter, userList } from './users.search.ts'
import { deleteUserRow, endAccess, lockUser, requireUser, updateUser } from './users.store.ts'

/** What the read brings; the caller unpacks it (users.along.ts). */
interface Wants {
  wanted?: Wanted
}
interface ListArgs extends PageArgs, Wants {
  filter?: UserFilter | null
  sort?: UserSort | null
}
interface ByRef {
  ref: UserRef
}

interface ReadArgs extends ByRef, Wants {
  includeDisabled?: boolean | null
}

const owner = ({ ref }: ByRef): UserRef => ref
export const targetOf = (user: UserRecord): Target => ({ type: 'user', id: user.id, name: `${user.iamid}/${user.userid}` })

const list = read(
  'user:list',
  ({ db }, { filter, sort, wanted, ...page }: ListArgs): Promise<Page<UserRecord>> =>
    readPage<UserRecord>(db, userList(filter ?? {}, sort, wanted), page),
)

export const users = {
  /** The user on whose behalf the request runs. */
  viewer: read('viewer:read', async ({ db, actor }, { wanted }: Wants): Promise<UserRecord> => {
    if (actor.kind !== 'user') throw new Unauthenticated('There is no viewer: this is not a user')
    return seenAs(await requireUser(db, { id: actor.user.id }, wanted), 'own')
  }),

  /** One user in full. */
  read: read('user:read', async ({ db }, { ref, includeDisabled, wanted }: ReadArgs) => {
    const user = await requireUser(db, ref, wanted)
    if (includeDisabled === false && user.disabled) throw new NotFound('The user is disabled')
    return seenAs(user, 'aggregate')
  }),

  /** One user's profile: in full if it is one's own. */
  readProfile: read('user:readProfile', async ({ db, actor }, { ref }: ByRef) => {
    const user = await requireUser(db, ref)
    return seenAs(user, isSelf(actor, { id: user.id }) ? 'own' : 'list')
  }),

  list,

  updateProfile: write(
    'user:updateProfile',
    async (call, { ref, profile }: ByRef & { profile: ProfileInput }) => {
      const columns = profileColumns(profile)
      const user = await requireUser(call.db, ref)
      const change = difference({ ...user }, { ...columns, nameKey: undefined, emailKey: undefined })
      const changed = Object.keys(change.after)
      await refuseMapped(call, user, changed)
      await assertMayChangeNames(call, user.id, changed)
      if (changed.includes('email')) await refusePower(call, user.id)
      if (!change.changed) return unchanged(viewOf(call, user))
      const stamps = { updatedAt: call.now, profileUpdatedAt: call.now }
      const updated = await updateUser(call.db, user.id, { ...columns, ...stamps }).catch(nameTaken)
      return done(viewOf(call, updated), {
        event: 'userUpdated',
        target: targetOf(user),
        before: change.before,
        after: change.after,
      })
    },
    { owner },
  ),

  setDisabled: write('user:disable', async (call, { ref, disabled }: ByRef & { disabled: boolean }) => {
    const { db } = call
    const user = await requireUser(db, ref)
    if (disabled && isSelf(call.actor, { id: user.id }))
      throw new Conflict('You cannot disable yourself: ask another administrator')
    await refusePower(call, user.id)
    await lockUser(db, user.id)
    // Whom a source disabled already: from here on it is the administrator who keeps them out, and the source lets them in no more.
    if (user.disabled === disabled && (!disabled || user.disabledBy === 'bim')) return unchanged(seenAs(user, 'aggregate'))
    const updated = await updateUser(db, user.id, { disabled, disabledBy: disabled ? 'bim' : null, updatedAt: call.now })
    const revokedTokens = disabled ? await endAccess(db, user.id) : 0
    if (disabled) await keepAnAdministrator(db)
    return done(seenAs(updated, 'aggregate'), {
      event: disabled ? 'userDisabled' : 'userEnabled',
      target: targetOf(user),
      before: user.disabled === disabled ? { disabledBy: user.disabledBy } : { disabled: !disabled },
      after: user.disabled === disabled ? { disabledBy: 'bim' } : { disabled, ...(disabled ? { revokedTokens } : {}) },
    })
  }),

  delete: write('user:delete', async (call, { ref }: ByRef) => {
    const user = await requireUser(call.db, ref)
    if (isSelf(call.actor, { id: user.id })) throw new Conflict('You cannot delete yourself: ask another administrator')
    await refusePower(call, user.id)
    await deleteUserRow(call.db, user.id)
    await deleteAddresses(call.db, [user])
    await keepAnAdministrator(call.db)
    const before = { userid: user.userid, iamid: user.iamid, name: user.name, email: user.email }
    return done({ deleted: true }, { event: 'userDeleted', target: targetOf(user), before })
  }),
} satisfies Service

/** A page of users; a filter that reads hidden fields needs `user:search`. What comes along goes to the loaders. */
export async function listUsers(context: Context, args: ListArgs): Promise<UserPage> {
  await authorizeFilter(context, args.filter)
  return mapPage(await users.list(context, args), user => unpack(context.loaders, user, args.wanted))
}

/** One user in full; what comes along goes to the loaders. */
export const readUser = async (context: Context, args: ReadArgs): Promise<UserRecord> =>
  unpack(context.loaders, await users.read(context, args), args.wanted)

/** The user on whose behalf the request runs; what comes along goes to the loaders. */
export const readViewer = async (context: Context, args: Wants): Promise<UserRecord> =>
  unpack(context.loaders, await users.viewer(context, args), args.wanted)

/** Whoever may change a profile sees it: its owner as their own, an administrator in full. */
const viewOf = (call: Call, user: UserRecord): UserRecord =>
  seenAs(user, isSelf(call.actor, { id: user.id }) ? 'own' : 'aggregate')

/** A field that the user's IAM fills is not the user's to change (iam-rules: "A mapped profile field is not editable by the user"). */
async function refuseMapped(call: Call, user: UserRecord, changed: readonly string[]): Promise<void> {
  if (changed.length === 0 || user.iamid === 'bim' || call.actor.kind !== 'user' || call.actor.permissions.has('USER_ADMIN'))
    return
  const iam = await requireIam(call.db, user.iamid)
  const { profile = {} } = (iam.config.schema ?? {}) as { profile?: Record<string, unknown> }
  const mapped = changed.find(field => profile[field] != null)
  if (mapped) throw new Forbidden(`profile.${mapped} comes from the IAM ${user.iamid}: change it there`)
}

/** Names what a unique violation on `users` means. */
export function nameTaken(error: unknown): never {
  const constraint = uniqueViolation(error)
  if (constraint?.includes('email')) throw new Conflict('profile.email is already that of another bim user')
  if (constraint?.includes('userid'))
    throw new Conflict('userid is already taken in this IAM (names are compared without case and normal form)')
  throw error
}
