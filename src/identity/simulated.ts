/** What would become of a person by a source's word. Nothing is written. */
import { alsoNeeds, type Call } from '../access/guard.ts'
import { authorizations } from '../attributes/attribute.ts'
import type { IamRecord } from '../iams/iam.ts'
import type { UserRecord } from '../users/user.ts'
import { seenAs } from '../users/user.ts'
import type { Mapped } from './mapping.ts'
import { simulate } from './reconcile.ts'

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
  iam: Pick<IamRecord, 'id'>,
  source: string,
  { identity, faults }: Pick<Mapped, 'identity' | 'faults'>,
): Promise<Simulated> {
  const { user, plan } = await simulate(call.db, { iamid: iam.id, source }, identity)
  if (user !== null) alsoNeeds(call, 'user:read')
  return {
    user: user && seenAs(user, 'aggregate'),
    source,
    before: plan.before,
    after: plan.after,
    joined: plan.join.map(group => group.name),
    left: [...plan.leave],
    attributesAdded: authorizations(plan.attributes.added),
    attributesRemoved: authorizations(plan.attributes.removed),
    faults: [...faults],
  }
}
