/** Unlisted actions are denied. Rows of the reference: test/authorization/matrix.txt. */
import type { Actor, UserActor } from './actor.ts'
import type { KnownPermission } from './permissions.ts'

interface Rule {
  readonly kind: 'read' | 'write'
  /**
   * 'anyone': without credential. 'scim': an IAM's SCIM client.
   * A list: one of these permissions; empty: machines only.
   */
  readonly who: 'anyone' | 'signedIn' | 'scim' | readonly KnownPermission[]
  /** Own record; 'login' keeps keys from taking over the account. */
  readonly self?: 'any' | 'login'
  readonly impersonated?: true
}

const users = ['USER_ADMIN'] as const
const read = (who: Rule['who'], rest: Omit<Partial<Rule>, 'kind'> = {}) => ({ kind: 'read' as const, who, ...rest })
const write = (who: Rule['who'], rest: Omit<Partial<Rule>, 'kind'> = {}) => ({ kind: 'write' as const, who, ...rest })

export const policy = {
  'session:logIn': write('anyone', { impersonated: true }),
  'session:logInByProvider': write('anyone', { impersonated: true }),
  'session:endByProvider': write('anyone', { impersonated: true }), // By a signed logout token.
  'session:logOut': write('signedIn', { impersonated: true }),
  'session:acceptInvitation': write('anyone', { impersonated: true }),
  'session:readInvitation': read('anyone', { impersonated: true }),
  'session:start': read('anyone', { impersonated: true }),
  'viewer:read': read('signedIn', { impersonated: true }),

  'user:list': read('signedIn', { impersonated: true }),
  'user:search': read(users), // Also for every filter that reads a hidden field.
  'user:read': read(['USER_ADMIN', 'AUDIT']),
  'user:readProfile': read('signedIn', { impersonated: true }),
  'user:readGroups': read(users),
  'user:create': write(users),
  'user:invite': write(users),
  'user:updateProfile': write(users, { self: 'any' }),
  'user:setPermissions': write(users),
  'user:setPassword': write(users, { self: 'login' }),
  'user:disable': write(users),
  'user:clone': write(users),
  'user:import': write(users), // With groups also group:addMember, with attributes attribute:write.
  'user:delete': write(users),
  'user:erase': write(users), // Also audit:list: it changes the audit log.
  'user:refresh': write(users),
  'user:replace': write(users),
  'user:relink': write(users),
  'user:unlock': write([]),

  'permission:list': read(['USER_ADMIN', 'AUDIT', 'APPLICATION_ADMIN']),

  // Also its owner, and the members of the group that owns it.
  'serviceAccount:list': read('signedIn'),
  'serviceAccount:create': write('signedIn'),
  'serviceAccount:update': write('signedIn'),

  'attribute:write': write(users),
  'attribute:removeEverywhere': write(users),
  'attribute:list': read(users),

  'group:list': read('signedIn', { impersonated: true }),
  'group:read': read(users),
  'group:listMembers': read('signedIn', { impersonated: true }),
  'group:create': write(users),
  'group:update': write(users),
  'group:delete': write(users),
  'group:addMember': write(users),
  'group:removeMember': write(users),

  'iam:list': read('signedIn', { impersonated: true }),
  'iam:configure': write(['APPLICATION_ADMIN']),
  'iam:describe': read(['APPLICATION_ADMIN']),
  'iam:listSealed': read([]),
  'iam:reseal': write([]),
  'iam:simulate': read(['APPLICATION_ADMIN']),
  'iam:test': read(['APPLICATION_ADMIN']),
  'iam:drift': read(['APPLICATION_ADMIN']),
  'iam:exchanges': read(['APPLICATION_ADMIN']),
  'iam:sync': write(users),
  'iam:listSyncs': read(users),
  'iam:approveSync': write(users),
  'iam:resumeDeprovisioning': write(users),
  'iam:cancelSync': write(users),
  'iam:undoSync': write(users),
  'iam:relinkUsers': write(users),
  'iam:applySync': write([]),

  'apikey:create': write('signedIn'), // For oneself, or a service account that one administers.
  'apikey:authenticate': write('anyone', { impersonated: true }),
  'apikey:impersonate': write('anyone'),
  'apikey:list': read(users, { self: 'any' }),
  'apikey:read': read('signedIn'), // Only one's own, except for USER_ADMIN.
  'apikey:delete': write('signedIn'), // Only by its owner, or who administers the service account.
  'apikey:rotate': write('signedIn'),
  'apikey:revoke': write(users),
  'apikey:prune': write([]),
  'token:read': read('signedIn', { impersonated: true }), // Only one's own, except for USER_ADMIN.
  'token:list': read(users, { self: 'any' }),
  'token:revoke': write('signedIn'), // Only one's own, except for USER_ADMIN.
  'token:revokeAll': write(users, { self: 'any' }),

  'project:list': read('signedIn', { impersonated: true }),
  'project:listAll': read(['PROJECT_MANAGEMENT', 'USER_ADMIN']),
  'project:create': write(['CREATE_PROJECT', 'PROJECT_MANAGEMENT']),
  'project:delete': write(['PROJECT_MANAGEMENT']),
  'project:changeMembers': write(['PROJECT_MANAGEMENT', 'USER_ADMIN']),
  'domain:list': read(['USER_ADMIN', 'GOVERNANCE']),
  'domain:write': write(['GOVERNANCE']),
  'dataSource:list': read(['USER_ADMIN', 'GOVERNANCE']),
  'dataSource:write': write(['GOVERNANCE']),

  'audit:list': read(['AUDIT']),
  'audit:prune': write([]),

  // The actor determines the IAM.
  'scim:read': read('scim'),
  'scim:createUser': write('scim'),
  'scim:updateUser': write('scim'),
  'scim:deleteUser': write('scim'),
  'scim:createGroup': write('scim'),
  'scim:updateGroup': write('scim'),
  'scim:deleteGroup': write('scim'),
} as const satisfies Record<string, Rule>

