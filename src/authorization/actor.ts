import { own } from '../platform/database/current-actor.ts'
import { canonical } from '../platform/validation.ts'

/** How a user's request was authenticated. `id` is the id of the token or key used. */
export interface Credential {
  readonly kind: 'login' | 'apikey-token' | 'apikey' | 'impersonation'
  readonly id: number
  /** The API key behind it; null for a log-in. */
  readonly apiKeyId: number | null
  /** What it is narrowed to; empty means everything its user may do. */
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

/** A signed-in user; under impersonation `user` is the one acted as. */
export interface UserActor {
  readonly kind: 'user'
  readonly user: ActorUser
  /** Effective permissions, read at authentication of this very request. */
  readonly permissions: ReadonlySet<string>
  readonly credential: Credential
  readonly impersonator: { readonly id: number; readonly iamid: string; readonly userid: string } | null
}

/** Machines are actors too, so that what they do is checked and audited like the rest. */
export interface MachineActor {
  readonly kind: 'machine'
  readonly name: 'operator' | 'sync'
}

/** The SCIM client of one IAM: it provisions that IAM's users and groups, and may do nothing else. */
export interface ScimActor {
  readonly kind: 'scim'
  readonly iamid: string
}

export type Actor = { readonly kind: 'anonymous' } | UserActor | MachineActor | ScimActor

export const anonymous: Actor = { kind: 'anonymous' }
/** Whoever holds the machine: start-up, the command line, demo data. */
export const operator: Actor = { kind: 'machine', name: 'operator' }

/** A machine of ours at work, by what it is busy with. */
export const machine = (name: MachineActor['name']): Actor => ({ kind: 'machine', name })

/** The name under which an actor's shares are counted: people by who they really are, strangers by their address, SCIM clients by their IAM. */
export function shareOf(actor: Actor, address: string): string {
  if (actor.kind === 'user') return `user:${actor.impersonator?.id ?? actor.user.id}`
  if (actor.kind === 'scim') return `scim:${actor.iamid}`
  return actor.kind === 'machine' ? own(actor.name) : `address:${address}`
}

/** Which user an operation names: by id, or by userid within an IAM. */
export interface UserRef {
  readonly id?: number | null
  readonly iamid?: string | null
  readonly userid?: string | null
}

/** Whether `ref` names the actor's own record, as far as that can be told without the store. */
export function isSelf(actor: Actor, ref: UserRef): boolean {
  if (actor.kind !== 'user') return false
  if (ref.id != null) return ref.id === actor.user.id && (ref.iamid == null || ref.iamid === actor.user.iamid)
  return ref.userid != null && (ref.iamid ?? 'bim') === actor.user.iamid && canonical(ref.userid) === actor.user.useridKey
}
