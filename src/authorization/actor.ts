import { own } from '../platform/database/current-actor.ts'
import { observedRequest } from '../platform/observed-request.ts'
import { canonical } from '../platform/validation.ts'

export interface Credential {
  readonly kind: 'login' | 'apikey-token' | 'apikey' | 'impersonation'
  readonly id: number
  readonly apiKeyId: number | null
  /** Empty: all that the user may do. */
  readonly scopes: readonly string[]
  readonly projectId: number | null
}

export interface ActorUser {
  readonly id: number
  readonly profileId: number
  readonly iamid: string
  readonly userid: string
  readonly useridKey: string
}

/** Under impersonation `user` is the target. */
export interface UserActor {
  readonly kind: 'user'
  readonly user: ActorUser
  readonly permissions: ReadonlySet<string>
  readonly credential: Credential
  readonly impersonator: { readonly id: number; readonly iamid: string; readonly userid: string } | null
}

/** Machines are actors, so their operations are checked and audited. */
export interface MachineActor {
  readonly kind: 'machine'
  readonly name: 'operator' | 'sync' | 'system'
}

export interface ScimActor {
  readonly kind: 'scim'
  readonly iamid: string
}

export type Actor = { readonly kind: 'anonymous' } | UserActor | MachineActor | ScimActor

export const anonymous: Actor = { kind: 'anonymous' }
/** Start-up, command line, demo data. */
export const operator: Actor = { kind: 'machine', name: 'operator' }

export const machine = (name: MachineActor['name']): Actor => ({ kind: 'machine', name })

/** Fair sharing: by real user, SCIM client's IAM, or address. */
export function shareOf(actor: Actor, address: string): string {
  if (actor.kind === 'user') return `user:${actor.impersonator?.id ?? actor.user.id}`
  if (actor.kind === 'scim') return `scim:${actor.iamid}`
  return actor.kind === 'machine' ? own(actor.name) : `address:${address}`
}

/** No userid collides: IAM ids have no spaces. */
export function nameOf(actor: Actor): string {
  if (actor.kind === 'machine') return actor.name
  if (actor.kind === 'scim') return `SCIM client of ${actor.iamid}`
  if (actor.kind === 'anonymous') return 'anonymous'
  const { iamid, userid } = actor.impersonator ?? actor.user
  return `${iamid}/${userid}`
}

/** For the log; the first that is known stays. */
export function observeActor(actor: Actor): void {
  const request = observedRequest()
  if (request && (request.actor === null || request.actor === anonymous.kind)) request.actor = nameOf(actor)
}

export interface UserRef {
  readonly id?: number | null
  readonly iamid?: string | null
  readonly userid?: string | null
}

export function isSelf(actor: Actor, ref: UserRef): boolean {
  if (actor.kind !== 'user') return false
  if (ref.id != null) return ref.id === actor.user.id && (ref.iamid == null || ref.iamid === actor.user.iamid)
  return ref.userid != null && (ref.iamid ?? 'bim') === actor.user.iamid && canonical(ref.userid) === actor.user.useridKey
}
