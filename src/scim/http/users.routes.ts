import { userType } from '../protocol/schema.ts'
import { scimUsers } from '../resources/users.service.ts'
import { isShown, parseSearchRequest } from './query.ts'
import { answer, listResponse, resourceResponse, serializeUser } from './representation.ts'
import type { ScimRoute } from './route.ts'

const type = userType({})

export const userRoutes: readonly ScimRoute[] = [
  {
    method: 'GET',
    path: 'Users',
    run: async ({ context, base, asked }) => {
      const found = await scimUsers.list(context, { ...asked, groups: isShown(asked, 'groups') })
      return listResponse(type, { found, shape: user => serializeUser(base, user), asked })
    },
  },
  {
    method: 'POST',
    path: 'Users/.search',
    run: async ({ context, base, body }) => {
      const asked = parseSearchRequest(body)
      const found = await scimUsers.list(context, { ...asked, groups: isShown(asked, 'groups') })
      return listResponse(type, { found, shape: user => serializeUser(base, user), asked })
    },
  },
  {
    method: 'POST',
    path: 'Users',
    run: async ({ context, base, asked, body }) =>
      answer({
        status: 201,
        type,
        shaped: serializeUser(base, await scimUsers.create(context, { body, groups: isShown(asked, 'groups') })),
        asked,
      }),
  },
  {
    method: 'GET',
    path: 'Users/:id',
    run: async ({ context, base, id, asked, ifNoneMatch }) =>
      resourceResponse(type, {
        shaped: serializeUser(base, await scimUsers.get(context, { id, groups: isShown(asked, 'groups') })),
        asked,
        ifNoneMatch,
      }),
  },
  {
    method: 'PUT',
    path: 'Users/:id',
    run: async ({ context, base, id, asked, body, ifMatch, ifNoneMatch }) => {
      const user = await scimUsers.replace(context, { id, ifMatch, ifNoneMatch, body, groups: isShown(asked, 'groups') })
      return answer({ status: 200, type, shaped: serializeUser(base, user), asked })
    },
  },
  {
    method: 'PATCH',
    path: 'Users/:id',
    run: async ({ context, base, id, asked, body, ifMatch, ifNoneMatch }) => {
      const user = await scimUsers.patch(context, { id, ifMatch, ifNoneMatch, body, groups: isShown(asked, 'groups') })
      return answer({ status: 200, type, shaped: serializeUser(base, user), asked })
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
