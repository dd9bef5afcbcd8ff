import { NestedListLoader } from '../../platform/database/nested-list.ts'
import type { Db } from '../../platform/database/store.ts'
import type { ApiKeyRecord, TokenRecord } from './credential.ts'
import { apiKeysOfUsers, tokensOfUsers } from './credentials.store.ts'

export const credentialLoaders = (db: Db) => ({
  apiKeysOfUser: new NestedListLoader<number, ApiKeyRecord>(db, apiKeysOfUsers),
  tokensOfUser: new NestedListLoader<number, TokenRecord>(db, tokensOfUsers(new Date())),
})
