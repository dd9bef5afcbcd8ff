/** Every row, in the order of the reference. */
import { attributeRows } from './attributes.rows.ts'
import { credentialRows } from './credentials.rows.ts'
import { groupRows } from './groups.rows.ts'
import { iamRows } from './iams.rows.ts'
import { membershipRows } from './memberships.rows.ts'
import { permissionRows } from './permissions.rows.ts'
import { profileRows } from './profiles.rows.ts'
import type { Row } from './row.ts'
import { sessionRows } from './sessions.rows.ts'
import { userInfoRows } from './userinfo.rows.ts'
import { userRows } from './users.rows.ts'

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
