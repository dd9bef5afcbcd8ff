import type { Loaders } from '../../authorization/context.ts'
import { type Edges, manyAlong } from '../../platform/database/edges.ts'
import { GROUP_PERMISSION_COLUMNS, type IamRecord } from './iam.ts'

export const IAM_EDGES: Edges<IamRecord, Loaders> = {
  groupPermissions: manyAlong(
    GROUP_PERMISSION_COLUMNS,
    { from: 'iam_group_permissions r WHERE r.iamid = page.id', order: 'r.group_key, r.permission' },
    (loaders, { id }, found) => loaders.groupPermissionsOfIam.prime(id, found),
  ),
}
