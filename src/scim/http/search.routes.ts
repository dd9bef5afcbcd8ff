import { groupType, userType } from '../protocol/schema.ts'
import { scimRoot } from '../resources/search.service.ts'
import { askedByBody, isShown } from './query.ts'
import { inList, listOf, shapedGroup, shapedUser } from './representation.ts'
import type { Row } from './route.ts'

/** RFC 7644 3.4.3, from the root: Users and Groups together. */
export const rootRows: readonly Row[] = [
  {
    method: 'POST',
    path: '.search',
    run: async ({ context, base, body }) => {
      const asked = askedByBody(body)
      const wants = { groups: isShown(asked, 'groups'), members: isShown(asked, 'members') }
      return listOf(await scimRoot.search(context, { ...asked, ...wants }), asked, either =>
        'user' in either
          ? inList(userType({}), shapedUser(base, either.user), asked)
          : inList(groupType({}), shapedGroup(base, either.group), asked),
      )
    },
  },
]
