import { groupType } from '../protocol/schema.ts'
import { scimGroups } from '../resources/groups.service.ts'
import { isShown, parseSearchRequest } from './query.ts'
import { answer, listResponse, resourceResponse, serializeGroup } from './representation.ts'
import type { ScimRoute } from './route.ts'

const type = groupType({})

export const groupRoutes: readonly ScimRoute[] = [
  {
    method: 'GET',
    path: 'Groups',
    run: async ({ context, base, asked }) => {
      const found = await scimGroups.list(context, { ...asked, members: isShown(asked, 'members') })
      return listResponse(type, { found, shape: group => serializeGroup(base, group), asked })
    },
  },
  {
    method: 'POST',
    path: 'Groups/.search',
    run: async ({ context, base, body }) => {
      const asked = parseSearchRequest(body)
      const found = await scimGroups.list(context, { ...asked, members: isShown(asked, 'members') })
      return listResponse(type, { found, shape: group => serializeGroup(base, group), asked })
    },
  },
  {
    method: 'POST',
    path: 'Groups',
    run: async ({ context, base, asked, body }) =>
      answer({
        status: 201,
        type,
        shaped: serializeGroup(base, await scimGroups.create(context, { body, members: isShown(asked, 'members') })),
        asked,
      }),
  },
  {
    method: 'GET',
    path: 'Groups/:id',
    run: async ({ context, base, id, asked, ifNoneMatch }) =>
      resourceResponse(type, {
        shaped: serializeGroup(base, await scimGroups.get(context, { id, members: isShown(asked, 'members') })),
        asked,
        ifNoneMatch,
      }),
  },
  {
    method: 'PUT',
    path: 'Groups/:id',
    run: async ({ context, base, id, asked, body, ifMatch, ifNoneMatch }) => {
      const group = await scimGroups.replace(context, { id, ifMatch, ifNoneMatch, body, members: isShown(asked, 'members') })
      return answer({ status: 200, type, shaped: serializeGroup(base, group), asked })
    },
  },
  {
    method: 'PATCH',
    path: 'Groups/:id',
    run: async ({ context, base, id, asked, body, ifMatch, ifNoneMatch }) => {
      // No body (RFC 7644 3.5.2): it would read all members.
      const wanted = asked.attributes.length > 0
      const group = await scimGroups.patch(context, {
        id,
        ifMatch,
        ifNoneMatch,
        body,
        members: wanted && isShown(asked, 'members'),
      })
      const shaped = serializeGroup(base, group)
      return wanted
        ? answer({ status: 200, type, shaped, asked })
        : { status: 204, headers: { etag: shaped.version, location: shaped.location } }
    },
  },
  {
    method: 'DELETE',
    path: 'Groups/:id',
    run: async ({ context, id, ifMatch, ifNoneMatch }) => {
      await scimGroups.remove(context, { id, ifMatch, ifNoneMatch })
      return { status: 204 }
    },
  },
]
