import { isDeepStrictEqual } from 'node:util'

/** What an audit event says; names of events as the vendor's webhooks (reference: iam-rules, "Events"). */
export const EVENTS = [
  'userCreated',
  'userUpdated',
  'userDeleted',
  'userEnabled',
  'userDisabled',
  'userCloned',
  'userMigrated',
  'usernameUpdated',
  'userReplaced',
  'userRelinked',
  'userInvited',
  'passwordChanged',
  'groupCreated',
  'groupUpdated',
  'groupDeleted',
  'groupUserAdded',
  'groupUserDeleted',
  'attributeAdded',
  'attributeUpdated',
  'attributeRemoved',
  'permissionsUpdated',
  'apiKeyCreated',
  'apiKeyRotated',
  'apiKeyRevoked',
  'tokenIssued',
  'tokenRevoked',
  'impersonationStarted',
  'loginSucceeded',
  'loginFailed',
  'loginUnlocked',
  'iamConfigured',
  'syncFinished',
  'syncQuarantined',
  'deprovisioningHeld',
  'deprovisioningResumed',
  'projectCreated',
  'projectDeleted',
  'projectMembersChanged',
  'domainCreated',
  'domainDeleted',
  'domainPermissionGranted',
  'domainPermissionRevoked',
  'dataSourceCreated',
  'dataSourceDeleted',
  'dataSourceOwnersChanged',
  'denied',
] as const
export type EventName = (typeof EVENTS)[number]

export interface Target {
  readonly type:
    | 'user'
    | 'group'
    | 'attribute'
    | 'iam'
    | 'apikey'
    | 'token'
    | 'project'
    | 'domain'
    | 'dataSource'
    | 'instance'
    | 'session'
  readonly id: number | string
  readonly name?: string | null
}

/** What a rule says it did. `before` and `after` hold only the fields that changed, and never a secret. */
export interface AuditDraft {
  readonly event: EventName
  readonly target: Target
  readonly before?: Record<string, unknown> | null
  readonly after?: Record<string, unknown> | null
  readonly reason?: string
  /** Set where the event is a refusal that a rule found out about (a failed log-in). */
  readonly outcome?: 'done' | 'denied'
  /** Who did it, where only the rule can tell (a log-in has no actor before it succeeds). */
  readonly by?: { id: number; iamid: string; userid: string }
}

/** What a write came to, filled by the guard: events only once they are committed. `over` says that no more will come. */
export interface AuditTrail {
  readonly events: AuditDraft[]
  failure: string | null
  /** What the source sent and the write left out, while the rest went in. */
  readonly notTaken: string[]
  over: boolean
}
export const newTrail = (): AuditTrail => ({ events: [], failure: null, notTaken: [], over: false })

/** As JSON, whatever the order of an object's keys: a store of its own order gives them back in that. */
function isEqual(one: unknown, other: unknown): boolean {
  const texts = [JSON.stringify(one), JSON.stringify(other)] as const
  return texts[0] === texts[1] || isDeepStrictEqual(JSON.parse(texts[0]), JSON.parse(texts[1]))
}

/** The fields that differ, as `before` and `after`; undefined on both sides of `fields` that are equal as JSON. */
export function difference(before: Record<string, unknown>, after: Record<string, unknown>) {
  const changed = Object.keys(after).filter(key => !isEqual(before[key] ?? null, after[key] ?? null))
  const pick = (from: Record<string, unknown>) => Object.fromEntries(changed.map(key => [key, from[key] ?? null]))
  return { before: pick(before), after: pick(after), changed: changed.length > 0 }
}
