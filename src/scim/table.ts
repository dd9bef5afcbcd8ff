import { discoveryRows } from './discovery.ts'
import { groupRows } from './groups.scim.ts'
import { rootRows } from './root.scim.ts'
import type { Row } from './row.ts'
import { userRows } from './users.scim.ts'

/** Every SCIM operation there is, but Bulk, which is made of them. A fixed word comes before `:id`. */
export const rows: readonly Row[] = [...discoveryRows, ...rootRows, ...userRows, ...groupRows]
