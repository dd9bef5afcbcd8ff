import {
  CloneUserDocument,
  CreateUserDocument,
  DeleteUserDocument,
  ListUsersDocument,
  ReadCurrentUserDocument,
  ReadUserDocument,
  RefreshUserDocument,
  SearchUsersDocument,
  SetUserDisabledDocument,
} from '../../generated/operations.ts'
import { userOrId } from './params.ts'
import { changesOf, newProfile } from './profiles.routes.ts'
import { allGroups } from './read-all-pages.ts'
import { fields, list, nullable, oneOf, optional, text } from './request.schemas.ts'
import { defineRoute } from './route.ts'
import { aggregatedUser, changedUser, filled, present, profile, shapedBy, userHit } from './serializers.ts'
import { currentUser, viewerDocument } from './users.current.ts'
import { userFilter, userQuery, userSearch, userSort } from './users.filter.ts'

export const userRoutes = [
  defineRoute({
    method: 'POST',
    path: '/bim/iam/bim/user',
    doc: 'Create a user of the built-in IAM. Without a password the answer has a link with which the person sets one.',
    action: 'user:create',
    payload: fields({
      userid: text,
      iamid: optional(oneOf('bim')),
      password: optional(nullable(text)),
      profile: optional(nullable(newProfile)),
      permissions: optional(list(text)),
    }),
    run: CreateUserDocument,
    answers: 'NewUser',
    variables: ({ payload: { userid, iamid, password, permissions, profile: person } }) => ({
      input: {
        userid,
        iamid,
        password,
        permissions,
        profile: person && { ...changesOf(person), ...(person.name != null && { name: person.name }) },
      },
    }),
    body: ({ createUser: { user, ...rest } }) => ({ newUser: { ...changedUser(user), profile: profile(user.profile) }, ...rest }),
  }),
  defineRoute({
    method: 'GET',
    path: '/bim/user',
    doc: 'Search all users. Without USER_ADMIN attributes, groups and the private part of profiles are left out.',
    action: 'user:list',
    query: userQuery,
    run: ListUsersDocument,
    answers: 'UserHits',
    variables: ({ query }) => ({ first: query.size, offset: query.offset, filter: userFilter(query), sort: userSort(query) }),
    whole: allGroups,
    portioned: { rows: ({ users }) => users, key: 'hits' },
    body: ({ users: { totalCount, nodes } }) => ({
      count: String(totalCount),
      hits: shapedBy(nodes, ({ currentProject, groupPermissions, hasLogin, ...user }) => ({
        ...userHit(user),
        ...present({ hasLogin, groupPermissions: filled(groupPermissions), projectId: currentProject?.id ?? null }),
      })),
    }),
  }),
  defineRoute({
    method: 'POST',
    path: '/bim/user/search',
    doc: 'Search all users by every detail there is. Unknown fields are refused.',
    action: 'user:search',
    payload: userSearch,
    run: SearchUsersDocument,
    answers: 'UserHits',
    variables: ({ payload }) => ({
      first: payload.size,
      offset: payload.offset,
      filter: userFilter(payload),
      sort: userSort(payload),
    }),
    whole: allGroups,
    portioned: { rows: ({ users }) => users, key: 'hits' },
    body: ({ users: { totalCount, nodes } }) => ({
      hits: shapedBy(nodes, ({ globalUserId, ...user }) => ({ ...userHit(user), globalUserId })),
      count: String(totalCount),
    }),
  }),
  defineRoute({
    method: 'GET',
    path: '/bim/rpc/user/current',
    doc: 'The user of this request; under impersonation the one acted as, with who impersonates.',
    action: 'viewer:read',
    run: ReadCurrentUserDocument,
    answers: 'CurrentUser',
    whole: viewerDocument,
    body: ({ viewer }) => currentUser(viewer),
  }),
  defineRoute({
    method: 'GET',
    path: '/bim/iam/:iamid/user/:id',
    doc: 'A user with everything. `id` is the username, or the user id when it is all digits.',
    action: 'user:read',
    run: ReadUserDocument,
    answers: 'AggregatedUser',
    variables: ({ params }) => ({ ref: userOrId(params.iamid, params.id) }),
    body: ({ user }) => aggregatedUser(user),
  }),
  defineRoute({
    method: 'PUT',
    path: '/bim/iam/:iamid/user/:userid',
    doc: 'Read a user again from their IAM.',
    action: 'user:refresh',
    run: RefreshUserDocument,
    answers: 'AggregatedUser',
    variables: ({ params }) => ({ ref: { name: params } }),
    body: ({ refreshUser: { user } }) => aggregatedUser(user),
  }),
  defineRoute({
    method: 'DELETE',
    path: '/bim/iam/:iamid/user/:userid',
    doc: 'Delete a user with everything they hold.',
    action: 'user:delete',
    run: DeleteUserDocument,
    answers: 'Nothing',
    variables: ({ params }) => ({ ref: { name: params } }),
    body: () => ({}),
  }),
  defineRoute({
    method: 'PUT',
    path: '/bim/iam/:iamid/user/:userid/disable/:disable',
    doc: 'Disable or enable a user. Disabling ends their tokens, invitations and the use of their keys at once.',
    action: 'user:disable',
    run: SetUserDisabledDocument,
    answers: 'Disabled',
    variables: ({ params: { disable, ...ref } }) => ({ input: { ref: { name: ref }, disabled: disable } }),
    body: ({ setUserDisabled: { user } }) => user,
  }),
  defineRoute({
    method: 'POST',
    path: '/bim/iam/bim/user/:userid/clone',
    doc: 'Create users with the permissions, groups and attributes of an existing one, and mail each a link. Needs mail to be configured.',
    action: 'user:clone',
    payload: fields({ email: list(text, 1) }, { bare: 'email' }),
    run: CloneUserDocument,
    answers: 'Clones',
    variables: ({ params, payload }) => ({
      input: { ref: { name: { iamid: 'bim', userid: params.userid } }, emails: payload.email },
    }),
    body: ({ cloneUser }) => cloneUser,
  }),
]
