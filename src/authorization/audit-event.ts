import { isDeepStrictEqual } from 'node:util'

/** Named as the vendor's webhooks (iam-rules, "Events"). */
export const EVENTS = [
  'userCreated',
  'userUpdated',
  'userDeleted',
  'userErased',
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
  'auditPruned',
  'keyPruned',
  'denied',
] as const
export type EventName = (typeof EVENTS)[number]

export interface Target {
  readonly type:
    | 'user'
    | 'group'
    | 'attribute'
    | 'iam'
    | 'sync'
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

/** `before` and `after`: changed fields only, never secrets. */
export interface AuditDraft {
  readonly event: EventName
  readonly target: Target
  readonly before?: Record<string, unknown> | null
  readonly after?: Record<string, unknown> | null
  readonly reason?: string
  readonly outcome?: 'done' | 'denied'
  readonly by?: { id: number; iamid: string; userid: string }
}

/** Committed events of a request. `over`: no more follow. */
export interface AuditTrail {
  readonly events: AuditDraft[]
  failure: string | null
  readonly notTaken: string[]
  over: boolean
}
export const newTrail = (): AuditTrail => ({ events: [], failure: null, notTaken: [], over: false })

/** Ignores key order, which the database changes. */
function isEqual(one: unknown, other: unknown): boolean {
  const texts = [JSON.stringify(one), JSON.stringify(other)] as const
  return texts[0] === texts[1] || isDeepStrictEqual(JSON.parse(texts[0]), JSON.parse(texts[1]))
}

export function difference(before: Record<string, unknown>, after: Record<string, unknown>) {
  const changed = Object.keys(after).filter(key => !isEqual(before[key] ?? null, after[key] ?? null))
  const pick = (from: Record<string, unknown>) => Object.fromEntries(changed.map(key => [key, from[key] ?? null]))
  return { before: pick(before), after: pick(after), changed: changed.length > 0 }
}
