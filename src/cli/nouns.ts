import { GROUP, GROUPS, IAM, IAMS, KEY, KEYS, USER, USERS } from './documents.ts'
import { groupRef, type ListOf, type OneOf, type Row, userRef } from './lists.ts'
import type { Cell } from './table.ts'

const named = (row: Row): string => `${row.iamid}/${row.userid ?? row.name}`
const joined = (values: readonly string[] | null): Cell => values?.join(', ')
const nested = (value: unknown): Cell =>
  value === null || value === undefined || Object.keys(value).length === 0 ? null : JSON.stringify(value)

export interface Noun {
  readonly list: ListOf
  one(reference: string): OneOf
}

const user: Noun = {
  list: {
    document: USERS,
    field: 'users',
    columns: {
      USER: named,
      NAME: row => row.profile.name,
      EMAIL: row => row.profile.email,
      KIND: row => row.kind,
      STATE: row => (row.disabled ? 'disabled' : 'enabled'),
      'LAST LOG-IN': row => row.lastLogin,
    },
  },
  one: reference => ({
    document: USER,
    field: 'user',
    variables: { ref: userRef(reference) },
    what: `user ${reference}`,
    shown: row => [
      ['user', named(row)],
      ['name', row.profile.name],
      ['e-mail', row.profile.email],
      ['phone', row.profile.phone],
      ['organization', row.profile.organization],
      ['position', row.profile.position],
      ['location', row.profile.location],
      ['kind', row.kind],
      ['state', row.disabled ? `disabled by ${row.disabledBy ?? 'a party that is hidden'}` : 'enabled'],
      ['last log-in', row.lastLogin],
      ['created', row.profile.createdAt],
      ['permissions', joined(row.permissions)],
      ['groups', joined(row.groups?.nodes.map(named) ?? null)],
      ['attributes', nested(row.authorizations)],
      ['number', row.databaseId],
      ['id', row.id],
    ],
  }),
}

const group: Noun = {
  list: {
    document: GROUPS,
    field: 'groups',
    columns: { GROUP: named, EMAIL: row => row.email, DESCRIPTION: row => row.description, NUMBER: row => row.databaseId },
  },
  one: reference => ({
    document: GROUP,
    field: 'group',
    variables: { ref: groupRef(reference) },
    what: `group ${reference}`,
    shown: row => [
      ['group', named(row)],
      ['e-mail', row.email],
      ['description', row.description],
      ['members', row.members?.totalCount],
      ['permissions', joined(row.permissions)],
      ['attributes', nested(row.authorizations)],
      ['number', row.databaseId],
      ['id', row.id],
    ],
  }),
}

const key: Noun = {
  list: {
    document: KEYS,
    field: 'apiKeys',
    columns: {
      PREFIX: row => row.prefix,
      NAME: row => row.name,
      USER: row => named(row.user),
      EXPIRES: row => row.expiresAt ?? 'never',
      'LAST USED': row => row.lastUsed ?? 'never',
      ID: row => row.id,
    },
  },
  one: id => ({
    document: KEY,
    field: 'node',
    variables: { id },
    what: `API key ${id}`,
    shown: row => [
      ['prefix', row.prefix],
      ['name', row.name],
      ['user', named(row.user)],
      ['project', row.project?.name],
      ['scopes', row.scopes.length === 0 ? 'all that its user may do' : joined(row.scopes)],
      ['expires', row.expiresAt ?? 'never'],
      ['last used', row.lastUsed ?? 'never'],
      ['created', row.createdAt],
      ['rotated to', row.rotatedTo?.id],
      ['parent', row.parentKey?.id],
      ['id', row.id],
    ],
  }),
}

const iam: Noun = {
  list: {
    document: IAMS,
    field: 'iams',
    columns: {
      IAM: row => row.iamid,
      NAME: row => row.displayName,
      TYPE: row => row.type,
      SCIM: row => (row.scimEnabled === null ? '' : row.scimEnabled ? 'on' : 'off'),
      MISSING: row => joined(row.missing),
    },
  },
  one: iamid => ({
    document: IAM,
    field: 'iam',
    variables: { iamid },
    what: `identity source ${iamid}`,
    shown: row => [
      ['iam', row.iamid],
      ['name', row.displayName],
      ['type', row.type],
      ['missing', joined(row.missing)],
      ['SCIM', row.scimEnabled ? row.scimUrl : null],
      ['default permissions', joined(row.defaultPermissions)],
      ['group permissions', nested(row.groupPermissions)],
      ['configuration', nested(row.config)],
      ['secrets', nested(row.secrets)],
      ['created', row.createdAt],
      ['updated', row.updatedAt],
      ['id', row.id],
    ],
  }),
}

export const NOUNS = { user, group, key, iam } as const
