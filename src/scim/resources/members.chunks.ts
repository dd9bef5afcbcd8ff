/**
 * Long changes of a group's members on the embedded store, whose one connection all requests share: what changes is read first, statement by
 * statement, then written in transactions of PIECE members each. A server writes the same change in one transaction.
 */

import type { ServiceContext } from '../../authorization/service.ts'
import type { GroupRef } from '../../domain/groups/group.members.ts'
import { PIECE } from '../../domain/groups/group.members.ts'
import { permissionsOfName } from '../../domain/groups/groups.store.ts'
import { countMembers } from '../../domain/groups/memberships.store.ts'
import { insideTransaction } from '../../platform/database/pool.ts'
import { canonical } from '../../platform/validation.ts'
import { folded, type MemberChange, notAUser } from './group.ts'
import { allMembers, usersOf } from './members.store.ts'

export interface Piece {
  /** Users by SCIM id. */
  readonly joining: readonly string[]
  /** Users by their own id. */
  readonly leaving: readonly number[]
}

/** What a body asks for. `group` is null where there is none yet. */
export interface Wanted {
  readonly group: (GroupRef & { readonly name: string }) | null
  readonly changes: readonly MemberChange[]
}

export interface Prepared<T> {
  /** What was read of the body; null on a server, where the transaction reads it. */
  readonly read: T | null
  /** Null for a change that one transaction makes. */
  readonly pieces: readonly Piece[] | null
  /** Lets the next write of the group begin. */
  readonly leave: () => void
}

/** What a server is given. */
export const WHOLE: Prepared<never> = { read: null, pieces: null, leave: () => {} }

/** Waits until no other write of `key` is at work, then divides what `read` returns. Throws what `read` throws, ScimError and TooManyRequests. */
export async function prepareMembers<T extends Wanted>(
  call: ServiceContext,
  { iamid, key, read }: { iamid: string; key: string; read: () => Promise<T> },
): Promise<Prepared<T>> {
  // A dry run has the connection that the write before it may need.
  const leave = insideTransaction() ? WHOLE.leave : await call.app.groupWrites.acquire({ actor: `${iamid}/${key}` })
  try {
    const wanted = await read()
    return { read: wanted, pieces: await piecesOf(call, iamid, wanted), leave }
  } catch (error) {
    leave()
    throw error
  }
}

async function piecesOf({ db }: ServiceContext, iamid: string, { group, changes }: Wanted): Promise<Piece[] | null> {
  const { emptied, joining, leaving } = folded(changes)
  const replaced = emptied && group ? await countMembers(db, group.id) : 0
  if (joining.length + leaving.length <= PIECE && replaced <= PIECE) return null
  // Whether an administrator is left is known of the whole change only.
  if (group && (await permissionsOfName(db, iamid, canonical(group.name))).includes('USER_ADMIN')) return null
  const wanted = await usersOf(db, iamid, joining)
  if (wanted.length !== joining.length) throw notAUser()
  const present = group ? await allMembers(db, group) : []
  const [before, after, named] = [new Set(present.map(({ at }) => at)), new Set(wanted.map(({ id }) => id)), new Set(leaving)]
  const gone = present.filter(({ at, value }) => (emptied ? !after.has(at) : value !== null && named.has(value)))
  const come = wanted.filter(({ id }) => !before.has(id))
  return divided(
    gone.map(({ at }) => at),
    come.map(({ scimId }) => scimId),
  )
}

/** Removals first: what is left unfinished grants too little, not too much. */
function divided(leaving: readonly number[], joining: readonly string[]): Piece[] {
  const length = leaving.length + joining.length
  return Array.from({ length: Math.ceil(length / PIECE) }, (_, n) => {
    const [from, to] = [n * PIECE, (n + 1) * PIECE]
    return {
      leaving: leaving.slice(from, to),
      joining: joining.slice(Math.max(from - leaving.length, 0), Math.max(to - leaving.length, 0)),
    }
  })
}
