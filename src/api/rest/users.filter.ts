import Type from 'typebox'
import type { UserFilter, UserSort } from '../../generated/operations.ts'
import { toGlobalId } from '../graphql/node.ids.ts'
import { descending, type FieldsOf, fields, flag, id, list, oneOf, optional, paging, text } from './request.schemas.ts'

const common = {
  ...paging,
  name: optional(text),
  userid: optional(text),
  email: optional(text),
  iamid: optional(list(text)),
  profileIds: optional(list(id)),
  excludeSystemGenerated: optional(flag),
  excludeAdminAndGovernor: optional(flag),
  excludeDeletedIams: optional(flag),
  excludeBIM: optional(flag),
  includeDisabled: optional(flag),
  includeEnabled: optional(flag),
  sortField: optional(oneOf('name', 'createdAt', 'iamid', 'email', 'username', 'lastLogin')),
  permission: optional(text),
}

/** The reference spells them differently in query and body. */
const spellings = { excludeDeletediams: 'excludeDeletedIams', excludebim: 'excludeBIM' } as const

export const userQuery = fields(common, { spellings })

export const userSearch = fields(
  {
    ...common,
    domainPermission: optional(text),
    domainId: optional(text),
    globalUserIds: optional(list(text)),
    groupNames: optional(list(text)),
    groupIds: optional(list(id)),
    userAttributes: optional(list(Type.Object({ key: text, value: text }))),
  },
  { spellings, strict: true },
)

export function userFilter(given: FieldsOf<typeof userQuery> | FieldsOf<typeof userSearch>): UserFilter {
  const { size, offset, sortField, sortOrder, iamid, excludeBIM, ...same } = given
  const { userAttributes, ...filter } = 'userAttributes' in same ? same : { ...same, userAttributes: undefined }
  const { profileIds, groupIds, domainId, ...plain } = { groupIds: undefined, domainId: undefined, ...filter }
  return {
    ...plain,
    profileIds: profileIds?.map(id => toGlobalId('Profile', id)),
    groupIds: groupIds?.map(id => toGlobalId('Group', id)),
    domainId: domainId && toGlobalId('Domain', domainId),
    iamids: iamid,
    excludeBim: excludeBIM,
    attributes: userAttributes,
  }
}

const SORT_FIELDS = {
  name: 'NAME',
  createdAt: 'CREATED_AT',
  iamid: 'IAMID',
  email: 'EMAIL',
  username: 'USERID',
  lastLogin: 'LAST_LOGIN',
} as const

export const userSort = (given: FieldsOf<typeof userQuery>): UserSort => ({
  field: SORT_FIELDS[given.sortField ?? 'name'],
  direction: descending(given),
})
