import {
  AddGroupMemberDocument,
  ListGroupMembersDocument,
  type ListGroupMembersQuery,
  ListUserGroupsDocument,
  RemoveGroupMemberDocument,
} from '../../generated/operations.ts'
import { terraformMembers } from './client-workarounds.ts'
import { readAll } from './read-all-pages.ts'
import { descending, fields, paging, text } from './request.schemas.ts'
import { defineRoute } from './route.ts'
import { shapedBy } from './serializers.ts'

type Member = NonNullable<ListGroupMembersQuery['groupMembers']>['nodes'][number]

/** Without USER_ADMIN only a name ("Search a group's users"). */
function memberHit(groupId: number, { user, name, ...membership }: Member) {
  if (user === null) return { profile: { name } }
  const {
    iamid,
    userid,
    disabled,
    profile: { externalUserIds, scim, systemGenerated, ...shown },
  } = user
  return { ...membership, group: groupId, profile: shown, userid, iamid, disabled }
}

export const membershipRoutes = [
  defineRoute({
    method: 'GET',
    path: '/bim/iam/:iamid/user/:userid/groups',
    doc: "A user's groups, by name, each with the id of the membership.",
    action: 'user:readGroups',
    run: ListUserGroupsDocument,
    answers: 'UserGroups',
    variables: ({ params }) => ({ ref: { name: params } }),
    whole: async ({ userMemberships }, again) => ({
      userMemberships: await readAll(userMemberships, async after => (await again({ after })).userMemberships),
    }),
    body: ({ userMemberships: { nodes } }) => nodes.map(({ id, group }) => ({ ...group, groupUser: id })),
  }),
  defineRoute({
    method: 'GET',
    path: '/bim/group/:groupId/user',
    doc: 'The members of a group, by name. Without USER_ADMIN only each name is shown.',
    action: 'group:listMembers',
    query: fields(paging),
    run: ListGroupMembersDocument,
    answers: 'MemberHits',
    variables: ({ params, query }) => ({
      ref: { databaseId: params.groupId },
      first: query.size,
      offset: query.offset,
      direction: descending(query),
    }),
    quirk: terraformMembers,
    // A number here, a string in other lists.
    body: ({ groupMembers: { totalCount, nodes } }, { params }) => ({
      count: totalCount,
      hits: shapedBy(nodes, member => memberHit(params.groupId, member)),
    }),
  }),
  defineRoute({
    method: 'POST',
    path: '/bim/group/:groupId/user',
    doc: 'Add a user to a group. A user already in it stays, and the membership is answered.',
    action: 'group:addMember',
    payload: fields({ userid: text, iamid: text }),
    run: AddGroupMemberDocument,
    answers: 'Membership',
    variables: ({ params, payload: { userid, iamid } }) => ({
      input: { group: { databaseId: params.groupId }, user: { name: { userid, iamid } } },
    }),
    body: ({ addGroupMember: { membership } }, { params }) => ({
      id: membership.id,
      group: params.groupId,
      profile: membership.user?.profile.id,
      createdAt: membership.createdAt,
      updatedAt: membership.updatedAt,
    }),
  }),
  defineRoute({
    method: 'DELETE',
    path: '/bim/group/:groupId/user/:groupuserid',
    doc: 'Remove a membership from its group.',
    action: 'group:removeMember',
    run: RemoveGroupMemberDocument,
    answers: 'Nothing',
    variables: ({ params }) => ({
      input: { group: { databaseId: params.groupId }, membership: { databaseId: params.groupuserid } },
    }),
    body: () => ({}),
  }),
]
