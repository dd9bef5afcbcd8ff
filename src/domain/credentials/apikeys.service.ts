/** Created for oneself or a service account, shown once, never wider than the credential. */
import type { UserActor, UserRef } from '../../authorization/actor.ts'
import type { Loaders } from '../../authorization/context.ts'
import { type Action, inScope, scopes as knownScopes, policy } from '../../authorization/policy.ts'
import { generateSecret } from '../../authorization/secret.ts'
import { changed, command, query, type Service, type ServiceContext } from '../../authorization/service.ts'
import type { ApiKeyFilter, ApiKeySort } from '../../generated/inputs.ts'
import { type Along, listOfExisting, readPageAlong } from '../../platform/database/edges.ts'
import { type PageArgs, rowsWithIds } from '../../platform/database/pagination.ts'
import { Conflict, Forbidden, Invalid, NotFound, Unauthenticated, Unprocessable } from '../../platform/errors.ts'
import { checkKeyName, checkList } from '../../platform/validation.ts'
import { isProjectMember } from '../projects/projects.store.ts'
import { assertMayManage } from '../users/privilege-rules.ts'
import { administers, assertMayHold, isUserAdmin, lockAccount } from '../users/service-account-rules.ts'
import type { UserRecord } from '../users/user.ts'
import { lockUser, requireUser } from '../users/users.store.ts'
import type { ApiKeyRecord } from './credential.ts'
import { KEY_EDGES } from './credentials.edges.ts'
import { keyList } from './credentials.search.ts'
import { apiKeysOfUsers, countLiveKeys, deleteApiKeyChain, findApiKey, followApiKey, insertApiKey } from './credentials.store.ts'
import { isOwnOrAdministered } from './tokens.service.ts'

const MAX_GRACE = 2_592_000

interface ListArgs extends PageArgs {
  ref?: UserRef | null
  filter?: ApiKeyFilter | null
  sort?: ApiKeySort | null
  along?: Along<Loaders>
}
interface CreateKey {
  serviceAccount?: UserRef | null
  name?: string | null
  projectId?: number | null
  scopes?: readonly string[] | null
  expiresAt?: Date | null
}
export interface CreatedKey {
  secret: string
  apiKey: ApiKeyRecord
}

export const apiKeys = {
  list: query(
    'apikey:list',
    ({ db, now }, { ref, filter, sort, along, ...page }: ListArgs) => {
      const read = (owner: number | null) =>
        readPageAlong(db, keyList(owner, { filter: filter ?? {}, sort, now }), { ...page, edges: KEY_EDGES, along })
      return ref == null ? read(null) : listOfExisting(ref, read, () => requireUser(db, ref))
    },
    { owner: ({ ref }) => ref ?? undefined },
  ),

  /** Own keys, or as USER_ADMIN those of all. */
  withIds: query(
    'apikey:read',
    async (call, { ids }: { ids: readonly number[] }): Promise<ApiKeyRecord[]> =>
      (await rowsWithIds(call.db, apiKeysOfUsers, ids)).filter(key => isOwnOrAdministered(call, key)),
  ),

  create: command('apikey:create', async (call, input: CreateKey) => {
    const { actor } = call
    if (actor.kind !== 'user') throw new Unauthenticated('Only a user can have an API key')
    const name = input.name == null ? null : checkKeyName(input.name)
    const scopes = narrowed(actor.credential.scopes, input.scopes ?? [])
    const most = call.app.config.caps.keysPerUser
    const account = input.serviceAccount == null ? null : await lockAccount(call, input.serviceAccount, 'serviceAccount')
    if (account === null) await lockUser(call.db, actor.user.id)
    else await assertMayHold(call, account)
    const userId = account?.id ?? actor.user.id
    if ((await countLiveKeys(call.db, userId, call.now)) >= most) throw tooManyKeys(most)
    const parent = actor.credential.apiKeyId === null ? null : await findApiKey(call.db, actor.credential.apiKeyId)
    if (parent === null && actor.credential.apiKeyId !== null) throw new Unauthenticated('The API key was just revoked')
    const expiresAt = earliest(checkExpiry(call, input.expiresAt ?? null), parent?.expiresAt ?? null)
    const projectId = input.projectId ?? null
    if (projectId !== null && !(await isProjectMember(call.db, projectId, userId)))
      throw new Forbidden(
        `projectId must be that of a project ${account === null ? 'you are' : 'the service account is'} a member of`,
      )
    // A service account's key does not end with that of its maker.
    const parentKeyId = parent?.userId === userId ? parent.id : null
    const created = await createKey(call, { userId, name, projectId, scopes, expiresAt, parentKeyId })
    return changed(created, {
      event: 'apiKeyCreated',
      target: targetOf(created.apiKey),
      after: { name, projectId, scopes, expiresAt, ...of(account) },
    })
  }),

  /** The old secret keeps working for a grace period. */
  rotate: command('apikey:rotate', async (call, { id, graceSeconds }: { id: number; graceSeconds?: number | null }) => {
    const grace = graceSeconds ?? call.app.config.keyGraceSeconds
    if (grace < 0 || grace > MAX_GRACE) throw new Invalid('graceSeconds', `must be an integer from 0 to ${MAX_GRACE}`)
    const { key: old, account } = await administeredKey(call, id)
    if (account !== null) await assertMayHold(call, account)
    const { credential } = call.actor as UserActor
    // Each key's predecessor may still work.
    const most = 2 * call.app.config.caps.keysPerUser
    if ((await countLiveKeys(call.db, old.userId, call.now)) >= most) throw tooManyKeys(most)
    assertNotWider(credential.scopes, old.scopes)
    if (old.rotatedToId !== null) throw new Conflict(`The key was already rotated: rotate its successor, key ${old.rotatedToId}`)
    if (old.expiresAt !== null && old.expiresAt <= call.now) throw new Conflict('The key has expired: create a new one')
    const { userId, name, projectId, scopes, parentKeyId } = old
    // An expiring key must not outlive itself through its successor.
    const used = credential.apiKeyId === null ? null : await findApiKey(call.db, credential.apiKeyId)
    const expiresAt = earliest(old.expiresAt, used?.expiresAt ?? null)
    const created = await createKey(call, { userId, name, projectId, scopes: [...scopes], expiresAt, parentKeyId })
    const dies = earliest(new Date(call.now.getTime() + grace * 1000), old.expiresAt)!
    await followApiKey(call.db, id, { rotatedToId: created.apiKey.id, expiresAt: dies })
    return changed(created, {
      event: 'apiKeyRotated',
      target: targetOf(old),
      after: { rotatedTo: created.apiKey.id, expiresAt: dies, ...of(account) },
    })
  }),

  delete: command('apikey:delete', async (call, { id }: { id: number }) => {
    const { key, account } = await administeredKey(call, id)
    if (account !== null && isUserAdmin(call)) await assertMayManage(call, account.id)
    return remove(call, key)
  }),

  revoke: command('apikey:revoke', async (call, { id }: { id: number }) => {
    const key = await lockKey(call.db, id)
    if (key === null) throw new NotFound(`No API key with id ${id}`)
    await assertMayManage(call, key.userId)
    return remove(call, key)
  }),
} satisfies Service

