import DataLoader from 'dataloader'
import { groupOne } from '../../platform/database/batch.ts'
import { NestedListLoader } from '../../platform/database/nested-list.ts'
import type { Db } from '../../platform/database/store.ts'
import type { ApiKeyRecord, TokenRecord } from './credential.ts'
import { apiKeysByIds, apiKeysOfUsers, tokensByIds, tokensOfUsers } from './credentials.store.ts'

export const credentialLoaders = (db: Db) => ({
  apiKeyById: new DataLoader<number, ApiKeyRecord | null>(async ids => groupOne(ids, await apiKeysByIds(db, ids), key => key.id)),
  apiKeysOfUser: new NestedListLoader<number, ApiKeyRecord>(db, apiKeysOfUsers),
  tokenById: new DataLoader<number, TokenRecord | null>(async ids =>
    groupOne(ids, await tokensByIds(db, ids, new Date()), token => token.id),
  ),
  tokensOfUser: new NestedListLoader<number, TokenRecord>(db, tokensOfUsers(new Date())),
})
