import DataLoader from 'dataloader'
import { groupMany, groupOne } from '../../platform/database/batch.ts'
import { NestedListLoader } from '../../platform/database/nested-list.ts'
import type { Db } from '../../platform/database/store.ts'
import { holdersOfKeys, valuesOfKeys } from './attribute.keys.store.ts'
import type { AttributeRow, AttributeValueRecord, EffectiveAttributeRecord } from './attribute.ts'
import { attributesOf, effectiveAttributesOf } from './attributes.store.ts'

export const attributeLoaders = (db: Db) => ({
  attributesOfUser: new DataLoader<number, AttributeRow[]>(async ids =>
    groupMany(ids, await attributesOf(db, 'user', ids), row => row.ownerId),
  ),
  attributesOfGroup: new DataLoader<number, AttributeRow[]>(async ids =>
    groupMany(ids, await attributesOf(db, 'group', ids), row => row.ownerId),
  ),
  effectiveAttributesOfUser: new DataLoader<number, EffectiveAttributeRecord[]>(async ids =>
    groupMany(ids, await effectiveAttributesOf(db, ids), row => row.userId),
  ),
  holdersOfAttributeKey: new DataLoader(async (keys: readonly string[]) =>
    groupOne(keys, await holdersOfKeys(db, keys), row => row.keyKey).map(row => row ?? { userCount: 0, groupCount: 0 }),
  ),
  valuesOfAttributeKey: new NestedListLoader<string, AttributeValueRecord>(db, valuesOfKeys),
})
