import { attributeRoutes } from './attributes.routes.ts'
import { credentialRoutes } from './credentials.routes.ts'
import { groupRoutes } from './groups.routes.ts'
import { iamRoutes } from './iams.routes.ts'
import { membershipRoutes } from './memberships.routes.ts'
import { permissionRoutes } from './permissions.routes.ts'
import { profileRoutes } from './profiles.routes.ts'
import type { Route } from './route.ts'
import { sessionRoutes } from './sessions.routes.ts'
import { userInfoRoutes } from './userinfo.routes.ts'
import { userRoutes } from './users.routes.ts'

export const routes: readonly Route[] = [
  ...userRoutes,
  ...profileRoutes,
  ...permissionRoutes,
  ...attributeRoutes,
  ...iamRoutes,
  ...groupRoutes,
  ...membershipRoutes,
  ...sessionRoutes,
  ...credentialRoutes,
  ...userInfoRoutes,
]
