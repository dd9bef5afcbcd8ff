import { requirePermissionFor, type ServiceContext } from '../authorization/service.ts'
import { authorizations } from '../domain/attributes/attribute.ts'
import type { IamRecord } from '../domain/iams/iam.ts'
import type { UserRecord } from '../domain/users/user.ts'
import { withVisibility } from '../domain/users/user.ts'
import { accountMatches } from '../federation/account-lookup.ts'
import type { Mapped } from '../federation/attribute-mapping.ts'
import { diff, noState } from '../federation/diff.ts'
import type { Identity } from '../federation/identity.ts'
import { heldOf } from '../federation/reconcile.ts'
import { checkUserid } from '../platform/validation.ts'

export interface IdentitySimulation {
  readonly user: UserRecord | null
  readonly source: string
  readonly before: Readonly<Record<string, unknown>>
  readonly after: Readonly<Record<string, unknown>>
  readonly groupsAdded: string[]
  readonly groupsRemoved: string[]
  readonly attributesAdded: Record<string, string[]>
  readonly attributesRemoved: Record<string, string[]>
  readonly rejected: string[]
}

/** Throws Forbidden when the caller may not see the stored user. */
export async function simulateIdentity(
  call: ServiceContext,
  {
    iam,
    source,
    mapped: { identity, faults },
  }: { iam: Pick<IamRecord, 'id' | 'config'>; source: string; mapped: Pick<Mapped, 'identity' | 'faults'> },
): Promise<IdentitySimulation> {
  checkUserid(identity.userid, { newBim: false })
  const [{ user, renamed, migratedFrom, rejected } = { user: null }] = await accountMatches(call.db, iam, [identity])
  if (user !== null || rejected !== undefined) requirePermissionFor(call, 'user:read')
  const held = user === null ? noState : (await heldOf(call.db, { users: [user], iamid: iam.id, source })).get(user.id)!
  const plan = rejected === undefined ? diff(identity, { ...held, renamed }, source) : diff(NOTHING, noState, source)
  const moves = migratedFrom !== undefined
  return {
    user: user && withVisibility(user, 'aggregate'),
    source,
    before: { ...(moves && { iamid: migratedFrom }), ...plan.before },
    after: { ...(moves && { iamid: iam.id }), ...plan.after },
    groupsAdded: plan.join.map(group => group.name),
    groupsRemoved: [...plan.leave],
    attributesAdded: authorizations(plan.attributes.added),
    attributesRemoved: authorizations(plan.attributes.removed),
    rejected: [...faults, ...(rejected === undefined ? [] : [rejected])],
  }
}

const NOTHING: Identity = { userid: '', profile: {} }
