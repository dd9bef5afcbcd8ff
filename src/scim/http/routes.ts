import { discoveryRoutes } from './discovery.routes.ts'
import { groupRoutes } from './groups.routes.ts'
import type { ScimRoute } from './route.ts'
import { searchRoutes } from './search.routes.ts'
import { userRoutes } from './users.routes.ts'

/** All operations except Bulk. Fixed segments precede `:id`. */
export const routes: readonly ScimRoute[] = [...discoveryRoutes, ...searchRoutes, ...userRoutes, ...groupRoutes]
