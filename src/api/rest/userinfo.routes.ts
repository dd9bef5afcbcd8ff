import { ReadUserInfoDocument } from '../../generated/operations.ts'
import { readAll } from './read-all-pages.ts'
import { fields, optional, text } from './request.schemas.ts'
import { defineRoute } from './route.ts'

export const userInfoRoutes = [
  defineRoute({
    method: 'GET',
    path: '/user-info',
    doc: "A user's groups and attributes for another system, which sends an API key as the password of Basic credentials. A disabled user has no groups and no authorizations.",
    action: 'user:readGroups',
    credential: 'basic',
    query: fields({ userid: text, iamid: optional(text) }),
    run: ReadUserInfoDocument,
    answers: 'UserInfo',
    variables: ({ query: { userid, iamid } }) => ({ ref: { name: { userid, iamid } } }),
    whole: async ({ user }, again) => ({
      user: {
        ...user,
        groups: user.groups && (await readAll(user.groups, async groupsAfter => (await again({ groupsAfter })).user.groups!)),
      },
    }),
    // iam-rules, "Settled later": empty lists revoke earlier grants.
    body: ({ user: { disabled, authorizations, groups } }) =>
      disabled ? { groups: [], authorizations: {} } : { groups: groups!.nodes, authorizations },
  }),
]
