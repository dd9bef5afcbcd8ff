/** Fields that the policy may hide: they are null then, and `extensions.hidden` lists each once. */
import {
  defaultFieldResolver,
  type GraphQLFieldResolver,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  isObjectType,
} from 'graphql'
import type { Context } from '../../authorization/context.ts'
import { type FieldGroup, maySee } from '../../authorization/policy.ts'

/** Type → field → the field group of the policy. */
export const guardedFields: Readonly<Record<string, Readonly<Record<string, FieldGroup>>>> = {
  User: {
    sourceIds: 'User.sourceIds',
    disabledBy: 'User.private',
    groupPermissions: 'User.private',
    permissionGrants: 'User.private',
    authorizations: 'User.private',
    bimAuthorizations: 'User.private',
    iamAuthorizations: 'User.private',
    attributes: 'User.private',
    effectiveAttributes: 'User.groups',
    memberships: 'User.groups',
    membershipIn: 'User.groups',
    groups: 'User.groups',
    owner: 'User.owner',
    apiKeys: 'User.apiKeys',
    tokens: 'User.tokens',
    domainPermissions: 'User.domainPermissions',
    auditEvents: 'User.auditEvents',
  },
  UserConnection: { facets: 'UserConnection.facets' },
  Profile: {
    phone: 'Profile.private',
    sqlUser: 'Profile.private',
    preferences: 'Profile.private',
    externalUserIds: 'Profile.private',
    scim: 'Profile.private',
  },
  Group: {
    scim: 'Group.private',
    scimid: 'Group.private',
    authorizations: 'Group.private',
    bimAuthorizations: 'Group.private',
    iamAuthorizations: 'Group.private',
    attributes: 'Group.private',
    permissions: 'Group.private',
  },
  Membership: {
    user: 'Membership.private',
    sources: 'Membership.private',
    since: 'Membership.private',
    addedBy: 'Membership.private',
    createdAt: 'Membership.private',
    updatedAt: 'Membership.private',
  },
  Iam: {
    scimEnabled: 'Iam.private',
    scimUrl: 'Iam.private',
    scimKeyPrefix: 'Iam.private',
    scimKeys: 'Iam.private',
    scimDeprovisioningHeldAt: 'Iam.private',
    defaultPermissions: 'Iam.defaultPermissions',
    groupPermissions: 'Iam.private',
    config: 'Iam.private',
    entryIds: 'Iam.private',
    entryIdsMissingSince: 'Iam.private',
    secrets: 'Iam.private',
    syncRuns: 'Iam.syncs',
    lastSuccessfulSync: 'Iam.syncs',
    createdAt: 'Iam.private',
    updatedAt: 'Iam.private',
  },
  Change: { before: 'Change.values', after: 'Change.values' },
  Permission: { rules: 'Permission.rules' },
  Project: { members: 'Project.members' },
  Domain: { permissions: 'Domain.permissions' },
}

/** Of one response; each selection of the operation is looked at once, not once per row. */
export class HiddenFields {
  /** Selections that were looked at, and their paths: made for the first one, as most responses hide nothing. */
  #found: { seen: WeakSet<object>; paths: Set<string> } | null = null

  add({ fieldNodes, path }: Pick<GraphQLResolveInfo, 'fieldNodes' | 'path'>): void {
    this.#found ??= { seen: new WeakSet(), paths: new Set() }
    const { seen, paths } = this.#found
    if (seen.has(fieldNodes)) return
    seen.add(fieldNodes)
    const keys: string[] = []
    for (let at: typeof path | undefined = path; at; at = at.prev) if (typeof at.key === 'string') keys.unshift(at.key)
    paths.add(keys.join('.'))
  }

  /** Response keys, without list indexes: `users.nodes.profile.phone`. */
  get paths(): string[] {
    return [...(this.#found?.paths ?? [])].sort()
  }
}

export interface WithHidden {
  readonly hidden?: HiddenFields
}

type Resolve = GraphQLFieldResolver<{ id?: number }, Context & WithHidden>

export function withVisibility(schema: GraphQLSchema): GraphQLSchema {
  for (const [name, groups] of Object.entries(guardedFields)) {
    const type = schema.getType(name)
    if (!isObjectType(type)) throw new Error(`The schema has no type ${name}`)
    for (const [fieldName, group] of Object.entries(groups)) {
      const field = type.getFields()[fieldName]
      if (!field) throw new Error(`The schema has no field ${name}.${fieldName}`)
      const resolve = field.resolve ?? defaultFieldResolver
      field.resolve = (...call: Parameters<Resolve>) => {
        const [record, , context, info] = call
        if (maySee(context.actor, group, record)) return resolve(...call)
        context.hidden?.add(info)
        return null
      }
    }
  }
  return schema
}