const targetOf = (key: ApiKeyRecord) => ({ type: 'apikey', id: key.id, name: key.name }) as const

async function remove(call: ServiceContext, key: ApiKeyRecord) {
  const { revokedTokens, keys } = await deleteApiKeyChain(call.db, key.id)
  const others = keys.filter(({ id }) => id !== key.id)
  const events = others.map(({ id, name }) => ({
    event: 'apiKeyRevoked' as const,
    target: { type: 'apikey' as const, id, name },
    reason: `created with key ${key.id}, or replaced by it`,
  }))
  const counts = { revokedTokens, revokedKeys: others.length }
  return changed({ deletedId: key.id, ...counts }, { event: 'apiKeyRevoked', target: targetOf(key), after: counts }, ...events)
}

async function lockKey(db: ServiceContext['db'], id: number): Promise<ApiKeyRecord | null> {
  const key = await findApiKey(db, id)
  if (key === null) return null
  await lockUser(db, key.userId)
  return findApiKey(db, id, 'FOR UPDATE')
}

/** One's own, or with the service account that has it. Locked: concurrent rotations run one after the other. */
async function administeredKey(call: ServiceContext, id: number): Promise<{ key: ApiKeyRecord; account: UserRecord | null }> {
  const { db, actor } = call
  const key = await lockKey(db, id)
  if (key !== null && actor.kind === 'user') {
    if (key.userId === actor.user.id) return { key, account: null }
    const account = await requireUser(db, { id: key.userId })
    if (await administers(call, account)) return { key, account }
  }
  throw new NotFound(`You have no API key with id ${id}`)
}

const of = (account: UserRecord | null) => (account === null ? {} : { serviceAccount: `${account.iamid}/${account.userid}` })

const tooManyKeys = (most: number) =>
  new Unprocessable(
    `The user has ${most} API keys, the most that API_KEYS_PER_USER allows: delete one, or ask the operator to raise it`,
  )

async function createKey(
  call: ServiceContext,
  key: {
    userId: number
    name: string | null
    projectId: number | null
    scopes: string[]
    expiresAt: Date | null
    parentKeyId: number | null
  },
): Promise<CreatedKey> {
  const { secret, hash, prefix } = generateSecret('rk')
  return { secret, apiKey: await insertApiKey(call.db, { ...key, hash, prefix, createdAt: call.now }) }
}

/** Defaults to the credential's scopes. Throws Forbidden when wider. */
function narrowed(held: readonly string[], asked: readonly string[]): string[] {
  const wanted = [...new Set(checkList('scopes', asked))]
  const unknown = wanted.find(scope => !knownScopes.has(scope))
  if (unknown !== undefined) throw new Invalid('scopes', 'must be read, an action such as user:list, or a noun such as group:*')
  if (wanted.length === 0) return [...held]
  assertNotWider(held, wanted)
  return wanted
}

function assertNotWider(held: readonly string[], asked: readonly string[]): void {
  const wider = (Object.keys(policy) as Action[]).find(action => inScope(asked, action) && !inScope(held, action))
  if (wider) throw new Forbidden(`scopes would allow ${wider}, which this credential does not`)
}

function checkExpiry(call: ServiceContext, expiresAt: Date | null): Date | null {
  if (expiresAt !== null && expiresAt <= call.now) throw new Invalid('expiresAt', 'must be in the future')
  return expiresAt
}

const earliest = (a: Date | null, b: Date | null): Date | null => (a === null ? b : b === null || a < b ? a : b)
