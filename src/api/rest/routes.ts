/** Every row, in the order of the reference. */
import { attributeRows } from './attributes.routes.ts'
import { credentialRows } from './credentials.routes.ts'
import { groupRows } from './groups.routes.ts'
import { iamRows } from './iams.routes.ts'
import { membershipRows } from './memberships.routes.ts'
import { permissionRows } from './permissions.routes.ts'
import { profileRows } from './profiles.routes.ts'
import type { Row } from './route.ts'
import { sessionRows } from './sessions.routes.ts'
import { userInfoRows } from './userinfo.routes.ts'
import { userRows } from './users.routes.ts'

export const rows: readonly Row[] = [
  ...userRows,
  ...profileRows,
  ...permissionRows,
  ...attributeRows,
  ...iamRows,
  ...groupRows,
  ...membershipRows,
  ...sessionRows,
  ...credentialRows,
  ...userInfoRows,
]
