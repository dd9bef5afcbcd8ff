import { userType } from '../protocol/schema.ts'
import { scimUsers } from '../resources/users.service.ts'
import { isShown } from './query.ts'
import { serializeUser } from './representation.ts'
import { resourceRoutes } from './resource.routes.ts'

export const userRoutes = resourceRoutes({
  name: 'Users',
  type: userType({}),
  serialize: serializeUser,
  shown: asked => ({ groups: isShown(asked, 'groups') }),
  service: scimUsers,
})
