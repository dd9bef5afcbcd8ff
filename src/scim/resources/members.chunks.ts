/**
 * Embedded database only: long member changes are read first, then written in transactions of PIECE members, so
 * that others can run.
 */

import type { ServiceContext } from '../../authorization/service.ts'
import { type GroupRef, PIECE } from '../../domain/groups/group.members.ts'
import { permissionsOfName } from '../../domain/groups/groups.store.ts'
import { countMembers } from '../../domain/groups/memberships.store.ts'
import type { IamRecord } from '../../domain/iams/iam.ts'
import { insideTransaction } from '../../platform/database/pool.ts'
import { isEmbedded } from '../../platform/database/store.ts'
import { canonical } from '../../platform/validation.ts'
import { folded, type MemberChange, notAUser } from './group.ts'
import { allMembers, usersOf } from './members.store.ts'
import { iamOf } from './search.ts'

export interface Piece {
  readonly joining: readonly string[]
  readonly leaving: readonly number[]
}

export interface Wanted {
  readonly group: (GroupRef & { readonly name: string; readonly unfinishedAt?: Date | null }) | null
  readonly changes: readonly MemberChange[]
}

export interface Prepared<T> {
  /** Null on a server, which reads in the transaction. */
  readonly read: T | null
  readonly pieces: readonly Piece[] | null
  readonly leave: () => void
}

export const WHOLE: Prepared<never> = { read: null, pieces: null, leave: () => {} }

/** For commands that may read long changes before their transaction. */
export const prepared = <A, T extends Wanted>(
  plan: (call: ServiceContext, iam: IamRecord, args: A) => { readonly key: string; readonly read: () => Promise<T> },
) => ({
  prepare: async (call: ServiceContext, args: A): Promise<Prepared<T>> => {
    if (!isEmbedded(call.app)) return WHOLE
    const iam = await iamOf(call)
    return prepareMembers(call, { iamid: iam.id, ...plan(call, iam, args) })
  },
  end: ({ leave }: Prepared<T>) => leave(),
})

/** Waits for other writes of `key`. Throws ScimError, TooManyRequests. */
export async function prepareMembers<T extends Wanted>(
  call: ServiceContext,
  { iamid, key, read }: { iamid: string; key: string; read: () => Promise<T> },
): Promise<Prepared<T>> {
  // A dry run holds the connection that another write needs.
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
  // The last administrator needs the whole change. Unfinished groups grant nothing.
  if (group && !group.unfinishedAt && (await permissionsOfName(db, iamid, canonical(group.name))).includes('USER_ADMIN'))
    return null
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

/** Removals first: an interrupted change grants too little. */
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
