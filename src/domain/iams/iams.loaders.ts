import DataLoader from 'dataloader'
import { groupMany, groupOne } from '../../platform/database/batch.ts'
import type { Db } from '../../platform/database/store.ts'
import type { GroupPermissionRow, IamRecord, ScimKeyRecord } from './iam.ts'
import { groupPermissionsOf, iamsByIds } from './iams.store.ts'
import { scimKeysOf } from './scim-keys.store.ts'

export const iamLoaders = (db: Db) => ({
  iamById: new DataLoader<string, IamRecord | null>(async ids => groupOne(ids, await iamsByIds(db, ids), iam => iam.id)),
  groupPermissionsOfIam: new DataLoader<string, GroupPermissionRow[]>(async ids =>
    groupMany(ids, await groupPermissionsOf(db, ids), row => row.iamid),
  ),
  scimKeysOfIam: new DataLoader<string, ScimKeyRecord[]>(async ids =>
    groupMany(ids, await scimKeysOf(db, ids, new Date()), key => key.iamid),
  ),
})
