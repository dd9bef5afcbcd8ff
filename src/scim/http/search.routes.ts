import { groupType, userType } from '../protocol/schema.ts'
import { scimRoot } from '../resources/search.service.ts'
import { isShown, parseSearchRequest } from './query.ts'
import { inList, listOf, serializeGroup, serializeUser } from './representation.ts'
import type { ScimRoute } from './route.ts'

/** RFC 7644 3.4.3, from the root. */
export const searchRoutes: readonly ScimRoute[] = [
  {
    method: 'POST',
    path: '.search',
    run: async ({ context, base, body }) => {
      const asked = parseSearchRequest(body)
      const wants = { groups: isShown(asked, 'groups'), members: isShown(asked, 'members') }
      return listOf(await scimRoot.search(context, { ...asked, ...wants }), asked, either =>
        'user' in either
          ? inList(userType({}), serializeUser(base, either.user), asked)
          : inList(groupType({}), serializeGroup(base, either.group), asked),
      )
    },
  },
]
