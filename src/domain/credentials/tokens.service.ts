import { isSelf, type UserRef } from '../../authorization/actor.ts'
import type { Loaders } from '../../authorization/context.ts'
import { parse } from '../../authorization/secret.ts'
import { changed, command, query, type Service, type ServiceContext, unchanged } from '../../authorization/service.ts'
import type { TokenFilter, TokenSort } from '../../generated/inputs.ts'
import { type Along, listOfExisting, readPageAlong } from '../../platform/database/edges.ts'
import { type PageArgs, rowsWithIds } from '../../platform/database/pagination.ts'
import { NotFound } from '../../platform/errors.ts'
import { checkList } from '../../platform/validation.ts'
import { assertMayManageAll } from '../users/privilege-rules.ts'
import { targetOf } from '../users/user.ts'
import { requireUser } from '../users/users.store.ts'
import type { TokenRecord } from './credential.ts'
import { TOKEN_EDGES } from './credentials.edges.ts'
import { tokenList } from './credentials.search.ts'
import { deleteTokens, deleteTokensOf, findToken, tokensOfUsers } from './credentials.store.ts'

const isAdministrator = ({ actor }: ServiceContext): boolean => actor.kind === 'user' && actor.permissions.has('USER_ADMIN')

export const isOwnOrAdministered = (call: ServiceContext, { userId }: { readonly userId: number }): boolean =>
  isSelf(call.actor, { id: userId }) || isAdministrator(call)

interface ListArgs extends PageArgs {
  ref: UserRef
  filter?: TokenFilter | null
  sort?: TokenSort | null
  along?: Along<Loaders>
}

export const tokens = {
  list: query(
    'token:list',
    ({ db, now }, { ref, filter, sort, along, ...page }: ListArgs) => {
      const read = (owner: number) =>
        readPageAlong(db, tokenList(owner, { filter: filter ?? {}, sort, now }), { ...page, edges: TOKEN_EDGES, along })
      return listOfExisting(ref, read, () => requireUser(db, ref))
    },
    { owner: ({ ref }) => ref },
  ),

  /** NotFound for all but its owner and USER_ADMIN. */
  read: query('token:read', async (call, { token }: { token: string }): Promise<TokenRecord> => {
    const parsed = parse(token)
    const found = parsed?.kind === 'rt' ? await findToken(call.db, parsed.hash, call.now) : null
    if (found === null || !isOwnOrAdministered(call, found)) throw new NotFound('No such token')
    return found
  }),

  /** Live ones: own tokens, or as USER_ADMIN those of all. */
  withIds: query(
    'token:read',
    async (call, { ids }: { ids: readonly number[] }): Promise<TokenRecord[]> =>
      (await rowsWithIds(call.db, tokensOfUsers(call.now), ids)).filter(
        token => token.expiration > call.now && isOwnOrAdministered(call, token),
      ),
  ),

  /** Own tokens, or as USER_ADMIN those of manageable users. */
  revoke: command('token:revoke', async (call, { ids }: { ids: readonly number[] }) => {
    checkList('ids', ids)
    const own = call.actor.kind === 'user' && !isAdministrator(call) ? call.actor.user.id : null
    const gone = await deleteTokens(call.db, ids, own)
    if (gone.length === 0) return unchanged({ revokedTokens: 0 })
    const users = [...new Set(gone.map(token => token.userId))]
    await assertMayManageAll(call, users)
    const after = { tokens: gone.map(token => token.id), users }
    return changed({ revokedTokens: gone.length }, { event: 'tokenRevoked', target: { type: 'token', id: gone[0]!.id }, after })
  }),

  revokeAll: command(
    'token:revokeAll',
    async (call, { ref }: { ref: UserRef }) => {
      const user = await requireUser(call.db, ref)
      await assertMayManageAll(call, [user.id])
      const revokedTokens = await deleteTokensOf(call.db, user.id)
      return changed({ revokedTokens }, { event: 'tokenRevoked', target: targetOf(user), after: { revokedTokens } })
    },
    { owner: ({ ref }) => ref },
  ),
} satisfies Service
