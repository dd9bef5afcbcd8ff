import { userType } from '../protocol/schema.ts'
import { scimUsers } from '../resources/users.service.ts'
import { askedByBody, isShown } from './query.ts'
import { answer, answerList, answerRead, shapedUser } from './representation.ts'
import type { Row } from './route.ts'

const type = userType({})

/** RFC 7644 3.2 to 3.6, of Users. */
export const userRows: readonly Row[] = [
  {
    method: 'GET',
    path: 'Users',
    run: async ({ context, base, asked }) => {
      const found = await scimUsers.list(context, { ...asked, groups: isShown(asked, 'groups') })
      return answerList(type, found, user => shapedUser(base, user), asked)
    },
  },
  {
    method: 'POST',
    path: 'Users/.search',
    run: async ({ context, base, body }) => {
      const asked = askedByBody(body)
      const found = await scimUsers.list(context, { ...asked, groups: isShown(asked, 'groups') })
      return answerList(type, found, user => shapedUser(base, user), asked)
    },
  },
  {
    method: 'POST',
    path: 'Users',
    run: async ({ context, base, asked, body }) =>
      answer(201, type, shapedUser(base, await scimUsers.create(context, { body, groups: isShown(asked, 'groups') })), asked),
  },
  {
    method: 'GET',
    path: 'Users/:id',
    run: async ({ context, base, id, asked, ifNoneMatch }) =>
      answerRead(
        type,
        shapedUser(base, await scimUsers.get(context, { id, groups: isShown(asked, 'groups') })),
        asked,
        ifNoneMatch,
      ),
  },
  {
    method: 'PUT',
    path: 'Users/:id',
    run: async ({ context, base, id, asked, body, ifMatch, ifNoneMatch }) => {
      const user = await scimUsers.replace(context, { id, ifMatch, ifNoneMatch, body, groups: isShown(asked, 'groups') })
      return answer(200, type, shapedUser(base, user), asked)
    },
  },
  {
    method: 'PATCH',
    path: 'Users/:id',
    run: async ({ context, base, id, asked, body, ifMatch, ifNoneMatch }) => {
      const user = await scimUsers.patch(context, { id, ifMatch, ifNoneMatch, body, groups: isShown(asked, 'groups') })
      return answer(200, type, shapedUser(base, user), asked)
    },
  },
  {
    method: 'DELETE',
    path: 'Users/:id',
    run: async ({ context, id, ifMatch, ifNoneMatch }) => {
      await scimUsers.remove(context, { id, ifMatch, ifNoneMatch })
      return { status: 204 }
    },
  },
]
