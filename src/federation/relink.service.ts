/** Administrators decide who an account belongs to when source ids change. */
import { isSelf, type UserRef } from '../authorization/actor.ts'
import { ADMINISTRATIVE } from '../authorization/permissions.ts'
import { changed, command, type Service, type ServiceContext, unchanged } from '../authorization/service.ts'
import { requireIam } from '../domain/iams/iams.store.ts'
import { assertAdministratorRemains, assertMayManage } from '../domain/users/privilege-rules.ts'
import { ownedByUsers, withoutOwner } from '../domain/users/service-accounts.store.ts'
import { targetOf, type UserRecord, withVisibility } from '../domain/users/user.ts'
import { lockUser, requireUser } from '../domain/users/users.store.ts'
import { uniqueViolation } from '../platform/database/errors.ts'
import { Conflict, Invalid } from '../platform/errors.ts'
import { checkStorable } from '../platform/validation.ts'
import { type Relinking, relinkingOf, setSourceIds } from './relink.store.ts'
import { emptyAccounts } from './replace-user.store.ts'
import { SOURCE_ID_COLUMNS, SOURCE_KINDS, type SourceIdColumn, type SourceKind, sourceIdsOf } from './source-ids.ts'

interface Decision {
  readonly ref: UserRef
  /** Absent: the next entry of the userid. */
  readonly sourceId?: { readonly source: string; readonly id: string } | null
}
type Ids = Record<SourceIdColumn, string | null>

const longestId = 600
const none: Ids = { directoryId: null, openidId: null, samlId: null }

export const relinking = {
  /** Another person: only id and userid stay. */
  replace: command('user:replace', async (call: ServiceContext, { ref, sourceId }: Decision) => {
    const given = idsOf(sourceId)
    const user = await userOfIam(call, ref)
    if (isSelf(call.actor, { id: user.id })) throw new Conflict('You cannot replace yourself: ask another administrator')
    const owned = await ownedByUsers(call.db, { ids: [user.id] })
    await emptyAccounts(call.db, [user.id], call.now)
    const emptied = await setSourceIds(call.db, user.id, { ids: { ...none, ...given }, now: call.now }).catch(idTaken)
    await assertAdministratorRemains(call.db)
    const { globalUserId, name, email } = user
    return changed(withVisibility(emptied, 'aggregate'), {
      event: 'userReplaced',
      target: targetOf(user),
      before: { globalUserId, name, email, sourceIds: sourceIdsOf(user), ...withoutOwner(owned.get(user.id)) },
      after: { globalUserId: emptied.globalUserId, sourceIds: sourceIdsOf(emptied) },
    })
  }),

  /** The same person: everything stays. */
  relink: command('user:relink', async (call: ServiceContext, { ref, sourceId }: Decision) => {
    const given = idsOf(sourceId)
    const user = await userOfIam(call, ref)
    const { directoryId, openidId, samlId } = user
    const ids = sourceId == null ? none : { directoryId, openidId, samlId, ...given }
    const linked = await setSourceIds(call.db, user.id, { ids, now: call.now }).catch(idTaken)
    const [before, after] = [sourceIdsOf(user), sourceIdsOf(linked)]
    if (JSON.stringify(before) === JSON.stringify(after)) return unchanged(withVisibility(linked, 'aggregate'))
    const event = {
      event: 'userRelinked',
      target: targetOf(user),
      before: { sourceIds: before },
      after: { sourceIds: after },
    } as const
    return changed(withVisibility(linked, 'aggregate'), event)
  }),

  /**
   * After a directory was rebuilt: accepts each user's next id. Skips administrators and disabled users.
   * `dryRun` reports only.
   */
  relinkAll: command('iam:relinkUsers', async (call: ServiceContext, { iamid, dryRun }: { iamid: string; dryRun: boolean }) => {
    if (iamid === 'bim') throw new Invalid('iamid', 'must not be bim, which has no source')
    const { displayName } = await requireIam(call.db, iamid)
    const found = await relinkingOf(call.db, { iamid, permissions: ADMINISTRATIVE, apply: !dryRun, now: call.now })
    if (dryRun || found.relinked === 0) return unchanged<Relinking>(found)
    const after = { relinked: found.relinked, leftOut: found.leftOut }
    const target = { type: 'iam', id: iamid, name: displayName } as const
    return changed<Relinking>(found, { event: 'userRelinked', target, after })
  }),
} satisfies Service

async function userOfIam(call: ServiceContext, ref: UserRef): Promise<UserRecord> {
  const { id, iamid } = await requireUser(call.db, ref)
  if (iamid === 'bim') throw new Invalid('ref', 'must name a user of an IAM other than bim, which has no source')
  await assertMayManage(call, id)
  await lockUser(call.db, id)
  return requireUser(call.db, { id })
}

function idsOf(given: Decision['sourceId']): Partial<Ids> {
  if (given == null) return {}
  const { source, id } = given
  if (!SOURCE_KINDS.includes(source as SourceKind)) throw new Invalid('sourceId.source', `must be ${SOURCE_KINDS.join(', ')}`)
  if (id === '' || id.length > longestId) throw new Invalid('sourceId.id', `must be 1 to ${longestId} characters`)
  return { [SOURCE_ID_COLUMNS[source as SourceKind]]: checkStorable('sourceId.id', id) }
}

function idTaken(error: unknown): never {
  if (uniqueViolation(error) !== null) throw new Conflict('sourceId belongs to another user of this IAM')
  throw error
}
