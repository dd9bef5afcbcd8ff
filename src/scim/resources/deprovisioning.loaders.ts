import DataLoader from 'dataloader'
import { groupOne } from '../../platform/database/batch.ts'
import type { Db } from '../../platform/database/store.ts'
import { type ScimGuardRecord, scimGuardsOf } from './deprovisioning.store.ts'

export const deprovisioningLoaders = (db: Db) => ({
  scimGuardOfIam: new DataLoader<string, ScimGuardRecord | null>(async ids =>
    groupOne(ids, await scimGuardsOf(db, ids), guard => guard.iamid),
  ),
})
