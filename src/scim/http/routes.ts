import { discoveryRoutes } from './discovery.routes.ts'
import { groupRoutes } from './groups.routes.ts'
import type { ScimRoute } from './route.ts'
import { searchRoutes } from './search.routes.ts'
import { userRoutes } from './users.routes.ts'

/** Every SCIM operation there is, but Bulk, which is made of them. A fixed word comes before `:id`. */
export const routes: readonly ScimRoute[] = [...discoveryRoutes, ...searchRoutes, ...userRoutes, ...groupRoutes]