export type Action = keyof typeof policy
export type ReadAction = { [A in Action]: (typeof policy)[A]['kind'] extends 'read' ? A : never }[Action]
export type WriteAction = { [A in Action]: (typeof policy)[A]['kind'] extends 'write' ? A : never }[Action]

/** `read`, `noun:*` or the action itself; no scopes allow all. */
export function inScope(scopes: readonly string[], action: Action): boolean {
  if (scopes.length === 0) return true
  const noun = `${action.slice(0, action.indexOf(':'))}:*`
  return scopes.some(scope => scope === action || scope === noun || (scope === 'read' && policy[action].kind === 'read'))
}

export const scopes: ReadonlySet<string> = new Set([
  'read',
  ...Object.keys(policy)
    .filter(action => policy[action as Action].who !== 'scim' && policy[action as Action].who.length > 0)
    .flatMap(action => [action, `${action.slice(0, action.indexOf(':'))}:*`]),
])

/** Those of an owner on their own record are not counted. */
export const actionsOf = (permission: string): Action[] =>
  (Object.keys(policy) as Action[]).filter(action => (policy[action].who as readonly string[]).includes(permission))

export type Verdict = { allowed: true } | { allowed: false; because: 'anonymous' | 'lacking' | 'impersonated' | 'scope' }

export function decide(actor: Actor, action: Action, self = false): Verdict {
  const rule: Rule = policy[action]
  if (actor.kind === 'machine') return { allowed: true }
  // First: SCIM clients may use nothing else.
  if (actor.kind === 'scim') return rule.who === 'scim' ? { allowed: true } : { allowed: false, because: 'lacking' }
  if (rule.who === 'anyone') {
    return actor.kind === 'user' && actor.credential.kind === 'impersonation' && !rule.impersonated
      ? { allowed: false, because: 'impersonated' }
      : { allowed: true }
  }
  if (actor.kind === 'anonymous') return { allowed: false, because: 'anonymous' }
  if (actor.credential.kind === 'impersonation' && !rule.impersonated) return { allowed: false, because: 'impersonated' }
  if (!inScope(actor.credential.scopes, action)) return { allowed: false, because: 'scope' }
  return holds(actor, rule) || (self && ownsUp(actor, rule)) ? { allowed: true } : { allowed: false, because: 'lacking' }
}

