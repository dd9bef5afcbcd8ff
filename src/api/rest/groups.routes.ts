import {
  CreateGroupDocument,
  DeleteGroupDocument,
  ListGroupsDocument,
  type ListGroupsQuery,
  ReadGroupDocument,
  ReadIamGroupDocument,
  UpdateGroupDocument,
} from '../../generated/operations.ts'
import { toGlobalId } from '../graphql/node.ids.ts'
import { inIam } from './params.ts'
import { descending, type FieldsOf, fields, flag, id, list, nullable, oneOf, optional, paging, text } from './request.schemas.ts'
import { defineRoute } from './route.ts'
import { changedGroup, group, shapedBy } from './serializers.ts'

const groupQuery = fields(
  {
    ...paging,
    name: optional(text),
    ids: optional(list(id)),
    userid: optional(id),
    iamid: optional(list(text)),
    sortField: optional(oneOf('name', 'createdAt', 'iamid')),
    nameOnly: optional(flag),
  },
  { spellings: { userId: 'userid' } },
)
const SORT_FIELDS = { name: 'NAME', createdAt: 'CREATED_AT', iamid: 'IAMID' } as const

const groupFilter = ({ name, ids, userid, iamid }: FieldsOf<typeof groupQuery>) => ({
  name,
  ids: ids?.map(id => toGlobalId('Group', id)),
  userId: userid && toGlobalId('User', userid),
  iamids: iamid,
})

function groupHits({ groups, groupNames }: ListGroupsQuery) {
  const hits = (groups && shapedBy(groups.nodes, group)) ?? groupNames?.nodes.map(name => ({ name })) ?? []
  return { count: String(groups?.totalCount ?? groupNames?.totalCount ?? 0), hits }
}

export const groupRoutes = [
  defineRoute({
    method: 'POST',
    path: '/bim/group',
    doc: 'Create a group.',
    action: 'group:create',
    payload: fields({ name: text, iamid: text, email: optional(nullable(text)), description: optional(nullable(text)) }),
    run: CreateGroupDocument,
    answers: 'ChangedGroup',
    variables: ({ payload: { name, iamid, email, description } }) => ({ input: { name, iamid, email, description } }),
    body: ({ createGroup }) => changedGroup(createGroup.group),
  }),
  defineRoute({
    method: 'GET',
    path: '/bim/group',
    doc: 'The groups of all configured IAMs, or with `nameOnly` their distinct names. Without USER_ADMIN attributes are left out.',
    action: 'group:list',
    query: groupQuery,
    run: ListGroupsDocument,
    answers: 'GroupHits',
    variables: ({ query }) => ({
      nameOnly: query.nameOnly ?? false,
      first: query.size,
      offset: query.offset,
      filter: groupFilter(query),
      sort: { field: SORT_FIELDS[query.sortField ?? 'name'], direction: descending(query) },
      direction: descending(query),
    }),
    body: groupHits,
  }),
  defineRoute({
    method: 'GET',
    path: '/bim/group/:groupId',
    doc: 'A group.',
    action: 'group:read',
    run: ReadGroupDocument,
    answers: 'Group',
    variables: ({ params }) => ({ ref: { databaseId: params.groupId } }),
    body: data => group(data.group),
  }),
  defineRoute({
    method: 'GET',
    path: '/bim/iam/:iamid/group/:groupId',
    doc: 'A group of an IAM, with its attributes by source.',
    action: 'group:read',
    run: ReadIamGroupDocument,
    answers: 'IamGroup',
    variables: ({ params }) => ({ ref: inIam(params.iamid, params.groupId) }),
    body: data => group(data.group),
  }),
  defineRoute({
    method: 'PUT',
    path: '/bim/group/:groupId',
    doc: 'Rename a group, or change its e-mail address or description. What is left out stays.',
    action: 'group:update',
    payload: fields({ name: optional(text), email: optional(nullable(text)), description: optional(nullable(text)) }),
    run: UpdateGroupDocument,
    answers: 'ChangedGroup',
    variables: ({ params, payload: { name, email, description } }) => ({
      input: { ref: { databaseId: params.groupId }, name, email, description },
    }),
    body: ({ updateGroup }) => changedGroup(updateGroup.group),
  }),
  defineRoute({
    method: 'DELETE',
    path: '/bim/group/:groupId',
    doc: 'Delete a group with its memberships and attributes. One that an external IAM feeds is 409.',
    action: 'group:delete',
    run: DeleteGroupDocument,
    answers: 'Nothing',
    variables: ({ params }) => ({ ref: { databaseId: params.groupId } }),
    body: () => ({}),
  }),
]
