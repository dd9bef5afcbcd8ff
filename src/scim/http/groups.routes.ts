import { groupType } from '../protocol/schema.ts'
import { scimGroups } from '../resources/groups.service.ts'
import { isShown } from './query.ts'
import { answer, serializeGroup } from './representation.ts'
import { resourceRoutes } from './resource.routes.ts'

const type = groupType({})

export const groupRoutes = resourceRoutes({
  name: 'Groups',
  type,
  serialize: serializeGroup,
  shown: asked => ({ members: isShown(asked, 'members') }),
  service: scimGroups,
  /** Without a body (RFC 7644 3.5.2), which would read all members. */
  patch: async ({ context, base, id, asked, body, ifMatch, ifNoneMatch }) => {
    const isWanted = asked.attributes.length > 0
    const members = isWanted && isShown(asked, 'members')
    const shaped = serializeGroup(base, await scimGroups.patch(context, { id, ifMatch, ifNoneMatch, body, members }))
    return isWanted
      ? answer({ status: 200, type, shaped, asked })
      : { status: 204, headers: { etag: shaped.version, location: shaped.location } }
  },
})