const holds = (actor: UserActor, rule: Rule): boolean =>
  rule.who === 'signedIn' || (Array.isArray(rule.who) && rule.who.some(permission => actor.permissions.has(permission)))

const ownsUp = (actor: UserActor, rule: Rule): boolean =>
  rule.self === 'any' || (rule.self === 'login' && actor.credential.kind === 'login')

export const allowed = (actor: Actor): Action[] =>
  (Object.keys(policy) as Action[]).filter(action => decide(actor, action, true).allowed)

/**
 * Visible to holders of `who`, through one of `views`, or on the own record (`self`). `action`: the scope
 * needed.
 */
interface FieldRule {
  readonly action: Action
  readonly who: readonly KnownPermission[]
  readonly views?: readonly Visibility[]
  readonly self?: true
}
export type Visibility = 'list' | 'aggregate' | 'own' | 'owned'

const READS: Record<Visibility, readonly Action[]> = {
  list: ['user:list'],
  aggregate: ['user:read'],
  own: ['viewer:read', 'user:readProfile'],
  owned: ['serviceAccount:list'],
}

const inFull: FieldRule = { action: 'user:list', who: users, views: ['aggregate', 'own'] }
export const fields = {
  'User.private': inFull,
  'User.groups': { action: 'user:readGroups', who: users, views: ['own'] }, // Not for AUDIT.
  'UserConnection.facets': { action: 'user:search', who: users },
  'User.sourceIds': { action: 'user:read', who: users },
  'User.domainPermissions': { action: 'user:list', who: users, views: ['aggregate', 'own'] },
  'User.auditEvents': { action: 'audit:list', who: ['AUDIT'] },
  'User.owner': { action: 'user:list', who: users, views: ['aggregate', 'own', 'owned'] },
  'User.apiKeys': { action: 'apikey:list', who: users, self: true, views: ['owned'] },
  'User.tokens': { action: 'token:list', who: users, self: true },
  'Profile.private': { action: 'user:readProfile', who: users, views: ['aggregate', 'own'] },
  'Group.private': { action: 'group:list', who: users },
  'Membership.private': { action: 'group:listMembers', who: users },
  'Iam.private': { action: 'iam:list', who: ['APPLICATION_ADMIN'] },
  'Iam.syncs': { action: 'iam:listSyncs', who: users },
  'Iam.defaultPermissions': { action: 'iam:list', who: ['APPLICATION_ADMIN', 'USER_ADMIN'] },
  'Permission.rules': { action: 'permission:list', who: ['APPLICATION_ADMIN', 'USER_ADMIN'] },
  // What a dry run read: no answer for credentials that may only write.
  'Change.values': { action: 'user:list', who: ['USER_ADMIN', 'APPLICATION_ADMIN', 'GOVERNANCE', 'PROJECT_MANAGEMENT'] },
  // Also reached from the own permissions.
  'Domain.permissions': { action: 'domain:list', who: ['USER_ADMIN', 'GOVERNANCE'] },
  'Project.members': { action: 'project:list', who: ['USER_ADMIN', 'PROJECT_MANAGEMENT'] },
} as const satisfies Record<string, FieldRule>
export type FieldGroup = keyof typeof fields

export function maySee(actor: Actor, group: FieldGroup, record: { id?: number; view?: Visibility } = {}): boolean {
  const rule: FieldRule = fields[group]
  if (actor.kind === 'machine') return true
  if (actor.kind !== 'user') return false
  const { scopes } = actor.credential
  // A write's result is no read for scoped credentials.
  if (
    record.view !== undefined &&
    rule.views?.includes(record.view) &&
    READS[record.view].some(action => inScope(scopes, action))
  )
    return true
  if (!inScope(scopes, rule.action)) return false
  if (rule.who.some(permission => actor.permissions.has(permission))) return true
  return rule.self === true && record.id === actor.user.id && actor.credential.kind !== 'impersonation'
}
