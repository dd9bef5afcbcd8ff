/** What would become of a person by a source's word. Nothing is written. */
import { alsoNeeds, type Call } from '../authorization/service.ts'
import { authorizations } from '../domain/attributes/attribute.ts'
import type { IamRecord } from '../domain/iams/iam.ts'
import type { UserRecord } from '../domain/users/user.ts'
import { seenAs } from '../domain/users/user.ts'
import { meantBy } from '../federation/account-lookup.ts'
import type { Mapped } from '../federation/attribute-mapping.ts'
import { nobody, planOf } from '../federation/diff.ts'
import type { Identity } from '../federation/identity.ts'
import { heldOf } from '../federation/reconcile.ts'
import { checkUserid } from '../platform/validation.ts'

export interface Simulated {
  readonly user: UserRecord | null
  readonly source: string
  readonly before: Readonly<Record<string, unknown>>
  readonly after: Readonly<Record<string, unknown>>
  readonly joined: string[]
  readonly left: string[]
  readonly attributesAdded: Record<string, string[]>
  readonly attributesRemoved: Record<string, string[]>
  readonly faults: string[]
}

/** Throws Forbidden for who may not know what is held of somebody who is here: the difference tells it. */
export async function simulated(
  call: Call,
  iam: Pick<IamRecord, 'id' | 'config'>,
  source: string,
  { identity, faults }: Pick<Mapped, 'identity' | 'faults'>,
): Promise<Simulated> {
  checkUserid(identity.userid, { newBim: false })
  const [{ user, renamed, migratedFrom, rejected } = { user: null }] = await meantBy(call.db, iam, [identity])
  if (user !== null || rejected !== undefined) alsoNeeds(call, 'user:read')
  const held = user === null ? nobody : (await heldOf(call.db, [user], iam.id, source)).get(user.id)!
  const plan = rejected === undefined ? planOf(identity, { ...held, renamed }, source) : planOf(NOTHING, nobody, source)
  const moves = migratedFrom !== undefined
  return {
    user: user && seenAs(user, 'aggregate'),
    source,
    before: { ...(moves && { iamid: migratedFrom }), ...plan.before },
    after: { ...(moves && { iamid: iam.id }), ...plan.after },
    joined: plan.join.map(group => group.name),
    left: [...plan.leave],
    attributesAdded: authorizations(plan.attributes.added),
    attributesRemoved: authorizations(plan.attributes.removed),
    faults: [...faults, ...(rejected === undefined ? [] : [rejected])],
  }
}

/** What a rejected identity changes. */
const NOTHING: Identity = { userid: '', profile: {} }
