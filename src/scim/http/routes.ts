import { discoveryRows } from './discovery.routes.ts'
import { groupRows } from './groups.routes.ts'
import type { Row } from './route.ts'
import { rootRows } from './search.routes.ts'
import { userRows } from './users.routes.ts'

/** Every SCIM operation there is, but Bulk, which is made of them. A fixed word comes before `:id`. */
export const rows: readonly Row[] = [...discoveryRows, ...rootRows, ...userRows, ...groupRows]
